//! Every key of this server, derived from one master key by HKDF-SHA256 (RFC 5869), each for one purpose. Deriving costs
//! microseconds, so nothing but the master key is ever stored, and all isolates agree without asking each other.
//!
//! Two rotations, both with overlap. Signing keys change with the calendar, see [`SigningKeys`]. The master key changes when
//! somebody changes it: the old one stays in the ring as a previous one, good for checking what it made and for nothing new.

pub mod hkdf;
pub mod master;
pub mod ring;
pub mod signing;
#[cfg(test)]
pub(crate) mod tests;

pub use crate::crypto::keys::master::{InvalidMasterKey, MasterKey};
pub use crate::crypto::keys::ring::{CipherKeys, KeyRing, MAX_PREVIOUS_KEYS, MacKey};
pub use crate::crypto::keys::signing::{SIGNING_PERIOD, SigningKey, SigningKeys};
