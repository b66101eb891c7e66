//! The keys that encrypt what travels through a browser.

use zeroize::Zeroize as _;

/// A key for authenticated encryption, with the keys that it replaced. [`Sealed`](crate::crypto::seal::Sealed) uses it.
#[derive(Clone)]
pub struct CipherKeys {
    current: [u8; 32],
    previous: Vec<[u8; 32]>,
}

impl CipherKeys {
    pub(crate) const fn new(current: [u8; 32], previous: Vec<[u8; 32]>) -> Self {
        Self { current, previous }
    }

    /// Returns the key that encrypts.
    pub(crate) const fn current(&self) -> &[u8; 32] {
        &self.current
    }

    /// Returns the keys that decrypt, the current one first.
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
