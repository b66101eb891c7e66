//! The Model Context Protocol, without a runtime: JSON-RPC, both protocol eras, the registry a connector is built with.
//!
//! Nothing here names a Workers type. What the protocol needs from the place it runs in stands in [`Host`].

mod about;
mod completion;
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
mod listing;
mod log;
mod modern;
mod operation;
mod paging;
mod part;
mod prompt;
mod prompts;
mod reading;
mod registry;
mod resource;
mod resources;
mod result;
mod schema;
mod schema_of;
mod session;
mod sse;
mod text_arguments;
mod tool;
mod tool_result;
mod tools;
#[cfg(test)]
mod trial;
mod uri;
mod version;

pub use completion::Partial;
pub use connector::Connector;
pub use content::{Annotations, Audience, Content, Icon, ResourceContents, Theme};
pub use context::{ClientCapability, Context};
pub use defect::Defect;
pub use endpoint::{Endpoint, Events, Posted, Reply, Settings};
pub use handler::{Answer, Handler};
pub use headers::{RequestHeaders, is_json};
pub use host::{Host, Unavailable};
pub use jsonrpc::{RequestId, RpcError};
pub use log::LogLevel;
pub use prompt::{IntoMessages, Message, Prompt};
pub use reading::IntoResourceContents;
pub use registry::{Need, Registry};
pub use resource::{ListedResource, Resource, Template};
use schema_of::schema_of;
pub use session::SessionId;
pub use tool::Tool;
pub use tool_result::{IntoToolResult, Json, ToolError, ToolResult};
pub use version::ProtocolVersion;
