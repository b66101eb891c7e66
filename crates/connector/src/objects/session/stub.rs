//! Legacy sessions, as the rest of the Worker reaches them.

use std::future::pending;
use std::time::Duration;

use worker::Env;

use mcp_connector_base::command::Command;
use mcp_connector_base::identifier::Subject;
use mcp_connector_oauth::web::request_source::RequestSource;
use mcp_connector_protocol::{
    ClientResponse, Delivery, Event, EventId, LoggingLevel, RequestId, SessionError, SessionId, Stop, Unavailable,
};

use crate::config::bindings::Binding;
use crate::objects::anonymous_quota::stub as anonymous_quota;
use crate::objects::session::commands::{
    Arrival, AwaitResponse, AwaitStop, CancelRequest, DeliverResponse, EndSession, ForSubject, GetLogLevel,
    HoldMainStream, KeepEvents, MAIN, MessageTaken, PATIENCE, ReadEvents, Reader, STOP_PATIENCE, SendMessage,
    SetLogLevel, TakeMessage,
};
use crate::objects::session::state::{CarryOut, SessionState};
use crate::objects::stub::ObjectStub;
use crate::platform::timer::Timer;

/// An object that has just moved or been replaced answers the second time.
const TRIES: u32 = 3;
const BETWEEN_TRIES: Duration = Duration::from_millis(500);

/// A call that could not ask whether it is to stop asks again after this long. A cancellation is held for longer.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// The session of one caller.
#[derive(Clone, Copy)]
pub(crate) struct SessionStub<'a> {
    pub(crate) env: &'a Env,
    pub(crate) id: &'a SessionId,
    pub(crate) subject: Option<&'a Subject>,
    /// The state of the session, for a call that runs in its object.
    pub(crate) here: Option<&'a SessionState>,
    /// The network of a client that has not signed in, and needs a place before the object is asked.
    pub(crate) anonymous: Option<&'a RequestSource>,
}

impl<'a> SessionStub<'a> {
    /// The session of a caller that needs no place.
    pub(crate) const fn new(env: &'a Env, id: &'a SessionId, subject: Option<&'a Subject>) -> Self {
        Self { env, id, subject, here: None, anonymous: None }
    }

    /// Returns the log level that the client asked for.
    pub(crate) async fn log_level(&self) -> Result<Option<LoggingLevel>, SessionError> {
        let level = self.ask(GetLogLevel, Duration::ZERO).await?;
        Ok(level.as_deref().and_then(LoggingLevel::parse))
    }

    /// Stores the log level that the client asks for.
    pub(crate) async fn set_log_level(&self, level: LoggingLevel) -> Result<(), SessionError> {
        self.ask(SetLogLevel(level.as_str().to_owned()), Duration::ZERO).await
    }

    /// Waits for the client's response to the server's request `id`, however long it takes. The call that asks has a time limit.
    pub(crate) async fn response_to(&self, id: &str) -> Result<ClientResponse, SessionError> {
        let mut tries = TRIES;
        loop {
            match self.ask(AwaitResponse(id.to_owned()), PATIENCE).await {
                Ok(Some(response)) => return ClientResponse::from_json(&response).ok_or(Unavailable.into()),
                Ok(None) => {}
                Err(SessionError::Unavailable(_)) if tries > 1 => {
                    tries -= 1;
                    Timer::new(BETWEEN_TRIES).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Brings the client's response to the server's request `id`.
    pub(crate) async fn deliver_response(&self, id: &str, response: &ClientResponse) -> Result<(), SessionError> {
        self.ask(DeliverResponse { id: id.to_owned(), response: response.to_json() }, Duration::ZERO).await
    }

    /// Waits until the request `id` is to stop, or its client has come back to its `stream`.
    pub(crate) async fn stop(&self, id: &RequestId, stream: Option<&str>) -> Stop {
        let mut tries = TRIES;
        loop {
            let wait = AwaitStop { key: id.key(), stream: stream.map(str::to_owned) };
            match self.ask(wait, STOP_PATIENCE).await {
                Ok(Some(stop)) => return stop,
                Ok(None) => tries = TRIES,
                // The object has to know soon that the stream goes on.
                Err(SessionError::Unavailable(_)) if tries > 1 => {
                    tries -= 1;
                    Timer::new(BETWEEN_TRIES).await;
                }
                Err(SessionError::Unavailable(_)) => Timer::new(ASK_AGAIN).await,
                // The session belongs to another person or has no place, so no request can stop a call of this caller in it.
                Err(SessionError::Gone | SessionError::TooMany) => pending().await,
            }
        }
    }

    /// Cancels the request `id`.
    pub(crate) async fn cancel(&self, id: &RequestId) -> Result<(), SessionError> {
        self.ask(CancelRequest(id.key()), Duration::ZERO).await
    }

    /// Keeps events of a stream for a client that may come back.
    pub(crate) async fn keep_events(
        &self,
        stream: &str,
        events: &[Event],
        delivery: Delivery,
    ) -> Result<(), SessionError> {
        self.ask(KeepEvents { stream: stream.to_owned(), events: events.to_vec(), delivery }, Duration::ZERO).await
    }

    /// Sends a message on the one stream of a session of 2024-11-05.
    pub(crate) async fn send(&self, message: Vec<u8>, agreed: Option<[u8; 2]>) -> Result<(), SessionError> {
        self.ask(SendMessage { message, agreed }, Duration::ZERO).await
    }

    /// Returns the events of a stream after `last`, waiting for them up to `patience`. There are none if it took too long.
    pub(crate) async fn events_after(
        &self,
        last: &EventId,
        patience: Duration,
        reader: Reader,
        arrival: Arrival,
    ) -> Result<Vec<Event>, SessionError> {
        let seconds = patience.as_secs();
        if last.stream == MAIN {
            return self.ask_object(HoldMainStream { after: last.number, patience: seconds }, patience).await;
        }
        self.ask_object(ReadEvents { after: last.clone(), patience: seconds, reader, arrival }, patience).await
    }

    /// Takes what was posted to the session, if its stream is still held.
    pub(crate) async fn take(&self, message: TakeMessage) -> Result<MessageTaken, SessionError> {
        self.ask_object(message, Duration::ZERO).await
    }

    /// Ends the session.
    pub(crate) async fn end(&self) -> Result<(), SessionError> {
        self.ask_object(EndSession, Duration::ZERO).await
    }

    /// Has a command carried out: here, if the call runs in the session's object, or else there.
    async fn ask<C: Command>(&self, command: C, patience: Duration) -> Result<C::Answer, SessionError>
    where
        SessionState: CarryOut<C>,
    {
        let Some(state) = self.here else { return self.ask_object(command, patience).await };
        let answer = state.answer(ForSubject { subject: self.subject.cloned(), command }).await;
        answer.map_err(|_| Unavailable)?.ok_or(SessionError::Gone)
    }

    async fn ask_object<C: Command>(&self, command: C, patience: Duration) -> Result<C::Answer, SessionError> {
        if let Some(network) = self.anonymous {
            anonymous_quota::take_state(self.env, network, self.id.as_str()).await?;
        }
        let object = ObjectStub::new(self.env, Binding::Session, self.id.as_str());
        let command = ForSubject { subject: self.subject.cloned(), command };
        object.ask_patiently(&command, patience).await?.ok_or(SessionError::Gone)
    }
}
