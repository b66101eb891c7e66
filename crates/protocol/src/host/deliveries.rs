//! The objects of events that calls wait for.

use std::future::Future;
use std::time::Duration;

use crate::author::tools::tool_error::ToolError;
use crate::deliveries::event_key::EventKey;
use mcp_connector_base::identifier::Subject;

/// Where events are kept for the calls that wait for them.
pub trait Deliveries {
    /// Delivers an event, as JSON, to one person or to everybody who waits for it.
    ///
    /// # Errors
    ///
    /// Fails if it was not stored.
    fn deliver(
        &self,
        key: &EventKey,
        to: Option<&Subject>,
        value: String,
    ) -> impl Future<Output = Result<(), ToolError>>;

    /// Returns an event that was delivered to this person or to everybody; waits for it as long as `patience`.
    ///
    /// # Errors
    ///
    /// Fails if storage does not answer, and if too many calls wait.
    fn await_event(
        &self,
        key: &EventKey,
        person: &Subject,
        patience: Duration,
    ) -> impl Future<Output = Result<Option<String>, ToolError>>;
}
