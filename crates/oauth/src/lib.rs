//! The authorization server and the bearer check.
//!
//! Nothing here names a Workers type, reads a clock or draws randomness: the edge hands in what time it is ([`Timestamp`]), and
//! whatever is random comes from a [`Random`].

pub mod authorize;
pub mod clients;
pub mod crypto;
pub mod external_issuer;
pub mod grants;
pub mod login;
pub mod resource;
#[cfg(test)]
pub mod testing;
pub mod token;
pub mod web;
