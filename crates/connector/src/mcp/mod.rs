//! The MCP endpoints: Streamable HTTP, and the transport of 2024-11-05.

pub(crate) mod anonymous_stream;
pub(crate) mod change_streams;
pub(crate) mod credentials;
pub(crate) mod ended_sessions;
pub(crate) mod endpoint;
pub(crate) mod http_sse;
pub(crate) mod internal_caller;
pub(crate) mod network_limit;
pub(crate) mod reply;
pub(crate) mod request_state;
pub(crate) mod resource_guard;
pub(crate) mod session_stream;
pub(crate) mod sessions;
