//! The key of an event.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Longest key in bytes.
const MAX_KEY: usize = 200;

/// The key of one event, such as `payment:42`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventKey(String);

/// The key of an event is empty, too long, or has control characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the key of an event must have 1 to {MAX_KEY} bytes and no control characters")]
pub struct InvalidEventKey;

impl EventKey {
    /// Parses a key.
    ///
    /// # Errors
    ///
    /// Fails if it is empty, longer than 200 bytes, or has control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidEventKey> {
        let fits = (1..=MAX_KEY).contains(&text.len()) && !text.contains(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidEventKey) }
    }

    /// Returns the key as a string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_short_text_of_one_line() {
        for (text, fits) in [
            ("payment:42", true),
            ("Zoë’s order", true),
            (&"k".repeat(200), true),
            (&"k".repeat(201), false),
            ("", false),
            ("two\nlines", false),
        ] {
            assert_eq!(EventKey::parse(text).is_ok(), fits, "{text}");
        }
    }
}
