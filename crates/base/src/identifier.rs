//! The names of persons, clients and grants, as tokens and rows have them.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a text cannot be an identifier: it is empty, too long, or has characters other than visible ASCII and space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an identifier is 1 to {0} printable ASCII characters")]
pub struct InvalidIdentifier(usize);

/// Why a text is not the id of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the id of a grant is 16 lower-case hexadecimal digits")]
pub struct InvalidGrantId;

/// Declares a short printable text that is compared byte for byte and cheap to clone.
macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $limit:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Creates an identifier from printable ASCII text of at most this many characters:
            #[doc = stringify!($limit)]
            ///
            /// # Errors
            ///
            /// Fails if the text is empty, too long, or has other characters.
            pub fn new(text: &str) -> Result<Self, InvalidIdentifier> {
                let printable = text.bytes().all(|byte| matches!(byte, 0x20..=0x7E));
                if text.is_empty() || text.len() > $limit || !printable {
                    return Err(InvalidIdentifier($limit));
                }
                Ok(Self(Arc::from(text)))
            }

            /// Returns the text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidIdentifier;

            fn try_from(text: String) -> Result<Self, InvalidIdentifier> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.as_str().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identifier! {
    /// The person or service on whose behalf a call is made: the `sub` of a token (RFC 9068 §2.2).
    ///
    /// A subject never changes and is never an e-mail address. A connector that stores data of a person uses the subject
    /// as the key.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Context, Subject, ToolError};
    ///
    /// fn key_of(subject: &Subject) -> String {
    ///     format!("settings/{}", subject.as_str())
    /// }
    ///
    /// async fn settings(cx: Context) -> Result<String, ToolError> {
    ///     let settings = cx.kv("SETTINGS")?.text(&key_of(cx.subject()?)).await?;
    ///     Ok(settings.unwrap_or_else(|| "No settings yet.".to_owned()))
    /// }
    /// ```
    Subject, 255
}

identifier! {
    /// An OAuth client: the `client_id` (RFC 6749 §2.2), which may be a URL.
    ClientId, 2048
}

/// A grant: the consent of a subject to a client. A revocation ends it. A step-up or a refresh does not change it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GrantId([u8; 8]);

impl GrantId {
    /// Creates an id from its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0
    }
}

impl TryFrom<String> for GrantId {
    type Error = InvalidGrantId;

    /// Parses sixteen lower-case hexadecimal digits, as `Display` writes them.
    fn try_from(text: String) -> Result<Self, InvalidGrantId> {
        let lower_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        match u64::from_str_radix(&text, 16) {
            Ok(number) if text.len() == 16 && lower_hex => Ok(Self(number.to_be_bytes())),
            _ => Err(InvalidGrantId),
        }
    }
}

impl From<GrantId> for String {
    fn from(id: GrantId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_take_printable_ascii_only() {
        assert!(Subject::new("owner").is_ok());
        for text in ["", "a\nb", "ö", &"a".repeat(256)] {
            assert!(Subject::new(text).is_err(), "{text:?}");
        }
        assert!(serde_json::from_str::<ClientId>("\"a\\u0000b\"").is_err());
    }

    #[test]
    fn a_grant_id_is_read_back_from_its_text_only() {
        let id = GrantId::from_bytes([0, 1, 2, 3, 4, 5, 6, 0xff]);
        assert_eq!(id.to_string(), "00010203040506ff");
        assert_eq!(GrantId::try_from(id.to_string()), Ok(id));
        for text in ["", "00010203040506FF", "+0010203040506ff", "00010203040506ff0"] {
            assert_eq!(GrantId::try_from(text.to_owned()), Err(InvalidGrantId), "{text:?}");
        }
    }
}
