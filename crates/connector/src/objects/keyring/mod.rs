//! The Durable Object that keeps the master key and counts wrong passphrases.

pub(crate) mod commands;
pub(crate) mod object;
pub(crate) mod stub;
