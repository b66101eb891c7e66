//! Notes about requests, which an instance leaves to the next one in case it dies.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use mcp_connector_protocol::{Host, Interrupted, Posted};

use crate::http::incoming::Incoming;
use crate::oauth::token_request::TokenRequest;

/// A note about a request. The instance that reads it is of the same program, because both live in one isolate.
#[derive(Serialize, Deserialize)]
pub(crate) enum Note<'a> {
    /// The requests of a POST to an MCP endpoint.
    Messages(Cow<'a, Interrupted>),
    /// What was posted to the token endpoint. It is carried out again, as the same request.
    Token(Cow<'a, TokenRequest>),
    /// The one stream of a session of 2024-11-05.
    HttpSse(Cow<'a, str>),
}

/// Leaves a note about `incoming`.
pub(crate) fn leave(incoming: &Incoming, note: &Note<'_>) {
    // Writing it fails only if no memory is left.
    if let Ok(text) = serde_json::to_string(note) {
        incoming.number().note(incoming.request_log().id(), &text);
    }
}

/// Leaves a note about what was posted to an MCP endpoint, if it has requests.
pub(crate) fn leave_for_messages<H: Host>(incoming: &Incoming, posted: &Posted<H>) {
    if let Some(interrupted) = posted.if_interrupted() {
        leave(incoming, &Note::Messages(Cow::Owned(interrupted)));
    }
}
