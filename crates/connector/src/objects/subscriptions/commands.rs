//! The commands of `Subscriptions`.

use serde::{Deserialize, Serialize};

use mcp_connector_base::commands;
use mcp_connector_base::identifier::Subject;
use mcp_connector_protocol::tasks::TaskId;
use mcp_connector_protocol::{Change, Full, Listener, WatchError, Watched};

/// Opens a stream. The answer is the stream, or a refusal.
#[derive(Serialize, Deserialize)]
pub(crate) struct OpenStream {
    pub(crate) listener: Listener,
    /// What is written first.
    pub(crate) first: Vec<u8>,
    pub(crate) keep_alive_ms: u32,
}

/// Why a stream is not opened.
#[derive(Serialize, Deserialize)]
pub(crate) enum StreamRefusal {
    /// The session belongs to another person, or has ended.
    NotYours,
    /// There are too many streams.
    Full(Full),
}

/// Tells the streams that listen of a change.
#[derive(Serialize, Deserialize)]
pub(crate) struct PublishChange {
    pub(crate) change: Change,
    /// The person who has caused it.
    pub(crate) by: Option<Subject>,
}

/// Tells the streams that listen to a task its state.
#[derive(Serialize, Deserialize)]
pub(crate) struct PublishTask {
    pub(crate) id: TaskId,
    /// The whole task, as JSON.
    pub(crate) whole: String,
    /// Whether the task changes no more.
    pub(crate) is_over: bool,
}

/// The outcome of telling the streams of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TaskPublished {
    Told,
    /// No stream listens to the task.
    NobodyListens,
    /// A client has not yet read what was written before.
    Later,
}

/// Remembers that a session subscribes to a resource, or no longer does.
#[derive(Serialize, Deserialize)]
pub(crate) struct ChangeWatch {
    pub(crate) session: String,
    pub(crate) owner: Option<Subject>,
    pub(crate) watched: Watched,
    pub(crate) begins: bool,
}

/// Why a subscription is not remembered.
#[derive(Serialize, Deserialize)]
pub(crate) enum WatchRefusal {
    /// The session belongs to another person, or has ended.
    NotYours,
    /// The session, or all of them together, remember too much.
    TooMany,
}

impl From<WatchRefusal> for WatchError {
    fn from(refusal: WatchRefusal) -> Self {
        match refusal {
            WatchRefusal::NotYours => Self::NotYours,
            WatchRefusal::TooMany => Self::TooMany,
        }
    }
}

/// Ends the streams and subscriptions of a session. The answer is false if it belongs to another person, or has ended before.
#[derive(Serialize, Deserialize)]
pub(crate) struct EndWatches {
    pub(crate) session: String,
    pub(crate) owner: Option<Subject>,
}

commands! {
    OpenStream => StreamRefusal;
    PublishChange => ();
    PublishTask => TaskPublished;
    ChangeWatch => Result<(), WatchRefusal>;
    EndWatches => bool;
}
