//! Derivation of keys from the master key by HKDF-SHA256 (RFC 5869).

use hkdf::Hkdf;
use sha2::Sha256;

use crate::crypto::keys::cipher::CipherKeys;
use crate::crypto::keys::mac::MacKey;
use crate::crypto::keys::master::MasterKey;

/// The salt of HKDF-Extract. It separates this program from others that are given the same secret.
const SALT: &[u8] = b"mcp-connector/v1";

/// The pseudorandom key of one master key (RFC 5869 §2.2).
pub(crate) struct DerivationKey(Hkdf<Sha256>);

impl DerivationKey {
    pub(crate) fn new(master: &MasterKey) -> Self {
        Self(Hkdf::new(Some(SALT), master.bytes()))
    }

    /// Returns the key of 32 bytes for the purpose `info` (RFC 5869 §2.3).
    #[expect(clippy::expect_used, reason = "HKDF-SHA256 gives up to 8160 bytes, so 32 bytes never fail")]
    pub(crate) fn expand(&self, info: &str) -> [u8; 32] {
        let mut key = [0; 32];
        self.0.expand(info.as_bytes(), &mut key).expect("32 bytes are within the limit of HKDF");
        key
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
