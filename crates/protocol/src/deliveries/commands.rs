//! The commands to the object of an event, and from it to the tasks that wait.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::deliveries::event_key::EventKey;
use mcp_connector_base::commands;
use mcp_connector_base::identifier::Subject;

/// Delivers the event. A second delivery to the same address changes nothing while the first is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliverEvent {
    /// The person whom it concerns; everybody who waits if there is none.
    pub to: Option<Subject>,
    /// The event as JSON.
    pub value: String,
}

/// Asks for the event, in the name of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwaitEvent {
    /// Who waits.
    pub person: Subject,
    /// The task that is to be resumed when the event comes.
    pub task: Option<WaitingTask>,
    /// How long the answer may wait for the event.
    pub wait_seconds: u32,
}

/// A task that waits for an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingTask {
    /// The id of its object.
    pub object: String,
    /// The key of the event.
    pub key: EventKey,
    /// When it does not wait any more, in milliseconds since 1970.
    pub until: u64,
}

/// Brings the event to a task that waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResumeTask {
    /// The key of the event.
    pub key: EventKey,
    /// The event as JSON.
    pub value: String,
}

/// There are too many deliveries or waits with one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[error("there are too many deliveries or calls that wait with the key of this event")]
pub struct DeliveriesFull;

commands! {
    DeliverEvent => Result<(), DeliveriesFull>;
    AwaitEvent => Result<Option<String>, DeliveriesFull>;
    ResumeTask => ();
}
