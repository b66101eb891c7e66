//! The name of an upstream service, by which the author of a connector refers to it.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Maximum length of a name, in bytes.
const MAX_NAME: usize = 32;

/// The name of an upstream service: 1 to 32 characters of `a-z 0-9 -`. It is part of paths and rows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UpstreamName(String);

/// A text that is not the name of an upstream service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the name of an upstream service is 1 to {MAX_NAME} characters of a-z 0-9 and -")]
pub struct InvalidUpstreamName;

impl UpstreamName {
    /// Parses a name.
    ///
    /// # Errors
    ///
    /// Fails for an empty text, a longer one, and one with other characters.
    pub fn parse(text: &str) -> Result<Self, InvalidUpstreamName> {
        let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if text.is_empty() || text.len() > MAX_NAME || !text.bytes().all(is_plain) {
            return Err(InvalidUpstreamName);
        }
        Ok(Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for UpstreamName {
    type Error = InvalidUpstreamName;

    fn try_from(text: String) -> Result<Self, InvalidUpstreamName> {
        Self::parse(&text)
    }
}

impl From<UpstreamName> for String {
    fn from(name: UpstreamName) -> Self {
        name.0
    }
}

impl fmt::Display for UpstreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_upstream_service_fits_into_a_path() {
        let longest = "x".repeat(MAX_NAME);
        for text in ["github", "acme-2", &longest] {
            assert_eq!(UpstreamName::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "GitHub", "a/b", "a b", "ä", ".", "a_b", &"x".repeat(MAX_NAME + 1)] {
            assert_eq!(UpstreamName::parse(text), Err(InvalidUpstreamName), "{text}");
        }
    }
}
