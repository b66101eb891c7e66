//! The Durable Object of a legacy session. It exists from the first thing that there is to remember; [`SessionState`] says what
//! that is. The calls of a session of 2024-11-05 run here: behind its 202, a Worker would have half a minute for them, and
//! questions to a person take longer. The object continues as long as a client holds its stream.

use std::rc::Rc;

use worker::{DurableObject, Env, Request, Response, State, durable_object};

use mcp_connector_protocol::{Posted, Reply, SessionId};

use crate::app::state::app;
use crate::config::bindings::Binding;
use crate::http::answer::Answer;
use crate::log::request_log::RequestLog;
use crate::objects::dispatch;
use crate::objects::dispatch::dispatch;
use crate::objects::session::commands::{
    AwaitResponse, AwaitStop, CancelRequest, DeliverResponse, EndSession, ForSubject, GetLogLevel, HoldMainStream,
    KeepEvents, MessageTaken, ReadEvents, SendMessage, SetLogLevel, TakeMessage,
};
use crate::objects::session::state::SessionState;

/// One session.
#[durable_object(alarm)]
pub struct Session {
    env: Env,
    state: Rc<SessionState>,
}

impl DurableObject for Session {
    fn new(state: State, env: Env) -> Self {
        Self { env, state: Rc::new(SessionState::new(state)) }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        let state = &self.state;
        dispatch!(Binding::Session, dispatch::message(request).await?, {
            ForSubject<GetLogLevel> => async |command| state.answer(command).await,
            ForSubject<SetLogLevel> => async |command| state.answer(command).await,
            ForSubject<AwaitResponse> => async |command| state.answer(command).await,
            ForSubject<DeliverResponse> => async |command| state.answer(command).await,
            ForSubject<AwaitStop> => async |command| state.answer(command).await,
            ForSubject<CancelRequest> => async |command| state.answer(command).await,
            ForSubject<KeepEvents> => async |command| state.answer(command).await,
            ForSubject<ReadEvents> => async |command| state.answer(command).await,
            ForSubject<HoldMainStream> => async |command| state.hold_main_stream(command).await,
            ForSubject<SendMessage> => async |command| state.answer(command).await,
            ForSubject<TakeMessage> => async |command| self.take(command).await,
            ForSubject<EndSession> => async |command| state.answer(command).await,
        })
    }

    async fn alarm(&self) -> worker::Result<Response> {
        self.state.forget().await?;
        Response::empty()
    }
}

impl Session {
    /// Takes a message. Whether its caller may send it was decided before.
    async fn take(
        &self,
        ForSubject { subject, command }: ForSubject<TakeMessage>,
    ) -> worker::Result<Option<MessageTaken>> {
        if self.state.admit(subject.as_ref())?.is_none() || !self.state.is_main_held() {
            return Ok(None);
        }
        let TakeMessage { session, body, caller, anonymous, log } = command;
        let app = app(&self.env).map_err(|error| worker::Error::RustError(error.to_string()))?;
        let (most_bytes, registry) = (app.configuration.max_body_bytes, &app.endpoint.registry);
        let (Some(session), Ok(posted)) =
            (SessionId::parse(&session), Posted::read(&body, most_bytes, registry, caller.as_ref()))
        else {
            return Err("no message".into());
        };
        if posted.is_request() && self.state.calls.are_too_many() {
            return Ok(Some(Reply::refused_unread(429, "Too many calls are running in this session.").into()));
        }
        // From the handshake on, the session has a version and capabilities.
        let session = match self.state.agreed() {
            Some(agreed) => session.having_agreed(agreed),
            None => session,
        };
        let log = Rc::new(RequestLog::resume(log, app.configuration.log, app.metrics.as_ref()));
        if log.is_written() {
            log.request(posted.summary(&|_: &str| None));
        }
        let interrupted = posted.if_interrupted();
        let note = interrupted.and_then(|interrupted| serde_json::to_string(&interrupted).ok()).unwrap_or_default();
        let (state, line) = (Rc::clone(&self.state), Rc::clone(&log));
        let host = app.host(&self.env).in_session(session.clone(), state, (line, note.into()), anonymous);
        let taken: MessageTaken = posted.take(session, &app.endpoint, host, caller).await.into();
        if taken.body.is_empty() {
            // The line in the log is written here, when the call has ended.
            log.answer(&Answer::empty(taken.status));
        } else {
            log.suppress();
        }
        Ok(Some(taken))
    }
}

impl From<Reply> for MessageTaken {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Json { status, body, .. } => Self { status, body },
            // This transport answers nothing else.
            Reply::Accepted | Reply::Events(_) | Reply::Listen(_) => Self { status: 202, body: Vec::new() },
        }
    }
}
