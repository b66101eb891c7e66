//! The keys that every request has at hand, each with those that it replaced.

use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::keys::cipher::CipherKeys;
use crate::crypto::keys::derivation::{DerivationKey, DerivationKeys};
use crate::crypto::keys::mac::MacKey;
use crate::crypto::keys::master::MasterKey;
use crate::crypto::keys::signing::SigningKeys;

/// Maximum number of previous master keys that are still accepted.
pub const MAX_PREVIOUS_KEYS: usize = 2;

/// All keys, derived from the current master key and from those before it.
pub struct KeyRing {
    derivation: DerivationKeys,
    client_id: MacKey,
    routing: MacKey,
    passphrase: MacKey,
    seal: CipherKeys,
    storage: CipherKeys,
}

impl KeyRing {
    /// Derives all keys. Only the first [`MAX_PREVIOUS_KEYS`] of `previous`, newest first, are used.
    #[must_use]
    pub fn new(current: &MasterKey, previous: &[MasterKey]) -> Self {
        let derivation = DerivationKeys {
            current: DerivationKey::new(current),
            previous: previous.iter().take(MAX_PREVIOUS_KEYS).map(DerivationKey::new).collect(),
        };
        Self {
            client_id: derivation.mac("client-id"),
            routing: derivation.mac("routing"),
            passphrase: derivation.mac("passphrase"),
            seal: derivation.cipher("seal"),
            storage: derivation.cipher("storage"),
            derivation,
        }
    }

    /// Returns the key that authenticates the identifiers of registered clients and makes their secrets.
    #[must_use]
    pub const fn client_id(&self) -> &MacKey {
        &self.client_id
    }

    /// Returns the key that makes codes, and authenticates codes and refresh tokens, so that a forged one costs no storage request.
    #[must_use]
    pub const fn routing(&self) -> &MacKey {
        &self.routing
    }

    /// Returns the key that compares passphrases and makes their [`CredentialVersion`].
    ///
    /// [`CredentialVersion`]: crate::crypto::credential_version::CredentialVersion
    #[must_use]
    pub const fn passphrase(&self) -> &MacKey {
        &self.passphrase
    }

    /// Returns the keys that encrypt what travels through a browser.
    #[must_use]
    pub const fn seal(&self) -> &CipherKeys {
        &self.seal
    }

    /// Derives the key that hashes people for a log.
    #[must_use]
    pub fn log_person(&self) -> MacKey {
        self.derivation.mac("log-person")
    }

    /// Derives the key of the marks in links to the page on which a person connects an upstream account.
    #[must_use]
    pub fn connect_link(&self) -> MacKey {
        self.derivation.mac("connect-link")
    }

    /// Returns the keys that encrypt the secrets of other servers for storage.
    #[must_use]
    pub const fn storage(&self) -> &CipherKeys {
        &self.storage
    }

    /// Derives the signing keys of this moment. They can be used as long as they [cover](SigningKeys::covers) the time.
    #[must_use]
    pub fn signing(&self, now: Timestamp) -> SigningKeys {
        SigningKeys::derive(&self.derivation, now)
    }
}
