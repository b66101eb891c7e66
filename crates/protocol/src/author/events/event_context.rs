//! What a handler of an event gets besides the event: the bindings of the Worker, and the way to clients.

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
///     cx.env().kv("REPORTS")?.put("today", "Sunny.")?.execute().await?;
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

    /// Returns the bindings, variables and secrets of the Worker.
    #[must_use]
    pub fn env(&self) -> &H::Env {
        self.host.env()
    }

    /// Announces a change that concerns everybody: of a list, or of a resource that needs no sign-in ("Subscriptions").
    ///
    /// What needs a sign-in belongs to a person, and is announced with [`announce_to`](Self::announce_to). A change that the
    /// connector does not declare with [`Connector::announces`](crate::author::connector::Connector::announces) is not sent, and
    /// one that cannot be sent does not fail the event.
    pub async fn announce(&self, change: Change) {
        self.host.publish(&change, None).await;
    }

    /// Announces a change to one person: of a resource that needs a sign-in, or of their list of resources. Nobody else learns of
    /// it.
    pub async fn announce_to(&self, person: &Subject, change: Change) {
        self.host.publish(&change, Some(person)).await;
    }
}
