//! The answers of the MCP endpoints: replies of the protocol, and refusals, as HTTP.

use mcp_connector_protocol::{Reply, SessionError, SessionId};

use crate::http::answer::{Answer, RETRY_CLOSED};
use crate::http::limit::RETRY_AFTER;

/// The methods of an MCP endpoint.
pub(crate) const ALLOWED: &str = "GET, POST, DELETE, OPTIONS";

/// Returns the answer to a call while a setting that it depends on cannot be read.
pub(crate) fn closed_call(text: &str) -> Answer {
    refused(503, text).header("retry-after", RETRY_CLOSED).header("cache-control", "no-store")
}

/// Returns a refusal of a message that was not read.
pub(crate) fn refused(status: u16, message: &str) -> Answer {
    from_reply(Reply::refused_unread(status, message))
}

/// Returns the refusal of a request over the limit of calls.
pub(crate) fn too_many() -> Answer {
    refused(429, "Too many requests; try again in a minute.").header("retry-after", RETRY_AFTER)
}

/// Returns a reply of the protocol as HTTP.
pub(crate) fn from_reply(reply: Reply) -> Answer {
    match reply {
        Reply::Accepted => Answer::empty(202),
        Reply::Json { status, session: None, body } => Answer::json_bytes(status, body),
        Reply::Json { status, session: Some(session), body } => {
            Answer::json_bytes(status, body).header(SessionId::HEADER, session.as_str().to_owned())
        }
        Reply::Events(events) => Answer::events(events),
        // No object holds this stream.
        Reply::Listen(listening) => Answer::events_bytes(listening.unheld()),
    }
}

/// Returns the answer to a request whose session is of no use.
pub(crate) fn session_error(error: SessionError) -> Answer {
    match error {
        SessionError::Gone => refused(404, "There is no such session. Begin one with `initialize`."),
        SessionError::TooMany => refused(503, &format!("Not done: {error}.")).header("retry-after", "60"),
        SessionError::Unavailable(error) => refused(503, &format!("Not done: {error}.")).header("retry-after", "5"),
    }
}
