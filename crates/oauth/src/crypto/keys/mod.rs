//! Every key of this server, derived from one master key by HKDF-SHA256 (RFC 5869), each for one purpose.
//!
//! Deriving a key costs microseconds. So only the master key is stored, and all isolates agree without asking each other.
//!
//! There are two rotations, both with overlap. Signing keys change with the calendar ([`signing`]). The master key changes when
//! somebody changes it: the old key stays in the [`ring`] as a previous one, which verifies what it made and makes nothing new.

pub mod cipher;
pub(crate) mod derivation;
pub mod mac;
pub mod master;
pub mod ring;
pub mod signing;
#[cfg(test)]
mod tests;
