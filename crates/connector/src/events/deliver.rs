//! Events for the calls that wait for them, from anywhere in the Worker.

use serde::Serialize;
use worker::Env;

use mcp_connector_base::identifier::Subject;
use mcp_connector_protocol::ToolError;

use crate::app::state::app;

/// Delivers an event to every call that waits for it ([`Context::wait_for`](crate::Context#method.wait_for)), from code without an
/// [`EventContext`](crate::EventContext): a tool, or a `fetch` of your own.
///
/// # Errors
///
/// As [`EventContext::deliver`](crate::EventContext#method.deliver).
///
/// ```
/// use mcp_connector::{ToolError, deliver, worker};
///
/// async fn published(env: &worker::Env) -> Result<(), ToolError> {
///     deliver(env, "release:2.0", &"https://example.com/2.0").await
/// }
/// ```
pub async fn deliver(env: &Env, key: &str, event: &impl Serialize) -> Result<(), ToolError> {
    send(env, key, None, event).await
}

/// Delivers an event to the calls of one person that wait for it. Nobody else learns of it, whatever key they wait for.
///
/// # Errors
///
/// As [`EventContext::deliver`](crate::EventContext#method.deliver).
///
/// ```
/// use mcp_connector::{Context, Subject, ToolError, deliver_to};
///
/// async fn approve(applicant: &Subject, cx: Context) -> Result<&'static str, ToolError> {
///     deliver_to(cx.env(), applicant, "approval:7", &true).await?;
///     Ok("Approved.")
/// }
/// ```
pub async fn deliver_to(env: &Env, person: &Subject, key: &str, event: &impl Serialize) -> Result<(), ToolError> {
    send(env, key, Some(person), event).await
}

async fn send(env: &Env, key: &str, to: Option<&Subject>, event: &impl Serialize) -> Result<(), ToolError> {
    let app = app(env).map_err(|error| ToolError::new(error.to_string()))?;
    mcp_connector_protocol::deliver(&app.host(env), key, to, event).await
}
