//! The Durable Object that keeps the records of one person in one collection.

pub(crate) mod commands;
pub(crate) mod last_writes;
pub(crate) mod object;
pub(crate) mod upload_uses;
