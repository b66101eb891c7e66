//! The Model Context Protocol, without a runtime: JSON-RPC, both protocol eras, the registry a connector is built with.
//!
//! Nothing here names a Workers type. What the protocol needs from the place it runs in stands in [`Host`].

pub(crate) mod author;
pub(crate) mod call;
pub(crate) mod client_requests;
pub(crate) mod json_rpc;
pub(crate) mod methods;
pub(crate) mod subscriptions;
pub mod tasks;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub(crate) mod tool_schema;
pub(crate) mod transport;
pub(crate) mod types;

pub use author::call_tool_result::CallToolResult;
pub use author::completers::Partial;
pub use author::config_error::ConfigError;
pub use author::connector::Connector;
pub use author::handler::Handler;
pub use author::into_messages::IntoMessages;
pub use author::into_resource_contents::IntoResourceContents;
pub use author::into_tool_result::IntoToolResult;
pub use author::json::Json;
pub use author::listed_resource::{ListPage, ListedPage, ListedResource};
pub use author::page_settings::{Operator, PageSettings, Rgb};
pub use author::prompt::Prompt;
pub use author::registry::{Need, Registry};
pub use author::resource::Resource;
pub use author::resource_template::ResourceTemplate;
pub use author::skill::Skill;
pub use author::tool::Tool;
pub use author::tool_error::ToolError;
pub use author::view::{Permission, View};
pub use call::context::Context;
pub use call::wait_until::WaitUntilDone;
pub use client_requests::elicitation::ElicitResult;
pub use client_requests::elicitation_form::{Form, InvalidForm};
pub use client_requests::roots::Root;
pub use client_requests::sampling::{CreateMessageRequest, CreateMessageResult};
pub use client_requests::sampling_tools::{ToolChoice, ToolResultContent, ToolUseContent};
pub use json_rpc::client_response::ClientResponse;
pub use json_rpc::request_id::RequestId;
pub use json_rpc::rpc_error::RpcError;
pub use subscriptions::change::{Change, Topic};
pub use subscriptions::hub::{Full, Hub, Interest, Limits, Listener, ListenerKind, StreamId, Watched};
pub use subscriptions::listen::Listening;
pub use subscriptions::session_stream::session_stream;
pub use subscriptions::watch::{NotWatched, Watch};
pub use transport::endpoint::{Endpoint, Events, Posted, Reply, Settings, era};
pub use transport::headers::{RequestHeaders, is_json};
pub use transport::host::{Host, NotOpened, NotSealed, Outcome, SessionError, Stop, Unavailable};
pub use transport::interrupted::{Fault, Interrupted};
pub use transport::replay::{Delivery, Event, EventId, Replays, RunningStreams};
pub use transport::session::{SessionId, SessionOwner};
pub use transport::sse::EventSource;
pub use transport::summary::Summary;
pub use transport::trace_context::TraceParent;
pub use types::annotations::Annotations;
pub use types::client_capabilities::ClientCapability;
pub use types::content_block::ContentBlock;
pub use types::icon::{Icon, Theme};
pub use types::logging_level::LoggingLevel;
pub use types::prompt_message::PromptMessage;
pub use types::resource_contents::ResourceContents;
pub use types::role::Role;
pub use types::version::{Era, ProtocolVersion};
