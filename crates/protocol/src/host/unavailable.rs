//! An outage.

use thiserror::Error;

/// Storage does not answer. It is worth another try, and says nothing about the request.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("storage does not answer; try again in a moment")]
pub struct Unavailable;
