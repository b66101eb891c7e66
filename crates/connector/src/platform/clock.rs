//! The runtime's clock and randomness, as the pure rules ask for them.

use std::cell::Cell;

use sha2::{Digest, Sha256};
use worker::js_sys::Date;

use mcp_connector_base::random::Random;

use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_protocol::Unavailable;

/// Returns the current time. On Workers, the clock stops while code runs.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_seconds(now_in_milliseconds().div_euclid(1000))
}

/// Returns the current time in milliseconds since 1970.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number far below 2^53")]
pub(crate) fn now_in_milliseconds() -> u64 {
    Date::now() as u64
}

/// Random bytes for one request. The runtime's source is asked once, where a failure can still be reported. SHA-256
/// expands its seed to as many bytes as are needed, which cannot fail.
pub(crate) struct Entropy {
    seed: [u8; 32],
    blocks: Cell<u64>,
}

impl Entropy {
    /// Draws a seed from the runtime.
    pub(crate) fn new() -> Result<Self, Unavailable> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| Unavailable)?;
        Ok(Self { seed, blocks: Cell::new(0) })
    }
}

impl Random for Entropy {
    fn fill(&self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(32) {
            let number = self.blocks.get();
            self.blocks.set(number.wrapping_add(1));
            let block = Sha256::new().chain_update(self.seed).chain_update(number.to_be_bytes()).finalize();
            for (to, from) in part.iter_mut().zip(block) {
                *to = from;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_bytes_are_not_repeated() {
        let entropy = Entropy::new().unwrap();
        let (mut first, mut second, mut other) = ([0; 80], [0; 80], [0; 80]);
        entropy.fill(&mut first);
        entropy.fill(&mut second);
        Entropy::new().unwrap().fill(&mut other);
        let mut blocks: Vec<&[u8]> = [&first, &second, &other].into_iter().flat_map(|bytes| bytes.chunks(16)).collect();
        blocks.sort_unstable();
        blocks.dedup();
        assert_eq!(blocks.len(), 15);
    }
}
