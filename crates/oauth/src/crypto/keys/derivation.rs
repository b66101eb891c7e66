//! Derivation of keys from the master key by HKDF-SHA256 (RFC 5869).

use hkdf::Hkdf;
use hmac::Mac as _;
use sha2::Sha256;

use crate::crypto::keys::cipher::CipherKeys;
use crate::crypto::keys::mac::{HmacSha256, MacKey, hmac};
use crate::crypto::keys::master::MasterKey;

/// The salt of HKDF-Extract. It separates this program from others that are given the same secret.
const SALT: &[u8] = b"mcp-connector/v1";

/// The pseudorandom key of one master key (RFC 5869 §2.2), as the key of the HMAC that expands it.
pub(crate) struct DerivationKey(HmacSha256);

impl DerivationKey {
    pub(crate) fn new(master: &MasterKey) -> Self {
        let (pseudorandom_key, _) = Hkdf::<Sha256>::extract(Some(SALT), master.bytes());
        Self(hmac(&pseudorandom_key))
    }

    /// Returns the key of 32 bytes for the purpose `info` (RFC 5869 §2.3).
    ///
    /// 32 bytes are the first block of HKDF-Expand, `HMAC(PRK, info | 0x01)`. The function of the crate takes any length and can
    /// fail for it; a block cannot.
    pub(crate) fn expand(&self, info: &str) -> [u8; 32] {
        self.0.clone().chain_update(info).chain_update([1]).finalize().into_bytes().into()
    }
}

/// The current master key and those that it replaced, ready to derive from.
pub(crate) struct DerivationKeys {
    pub(crate) current: DerivationKey,
    pub(crate) previous: Vec<DerivationKey>,
}

impl DerivationKeys {
    pub(crate) fn mac(&self, info: &str) -> MacKey {
        MacKey::new(&self.current.expand(info), &self.expand_previous(info))
    }

    pub(crate) fn cipher(&self, info: &str) -> CipherKeys {
        CipherKeys::new(self.current.expand(info), self.expand_previous(info))
    }

    fn expand_previous(&self, info: &str) -> Vec<[u8; 32]> {
        self.previous.iter().map(|key| key.expand(info)).collect()
    }
}
