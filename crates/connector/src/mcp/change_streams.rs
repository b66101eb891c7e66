//! Streams of changes: those of `subscriptions/listen`, and those of GET until 2025-11-25. Durable Objects hold them
//! ([`objects::subscriptions`](crate::objects::subscriptions)); here a stream is passed on to the client.

use std::rc::Rc;

use worker::{Env, web_sys};

use mcp_connector_base::caller::Caller;
use mcp_connector_oauth::resource::access_token::ACCESS_TOKEN_LIFETIME;
use mcp_connector_oauth::resource::protected_resource::Resource;
use mcp_connector_protocol::tasks::{self, TaskId};
use mcp_connector_protocol::{
    Full, Interest, Listener, ListenerKind, Listening, Reply, SessionId, Shard, Unavailable, WatchError, session_stream,
};

use crate::app::state::App;
use crate::config::settings::Feature;
use crate::http::answer::{Answer, RETRY_CLOSED, closed_text};
use crate::http::incoming::Incoming;
use crate::mcp::credentials::Credentials;
use crate::mcp::reply::ALLOWED;
use crate::mcp::reply::from_reply;
use crate::oauth::access::verified_tokens;
use crate::objects::anonymous_quota::commands::Quota;
use crate::objects::anonymous_quota::stub as anonymous_quota;
use crate::objects::subscriptions::commands::{OpenStream, StreamRefusal};
use crate::objects::subscriptions::stub as subscriptions;
use crate::platform::clock::now;

/// A stream ends after so many seconds, however long its access key is good. What its session subscribes to is kept for a day after the
/// last stream was opened.
const LONGEST: u64 = 12 * 3600;

/// A request for a stream of changes.
pub(crate) struct Announcements<'a> {
    pub(crate) app: &'a Rc<App>,
    pub(crate) env: &'a Env,
    pub(crate) incoming: &'a Incoming,
    /// The resource that the token of the request is good for.
    pub(crate) resource: &'a Resource,
}

impl Announcements<'_> {
    /// Answers `subscriptions/listen`.
    pub(crate) async fn to_subscription(&self, mut listening: Listening) -> Answer {
        let id = listening.id().clone();
        let refusal = move |status, message: &str| Reply::internal_error(&id, status, message);
        if let Some(closed) = self.app.configuration.closed(Feature::Streams) {
            return from_reply(refusal(503, &closed_text(closed))).header("retry-after", RETRY_CLOSED);
        }
        let host = self.app.host(self.env);
        if let Err(error) = self.leave_out_invented(&mut listening).await {
            return NotOpened::Unavailable(error).answer(refusal);
        }
        if let Err(error) = listening.find_tasks(&host).await {
            return NotOpened::Unavailable(error).answer(refusal);
        }
        if let Some(events) = listening.ended() {
            return Answer::events_bytes(events);
        }
        let until = self.until(listening.caller());
        let (tasks, caller) = (listening.tasks().to_vec(), listening.caller().cloned());
        let (listener, first) = listening.into_listener(Some(until));
        let listener = self.placed(listener);
        let stream = match self.open(listener, first).await {
            Ok(stream) => stream,
            Err(error) => return error.answer(refusal),
        };
        // The tasks are asked only after the stream is open, because their notifications need it.
        match tasks::tell_all(&tasks, caller.as_ref(), &host).await {
            Ok(()) => Answer::events_of(stream),
            Err(error) => {
                drop(stream.cancel());
                NotOpened::Unavailable(error).answer(refusal)
            }
        }
    }

    /// Answers a GET with the changes that the session subscribes to.
    pub(crate) async fn to_session(&self, caller: Option<&Caller>) -> Answer {
        let (session, interest): (SessionId, Interest) =
            match session_stream(self.incoming, &self.app.endpoint.registry, caller) {
                Ok(stream) => stream,
                // GET is a method of this endpoint only for legacy sessions.
                Err(reply) => return from_reply(reply).header("allow", ALLOWED),
            };
        let kind = ListenerKind::Session(session.as_str().to_owned());
        let listener = self.placed(Listener::new(caller, Some(self.until(caller)), interest, kind));
        // The first bytes bring the client its answer.
        match self.open(listener, subscriptions::COMMENT.to_vec()).await {
            Ok(stream) => Answer::events_of(stream),
            Err(error) => error.answer(Reply::refused_unread),
        }
    }

    /// Leaves out the tasks that no client without a token has, if the caller is one: their objects need not be asked.
    async fn leave_out_invented(&self, listening: &mut Listening) -> Result<(), Unavailable> {
        if listening.caller().is_some() || listening.tasks().is_empty() {
            return Ok(());
        }
        let named = listening.tasks().to_vec();
        let keys: Vec<&str> = named.iter().map(TaskId::as_str).collect();
        let held = anonymous_quota::held(self.env, Quota::State, &keys).await?;
        listening.retain_tasks(|id| held.contains(&id.as_str()));
        Ok(())
    }

    /// Adds the network to a listener without a sign-in.
    fn placed(&self, listener: Listener) -> Listener {
        match listener.owner() {
            Some(_) => listener,
            None => listener.from_network(self.incoming.network().as_str()),
        }
    }

    /// Returns when the stream ends: when the token of the request expires but after half a day at most, or an hour from now without a
    /// token.
    fn until(&self, caller: Option<&Caller>) -> u64 {
        if caller.is_none() {
            return now().plus(Quota::State.lifetime()).as_seconds();
        }
        let token = Credentials::of(self.incoming, &self.app.configuration).read().ok().flatten();
        let expiry = token.and_then(|token| verified_tokens::expiry(&token, self.resource));
        // A token that is no longer remembered lives no longer than the longest.
        expiry.unwrap_or_else(|| now().plus(ACCESS_TOKEN_LIFETIME)).min(now().plus(LONGEST)).as_seconds()
    }

    async fn open(&self, listener: Listener, first: Vec<u8>) -> Result<web_sys::ReadableStream, NotOpened> {
        let keep_alive_ms = u32::try_from(self.app.configuration.keep_alive.as_millis()).unwrap_or(u32::MAX);
        let room = self.app.configuration.streams_per_object;
        let command = OpenStream { shard: Shard::ROOT, elsewhere: 0, listener, first, keep_alive_ms, room };
        subscriptions::open_stream(self.env, command).await?.map_err(|refusal| match refusal {
            StreamRefusal::Full(full) => NotOpened::Full(full),
            StreamRefusal::NotYours => NotOpened::NotYours,
            StreamRefusal::TryShard { .. } => NotOpened::Full(Full::InAll),
        })
    }
}

/// Why a stream is not opened.
enum NotOpened {
    Full(Full),
    NotYours,
    Unavailable(Unavailable),
}

impl From<Unavailable> for NotOpened {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}

impl NotOpened {
    fn answer(&self, reply: impl FnOnce(u16, &str) -> Reply) -> Answer {
        let (status, text) = match self {
            Self::Full(full @ Full::OfThisOwner) => (429, full.to_string()),
            Self::Full(full @ Full::InAll) => (503, full.to_string()),
            Self::NotYours => (404, WatchError::NotYours.to_string()),
            Self::Unavailable(error) => (503, format!("Not done: {error}.")),
        };
        let answer = from_reply(reply(status, &text));
        if status == 404 { answer } else { answer.header("retry-after", RETRY_AFTER) }
    }
}

/// The value of `Retry-After`, in seconds. By then, the streams of clients that are gone are found.
const RETRY_AFTER: &str = "5";
