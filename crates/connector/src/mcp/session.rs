//! Legacy sessions as the Worker reaches them: what it asks of the Durable Object of one.

use std::future::{Future, pending};
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use worker::Env;

use mcp_connector_base::identifier::Subject;
use mcp_connector_oauth::web::request_source::Source;
use mcp_connector_protocol::{
    ClientResponse, Delivery, Event, EventId, LoggingLevel, RequestId, SessionError, SessionId, Stop, Unavailable,
};

use crate::mcp::session_calls::{Message, Taken};
use crate::objects::anonymous_quota;
use crate::objects::command;
use crate::objects::session::SessionObject;
use crate::platform::timer::Timer;

/// How long the object waits for something before it says that there was nothing. Who still wants it asks again; a request
/// that nobody wants any more ends with it.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The same where a call asks whether it is to stop. It is shorter: a call that has its answer does not take back what it asked.
pub(crate) const STOP_PATIENCE: Duration = Duration::from_secs(20);

/// The one stream of a session of 2024-11-05. No client can name it.
pub(crate) const MAIN: &str = "main";

/// What a client of it got before it got anything.
pub(crate) fn main_stream() -> EventId {
    EventId { stream: MAIN.to_owned(), number: 0 }
}

/// An object that has just moved or been replaced answers the second time.
const TRIES: u32 = 3;
const BETWEEN_TRIES: Duration = Duration::from_millis(500);

/// A call that could not ask whether it is to stop asks again after this long. A cancellation waits longer.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// A command, and for whom.
#[derive(Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) who: Option<Subject>,
    pub(crate) command: Command,
}

#[derive(Serialize, Deserialize)]
pub(crate) enum Command {
    LogLevel,
    SetLogLevel(String),
    /// Waits for the client's answer to the question of this id.
    Await(String),
    /// The client's answer to the question of this id.
    Answer(String, Vec<u8>),
    /// Waits for the request of this key to be stopped, or for its client to come back to its stream.
    AwaitStop {
        key: String,
        stream: Option<String>,
    },
    /// The client has cancelled the request of this key.
    Cancel(String),
    /// Keeps events of a stream. If the stream is lost they have to last.
    Keep {
        stream: String,
        events: Vec<Event>,
        delivery: Delivery,
    },
    /// Waits for events of a stream after this one, for `patience` seconds.
    Replay {
        stream: String,
        after: u64,
        patience: u64,
        reader: Reader,
        arrival: Arrival,
    },
    /// Sends a message on the one stream of a session of 2024-11-05; with the handshake goes what was agreed on.
    Send {
        message: Vec<u8>,
        agreed: Option<[u8; 2]>,
    },
    /// Takes what was posted to a session of 2024-11-05.
    Take(Box<Message>),
    /// The session is over.
    End,
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

/// Whether a reader comes, or goes on with what it reads.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Arrival {
    Comes,
    GoesOn,
}

/// What came of a command; nothing comes of one to a session that has ended or is somebody else's.
#[derive(Serialize, Deserialize)]
pub(crate) enum Outcome {
    Done,
    LogLevel(Option<String>),
    /// None came yet.
    Answer(Option<Vec<u8>>),
    /// None came yet.
    Stop(Option<Stop>),
    Events(Vec<Event>),
    Taken(Taken),
}

/// The session of one caller.
#[derive(Clone, Copy)]
pub(crate) struct SessionOf<'a> {
    pub(crate) env: &'a Env,
    pub(crate) id: &'a SessionId,
    pub(crate) who: Option<&'a Subject>,
    /// Its object, for a call that runs there.
    pub(crate) here: Option<&'a Rc<SessionObject>>,
    /// Where a client comes from that has not signed in, and must have a place before the object is asked.
    pub(crate) anonymous: Option<&'a Source>,
}

/// A call that runs in the object may ask it for anything, and so begins again where the object began.
type CarriedOut<'a> = Pin<Box<dyn Future<Output = worker::Result<Option<Outcome>>> + 'a>>;

impl SessionOf<'_> {
    /// The level it asked for.
    pub(crate) async fn log_level(&self) -> Result<Option<LoggingLevel>, SessionError> {
        let Outcome::LogLevel(level) = self.ask(Command::LogLevel).await? else { return Err(Unavailable.into()) };
        Ok(level.as_deref().and_then(LoggingLevel::parse))
    }

    /// Remembers the level it asks for.
    pub(crate) async fn set_log_level(&self, level: LoggingLevel) -> Result<(), SessionError> {
        self.ask(Command::SetLogLevel(level.as_str().to_owned())).await.map(|_| ())
    }

    /// Waits for the client's answer to the question `id`, however long it takes. Who asks has a time limit.
    pub(crate) async fn answer_to(&self, id: &str) -> Result<ClientResponse, SessionError> {
        let mut tries = TRIES;
        loop {
            match self.ask_patiently(Command::Await(id.to_owned()), PATIENCE).await {
                Ok(Outcome::Answer(Some(response))) => {
                    return ClientResponse::from_json(&response).ok_or(Unavailable.into());
                }
                Ok(_) => {}
                Err(SessionError::Unavailable(_)) if tries > 1 => {
                    tries = tries.saturating_sub(1);
                    Timer::new(BETWEEN_TRIES).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Brings the client's answer to the question `id`.
    pub(crate) async fn bring_answer(&self, id: &str, response: &ClientResponse) -> Result<(), SessionError> {
        self.ask(Command::Answer(id.to_owned(), response.to_json())).await.map(|_| ())
    }

    /// Waits until the request `id` is to stop, or its client has come back to its `stream`.
    pub(crate) async fn stop(&self, id: &RequestId, stream: Option<&str>) -> Stop {
        let mut tries = TRIES;
        loop {
            let wait = Command::AwaitStop { key: id.key(), stream: stream.map(str::to_owned) };
            match self.ask_patiently(wait, STOP_PATIENCE).await {
                Ok(Outcome::Stop(Some(stop))) => return stop,
                Ok(_) => tries = TRIES,
                // The object has to know soon that the stream goes on.
                Err(SessionError::Unavailable(_)) if tries > 1 => {
                    tries = tries.saturating_sub(1);
                    Timer::new(BETWEEN_TRIES).await;
                }
                Err(SessionError::Unavailable(_)) => Timer::new(ASK_AGAIN).await,
                // It is somebody else's, or there is no place for it: nobody can stop a call of this caller in it.
                Err(SessionError::Gone | SessionError::TooMany) => pending().await,
            }
        }
    }

    /// Brings it to the request `id` that it is cancelled.
    pub(crate) async fn cancel(&self, id: &RequestId) -> Result<(), SessionError> {
        self.ask(Command::Cancel(id.key())).await.map(|_| ())
    }

    /// Keeps events of a stream for a client that may come back.
    pub(crate) async fn keep_events(
        &self,
        stream: &str,
        events: &[Event],
        delivery: Delivery,
    ) -> Result<(), SessionError> {
        let keep = Command::Keep { stream: stream.to_owned(), events: events.to_vec(), delivery };
        self.ask(keep).await.map(|_| ())
    }

    /// Events of the stream after `last`: there now or, if that may take a while, when there are some. None came if it took
    /// too long.
    pub(crate) async fn events_after(
        &self,
        last: &EventId,
        patience: Duration,
        reader: Reader,
        arrival: Arrival,
    ) -> Result<Vec<Event>, SessionError> {
        let (stream, after, patience_in_seconds) = (last.stream.clone(), last.number, patience.as_secs());
        let replay = Command::Replay { stream, after, patience: patience_in_seconds, reader, arrival };
        let Outcome::Events(events) = self.ask_patiently(replay, patience).await? else {
            return Err(Unavailable.into());
        };
        Ok(events)
    }

    /// Sends a message on its one stream.
    pub(crate) async fn send(&self, message: Vec<u8>, agreed: Option<[u8; 2]>) -> Result<(), SessionError> {
        self.ask(Command::Send { message, agreed }).await.map(|_| ())
    }

    /// Takes what was posted to it, if its stream is still held.
    pub(crate) async fn take(&self, message: Message) -> Result<Taken, SessionError> {
        let Outcome::Taken(taken) = self.ask(Command::Take(Box::new(message))).await? else {
            return Err(Unavailable.into());
        };
        Ok(taken)
    }

    /// Ends it.
    pub(crate) async fn end(&self) -> Result<(), SessionError> {
        self.ask(Command::End).await.map(|_| ())
    }

    async fn ask(&self, command: Command) -> Result<Outcome, SessionError> {
        self.ask_patiently(command, Duration::ZERO).await
    }

    async fn ask_patiently(&self, command: Command, patience: Duration) -> Result<Outcome, SessionError> {
        let asked = Asked { who: self.who.cloned(), command };
        let outcome: Option<Outcome> = if let Some(object) = self.here {
            let outcome: CarriedOut<'_> = Box::pin(object.carry_out(asked));
            outcome.await.map_err(|_| Unavailable)?
        } else {
            if let Some(network) = self.anonymous {
                anonymous_quota::take_state(self.env, network, self.id.as_str()).await?;
            }
            let stub = command::object(self.env, "SESSION", self.id.as_str())?;
            command::ask_patiently(&stub, &asked, patience).await?
        };
        outcome.ok_or(SessionError::Gone)
    }
}
