//! What other servers sign. With `AUTH_ISSUER` set, this server has no authorization endpoints, and is only the resource of another
//! authorization server's access tokens (RFC 9068 §4, RFC 8414 §3.3, RFC 8725). With `TRUSTED_ISSUERS` set, its own token endpoint
//! accepts assertions of identity providers about people (ID-JAG).
//!
//! The Worker fetches documents, and verifies signatures by WebCrypto ([`SignatureVerifier`](signed_jwt::SignatureVerifier)), which is
//! faster than wasm.
//!
//! The algorithms are RS256, PS256, ES256 and Ed25519: never one with a shared secret, and never `none`.

pub mod assertion_id;
pub mod id_jag;
pub mod identity_claims;
pub mod keys;
pub mod signed_jwt;
pub mod token;
pub mod trusted_issuers;
