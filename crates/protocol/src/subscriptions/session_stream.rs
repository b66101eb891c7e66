//! The GET stream of a session, which says what changes (until 2025-11-25: "Listening for Messages from the Server").

use crate::author::registry::Registry;
use crate::subscriptions::change::{Topic, Topics};
use crate::subscriptions::interest::Interest;
use crate::transport::era::names_modern;
use crate::transport::headers::{RequestHeaders, accepts_event_stream};
use crate::transport::legacy;
use crate::transport::legacy::NamedVersion;
use crate::transport::reply::Reply;
use crate::transport::session::SessionId;
use mcp_connector_base::caller::Caller;

/// Returns the session that a GET names and the changes that its stream receives: all that are announced here.
///
/// # Errors
///
/// The refusal of a request that gets no stream.
pub fn session_stream<H: 'static>(
    headers: &impl RequestHeaders,
    registry: &Registry<H>,
    caller: Option<&Caller>,
) -> Result<(SessionId, Interest), Reply> {
    if names_modern(headers) {
        return Err(Reply::refused_unread(405, "From 2026-07-28 on, send `subscriptions/listen` with POST."));
    }
    if !accepts_event_stream(headers) {
        return Err(Reply::refused_unread(406, "Accept must allow text/event-stream."));
    }
    NamedVersion::of(headers).map_err(|error| Reply::refused_unread(400, error.message()))?;
    let session =
        legacy::session(headers, registry, caller).map_err(|error| Reply::refused_unread(404, error.message()))?;
    let session = session.stateful().ok_or_else(|| {
        // A client without a session goes on without a stream. Its requests need none.
        Reply::refused_unread(
            405,
            "Send the header Mcp-Session-Id that `initialize` gave: a stream belongs to a session.",
        )
    })?;
    let lists = [Topic::ToolList, Topic::PromptList, Topic::ResourceList];
    let lists: Topics = lists.into_iter().filter(|topic| registry.announces(*topic)).collect();
    let own_resource_list = registry.resource_lists_are_own();
    Ok((session, Interest { lists, own_resource_list, uris: Vec::new(), tasks: Vec::new() }))
}
