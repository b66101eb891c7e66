//! TODO.

pub(crate) mod message;
pub(crate) mod object;
