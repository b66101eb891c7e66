//! TODO.

pub(crate) mod endpoint;
pub(crate) mod headers;
pub(crate) mod host;
pub(crate) mod interrupted;
pub(crate) mod legacy;
pub(crate) mod modern;
pub(crate) mod replay;
pub(crate) mod session;
pub(crate) mod sse;
pub(crate) mod summary;
pub(crate) mod trace_context;
