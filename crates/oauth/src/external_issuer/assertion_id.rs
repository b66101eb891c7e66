//! The identity of an assertion, by which it is known whether it was used before (RFC 7523 §3, `jti`).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::web::json_object::Unexpected;

/// Maximum length of a `jti`, in bytes.
const MAX_ID: usize = 256;

/// The identity of an assertion: a hash of who signed it and of its `jti`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AssertionId(String);

impl AssertionId {
    /// Returns the identity of the assertion that `issuer` calls `jti`.
    pub(crate) fn of(issuer: &str, jti: &str) -> Result<Self, Unexpected> {
        if jti.is_empty() || jti.len() > MAX_ID {
            return Err(Unexpected);
        }
        // The length keeps issuer and `jti` apart.
        let length = u64::try_from(issuer.len()).unwrap_or(u64::MAX).to_be_bytes();
        let digest = Sha256::new().chain_update(length).chain_update(issuer).chain_update(jti).finalize();
        Ok(Self(URL_SAFE_NO_PAD.encode(digest)))
    }

    /// Returns the 43 characters by which it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_jti_of_two_clients_is_two_assertions() {
        let id = |issuer, jti| AssertionId::of(issuer, jti).unwrap();
        assert_eq!(id("app", "1"), id("app", "1"));
        assert_ne!(id("app", "1"), id("other", "1"));
        assert_ne!(id("app1", "2"), id("app", "12"), "they do not run into each other");
        assert_eq!(id("app", "1").as_str().len(), 43);
    }
}
