//! TODO.

pub(crate) mod announce;
pub(crate) mod hub;
pub(crate) mod listen;
pub(crate) mod watch;
