//! Streams of changes: who listens to what, and how a change reaches them.

pub(crate) mod announce;
pub(crate) mod change;
pub(crate) mod filter;
pub(crate) mod hub;
pub(crate) mod listening;
pub(crate) mod session_stream;
pub(crate) mod watch;
