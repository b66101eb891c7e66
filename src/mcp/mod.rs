//! The Model Context Protocol, without a runtime: JSON-RPC, both protocol eras, the registry a connector is built with.
//!
//! Nothing here names a Workers type. What the protocol needs from the place it runs in stands in [`Host`].

mod connector;
mod content;
mod context;
mod defect;
mod endpoint;
mod exchange;
mod handler;
mod header_params;
mod headers;
mod host;
mod json;
mod jsonrpc;
mod legacy;
mod log;
mod modern;
mod operation;
mod paging;
mod result;
mod schema;
mod schema_of;
mod session;
mod sse;
mod tool;
mod tool_result;
mod tools;
mod version;

pub use connector::{Connector, Need, Registry};
pub use content::{Annotations, Audience, Content, Icon, ResourceContents, Theme};
pub use context::{ClientCapability, Context};
pub use defect::Defect;
pub use endpoint::{Endpoint, Events, Posted, Reply, Settings};
pub use handler::{Answer, Handler};
pub use headers::{RequestHeaders, is_json};
pub use host::{Host, Unavailable};
pub use jsonrpc::{RequestId, RpcError};
pub use log::LogLevel;
use schema_of::schema_of;
pub use session::SessionId;
pub use tool::Tool;
pub use tool_result::{IntoToolResult, Json, ToolError, ToolResult};
pub use version::ProtocolVersion;
