//! What a handler of an event gets besides the event.

use std::ops::Deref;

use crate::host::Workers;

/// The context of the protocol, on Workers.
type ProtocolContext = mcp_connector_protocol::EventContext<Workers>;

/// The context of a handler that no client calls: of a webhook, a schedule or a queue.
///
/// ```
/// use mcp_connector::{Change, EventContext, ToolError};
///
/// async fn every_morning(cx: EventContext) -> Result<(), ToolError> {
///     let books: Option<u32> = cx.d1("DB")?.first("SELECT count(*) FROM books", ()).await?;
///     cx.kv("REPORTS")?.put("today", &books).await?;
///     cx.announce(Change::resource("report://today")).await;
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct EventContext(ProtocolContext);

impl Deref for EventContext {
    type Target = ProtocolContext;

    fn deref(&self) -> &ProtocolContext {
        &self.0
    }
}

impl From<ProtocolContext> for EventContext {
    fn from(context: ProtocolContext) -> Self {
        Self(context)
    }
}
