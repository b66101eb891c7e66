//! TODO.

pub mod keys;
pub mod opaque;
pub mod seal;
