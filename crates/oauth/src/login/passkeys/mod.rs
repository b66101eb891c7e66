//! Passkeys beside the passphrase (Web Authentication Level 3): how one is registered, and how it signs the owner in.
//!
//! This is the part of a relying party that the owner's sign-in needs, and no more: discoverable credentials, user verification
//! always, no attestation, ES256, Ed25519 and RS256. The Worker verifies signatures with the Web Crypto of the runtime.

pub mod assertion;
pub mod authenticator_data;
pub mod ceremony;
mod client_data;
pub mod passkey_name;
pub mod public_key;
pub mod registered_passkeys;
pub mod registration;
#[cfg(test)]
pub(crate) mod rule_tests;
