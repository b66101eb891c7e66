//! The Model Context Protocol without a runtime: JSON-RPC, every revision since 2024-11-05, and the tools, prompts and
//! resources that an author declares.
//!
//! Authors of connectors use it through `mcp-connector`, and need nothing of this crate. What the protocol needs from the place
//! where it runs are the traits of [`Host`]; nothing here names a type of Workers.
//!
//! # Examples
//!
//! A connector can be checked anywhere:
//!
//! ```
//! use mcp_connector_protocol::{Connector, Tool, ToolError};
//!
//! async fn echo(text: String) -> Result<String, ToolError> {
//!     Ok(text)
//! }
//!
//! let tool = Tool::new("echo", "Say the same text back.", echo).argument("text", "What to say back.").title("Echo").read_only();
//! let connector: Connector<()> = Connector::new("echo", "1.0.0").tool(tool);
//! assert_eq!(connector.check(), []);
//! ```
#![allow(missing_docs, reason = "mcp-connector documents what authors use")]

pub(crate) mod author;
pub(crate) mod call;
pub(crate) mod client_requests;
pub mod deliveries;
pub(crate) mod discovery;
pub(crate) mod host;
pub(crate) mod json_rpc;
pub(crate) mod methods;
pub(crate) mod streams;
pub(crate) mod subscriptions;
pub mod tasks;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub(crate) mod tool_schema;
pub(crate) mod transport;
pub(crate) mod types;

pub use author::completers::Partial;
pub use author::config_error::ConfigError;
pub use author::connector::Connector;
pub use author::declared::Declared;
pub use author::events::event_context::{EventContext, deliver};
pub use author::events::event_handlers::{EventHandlers, RESERVED, WebhookRoute};
pub use author::events::webhook::{Verified, Webhook};
pub use author::events::webhook_request::WebhookRequest;
pub use author::files::{FileLimits, InvalidFileLimits, UploadUrl, is_purpose};
pub use author::handler::{Handler, HandlerArguments, HandlerContext};
pub use author::hosts::{Hosts, InvalidHost};
pub use author::page_settings::{Operator, PageSettings, Rgb};
pub use author::prompts::into_messages::IntoMessages;
pub use author::prompts::prompt::Prompt;
pub use author::registry::Registry;
pub use author::resources::into_resource_contents::IntoResourceContents;
pub use author::resources::listed_resource::{ListPage, ListedPage, ListedResource};
pub use author::resources::resource::Resource;
pub use author::resources::resource_template::ResourceTemplate;
pub use author::resources::view::{Permission, View};
pub use author::skills::skill::Skill;
pub use author::tools::call_tool_result::CallToolResult;
pub use author::tools::into_tool_result::IntoToolResult;
pub use author::tools::json::Json;
pub use author::tools::tool::Tool;
pub use author::tools::tool_error::ToolError;
pub use author::upstreams::upstream::{
    ClientSecretPlace, Upstream, UpstreamAccountName, UpstreamClientNames, UpstreamKind,
};
pub use call::around::{Call, CallKind, CallOutcome, Next};
pub use call::context::Context;
pub use call::wait_until::WaitUntilDone;
pub use client_requests::elicitation::ElicitResult;
pub use client_requests::elicitation_form::{Form, InvalidForm};
pub use client_requests::roots::Root;
pub use client_requests::sampling::{CreateMessageRequest, CreateMessageResult};
pub use client_requests::sampling_tools::{ToolChoice, ToolResultContent, ToolUseContent};
pub use discovery::ai_catalog::{AI_CATALOG_PATH, AI_CATALOG_TYPE, AiCatalog};
pub use discovery::server_card::{Remote, SERVER_CARD_SUFFIX, SERVER_CARD_TYPE, ServerCard};
pub use discovery::server_name::ServerName;
pub use host::bundle::Host;
pub use host::changes::Changes;
pub use host::deliveries::Deliveries;
pub use host::event_store::EventStore;
pub use host::files::Files;
pub use host::platform::Platform;
pub use host::request_observer::{Outcome, RequestObserver};
pub use host::request_state::{OpenStateError, RequestStateSeal, SealStateError};
pub use host::sessions::{SessionError, Sessions, Stop};
pub use host::tasks::Tasks;
pub use host::unavailable::Unavailable;
pub use host::upstream_accounts::{ConnectHistory, ConnectRequest, UpstreamAccount, UpstreamAccounts};
pub use json_rpc::client_response::ClientResponse;
pub use json_rpc::request_id::RequestId;
pub use json_rpc::rpc_error::RpcError;
pub use methods::need::Need;
pub use streams::event::{Delivery, Event, EventId};
pub use streams::event_stream::EventSource;
pub use streams::replays::Replays;
pub use streams::running_streams::RunningStreams;
pub use subscriptions::change::{Change, Concerns, Reach, Topic};
pub use subscriptions::interest::{Interest, Watched};
pub use subscriptions::listener::{Listener, ListenerKind};
pub use subscriptions::listening::Listening;
pub use subscriptions::open_streams::{Full, Limits, OpenStreams, StreamId};
pub use subscriptions::session_stream::session_stream;
pub use subscriptions::shard::{NoSuchShard, Shard};
pub use subscriptions::watch::{Watch, WatchChange, WatchError};
pub use transport::endpoint::{Endpoint, Settings};
pub use transport::era::era;
pub use transport::headers::{RequestHeaders, accepts_event_stream, is_json};
pub use transport::interrupted::{Fault, Interrupted};
pub use transport::posted::Posted;
pub use transport::reply::{Events, Reply};
pub use transport::session::{SessionId, SessionOwner};
pub use transport::summary::Summary;
pub use transport::trace_context::TraceParent;
pub use types::annotations::Annotations;
pub use types::client_capabilities::ClientCapability;
pub use types::content_block::ContentBlock;
pub use types::icon::{Icon, IconImage, Theme};
pub use types::logging_level::LoggingLevel;
pub use types::prompt_message::PromptMessage;
pub use types::resource_contents::ResourceContents;
pub use types::role::Role;
pub use types::version::{Era, ProtocolVersion};
