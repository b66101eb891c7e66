//! The commands of `Subscriptions`.

use serde::{Deserialize, Serialize};

use mcp_connector_base::commands;
use mcp_connector_base::identifier::Subject;
use mcp_connector_protocol::tasks::TaskId;
use mcp_connector_protocol::{Change, Concerns, Full, Listener, Reach, Shard, WatchError, Watched};

/// Opens a stream. The answer is the stream, or a refusal.
#[derive(Serialize, Deserialize)]
pub(crate) struct OpenStream {
    /// The shard that is asked: an object does not know which one it is.
    pub(crate) shard: Shard,
    /// How many streams the person has in the shards that were asked before.
    pub(crate) elsewhere: u32,
    pub(crate) listener: Listener,
    /// What is written first.
    pub(crate) first: Vec<u8>,
    pub(crate) keep_alive_ms: u32,
    /// How many streams a shard takes before the next one is asked.
    pub(crate) room: u32,
}

/// Why a stream is not opened.
#[derive(Serialize, Deserialize)]
pub(crate) enum StreamRefusal {
    /// The session belongs to another person, or has ended.
    NotYours,
    /// There are too many streams.
    Full(Full),
    /// There may be room in this shard. `elsewhere` is how many streams the person has in those that were asked.
    TryShard { shard: Shard, elsewhere: u32 },
}

/// Tells the root that a shard has a stream, so that announcements reach it. `session` is the session of the stream, if it has one.
#[derive(Serialize, Deserialize)]
pub(crate) struct ShardInUse {
    pub(crate) shard: Shard,
    pub(crate) session: Option<String>,
}

/// Tells the streams that listen of a change. This goes to the root.
#[derive(Serialize, Deserialize)]
pub(crate) struct PublishChange {
    pub(crate) change: Change,
    pub(crate) concerns: Concerns,
    pub(crate) reach: Reach,
}

/// A change, as another shard than the root gets it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ForwardedChange {
    pub(crate) change: Change,
    pub(crate) concerns: Concerns,
    /// The sessions of this shard that subscribe to the resource, in order, and whether it needs a sign-in.
    pub(crate) watching: Vec<(String, bool)>,
}

/// Tells the streams of a shard of changes, in this order.
#[derive(Serialize, Deserialize)]
pub(crate) struct ForwardChanges {
    pub(crate) changes: Vec<ForwardedChange>,
}

/// Whether a shard is still in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ShardUse {
    InUse,
    /// It has no stream. It says so with [`ShardInUse`] before it has one again.
    Empty,
}

/// Tells the streams that listen to a task its state. The root tells the other shards.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PublishTask {
    pub(crate) shard: Shard,
    /// The person whose streams may listen to it. Without one, everybody's may.
    pub(crate) owner: Option<Subject>,
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

impl TaskPublished {
    /// Returns the outcome of two shards together.
    pub(crate) const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Later, _) | (_, Self::Later) => Self::Later,
            (Self::NobodyListens, Self::NobodyListens) => Self::NobodyListens,
            _ => Self::Told,
        }
    }
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

/// Ends the streams of a session in another shard than the root.
#[derive(Serialize, Deserialize)]
pub(crate) struct EndStreams {
    pub(crate) session: String,
}

commands! {
    OpenStream => StreamRefusal;
    ShardInUse => ();
    PublishChange => ();
    ForwardChanges => ShardUse;
    EndStreams => ();
    PublishTask => TaskPublished;
    ChangeWatch => Result<(), WatchRefusal>;
    EndWatches => bool;
}
