//! Outages of what this server depends on.
//!
//! An outage is never reported as `invalid_client` or `invalid_grant`. Clients discard their credentials on those errors, and
//! people would have to sign in again for nothing.

use thiserror::Error;

/// What does not answer. The response is 503 with `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Outage {
    /// A Durable Object or KV. Or two versions of this program do not understand each other, during a deployment.
    #[error("storage does not answer")]
    Storage,
    /// A server of another party: of a client's metadata document, or of an issuer's keys.
    #[error("another server does not answer")]
    Remote,
}

impl Outage {
    /// What a client is told, whatever does not answer: the `error_description` of the 503.
    pub const DESCRIPTION: &str = "Storage or another server does not answer. Try again.";

    /// Returns the seconds after which another attempt makes sense.
    #[must_use]
    pub const fn retry_after(self) -> u32 {
        match self {
            Self::Storage => 1,
            Self::Remote => 10,
        }
    }
}
