//! The keys that are always at hand, each with those that it replaced.

use zeroize::Zeroize;

use crate::crypto::keys::hkdf::{HmacSha256, Prk, absorb, extract, hmac};
use crate::crypto::keys::master::MasterKey;
use crate::crypto::keys::signing::SigningKeys;
use hmac::Mac as _;
use mcp_connector_base::timestamp::Timestamp;

/// Previous master keys that are still honoured.
pub const MAX_PREVIOUS_KEYS: usize = 2;

/// Shortest tag that [`MacKey::verify`] takes: 64 bits, more than can be guessed over a network.
const SHORTEST_TAG: usize = 8;

/// All keys, derived from the current master key and from those before it.
pub struct KeyRing {
    masters: Masters,
    client_id: MacKey,
    routing: MacKey,
    passphrase: MacKey,
    seal: CipherKeys,
}

impl KeyRing {
    /// Derives everything. Of `previous`, newest first, only [`MAX_PREVIOUS_KEYS`] count.
    #[must_use]
    pub fn new(current: &MasterKey, previous: &[MasterKey]) -> Self {
        let masters = Masters {
            current: extract(current),
            previous: previous.iter().take(MAX_PREVIOUS_KEYS).map(extract).collect(),
        };
        Self {
            client_id: masters.mac("client-id"),
            routing: masters.mac("routing"),
            passphrase: masters.mac("passphrase"),
            seal: masters.cipher("seal"),
            masters,
        }
    }

    /// Authenticates the identifiers that registration gives out, and makes their secrets.
    #[must_use]
    pub const fn client_id(&self) -> &MacKey {
        &self.client_id
    }

    /// Makes codes, and authenticates them and refresh tokens, so that a forged one costs no storage request.
    #[must_use]
    pub const fn routing(&self) -> &MacKey {
        &self.routing
    }

    /// Compares passphrases, and makes the epoch of one.
    #[must_use]
    pub const fn passphrase(&self) -> &MacKey {
        &self.passphrase
    }

    /// Encrypts what travels through a browser.
    #[must_use]
    pub const fn seal(&self) -> &CipherKeys {
        &self.seal
    }

    /// Derives the signing keys of this moment. Keep them while they [cover](SigningKeys::covers) the time.
    #[must_use]
    pub fn signing(&self, now: Timestamp) -> SigningKeys {
        SigningKeys::derive(&self.masters, now)
    }
}

/// A key for HMAC-SHA256, with those it replaced.
#[derive(Clone)]
pub struct MacKey {
    current: HmacSha256,
    previous: Vec<HmacSha256>,
}

impl MacKey {
    /// The tag of `parts` under the current key. Parts cannot run into each other: each is preceded by its length.
    #[must_use]
    pub fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        absorb(&self.current, parts).finalize().into_bytes().into()
    }

    /// The tags of `parts` under every key, the current one first.
    pub(crate) fn tags(&self, parts: &[&[u8]]) -> Vec<[u8; 32]> {
        self.keys().map(|key| absorb(key, parts).finalize().into_bytes().into()).collect()
    }

    /// Whether `tag`, or the beginning of one (8 bytes at least), was made of `parts` with any of the keys. Takes the same
    /// time whatever is wrong.
    #[must_use]
    pub fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        tag.len() >= SHORTEST_TAG && self.keys().any(|key| absorb(key, parts).verify_truncated_left(tag).is_ok())
    }

    fn keys(&self) -> impl Iterator<Item = &HmacSha256> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

/// A key for authenticated encryption, with those it replaced. [`Sealed`](crate::crypto::seal::Sealed) knows what to do with it.
#[derive(Clone)]
pub struct CipherKeys {
    current: [u8; 32],
    previous: Vec<[u8; 32]>,
}

impl CipherKeys {
    pub(crate) const fn current(&self) -> &[u8; 32] {
        &self.current
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &[u8; 32]> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

impl Drop for CipherKeys {
    fn drop(&mut self) {
        self.current.zeroize();
        self.previous.zeroize();
    }
}

/// The master keys, ready to derive from.
pub(crate) struct Masters {
    pub(crate) current: Prk,
    pub(crate) previous: Vec<Prk>,
}

impl Masters {
    fn mac(&self, label: &str) -> MacKey {
        let key = |prk: &Prk| hmac(&prk.expand(label));
        MacKey { current: key(&self.current), previous: self.previous.iter().map(key).collect() }
    }

    fn cipher(&self, label: &str) -> CipherKeys {
        CipherKeys {
            current: self.current.expand(label),
            previous: self.previous.iter().map(|prk| prk.expand(label)).collect(),
        }
    }
}
