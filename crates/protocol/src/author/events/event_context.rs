//! What a handler of an event gets besides the event: the bindings of the Worker, and the way to clients.

use serde::Serialize;

use crate::author::tools::tool_error::ToolError;
use crate::deliveries::event_key::EventKey;
use crate::host::bundle::Host;
use crate::subscriptions::change::Change;
use mcp_connector_base::identifier::Subject;

/// The context of a handler that no client calls: of a webhook, a schedule or a queue.
///
/// # Examples
///
/// ```
/// use mcp_connector::{Change, EventContext, ToolError};
///
/// async fn every_morning(cx: EventContext) -> Result<(), ToolError> {
///     cx.kv("REPORTS")?.put("today", "Sunny.").await?;
///     cx.announce(Change::resource("report://today")).await;
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct EventContext<H> {
    host: H,
}

impl<H: Host> EventContext<H> {
    /// Creates the context of an event on `host`.
    #[must_use]
    #[doc(hidden)]
    pub const fn new(host: H) -> Self {
        Self { host }
    }

    /// Returns the place in which the event is handled. Authors use what their own context offers of it.
    #[doc(hidden)]
    #[must_use]
    pub const fn host(&self) -> &H {
        &self.host
    }

    /// Returns the bindings, variables and secrets of the Worker.
    #[must_use]
    pub fn env(&self) -> &H::Env {
        self.host.env()
    }

    /// Delivers an event to every call that waits for it ([`wait_for`](crate::call::context::Context::wait_for)), now or within a day,
    /// whoever made the call.
    ///
    /// The first delivery with a key counts; another one changes nothing while it is kept. What concerns one person is delivered with
    /// [`deliver_to`](Self::deliver_to).
    ///
    /// # Errors
    ///
    /// Fails if the key does not fit, if the event is larger than 64 KiB, and if it was not stored. A webhook that fails is sent again.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{EventContext, ToolError, WebhookRequest};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Deserialize, Serialize)]
    /// struct Build {
    ///     id: u64,
    ///     passed: bool,
    /// }
    ///
    /// async fn on_build(request: WebhookRequest, cx: EventContext) -> Result<(), ToolError> {
    ///     let build: Build = request.json()?;
    ///     cx.deliver(&format!("build:{}", build.id), &build).await
    /// }
    /// ```
    pub async fn deliver(&self, key: &str, event: &impl Serialize) -> Result<(), ToolError> {
        deliver(&self.host, key, None, event).await
    }

    /// Delivers an event to the calls of one person that wait for it. Nobody else learns of it, whatever key they wait for.
    ///
    /// # Errors
    ///
    /// As [`deliver`](Self::deliver).
    pub async fn deliver_to(&self, person: &Subject, key: &str, event: &impl Serialize) -> Result<(), ToolError> {
        deliver(&self.host, key, Some(person), event).await
    }

    /// Announces a change that concerns everybody: of a list, or of a resource that is the same for all ("Subscriptions").
    ///
    /// If the resource needs scopes, those hear of it whose token has them. What belongs to one person is announced with
    /// [`announce_to`](Self::announce_to). A change that the
    /// connector does not declare with [`Connector::announces`](crate::author::connector::Connector::announces) is not sent, and
    /// one that cannot be sent does not fail the event.
    pub async fn announce(&self, change: Change) {
        self.host.publish_to_all(&change).await;
    }

    /// Announces a change to one person: of a resource that needs a sign-in, or of their list of resources. Nobody else learns of
    /// it.
    pub async fn announce_to(&self, person: &Subject, change: Change) {
        self.host.publish(&change, Some(person)).await;
    }
}

/// Longest event as JSON, in bytes.
const MAX_EVENT: usize = 64 * 1024;

/// Delivers an event to one person, or to everybody who waits for it.
///
/// # Errors
///
/// Fails if the key does not fit, if the event is larger than 64 KiB, and if it was not stored.
#[doc(hidden)]
pub async fn deliver<H: Host>(
    host: &H,
    key: &str,
    to: Option<&Subject>,
    event: &impl Serialize,
) -> Result<(), ToolError> {
    let key = EventKey::parse(key)?;
    let value = serde_json::to_string(event)?;
    if value.len() > MAX_EVENT {
        return Err(ToolError::new(format!(
            "An event may have {MAX_EVENT} bytes as JSON, and this one has {}.",
            value.len()
        )));
    }
    host.deliver(&key, to, value).await
}
