//! Access tokens of somebody else's authorization server: `AUTH_ISSUER` is set, our own endpoints are gone, and this server is
//! only the resource (RFC 9068 §4, RFC 8414 §3.3, RFC 8725). Pure: what is fetched, the edge fetches; signatures are checked by
//! whatever it brings along ([`SignatureVerifier`]), because the platform is faster at that than anything written here.
//!
//! Algorithms: RS256, PS256, ES256 and Ed25519. Never one with a shared secret, and never `none`.

pub mod keys;
pub mod token;
