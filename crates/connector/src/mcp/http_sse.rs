//! The transport of 2024-11-05, "HTTP with SSE": a GET holds the one stream of a session, whose first event says where
//! to post messages. It is deprecated, and off unless `SSE_TRANSPORT` is `on`.
//!
//! A POST is answered with 202 at once. The session's object carries it out, and sends the answers on the stream.

use std::borrow::Cow;
use std::time::Duration;

use worker::Env;

use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::Subject;
use mcp_connector_base::outage::Outage;
use mcp_connector_protocol::{Event, EventId, Platform, SessionError, SessionId};

use crate::app::notes;
use crate::app::notes::Note;
use crate::app::state::App;
use crate::host::Workers;
use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::http::route::SSE_MESSAGES_PATH;
use crate::mcp::anonymous_stream::StreamPlace;
use crate::mcp::reply::refused;
use crate::mcp::reply::session_error;
use crate::mcp::session_stream::{Limits, SessionStream};
use crate::objects::anonymous_quota::commands::Quota;
use crate::objects::anonymous_quota::stub as anonymous_quota;
use crate::objects::session::commands::{Arrival, MessageTaken, Reader, TakeMessage, main_stream};
use crate::objects::session::stub::SessionStub;

/// The longest time that a stream is open. Its client connects again.
const LONGEST: Duration = Duration::from_hours(24);

/// The same for a client without a token.
const LONGEST_OF_ANONYMOUS: Duration = Duration::from_secs(Quota::Stream.lifetime());

/// The stream of such a client is written to at least this often. A write is what shows that the client is gone and its
/// place is free.
const KEEP_ALIVE_OF_ANONYMOUS: Duration = Duration::from_secs(2);

/// The value of `Retry-After` if there is no place for such a client, in seconds.
const RETRY_AFTER: &str = "30";

/// Returns the refusal of a method that a path of this transport does not have; none if it has it.
pub(crate) fn refusal(incoming: &Incoming, method: &str) -> Option<Answer> {
    let allowed = if is_for_messages(incoming) { "POST" } else { "GET" };
    (method != allowed).then(|| {
        let text = "This is the transport of 2024-11-05: GET the stream, and POST where it says.";
        refused(405, text).header("allow", format!("{allowed}, OPTIONS"))
    })
}

fn is_for_messages(incoming: &Incoming) -> bool {
    incoming.path().trim_end_matches('/') == SSE_MESSAGES_PATH
}

/// Opens a stream.
pub(crate) async fn open(app: &App, incoming: &Incoming, host: &Workers, who: Option<&Subject>) -> Answer {
    let Ok(bits) = host.random_bits() else { return Answer::outage(Outage::Storage) };
    let session = SessionId::of_http_sse(bits);
    let opening = format!("event: endpoint\ndata: {SSE_MESSAGES_PATH}?session={}\n\n", session.as_str());
    let keep_alive = app.configuration.keep_alive;
    let (limits, place) = match who {
        Some(_) => (Limits { keep_alive, longest: LONGEST }, None),
        None => match StreamPlace::take(host, &incoming.network(), &session).await {
            Ok(place) => {
                let keep_alive = keep_alive.min(KEEP_ALIVE_OF_ANONYMOUS);
                (Limits { keep_alive, longest: LONGEST_OF_ANONYMOUS }, Some(place))
            }
            Err(SessionError::TooMany) => {
                let text = "Too many streams are open here without a sign-in. Sign in, or try again later.";
                return refused(503, text).header("retry-after", RETRY_AFTER);
            }
            Err(error) => return session_error(error),
        },
    };
    let session = SessionStub::new(host.env(), &session, who);
    // The object has to know of the stream before its client can post.
    let opened = async {
        let reader = Reader::new()?;
        session.events_after(&main_stream(), Duration::ZERO, reader, Arrival::Comes).await?;
        Ok(reader)
    };
    let reader = match opened.await {
        Ok(reader) => reader,
        Err(error) => return session_error(error),
    };
    notes::leave(incoming, &Note::HttpSse(Cow::Borrowed(session.id.as_str())));
    Answer::events(Box::pin(SessionStream::of_http_sse(session, reader, opening.into_bytes(), limits, place)))
}

/// Returns the last events of a stream whose instance has died: the errors of the calls that ended with it.
pub(crate) async fn last_events(env: &Env, session: &str) -> Vec<u8> {
    let Some(id) = SessionId::parse(session) else { return Vec::new() };
    let session = SessionStub::new(env, &id, None);
    // Only an object that has lost its calls has sent fewer messages.
    let Ok(reader) = Reader::new() else { return Vec::new() };
    let last = EventId { number: u64::MAX, ..main_stream() };
    let events = session.events_after(&last, Duration::ZERO, reader, Arrival::Comes).await;
    events.unwrap_or_default().iter().flat_map(Event::without_id).collect()
}

/// Takes a message of a caller who may send it.
pub(crate) async fn take(incoming: &Incoming, body: Vec<u8>, host: &Workers, caller: Option<Caller>) -> Answer {
    let named = incoming.query().split('&').find_map(|pair| pair.strip_prefix("session="));
    let Some(id) = named.and_then(SessionId::parse).filter(SessionId::is_of_http_sse) else {
        return session_error(SessionError::Gone);
    };
    if caller.is_none() {
        match anonymous_quota::held(host.env(), Quota::Stream, &[id.as_str()]).await {
            Ok(held) if held.is_empty() => return session_error(SessionError::Gone),
            Ok(_) => {}
            Err(error) => return session_error(error.into()),
        }
    }
    let who = caller.as_ref().map(|caller| caller.subject.clone());
    let session = SessionStub::new(host.env(), &id, who.as_ref());
    let message = TakeMessage {
        session: id.as_str().to_owned(),
        body,
        caller,
        anonymous: host.anonymous().cloned(),
        log: incoming.request_log().to_continue(),
    };
    match session.take(message).await {
        Ok(MessageTaken { status, body }) if body.is_empty() => {
            incoming.request_log().suppress();
            Answer::empty(status)
        }
        Ok(MessageTaken { status: status @ 429, body }) => Answer::json_bytes(status, body).header("retry-after", "5"),
        Ok(MessageTaken { status, body }) => Answer::json_bytes(status, body),
        Err(error) => session_error(error),
    }
}
