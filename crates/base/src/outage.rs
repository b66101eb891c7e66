//! Something this server depends on does not answer. Never said as `invalid_client` or `invalid_grant`: clients throw their
//! credentials away on those, and would have to sign in again for nothing.

use thiserror::Error;

/// What is out of reach. The answer is 503 with `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Outage {
    /// Our own storage, or what was asked of it makes no sense to it (two versions of this program, during a deployment).
    #[error("storage does not answer")]
    Storage,
    /// A server of somebody else: the document of a client, the keys of an issuer.
    #[error("another server does not answer")]
    Remote,
}

impl Outage {
    /// Seconds after which asking again makes sense.
    #[must_use]
    pub const fn retry_after(self) -> u32 {
        match self {
            Self::Storage => 1,
            Self::Remote => 10,
        }
    }
}
