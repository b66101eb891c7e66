//! JSON-RPC 2.0 as MCP uses it ("Messages").

pub(crate) mod body;
pub(crate) mod client_response;
pub(crate) mod long_text;
pub(crate) mod message;
pub(crate) mod request_id;
pub(crate) mod response;
pub(crate) mod rpc_error;
