//! The seal of `requestState`, which a client keeps between two tries ("Multi Round-Trip Requests").

use std::future::Future;

use thiserror::Error;

use crate::host::unavailable::Unavailable;

/// Seals what a client keeps for a while.
pub trait RequestStateSeal {
    /// Seals `plain`. It opens only beside the same `binding`.
    ///
    /// # Errors
    ///
    /// Returns [`SealStateError::TooLarge`] if `plain` is larger than a state may be, and
    /// [`SealStateError::Unavailable`] if the keys cannot be read.
    fn seal(&self, plain: &[u8], binding: &[u8]) -> impl Future<Output = Result<String, SealStateError>>;

    /// Opens what [`seal`](Self::seal) has sealed.
    ///
    /// # Errors
    ///
    /// Returns [`OpenStateError::Forged`] if the text was not sealed here with this binding, or was changed on its way,
    /// [`OpenStateError::Expired`] if it was valid once, and [`OpenStateError::Unavailable`] if the keys cannot be
    /// read.
    fn open(&self, sealed: &str, binding: &[u8]) -> impl Future<Output = Result<Vec<u8>, OpenStateError>>;
}

/// Why nothing was sealed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SealStateError {
    /// The keys cannot be read.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The answers of the client are larger than what a state may hold.
    #[error("the answers so far are too large to be kept")]
    TooLarge,
}

/// Why nothing was opened.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum OpenStateError {
    /// The keys cannot be read.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// It was not sealed here, not for this binding, or was changed on its way.
    #[error("not sealed here, or not for this")]
    Forged,
    /// It was valid once.
    #[error("expired")]
    Expired,
}
