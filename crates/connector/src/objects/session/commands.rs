//! The commands of a session.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use mcp_connector_base::caller::Caller;
use mcp_connector_base::command::Command;
use mcp_connector_base::commands;
use mcp_connector_base::identifier::Subject;
use mcp_connector_oauth::web::request_source::RequestSource;
use mcp_connector_protocol::{Delivery, Event, EventId, SessionError, Stop, Unavailable};

use crate::log::request_log::ContinuedLog;

/// How long the object waits for something before it answers that there was nothing. A caller that still needs it asks again; a
/// request that no caller waits for any more ends then.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// [`PATIENCE`] for a call that asks whether it is to stop. It is shorter, because a call that has its answer cannot take the question
/// back.
pub(crate) const STOP_PATIENCE: Duration = Duration::from_secs(20);

/// The one stream of a session of 2024-11-05. No client can name it.
pub(crate) const MAIN: &str = "main";

/// Returns the position before the first event of [`MAIN`].
pub(crate) fn main_stream() -> EventId {
    EventId { stream: MAIN.to_owned(), number: 0 }
}

/// A command, and the person it is for. The answer is none if the session has ended or belongs to another person.
#[derive(Serialize, Deserialize)]
pub(crate) struct ForSubject<C> {
    pub(crate) subject: Option<Subject>,
    pub(crate) command: C,
}

impl<C: Command> Command for ForSubject<C> {
    const NAME: &'static str = C::NAME;
    type Answer = Option<C::Answer>;
}

/// Asks for the log level that the client has set.
#[derive(Serialize, Deserialize)]
pub(crate) struct GetLogLevel;

/// Stores the log level.
#[derive(Serialize, Deserialize)]
pub(crate) struct SetLogLevel(pub(crate) String);

/// Waits for the client's response to the server's request of this id.
#[derive(Serialize, Deserialize)]
pub(crate) struct AwaitResponse(pub(crate) String);

/// Brings the client's response to the server's request of this id.
#[derive(Serialize, Deserialize)]
pub(crate) struct DeliverResponse {
    pub(crate) id: String,
    pub(crate) response: Vec<u8>,
}

/// Waits until the request of this key is to stop, or until its client comes back to its stream.
#[derive(Serialize, Deserialize)]
pub(crate) struct AwaitStop {
    pub(crate) key: String,
    pub(crate) stream: Option<String>,
}

/// Cancels the request of this key.
#[derive(Serialize, Deserialize)]
pub(crate) struct CancelRequest(pub(crate) String);

/// Buffers events of a stream. They are stored if the connection of the stream has broken.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeepEvents {
    pub(crate) stream: String,
    pub(crate) events: Vec<Event>,
    pub(crate) delivery: Delivery,
}

/// Waits for events of a stream.
#[derive(Serialize, Deserialize)]
pub(crate) struct ReadEvents {
    pub(crate) after: EventId,
    /// How long to wait, in seconds.
    pub(crate) patience: u64,
    pub(crate) reader: Reader,
    pub(crate) arrival: Arrival,
}

/// Waits for events of [`MAIN`], and holds that stream.
#[derive(Serialize, Deserialize)]
pub(crate) struct HoldMainStream {
    /// The number of the last event that the client has.
    pub(crate) after: u64,
    /// How long to wait, in seconds.
    pub(crate) patience: u64,
}

/// Sends a message on [`MAIN`].
#[derive(Serialize, Deserialize)]
pub(crate) struct SendMessage {
    pub(crate) message: Vec<u8>,
    /// The result of the version negotiation, with the answer to `initialize`.
    pub(crate) agreed: Option<[u8; 2]>,
}

/// Takes a message that was posted to a session of 2024-11-05.
#[derive(Serialize, Deserialize)]
pub(crate) struct TakeMessage {
    pub(crate) session: String,
    pub(crate) body: Vec<u8>,
    pub(crate) caller: Option<Caller>,
    /// The network of a client without a token, for which state is kept.
    pub(crate) anonymous: Option<RequestSource>,
    pub(crate) log: ContinuedLog,
}

/// The HTTP answer to a message that was taken. The answer of a call goes on the stream instead.
#[derive(Serialize, Deserialize)]
pub(crate) struct MessageTaken {
    pub(crate) status: u16,
    /// JSON, or empty.
    pub(crate) body: Vec<u8>,
}

/// Ends the session.
#[derive(Serialize, Deserialize)]
pub(crate) struct EndSession;

commands! {
    GetLogLevel => Option<String>;
    SetLogLevel => ();
    // None if no response came yet.
    AwaitResponse => Option<Vec<u8>>;
    DeliverResponse => ();
    // None if nothing has happened yet.
    AwaitStop => Option<Stop>;
    CancelRequest => ();
    KeepEvents => ();
    ReadEvents => Vec<Event>;
    HoldMainStream => Vec<Event>;
    SendMessage => ();
    TakeMessage => MessageTaken;
    EndSession => ();
}

/// One client that reads a stream, as the object tells it from others.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reader(pub(crate) u64);

impl Reader {
    /// Makes a reader unlike all others.
    ///
    /// # Errors
    ///
    /// Unavailable if the runtime's source of randomness fails.
    pub(crate) fn new() -> Result<Self, SessionError> {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).map_err(|_| Unavailable)?;
        Ok(Self(u64::from_ne_bytes(bytes)))
    }
}

/// Whether a reader comes to a stream, or goes on reading it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Arrival {
    Comes,
    GoesOn,
}
