//! Secrets of other servers, encrypted for storage. Unlike what travels through a browser ([`seal`](crate::crypto::seal)), they
//! outlive the program that wrote them: the form has no version but its purpose, and an earlier master key still opens them.

use std::fmt;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305};
use serde::{Deserialize, Serialize};

use mcp_connector_base::random::Random;

use crate::crypto::keys::cipher::CipherKeys;

const NONCE_LENGTH: usize = 24;
/// Maximum length of a secret, in bytes.
const MAX_SECRET: usize = 8 * 1024;

/// An encrypted secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncryptedSecret(Vec<u8>);

impl EncryptedSecret {
    /// Encrypts a secret for one owner: it is decrypted only with the same `binding`. Returns `None` for one of more than 8 KB.
    #[must_use]
    pub fn new(secret: &str, binding: &[u8], keys: &CipherKeys, random: &impl Random) -> Option<Self> {
        if secret.len() > MAX_SECRET {
            return None;
        }
        let mut nonce = [0; NONCE_LENGTH];
        random.fill(&mut nonce);
        let payload = Payload { msg: secret.as_bytes(), aad: binding };
        let cipher = XChaCha20Poly1305::new(<&Key>::from(keys.current()));
        let encrypted = cipher.encrypt((&nonce).into(), payload).ok()?;
        Some(Self([nonce.as_slice(), &encrypted].concat()))
    }

    /// Decrypts the secret. Returns `None` if it was encrypted with another key, or for another owner.
    #[must_use]
    pub fn decrypt(&self, binding: &[u8], keys: &CipherKeys) -> Option<String> {
        let (nonce, encrypted) = self.0.split_first_chunk::<NONCE_LENGTH>()?;
        let secret = keys.all().find_map(|key| {
            let payload = Payload { msg: encrypted, aad: binding };
            XChaCha20Poly1305::new(<&Key>::from(key)).decrypt(nonce.into(), payload).ok()
        })?;
        String::from_utf8(secret).ok()
    }
}

impl fmt::Debug for EncryptedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptedSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::ring::KeyRing;
    use crate::testing::test_keys::{TestRandom, master, ring};

    fn encrypted(secret: &str) -> Option<EncryptedSecret> {
        EncryptedSecret::new(secret, b"jane", ring(1).storage(), &TestRandom::from(1))
    }

    #[test]
    fn a_stored_secret_is_decrypted_with_its_key_and_for_its_owner_only() {
        let secret = encrypted("refresh token").unwrap();
        assert!(!secret.0.windows(7).any(|bytes| bytes == b"refresh") && !format!("{secret:?}").contains("refresh"));
        assert_eq!(secret.decrypt(b"jane", ring(1).storage()).as_deref(), Some("refresh token"));
        let rotated = KeyRing::new(&master(2), &[master(1)]);
        assert_eq!(secret.decrypt(b"jane", rotated.storage()).as_deref(), Some("refresh token"), "a new master key");
        for (name, binding, keys) in
            [("another person", &b"bob"[..], ring(1)), ("another server", b"jane", ring(2)), ("nobody", b"", ring(1))]
        {
            assert_eq!(secret.decrypt(binding, keys.storage()), None, "{name}");
        }
        assert_eq!(secret.decrypt(b"jane", ring(1).seal()), None, "the key of another purpose");
        assert_eq!(encrypted(&"x".repeat(MAX_SECRET + 1)), None);
    }
}
