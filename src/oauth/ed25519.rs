//! Ed25519 (RFC 8032) as this folder asks for it. The platform brings it along: its implementation signs in a hundredth of the
//! time and adds nothing to the size of the program. A test brings its own.

use std::fmt;

use zeroize::Zeroize;

use super::outage::Outage;

/// The 32 bytes that a key pair is made from (RFC 8032 §5.1.5).
#[derive(Clone, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl Seed {
    pub(super) const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the platform and nobody else.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

/// Whoever can sign and check. An error means that the platform did not answer, never that a signature is wrong.
#[allow(async_fn_in_trait, reason = "a Worker has one thread; nobody needs these futures to be Send")]
pub trait Ed25519 {
    /// The public key that belongs to a seed.
    async fn public_key(&self, seed: &Seed) -> Result<[u8; 32], Outage>;

    /// The signature of a message.
    async fn sign(&self, seed: &Seed, message: &[u8]) -> Result<[u8; 64], Outage>;

    /// Whether it is a signature of the message.
    async fn verify(&self, public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> Result<bool, Outage>;
}

#[cfg(test)]
pub(super) mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use ed25519_dalek::{Signer, SigningKey, VerifyingKey};

    use super::*;

    /// In Rust, for tests.
    pub(in crate::oauth) struct Native;

    impl Ed25519 for Native {
        async fn public_key(&self, seed: &Seed) -> Result<[u8; 32], Outage> {
            Ok(SigningKey::from_bytes(seed.as_bytes()).verifying_key().to_bytes())
        }

        async fn sign(&self, seed: &Seed, message: &[u8]) -> Result<[u8; 64], Outage> {
            Ok(SigningKey::from_bytes(seed.as_bytes()).sign(message).to_bytes())
        }

        async fn verify(&self, public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> Result<bool, Outage> {
            let signature = ed25519_dalek::Signature::from_bytes(signature);
            Ok(VerifyingKey::from_bytes(public_key).is_ok_and(|key| key.verify_strict(message, &signature).is_ok()))
        }
    }

    /// What a future gives that never waits, as all of them do in a test.
    pub(in crate::oauth) fn done<F: Future>(future: F) -> F::Output {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("something waits"),
        }
    }

    fn bytes<const N: usize>(hex: &str) -> [u8; N] {
        let digits: Vec<u8> = hex.chars().map(|digit| u8::try_from(digit.to_digit(16).unwrap()).unwrap()).collect();
        let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
        bytes.try_into().unwrap()
    }

    /// What any implementation must give: RFC 8032 §7.1, TEST 2.
    #[test]
    fn the_example_of_the_rfc_holds() {
        let seed = Seed::new(bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
        let public = done(Native.public_key(&seed)).unwrap();
        assert_eq!(public, bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
        let signature = done(Native.sign(&seed, &[0x72])).unwrap();
        let want = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                    085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        assert_eq!(signature, bytes(want));
        assert!(done(Native.verify(&public, &[0x72], &signature)).unwrap());
        assert!(!done(Native.verify(&public, &[0x73], &signature)).unwrap());
        assert_eq!(format!("{seed:?}"), "Seed(…)");
    }
}
