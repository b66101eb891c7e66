//! Keys, and what is authenticated or encrypted with them.

pub mod at_rest;
pub mod credential_version;
pub mod keys;
pub mod opaque;
pub mod seal;
