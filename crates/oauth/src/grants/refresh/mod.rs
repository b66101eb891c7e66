//! Refresh tokens (RFC 6749 §6): their form, their rotation (RFC 9700 §4.14.2), and a request that uses one.

pub mod refresh_token;
pub mod request;
pub mod rotation;
