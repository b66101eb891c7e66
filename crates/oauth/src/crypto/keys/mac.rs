//! HMAC-SHA256 (RFC 2104): the keys behind identifiers, codes, tokens and the comparison of passphrases.

use hmac::Hmac;
use hmac::Mac as _;
use hmac::digest::KeyInit;
use sha2::Sha256;
use zeroize::Zeroize as _;

/// Shortest tag that [`MacKey::verify`] accepts, in bytes: 64 bits cannot be guessed over a network.
const SHORTEST_TAG: usize = 8;

/// HMAC with SHA-256.
pub(crate) type HmacSha256 = Hmac<Sha256>;

/// Returns an HMAC-SHA256 with a key of at most 64 bytes.
///
/// Zeros at the end of a key do not change an HMAC (RFC 2104 §2). So the key is padded to a whole block, for which the constructor
/// cannot fail.
pub(crate) fn hmac(key: &[u8]) -> HmacSha256 {
    let mut block = [0; 64];
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let hmac = <HmacSha256 as KeyInit>::new(&block.into());
    block.zeroize();
    hmac
}

/// A key for HMAC-SHA256, with the keys that it replaced.
#[derive(Clone)]
pub struct MacKey {
    current: HmacSha256,
    previous: Vec<HmacSha256>,
}

impl MacKey {
    pub(crate) fn new(current: &[u8; 32], previous: &[[u8; 32]]) -> Self {
        Self { current: hmac(current), previous: previous.iter().map(|key| hmac(key)).collect() }
    }

    /// Returns the tag of `parts` under the current key. Each part is preceded by its length, so that `ab`, `c` and `a`, `bc`
    /// have different tags.
    #[must_use]
    pub fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        absorb(&self.current, parts).finalize().into_bytes().into()
    }

    /// Returns the tags of `parts` under every key, the current one first.
    pub(crate) fn tags(&self, parts: &[&[u8]]) -> Vec<[u8; 32]> {
        self.keys().map(|key| absorb(key, parts).finalize().into_bytes().into()).collect()
    }

    /// Returns whether `tag`, or its first bytes (8 at least), is the tag of `parts` under any of the keys. Compares in constant
    /// time.
    #[must_use]
    pub fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        tag.len() >= SHORTEST_TAG && self.keys().any(|key| absorb(key, parts).verify_truncated_left(tag).is_ok())
    }

    fn keys(&self) -> impl Iterator<Item = &HmacSha256> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

/// Updates a copy of `key` with each part, preceded by its length.
fn absorb(key: &HmacSha256, parts: &[&[u8]]) -> HmacSha256 {
    let mut hmac = key.clone();
    for part in parts {
        hmac.update(&(part.len() as u64).to_be_bytes());
        hmac.update(part);
    }
    hmac
}
