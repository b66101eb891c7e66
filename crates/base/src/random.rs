//! Randomness, as a parameter of the pure code. The Worker provides it, and tests provide their own.

/// A cryptographically secure source of random bytes.
pub trait Random {
    /// Overwrites all of `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}
