//! What a server is, and how a client and a server agree on a version ("Lifecycle", "Discovery", "Ping").

pub(crate) mod discover;
pub(crate) mod initialize;
pub(crate) mod ping;
