//! The protected resource: its metadata (RFC 9728), the bearer tokens it accepts (RFC 6750, RFC 9068), and its challenges.

pub mod access_token;
pub mod audiences;
pub mod bearer;
pub mod challenge;
pub mod connectors;
pub mod credential;
pub mod introspection;
pub mod metadata;
pub mod protected_resource;
pub mod scope_catalogue;
pub mod standing;
pub mod verified_tokens;
