//! The transport of 2024-11-05, "HTTP with SSE": a GET holds the one stream of a session, which says first where messages are
//! posted. Deprecated; `SSE_TRANSPORT` switches it off.
//!
//! A POST is answered with 202 at once and carried out in the session's object, whichever instance took it. From there what
//! there is to say to it goes to the stream.

use std::time::Duration;

use crate::caller::{Caller, Subject};
use crate::mcp::{Host, SessionError, SessionId};
use crate::oauth::outage::Outage;

use super::answer::Answer;
use super::app::App;
use super::host::Workers;
use super::incoming::Incoming;
use super::mcp_route::refused;
use super::route::SSE_MESSAGES_PATH;
use super::session::{SessionOf, main_stream};
use super::session_calls::{Message, Taken};
use super::session_route::no_use;
use super::session_stream::{Limits, SessionStream};

/// A stream ends after this long at the latest; its client connects again.
const LONGEST: Duration = Duration::from_hours(24);

/// The refusal of a method that a path of this transport does not have; none if it has it.
pub(super) fn refusal(incoming: &Incoming, method: &str) -> Option<Answer> {
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
pub(super) async fn open(app: &App, host: &Workers, who: Option<&Subject>) -> Answer {
    let Ok(bits) = host.random_bits() else { return Answer::outage(Outage::Storage) };
    let session = SessionId::of_http_sse(bits);
    let opening = format!("event: endpoint\ndata: {SSE_MESSAGES_PATH}?session={}\n\n", session.as_str());
    let limits = Limits { keep_alive: app.configuration.keep_alive, longest: LONGEST };
    let session = SessionOf { env: host.env(), id: &session, who, here: None };
    // The object knows of the stream before its client can post.
    if let Err(error) = session.events_after(&main_stream(), Duration::ZERO).await {
        return no_use(error);
    }
    Answer::events(Box::pin(SessionStream::of_http_sse(session, opening.into_bytes(), limits)))
}

/// Takes a message of a caller who may send it.
pub(super) async fn take(incoming: &Incoming, body: Vec<u8>, host: &Workers, caller: Option<Caller>) -> Answer {
    let named = incoming.query().split('&').find_map(|pair| pair.strip_prefix("session="));
    let Some(id) = named.and_then(SessionId::parse).filter(SessionId::is_of_http_sse) else {
        return no_use(SessionError::Gone);
    };
    let who = caller.as_ref().map(|caller| caller.subject.clone());
    let session = SessionOf { env: host.env(), id: &id, who: who.as_ref(), here: None };
    let message = Message { session: id.as_str().to_owned(), body, caller, visit: incoming.visit().to_go_on() };
    match session.take(message).await {
        Ok(Taken { status, body }) if body.is_empty() => {
            incoming.visit().is_told_elsewhere();
            Answer::empty(status)
        }
        Ok(Taken { status: status @ 429, body }) => Answer::json_bytes(status, body).header("retry-after", "5"),
        Ok(Taken { status, body }) => Answer::json_bytes(status, body),
        Err(error) => no_use(error),
    }
}
