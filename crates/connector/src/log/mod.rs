//! The log of requests: a line for each request, and a data point.

pub(crate) mod log_line;
pub(crate) mod metrics;
pub(crate) mod person;
pub(crate) mod request_log;
