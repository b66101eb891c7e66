//! Streams of changes: which client listens to which changes, and how a change reaches it.

pub(crate) mod announce;
pub(crate) mod change;
pub(crate) mod filter;
pub(crate) mod interest;
pub(crate) mod listener;
pub(crate) mod listening;
pub(crate) mod open_streams;
pub(crate) mod session_stream;
pub(crate) mod shard;
pub(crate) mod watch;
