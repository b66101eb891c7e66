//! A remote MCP server on Cloudflare Workers: both eras of the protocol, sign-in only where a tool needs it, and an OAuth
//! authorization server of its own.

#[doc(hidden)]
#[path = "serve.rs"]
pub mod __entry;
mod app;
mod config;
mod host;
mod http;
mod mcp;
mod oauth;
mod objects;
mod pages;
mod platform;
mod request_log;
mod store;
#[cfg(not(target_family = "wasm"))]
mod wrangler_toml;

pub use mcp_connector_base::caller::Caller;
pub use mcp_connector_base::identifier::{ClientId, GrantId, Subject};
pub use mcp_connector_base::scope::{Scope, ScopeSet};
pub use mcp_connector_protocol::{
    Annotations, CallToolResult, ClientCapability, ConfigError, ContentBlock, CreateMessageRequest,
    CreateMessageResult, ElicitResult, Form, Handler, Icon, IntoMessages, IntoResourceContents, IntoToolResult,
    InvalidForm, Json, ListPage, ListedPage, ListedResource, LoggingLevel, Partial, Permission, PromptMessage,
    ProtocolVersion, ResourceContents, Role, Root, RpcError, Skill, Theme, ToolChoice, ToolError, ToolResultContent,
    ToolUseContent, Topic, View,
};

pub use app::fetch;
pub use host::{Connector, Context, Prompt, Resource, ResourceTemplate, Tool};
pub use store::{Select, Store, StoreError, StorePage};
#[cfg(not(target_family = "wasm"))]
pub use wrangler_toml::missing_from_wrangler_toml;
pub use {schemars, serde, worker};
