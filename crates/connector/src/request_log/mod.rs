//! TODO.

pub(crate) mod log_line;
pub(crate) mod metrics;
pub(crate) mod request_log;
