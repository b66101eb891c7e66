//! HTTP to JSON-RPC and back: Streamable HTTP for both eras, and the transport of 2024-11-05.

pub(crate) mod batch;
pub(crate) mod endpoint;
pub(crate) mod era;
pub(crate) mod headers;
pub(crate) mod http_sse;
pub(crate) mod interrupted;
pub(crate) mod legacy;
pub(crate) mod modern;
pub(crate) mod notifications;
pub(crate) mod posted;
pub(crate) mod reply;
pub(crate) mod request_meta;
pub(crate) mod response;
pub(crate) mod session;
pub(crate) mod streamable_http;
pub(crate) mod summary;
pub(crate) mod trace_context;
