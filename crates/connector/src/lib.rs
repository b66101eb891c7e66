//! A remote MCP server on Cloudflare Workers: both eras of the Model Context Protocol on one URL, sign-in only where a tool
//! needs it, and an OAuth authorization server in the same Worker.
//!
//! This is a complete connector. It has a tool for everybody and a tool for people who have signed in, and it keeps what they
//! save:
//!
//! ```
//! use mcp_connector::{Connector, Context, Scope, Store, Tool, ToolError};
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! const NOTES_WRITE: Scope = Scope::new("notes:write", "Save notes for you");
//!
//! fn connector() -> Connector {
//!     Connector::new("notes", "1.0.0")
//!         .title("Notes")
//!         .description("Keeps short notes for the person who signs in.")
//!         .operated_by("Ada Lovelace")
//!         .sign_in([NOTES_WRITE])
//!         .tool(
//!             Tool::new("echo", "Say the same text back.", echo)
//!                 .argument("text", "What to say back.")
//!                 .title("Echo")
//!                 .read_only(),
//!         )
//!         .tool(
//!             Tool::new("save_note", "Save a new note.", save_note)
//!                 .title("Save note")
//!                 .scope(NOTES_WRITE)
//!                 .additive(),
//!         )
//! }
//!
//! async fn echo(text: String) -> Result<String, ToolError> {
//!     Ok(text)
//! }
//!
//! #[derive(Serialize, Deserialize, JsonSchema)]
//! struct Note {
//!     /// A short heading.
//!     title: String,
//!     /// The text of the note.
//!     body: String,
//! }
//!
//! async fn save_note(note: Note, cx: Context) -> Result<String, ToolError> {
//!     let id = Store::of(&cx, "notes")?.add(&note).await?;
//!     Ok(format!("“{}” is saved as note {id}.", note.title))
//! }
//!
//! mcp_connector::serve!(connector);
//!
//! # fn main() {
//! // In its tests, a connector reports what a client or a model would stumble over:
//! assert_eq!(connector().check(), []);
//! # }
//! ```
//!
//! # Handlers
//!
//! The function behind a tool, a resource or a prompt is an `async fn` that takes its arguments, a [`Context`], or both in this
//! order, and returns a `Result<_, ToolError>`. The type of the arguments derives `serde::Deserialize` and
//! `schemars::JsonSchema`; the doc comment of a field is its description. A [`ToolError`] is made from any error by `?`, and
//! reaches the model as a result that it can read.
//!
//! # What is where
//!
//! | Task | Names |
//! | --- | --- |
//! | Declare a connector and its pages | [`Connector`], [`Icon`], [`Theme`], [`Scope`] |
//! | Add a tool | [`Tool`], [`Json`], [`CallToolResult`], [`ContentBlock`], [`Annotations`], [`Role`] |
//! | Add resources | [`Resource`], [`ResourceTemplate`], [`ResourceContents`], [`ListPage`], [`ListedPage`], [`ListedResource`] |
//! | Add a prompt, complete arguments | [`Prompt`], [`PromptMessage`], [`Partial`] |
//! | Show a view, give a skill | [`View`], [`Permission`], [`Skill`] |
//! | Run something around every call | [`Connector::around`], [`Call`], [`CallKind`], [`Next`], [`CallOutcome`] |
//! | Know the call and its caller | [`Context`], [`Caller`], [`Subject`], [`ClientId`], [`GrantId`], [`ScopeSet`], [`ClientCapability`], [`LoggingLevel`] |
//! | Fail | [`ToolError`], [`RpcError`] |
//! | Ask the person | [`Context::elicit`](Context#method.elicit), [`Form`], [`ElicitResult`], [`Root`] |
//! | Ask the client's model | [`Context::sample`](Context#method.sample), [`CreateMessageRequest`], [`CreateMessageResult`], [`ToolChoice`], [`ToolUseContent`], [`ToolResultContent`] |
//! | Keep something for each person | [`Store`], [`Select`], [`StorePage`], [`StoreError`] |
//! | Call an API | [`Context::http`], [`Connector::hosts`], [`HttpClient`], [`HttpRequest`], [`HttpResponse`], [`HttpError`] |
//! | Use D1, KV, R2 and secrets | [`Context::d1`], [`D1`], [`D1Statement`], [`Kv`], [`R2`], [`Secret`], [`BindingError`] |
//! | Call an API that an OpenAPI document describes | [`openapi`] |
//! | Use a service in the name of each person | [`Upstream`], [`Context::upstream`](Context#method.upstream) |
//! | Take files and give them | [`Connector::files`], [`Context::upload_url`](Context#method.upload_url), [`FileLimits`], [`UploadUrl`], [`StoredFile`], [`FileReader`] |
//! | Announce changes | [`Topic`], [`Connector::announces`], [`Change`], [`announce()`], [`announce_to()`] |
//! | Handle events from outside | [`Connector::webhook`], [`Webhook`], [`WebhookRequest`], [`Connector::cron`], [`Connector::queue`], [`EventContext`] |
//! | Wait for an event from outside, deliver it | [`Context::wait_for`](Context#method.wait_for), [`Context::step`](Context#method.step), [`deliver()`], [`deliver_to()`] |
//! | Serve it as a Worker | [`serve!`], [`fetch()`] |
//! | Test it | [`Connector::check`], [`ConfigError`], [`check_wrangler_toml`] |
//!
//! The crates whose types are in this interface are re-exported, in the versions that fit: [`worker`], [`serde`] and
//! [`schemars`].

#[doc(hidden)]
#[path = "serve.rs"]
pub mod __entry;
mod app;
mod author;
mod config;
mod events;
mod files;
mod host;
mod http;
mod log;
mod mcp;
mod oauth;
mod objects;
pub mod openapi;
mod outbound;
mod pages;
mod platform;
mod storage;
mod store;
#[cfg(not(target_family = "wasm"))]
mod wrangler_toml;

pub use app::fetch;
pub use author::{Call, Connector, Context, EventContext, Next, Prompt, Resource, ResourceTemplate, Tool, Upstream};
pub use events::announce::{announce, announce_to};
pub use events::deliver::{deliver, deliver_to};
pub use files::stored_file::{FileReader, StoredFile};
pub use mcp_connector_base::caller::Caller;
pub use mcp_connector_base::identifier::{ClientId, GrantId, Subject};
pub use mcp_connector_base::scope::{Scope, ScopeSet};
pub use mcp_connector_protocol::{
    Annotations, CallKind, CallOutcome, CallToolResult, Change, ClientCapability, ConfigError, ContentBlock,
    CreateMessageRequest, CreateMessageResult, ElicitResult, FileLimits, Form, Icon, Json, ListPage, ListedPage,
    ListedResource, LoggingLevel, Partial, Permission, PromptMessage, ResourceContents, Role, Root, RpcError, Skill,
    Theme, ToolChoice, ToolError, ToolResultContent, ToolUseContent, Topic, UploadUrl, View, Webhook, WebhookRequest,
};
pub use outbound::{HttpClient, HttpError, HttpRequest, HttpResponse};
pub use storage::{BindingError, D1, D1Statement, Kv, R2, Secret};
pub use store::{Select, Store, StoreError, StorePage};
#[cfg(not(target_family = "wasm"))]
pub use wrangler_toml::check_wrangler_toml;
pub use {schemars, serde, worker};

#[cfg(test)]
mod public_names {
    //! The names that this crate exports. A new one is added here, too: each is a promise to everybody who uses the crate.

    const NAMES: &str = "
        Annotations BindingError Call CallKind CallOutcome CallToolResult Caller Change ClientCapability ClientId ConfigError Connector ContentBlock Context
        CreateMessageRequest CreateMessageResult D1 D1Statement ElicitResult EventContext FileLimits FileReader Form GrantId HttpClient HttpError HttpRequest HttpResponse Icon Json Kv ListPage ListedPage ListedResource LoggingLevel Next Partial Permission
        Prompt PromptMessage R2 Resource ResourceContents ResourceTemplate Role Root RpcError Scope ScopeSet Secret Select Skill Store
        StoreError StorePage StoredFile Subject Theme Tool ToolChoice ToolError ToolResultContent ToolUseContent Topic UploadUrl Upstream View Webhook WebhookRequest __entry
        announce announce_to
        check_wrangler_toml deliver deliver_to fetch openapi schemars serde serve worker
    ";

    /// The names of the module [`openapi`](crate::openapi), which generated code uses.
    const OPENAPI: &str = "
        Answer Api ApiRequest ApiResponse CallOperation FindOperations Map Method Operation Parameter Value find read write
    ";

    /// The names that `source` exports: of `pub use` and `pub mod` in the first column.
    fn exported(source: &str) -> Vec<&str> {
        let mut names = Vec::new();
        for item in source.split("\npub ").skip(1) {
            let item = item.split_once(';').unwrap().0;
            let (_, path) = item.split_once(' ').unwrap();
            let (_, last) = path.rsplit_once("::").unwrap_or(("", path));
            names.extend(last.split(['{', '}', ',', ' ', '\n']).filter(|name| !name.is_empty()));
        }
        names
    }

    #[test]
    fn are_those_that_were_decided_on() {
        let mut names = exported(include_str!("lib.rs"));
        let macros = include_str!("serve.rs").split("#[macro_export]\nmacro_rules! ").skip(1);
        names.extend(macros.map(|definition| definition.split_once(' ').unwrap().0));
        names.sort_unstable();
        assert_eq!(names, NAMES.split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn of_the_module_openapi_are_those_that_were_decided_on() {
        let mut names = exported(include_str!("openapi/mod.rs"));
        names.sort_unstable();
        assert_eq!(names, OPENAPI.split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn are_in_the_table_of_the_crates_page() {
        let page: String = include_str!("lib.rs").lines().take_while(|line| line.starts_with("//!")).collect();
        for name in NAMES.split_whitespace().filter(|name| *name != "__entry") {
            assert!(
                [format!("[`{name}`]"), format!("[`{name}!`]"), format!("[`{name}()`]")]
                    .iter()
                    .any(|link| page.contains(link)),
                "{name}"
            );
        }
    }
}
