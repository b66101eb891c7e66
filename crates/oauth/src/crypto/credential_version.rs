//! Versions of the credentials with which people sign in.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::crypto::keys::mac::MacKey;

/// A version of the owner's passphrase. It does not reveal the passphrase.
///
/// Grants and access tokens name the version under which the owner signed in. When the passphrase changes, all of them end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CredentialVersion([u8; 8]);

/// A text that is not sixteen lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a credential version is sixteen hexadecimal digits")]
pub struct InvalidCredentialVersion;

impl CredentialVersion {
    /// Creates a version from its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// Returns the versions that the first release of this program gave to the settings of an identity provider (issuer, client
    /// id, list of allowed users). Its sign-ins name one of them.
    #[must_use]
    pub fn of_configuration(configuration: &[&[u8]], key: &MacKey) -> Vec<Self> {
        let mut parts: Vec<&[u8]> = vec![b"configuration"];
        parts.extend(configuration);
        key.tags(&parts).iter().filter_map(|tag| tag.first_chunk().copied().map(Self)).collect()
    }
}

impl TryFrom<String> for CredentialVersion {
    type Error = InvalidCredentialVersion;

    fn try_from(text: String) -> Result<Self, InvalidCredentialVersion> {
        let lower_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        match u64::from_str_radix(&text, 16) {
            Ok(number) if text.len() == 16 && lower_hex => Ok(Self(number.to_be_bytes())),
            _ => Err(InvalidCredentialVersion),
        }
    }
}

impl From<CredentialVersion> for String {
    fn from(credential_version: CredentialVersion) -> Self {
        credential_version.to_string()
    }
}

impl fmt::Display for CredentialVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for CredentialVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
