//! The token endpoint (RFC 6749 §3.2) and the revocation endpoint (RFC 7009).

pub mod assertion_issuers;
pub mod client_authentication;
pub mod endpoint;
pub mod error;
pub mod identity_assertion;
pub mod revocation;
#[cfg(test)]
mod rule_tests;
