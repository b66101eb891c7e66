//! One authorization server for several connectors: what the connectors ask it about tokens and grants, over a Service Binding. The
//! messages are in `mcp_connector_oauth::resource::introspection`.

pub(crate) mod client;
pub(crate) mod elsewhere;
pub(crate) mod endpoint;
