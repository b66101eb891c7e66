//! HMAC-SHA256 (RFC 2104) and the one block of HKDF (RFC 5869) that a key of 32 bytes needs.

use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroize;

use crate::crypto::keys::master::MasterKey;

pub(crate) type HmacSha256 = Hmac<Sha256>;

/// The pseudorandom key of HKDF, ready to be expanded.
pub(crate) struct Prk(HmacSha256);

/// HKDF-Extract. The salt separates this program from others that may be given the same secret.
pub(crate) fn extract(master: &MasterKey) -> Prk {
    extract_with(b"mcp-connector/v1", master.bytes())
}

pub(crate) fn extract_with(salt: &[u8], secret: &[u8]) -> Prk {
    let prk: [u8; 32] = absorb_raw(hmac(salt), &[secret]).finalize().into_bytes().into();
    Prk(hmac(&prk))
}

impl Prk {
    /// HKDF-Expand for one block, which is all that 32 bytes need: `T(1) = HMAC(PRK, info ‖ 0x01)`.
    pub(crate) fn expand(&self, info: &str) -> [u8; 32] {
        self.expand_bytes(info.as_bytes())
    }

    pub(crate) fn expand_bytes(&self, info: &[u8]) -> [u8; 32] {
        absorb_raw(self.0.clone(), &[info, &[1]]).finalize().into_bytes().into()
    }
}

/// HMAC-SHA256 keyed with up to 64 bytes. Zeros at the end of a key mean nothing to HMAC (RFC 2104 §2), so the constructor
/// that wants a whole block serves, and cannot fail.
pub(crate) fn hmac(key: &[u8]) -> HmacSha256 {
    let mut block = [0; 64];
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let hmac = <HmacSha256 as KeyInit>::new(&block.into());
    block.zeroize();
    hmac
}

pub(crate) fn absorb_raw(mut hmac: HmacSha256, parts: &[&[u8]]) -> HmacSha256 {
    for part in parts {
        hmac.update(part);
    }
    hmac
}

/// Each part is preceded by its length, so that they cannot run into each other.
pub(crate) fn absorb(key: &HmacSha256, parts: &[&[u8]]) -> HmacSha256 {
    let mut hmac = key.clone();
    for part in parts {
        hmac.update(&(part.len() as u64).to_be_bytes());
        hmac.update(part);
    }
    hmac
}
