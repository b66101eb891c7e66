//! Counts how often each of many keys occurs within a period, in bounded memory.

use std::collections::HashMap;

use mcp_connector_base::timestamp::Timestamp;

/// Maximum length of a key, in bytes.
const MAX_KEY: usize = 512;

/// Counts of keys. A key for which there is no room has the highest count.
#[derive(Debug)]
pub struct Counts {
    period: u64,
    max_keys: usize,
    since: Timestamp,
    of: HashMap<String, u32>,
}

impl Counts {
    /// Creates counts of at most `max_keys` keys, which start again after `period` seconds.
    #[must_use]
    pub fn new(period: u64, max_keys: usize) -> Self {
        Self { period, max_keys, since: Timestamp::default(), of: HashMap::new() }
    }

    /// Counts one occurrence of `key`, and returns its number of occurrences in this period.
    pub fn add(&mut self, key: &str, now: Timestamp) -> u32 {
        if now.seconds_since(self.since) >= self.period {
            self.since = now;
            self.of = HashMap::new();
        }
        if let Some(count) = self.of.get_mut(key) {
            *count = count.saturating_add(1);
            return *count;
        }
        if self.of.len() >= self.max_keys || key.len() > MAX_KEY {
            return u32::MAX;
        }
        self.of.insert(key.to_owned(), 1);
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: u64 = 60;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000).plus(seconds)
    }

    #[test]
    fn each_key_has_its_own_count_in_each_period() {
        let mut counts = Counts::new(PERIOD, 9);
        let seen: Vec<u32> = ["a", "a", "b", "a"].map(|key| counts.add(key, at(0))).into();
        assert_eq!(seen, [1, 2, 1, 3]);
        assert_eq!(counts.add("a", at(PERIOD - 1)), 4);
        assert_eq!(counts.add("a", at(PERIOD)), 1);
    }

    #[test]
    fn a_key_that_finds_the_table_full_counts_as_over_the_limit() {
        let mut counts = Counts::new(PERIOD, 2);
        assert_eq!(["a", "b", "c"].map(|key| counts.add(key, at(0))), [1, 1, u32::MAX]);
        assert_eq!(counts.add("a", at(0)), 2, "a key that is counted stays so");
        assert_eq!(counts.of.len(), 2);
        assert_eq!(Counts::new(PERIOD, 2).add(&"x".repeat(MAX_KEY + 1), at(0)), u32::MAX);
        assert_eq!(counts.add("c", at(PERIOD)), 1);
    }
}
