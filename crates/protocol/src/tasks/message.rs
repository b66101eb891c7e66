//! What the commands to the object of a task carry.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::author::name::is_name;
use crate::deliveries::event_key::EventKey;
use crate::json_rpc::response::to_text;
use crate::json_rpc::rpc_error::RpcError;
use crate::tasks::version_1::TaskCallOfVersion1;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::codec::{DecodeError, decode_body};
use mcp_connector_base::identifier::{ClientId, GrantId, Subject};
use mcp_connector_base::row::Row;

/// The id of a task: the name of its tool, which says what a caller needs for it, and 128 bits that nobody can guess.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(String);

impl TaskId {
    /// Returns a new id, or `None` without randomness.
    pub(crate) fn new(tool: &str, random_bits: u128) -> Option<Self> {
        (random_bits != 0).then(|| Self(format!("{tool}.{random_bits:032x}")))
    }

    /// Parses an id. Returns `None` for a string that this server cannot have made.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (tool, bits) = text.rsplit_once('.')?;
        let is_hex = bits.len() == 32 && bits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (is_name(tool) && is_hex).then(|| Self(text.to_owned()))
    }

    /// Parses the bytes of [`Self::as_str`].
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Self::parse(std::str::from_utf8(bytes).ok()?)
    }

    /// Returns the name of the tool. An id with another name is the id of another task.
    pub(crate) fn tool(&self) -> &str {
        self.0.rsplit_once('.').map_or("", |(tool, _)| tool)
    }

    /// Returns the id as a string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The owner of a task: one person, through one client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    subject: Subject,
    client_id: ClientId,
}

impl Owner {
    pub(crate) fn of(caller: &Caller) -> Self {
        Self { subject: caller.subject.clone(), client_id: caller.client_id.clone() }
    }

    /// Returns the person.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }
}

/// Answers of the client by the keys of their questions, each as JSON.
pub type Answers = Vec<(String, String)>;

/// A question by its key: `method` and `params` as JSON.
pub type Question = (String, String);

/// The call that a task carries out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCall {
    pub(crate) tool: String,
    /// As JSON. They fit the tool's schema.
    pub(crate) arguments: String,
    pub(crate) version: u8,
    pub(crate) capabilities: u8,
    /// Who made the call.
    pub(crate) caller: Option<Caller>,
}

impl Row for TaskCall {
    const VERSION: u8 = 2;

    fn from_older(version: u8, encoded: &[u8]) -> Result<Self, DecodeError> {
        match version {
            1 => Ok(decode_body::<TaskCallOfVersion1>(encoded)?.into()),
            _ => Err(DecodeError),
        }
    }
}

impl From<TaskCallOfVersion1> for TaskCall {
    fn from(old: TaskCallOfVersion1) -> Self {
        let TaskCallOfVersion1 { tool, arguments, version, capabilities, caller } = old;
        Self { tool, arguments, version, capabilities, caller: caller.map(Caller::from) }
    }
}

impl TaskCall {
    pub(crate) fn new(tool: &str, arguments: String, version: u8, capabilities: u8, caller: Option<&Caller>) -> Self {
        Self { tool: tool.to_owned(), arguments, version, capabilities, caller: caller.cloned() }
    }

    /// Returns the sign-in of the call. Once it is revoked, the task must not run.
    #[must_use]
    pub fn grant(&self) -> Option<(&Subject, GrantId)> {
        let caller = self.caller.as_ref()?;
        Some((&caller.subject, caller.grant?))
    }

    /// Returns whether it was made without a token.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.caller.is_none()
    }

    /// Returns the owner of the task. Without a sign-in there is none, and everybody who knows the id may access the task.
    pub(crate) fn owner(&self) -> Option<Owner> {
        self.caller.as_ref().map(Owner::of)
    }
}

/// There is no such task, or it is somebody else's, who need not know that it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownTask;

/// Why answers are not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UpdateRefusal {
    /// There is no such task, or it is somebody else's.
    Unknown,
    /// Too many answers, or too large ones. None was taken.
    TooLarge,
}

/// Why a task is not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BeginTaskError {
    /// Clients that have not signed in have too many tasks.
    TooMany,
    /// The id belongs to another task.
    Unknown,
    /// Storage does not answer. The task may have begun.
    Unavailable,
}

/// How a run of the handler ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With this result, as JSON.
    Result(String),
    /// With a JSON-RPC error, and its message alone.
    Error(String, String),
    /// With questions.
    Questions(Vec<Question>),
    /// To wait for an event, as long as this, with the last status message.
    Waiting(EventKey, Duration, Option<String>),
}

impl End {
    /// Returns the end with `error`.
    pub(crate) fn failed(error: &RpcError) -> Self {
        Self::Error(to_text(error), error.message().to_owned())
    }
}
