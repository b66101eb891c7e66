//! Time, as a parameter of the pure code. The Worker provides it, and tests provide their own. On Workers the clock does not advance
//! while code runs, so a request has one time.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A time in whole seconds since 1970 (the `NumericDate` of RFC 7519 §2 without a fraction). Arithmetic saturates, so no input
/// can make it wrap or panic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Creates a time from seconds since 1970.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    #[must_use]
    pub const fn as_seconds(self) -> u64 {
        self.0
    }

    /// Returns the time `seconds` later.
    #[must_use]
    pub const fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Returns the time `seconds` earlier.
    #[must_use]
    pub const fn minus(self, seconds: u64) -> Self {
        Self(self.0.saturating_sub(seconds))
    }

    /// Returns the seconds since `earlier`, or zero if that is later.
    #[must_use]
    pub const fn seconds_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamp_arithmetic_saturates() {
        let end = Timestamp::from_seconds(u64::MAX);
        assert_eq!(end.plus(1), end);
        assert_eq!(Timestamp::default().minus(1), Timestamp::default());
        assert_eq!(Timestamp::from_seconds(7).seconds_since(end), 0);
        assert_eq!(Timestamp::from_seconds(7).seconds_since(Timestamp::from_seconds(3)), 4);
    }

    #[test]
    fn a_timestamp_is_a_bare_number_in_json() {
        assert_eq!(serde_json::to_string(&Timestamp::from_seconds(12)).unwrap(), "12");
        assert_eq!(serde_json::from_str::<Timestamp>("12").unwrap(), Timestamp::from_seconds(12));
        assert!(serde_json::from_str::<Timestamp>("-1").is_err());
    }
}
