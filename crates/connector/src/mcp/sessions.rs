//! Requests of legacy sessions that are not a POST: GET resumes a stream whose connection broke, or opens a stream of changes,
//! and DELETE ends the session ("Listening for Messages from the Server", "Resumability and Redelivery", "Session
//! Management").

use std::time::Duration;

use mcp_connector_base::caller::Caller;
use mcp_connector_protocol::{Era, Event, EventId, SessionError, SessionId, accepts_event_stream, era};

use crate::config::configuration::Configuration;
use crate::config::settings::Feature;
use crate::http::answer::{Answer, closed_text};
use crate::http::incoming::Incoming;
use crate::mcp::change_streams::Announcements;
use crate::mcp::ended_sessions;
use crate::mcp::reply::ALLOWED;
use crate::mcp::reply::closed_call;
use crate::mcp::reply::from_reply;
use crate::mcp::reply::refused;
use crate::mcp::reply::session_error;
use crate::mcp::session_stream::{Limits, SessionStream};
use crate::objects::session::commands::{Arrival, Reader};
use crate::objects::session::stub::SessionStub;
use crate::objects::subscriptions::stub as subscriptions;

/// How long a resumed stream stays open after the longest call has ended: its last events may still be under way.
const AFTERMATH: Duration = Duration::from_secs(30);

/// A resumed stream of a caller without a token stays open at least this long, and at least until it is known whether
/// it was lost. Anybody can make up a session, and each open stream keeps an object awake that Cloudflare bills. A real
/// client comes back.
const LEAST_FOR_ANONYMOUS: Duration = Duration::from_secs(10);

/// The methods for a caller without a token, if nothing is stored for such callers.
const ALLOWED_UNSIGNED: &str = "POST, OPTIONS";

/// Answers a request that is not a POST.
pub(crate) async fn answer(streams: &Announcements<'_>, method: &str, caller: Option<&Caller>) -> Answer {
    let (incoming, configuration) = (streams.incoming, &streams.app.configuration);
    let named = match method {
        "GET" | "DELETE" => match era(incoming) {
            Ok(Era::Legacy) => match named_session(incoming) {
                Ok(named) => named,
                Err(answer) => return answer,
            },
            // From 2026-07-28 on, the header of a session means nothing.
            Ok(Era::Modern) => None,
            Err(reply) => return from_reply(reply),
        },
        // No other method concerns a session.
        _ => None,
    };
    if !streams.app.endpoint.registry.keeps_state_for(caller) {
        // There is no stream to resume or to listen on, and no session to end.
        return refused(405, "Without a sign-in, only POST is supported.").header("allow", ALLOWED_UNSIGNED);
    }
    if let Some(closed) = configuration.closed(Feature::Sessions) {
        return closed_call(&closed_text(closed));
    }
    let subject = caller.map(|caller| &caller.subject);
    let network = subject.is_none().then(|| incoming.network());
    let session = named
        .as_ref()
        .map(|id| SessionStub { anonymous: network.as_ref(), ..SessionStub::new(streams.env, id, subject) });
    // An id that this server has not made means nothing.
    let last = incoming.header("last-event-id").and_then(|last| EventId::parse(&last));
    match (method, session, last) {
        ("GET", Some(session), Some(last)) => resume(configuration, incoming, session, last).await,
        ("GET", ..) if streams.app.endpoint.registry.announces_anything() => streams.to_session(caller).await,
        ("DELETE", Some(session), _) => end(session, streams).await,
        _ => refused(405, "Send JSON-RPC messages with POST.").header("allow", ALLOWED),
    }
}

/// Answers with the rest of a stream.
async fn resume(configuration: &Configuration, incoming: &Incoming, session: SessionStub<'_>, last: EventId) -> Answer {
    if !accepts_event_stream(incoming) {
        return refused(406, "Accept must allow text/event-stream.");
    }
    let reader = match Reader::new() {
        Ok(reader) => reader,
        Err(error) => return session_error(error),
    };
    match session.events_after(&last, Duration::ZERO, reader, Arrival::Comes).await {
        // An empty stream would be taken for another lost connection.
        Ok(events) if is_end(&events) => refused(405, "There is nothing to come back to.").header("allow", ALLOWED),
        Ok(events) => {
            let longest = match session.subject {
                Some(_) => configuration.time_limit + AFTERMATH,
                None => (configuration.keep_alive * 2).max(LEAST_FOR_ANONYMOUS),
            };
            let limits = Limits { keep_alive: configuration.keep_alive, longest };
            Answer::events(Box::pin(SessionStream::new(session, last, events, limits, reader)))
        }
        Err(error) => session_error(error),
    }
}

/// Returns whether the stream has ended and its client has all of it.
fn is_end(events: &[Event]) -> bool {
    events.last().is_some_and(|last| last.is_last) && events.iter().all(|event| event.message.is_empty())
}

async fn end(session: SessionStub<'_>, streams: &Announcements<'_>) -> Answer {
    let ended = match session.end().await {
        Ok(()) if streams.app.endpoint.registry.announces_anything() => {
            subscriptions::end_session(session.env, session.id, session.subject).await
        }
        ended => ended,
    };
    match ended {
        Ok(()) => {
            ended_sessions::remember(session.id);
            Answer::empty(204)
        }
        Err(error) => session_error(error),
    }
}

/// Returns the session that a request names, if it names one.
fn named_session(incoming: &Incoming) -> Result<Option<SessionId>, Answer> {
    let Some(named) = incoming.header(SessionId::HEADER) else { return Ok(None) };
    match SessionId::parse(named.trim()) {
        Some(session) => Ok(Some(session)),
        None => Err(session_error(SessionError::Gone)),
    }
}
