//! Access tokens of an external authorization server. With `AUTH_ISSUER` set, this server has no authorization endpoints and is
//! only the resource (RFC 9068 §4, RFC 8414 §3.3, RFC 8725).
//!
//! The Worker fetches documents, and verifies signatures by WebCrypto ([`SignatureVerifier`](token::SignatureVerifier)), which is
//! faster than wasm.
//!
//! The algorithms are RS256, PS256, ES256 and Ed25519: never one with a shared secret, and never `none`.

pub mod identity_claims;
pub mod keys;
pub mod token;
