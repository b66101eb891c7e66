//! What has come for somebody who may not wait for it yet: kept in memory for a moment, within limits.

use std::collections::VecDeque;

use mcp_connector_base::timestamp::Timestamp;

/// Letters, the oldest first.
pub(crate) struct PendingMessages {
    limits: Limits,
    letters: VecDeque<Letter>,
}

/// What a mailbox keeps.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// A letter waits this long, in seconds.
    pub(crate) lifetime: u64,
    /// Most letters.
    pub(crate) letters: usize,
    /// Most bytes of them. The newest is taken in any case.
    pub(crate) bytes: usize,
}

struct Letter {
    to: String,
    content: Vec<u8>,
    came: Timestamp,
}

impl PendingMessages {
    pub(crate) const fn new(limits: Limits) -> Self {
        Self { limits, letters: VecDeque::new() }
    }

    /// Puts a letter in. It takes the place of an earlier one to the same.
    pub(crate) fn put(&mut self, to: String, content: Vec<u8>, now: Timestamp) {
        let letter = Letter { to, content, came: now };
        let Limits { lifetime, letters, bytes } = self.limits;
        self.letters.retain(|kept| kept.to != letter.to && now.seconds_since(kept.came) < lifetime);
        while self.letters.len() >= letters || self.bytes().saturating_add(letter.bytes()) > bytes {
            if self.letters.pop_front().is_none() {
                break;
            }
        }
        self.letters.push_back(letter);
    }

    /// Takes out what has come for `to`.
    pub(crate) fn take(&mut self, to: &str, now: Timestamp) -> Option<Vec<u8>> {
        let at = self.letters.iter().position(|letter| letter.to == to)?;
        let letter = self.letters.remove(at)?;
        (now.seconds_since(letter.came) < self.limits.lifetime).then_some(letter.content)
    }

    /// Throws all away.
    pub(crate) fn clear(&mut self) {
        self.letters.clear();
    }

    fn bytes(&self) -> usize {
        self.letters.iter().map(Letter::bytes).sum()
    }
}

impl Letter {
    fn bytes(&self) -> usize {
        self.to.len().saturating_add(self.content.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn mailbox() -> PendingMessages {
        PendingMessages::new(Limits { lifetime: 10, letters: 3, bytes: 100 })
    }

    #[test]
    fn a_letter_is_taken_once_by_whom_it_is_for_and_in_time() {
        let mut mailbox = mailbox();
        mailbox.put("a".to_owned(), vec![1], at(0));
        assert_eq!(mailbox.take("b", at(1)), None);
        assert_eq!(mailbox.take("a", at(9)), Some(vec![1]));
        assert_eq!(mailbox.take("a", at(9)), None);
        mailbox.put("a".to_owned(), vec![1], at(20));
        assert_eq!(mailbox.take("a", at(30)), None, "too late");
        mailbox.put("a".to_owned(), vec![1], at(40));
        mailbox.put("a".to_owned(), vec![2], at(41));
        assert_eq!(mailbox.take("a", at(42)), Some(vec![2]), "the last one counts");
        assert_eq!(mailbox.take("a", at(42)), None);
    }

    #[test]
    fn the_newest_letters_are_kept() {
        let mut mailbox = mailbox();
        for name in ["a", "b", "c", "d"] {
            mailbox.put(name.to_owned(), vec![0], at(0));
        }
        assert_eq!(mailbox.take("a", at(0)), None);
        assert_eq!(mailbox.take("b", at(0)), Some(vec![0]));
        mailbox.put("large".to_owned(), vec![0; 1000], at(0));
        assert_eq!(mailbox.take("d", at(0)), None);
        assert_eq!(mailbox.take("large", at(0)).map(|content| content.len()), Some(1000));
        mailbox.put("a".to_owned(), vec![0], at(0));
        mailbox.clear();
        assert_eq!(mailbox.take("a", at(0)), None);
    }
}
