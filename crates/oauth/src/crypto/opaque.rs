//! The format of authorization codes and refresh tokens, which are opaque to clients.
//!
//! Both name the Durable Object that stores their grant, and end in a MAC of everything before it. So a forged one is refused
//! without a storage request, and a genuine one leads straight to its object.
//!
//! A prefix distinguishes the kinds, for this server and for scanners that look for leaked secrets.

use sha2::Digest as _;
use std::fmt;
use subtle::ConstantTimeEq as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use thiserror::Error;

use mcp_connector_base::identifier::Subject;

use crate::crypto::keys::mac::MacKey;

/// Length of the MAC, in bytes.
const TAG_LENGTH: usize = 16;
/// Maximum length of a code or token, in bytes. Genuine ones have about a hundred characters.
const MAX_LENGTH: usize = 256;

/// A text that is not a code or token of this server. There is one error for everything that can be wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a code or token of this server")]
pub struct NotIssuedHere;

/// The name of the Durable Object that stores the grants of one subject.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ObjectName([u8; 16]);

impl ObjectName {
    /// Returns the object of this subject.
    ///
    /// The name is a hash, so that a code in a browser's history does not show whose it is. The hash has no key, because the name
    /// must not change when a key is replaced.
    #[must_use]
    pub fn of(subject: &Subject) -> Self {
        let digest: [u8; 32] =
            Sha256::new().chain_update(b"subject\0").chain_update(subject.as_str()).finalize().into();
        Self(digest.first_chunk().copied().unwrap_or_default())
    }

    /// Parses thirty-two lower-case hexadecimal digits, as `Display` writes them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let number = is_hex.then(|| u128::from_str_radix(text, 16).ok())??;
        Some(Self(number.to_be_bytes()))
    }

    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// Creates a name from its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for ObjectName {
    /// Writes thirty-two lower-case hexadecimal digits, the name by which the Worker addresses the object.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A secret of 32 bytes. It is compared in constant time and never printed.
///
/// A store has only the key or the digest of a secret that a client holds, never the secret itself.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Secret([u8; 32]);

impl Secret {
    /// Creates a secret from its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl TryFrom<String> for Secret {
    type Error = NotIssuedHere;

    fn try_from(text: String) -> Result<Self, NotIssuedHere> {
        let mut bytes = [0; 32];
        match URL_SAFE_NO_PAD.decode_slice(&text, &mut bytes) {
            Ok(32) => Ok(Self(bytes)),
            _ => Err(NotIssuedHere),
        }
    }
}

impl From<Secret> for String {
    fn from(secret: Secret) -> Self {
        URL_SAFE_NO_PAD.encode(secret.0)
    }
}

/// Returns `prefix ‖ base64url(payload ‖ MAC)`.
pub(crate) fn write(prefix: &str, payload: &[u8], key: &MacKey) -> String {
    let tag = key.tag(&[prefix.as_bytes(), payload]);
    let tag = tag.first_chunk::<TAG_LENGTH>().copied().unwrap_or_default();
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode([payload, &tag].concat()))
}

/// Returns the payload of a text that [`write`] made with this prefix and one of these keys.
pub(crate) fn read<const LENGTH: usize>(prefix: &str, text: &str, key: &MacKey) -> Result<[u8; LENGTH], NotIssuedHere> {
    if text.len() > MAX_LENGTH {
        return Err(NotIssuedHere);
    }
    let encoded = text.strip_prefix(prefix).ok_or(NotIssuedHere)?;
    let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| NotIssuedHere)?;
    let (payload, tag) = bytes.split_first_chunk::<LENGTH>().ok_or(NotIssuedHere)?;
    if tag.len() != TAG_LENGTH || !key.verify(&[prefix.as_bytes(), payload], tag) {
        return Err(NotIssuedHere);
    }
    Ok(*payload)
}

/// Reads fields of fixed length, one after the other, from a payload.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl Fields<'_> {
    pub(crate) fn take<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], NotIssuedHere> {
        let (field, rest) = self.0.split_first_chunk().ok_or(NotIssuedHere)?;
        self.0 = rest;
        Ok(*field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_name_of_a_subject_is_unique_and_never_changes() {
        let owner = ObjectName::of(&Subject::new("owner").unwrap());
        assert_eq!(owner, ObjectName::of(&Subject::new("owner").unwrap()));
        assert_ne!(owner, ObjectName::of(&Subject::new("Owner").unwrap()));
        // A change would lose all grants.
        assert_eq!(owner.to_string(), "7ae02f5ed65494d8bd9c10c607c7279b");
    }

    #[test]
    fn debug_output_hides_an_opaque_id_secret() {
        let secret = Secret::from_bytes([0x41; 32]);
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(Secret::try_from(String::from(secret.clone())), Ok(secret));
        assert!(Secret::try_from("QUFB".to_owned()).is_err());
    }
}
