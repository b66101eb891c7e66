//! The hash of a `client_id`, for places where the identifier is too long.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use mcp_connector_base::identifier::ClientId;

use crate::clients::client::client_id_hash;

/// The prefix of the key of every client record in KV.
pub const RECORD_PREFIX: &str = "client:";

/// The SHA-256 of a `client_id`, in base64url. An identifier has up to 2,048 characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientHash(String);

/// A text that is not the hash of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not the hash of a client_id")]
pub struct NotAClientHash;

impl ClientHash {
    const LENGTH: usize = 43;

    #[must_use]
    pub fn of(id: &ClientId) -> Self {
        Self(client_id_hash(id))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the key of the client's record in KV.
    #[must_use]
    pub fn record_key(&self) -> String {
        [RECORD_PREFIX, &self.0].concat()
    }

    /// Parses the key of a client record.
    ///
    /// # Errors
    ///
    /// Returns [`NotAClientHash`] for another key.
    pub fn of_record_key(key: &str) -> Result<Self, NotAClientHash> {
        key.strip_prefix(RECORD_PREFIX).ok_or(NotAClientHash)?.to_owned().try_into()
    }
}

impl TryFrom<String> for ClientHash {
    type Error = NotAClientHash;

    fn try_from(text: String) -> Result<Self, NotAClientHash> {
        let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if text.len() == Self::LENGTH && text.bytes().all(is_base64url) { Ok(Self(text)) } else { Err(NotAClientHash) }
    }
}

impl From<ClientHash> for String {
    fn from(hash: ClientHash) -> Self {
        hash.0
    }
}

impl fmt::Display for ClientHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ClientHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> ClientId {
        ClientId::new(text).unwrap()
    }

    #[test]
    fn a_client_hash_is_read_back_from_its_text() {
        let hash = ClientHash::of(&id("c1_x"));
        assert_eq!(ClientHash::of_record_key(&hash.record_key()), Ok(hash.clone()));
        assert_eq!(ClientHash::try_from(hash.to_string()), Ok(hash.clone()));
        assert_ne!(hash, ClientHash::of(&id("c1_y")));
        assert!(hash.record_key().len() <= 512, "KV takes no longer key");
        for text in ["", "x", &"x".repeat(44), &"é".repeat(21), &"/".repeat(43)] {
            assert_eq!(ClientHash::try_from(text.to_owned()), Err(NotAClientHash), "{text}");
        }
        assert_eq!(ClientHash::of_record_key("revoked:0123456789abcdef"), Err(NotAClientHash));
    }
}
