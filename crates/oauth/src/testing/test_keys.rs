//! Keys and random bytes that are the same in every run of the tests.

use std::cell::Cell;

use hmac::Mac as _;

use mcp_connector_base::random::Random;

use crate::crypto::keys::mac::hmac;
use crate::crypto::keys::master::MasterKey;
use crate::crypto::keys::ring::KeyRing;

/// A [`Random`] with the same bytes in every run, and different bytes at every draw.
pub(crate) struct TestRandom(RequestSource);

enum RequestSource {
    /// The HMAC of a counter.
    Counter(Cell<u64>),
    /// One byte after the other.
    Ascending(Cell<u8>),
}

impl TestRandom {
    pub(crate) const fn from(seed: u64) -> Self {
        Self(RequestSource::Counter(Cell::new(seed)))
    }

    /// Returns a source of the bytes `first`, `first + 1`, and so on.
    pub(crate) const fn ascending(first: u8) -> Self {
        Self(RequestSource::Ascending(Cell::new(first)))
    }
}

impl Random for TestRandom {
    fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            RequestSource::Counter(counter) => {
                for chunk in bytes.chunks_mut(32) {
                    counter.set(counter.get().wrapping_add(1));
                    let block = hmac(b"test").chain_update(counter.get().to_be_bytes()).finalize().into_bytes();
                    chunk.copy_from_slice(&block[..chunk.len()]);
                }
            }
            RequestSource::Ascending(next) => {
                for byte in bytes {
                    *byte = next.get();
                    next.set(byte.wrapping_add(1));
                }
            }
        }
    }
}

pub(crate) fn ring(seed: u64) -> KeyRing {
    KeyRing::new(&master(seed), &[])
}

pub(crate) fn master(seed: u64) -> MasterKey {
    MasterKey::generate(&TestRandom::from(seed.wrapping_mul(1000)))
}
