//! TODO.

pub mod access_token;
pub mod bearer;
pub mod challenge;
pub mod metadata;
pub mod protected_resource;
pub mod verified_tokens;
