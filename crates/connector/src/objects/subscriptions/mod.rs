//! The Durable Objects that hold the streams on which clients hear of changes.

pub(crate) mod commands;
pub(crate) mod object;
pub(crate) mod rows;
pub(crate) mod shard_rows;
pub(crate) mod shards;
pub(crate) mod streams;
pub(crate) mod stub;
