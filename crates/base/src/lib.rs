//! What the halves of the connector share: who is calling and with which scopes, time and randomness as the pure rules ask for
//! them, versioned rows, and JSON from outside.

pub mod caller;
pub mod codec;
pub mod command;
pub mod identifier;
pub mod json;
pub mod outage;
pub mod row;
pub mod scope;
#[cfg(any(test, feature = "testing"))]
pub mod test_storage_compat;
pub mod timestamp;
