//! The MCP endpoints: Streamable HTTP, and the transport of 2024-11-05.

pub(crate) mod announcements;
pub(crate) mod ended_sessions;
pub(crate) mod endpoint;
pub(crate) mod lost_requests;
pub(crate) mod request_state;
pub(crate) mod resource_guard;
pub(crate) mod session_route;
pub(crate) mod session_stream;
pub(crate) mod sse_route;
