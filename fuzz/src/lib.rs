//! What the fuzz targets share: a fixed time, fixed keys, and [`target!`].
//!
//! A target is a file in `fuzz_targets/`. Its `run` calls a decoder, panics if the decoder breaks its contract, and returns whether
//! it accepts the input. Inputs to begin with are in `seeds/`. `tests/damaged_inputs.rs` runs every target without a fuzzer.

use mcp_connector_base::outage::Outage;
use mcp_connector_base::random::Random;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::crypto::keys::master::MasterKey;
use mcp_connector_oauth::crypto::keys::ring::KeyRing;
use mcp_connector_oauth::external_issuer::keys::{Algorithm, ExternalKey};
use mcp_connector_oauth::external_issuer::signed_jwt::SignatureVerifier;

#[cfg(feature = "libfuzzer")]
pub use libfuzzer_sys;

/// Makes a function the entry point of libFuzzer.
#[macro_export]
macro_rules! target {
    ($run:ident) => {
        #[cfg(feature = "libfuzzer")]
        $crate::libfuzzer_sys::fuzz_target!(|input: &[u8]| {
            $run(input);
        });
    };
}

/// The time of every target.
pub const NOW: Timestamp = Timestamp::from_seconds(1_900_000_000);

/// Randomness that is the same each time.
pub struct Fixed;

impl Random for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// A verifier that accepts every signature, so that the code behind the check is reached.
pub struct AnySignature;

impl SignatureVerifier for AnySignature {
    async fn verify(&self, _: Algorithm, _: &ExternalKey, _: &[u8], _: &[u8]) -> Result<bool, Outage> {
        Ok(true)
    }
}

/// Returns the keys of every target.
pub fn key_ring() -> KeyRing {
    KeyRing::new(&MasterKey::generate(&Fixed), &[])
}

/// Returns the input as text, or the empty text if it is not UTF-8.
pub fn text(input: &[u8]) -> &str {
    std::str::from_utf8(input).unwrap_or_default()
}
