//! Messages that expect no answer: responses of a client to requests of the server, and notifications.

use crate::author::registry::Registry;
use crate::host::bundle::Host;
use crate::host::sessions::{SessionError, Sessions};
use crate::json_rpc::client_response::ClientResponse;
use crate::json_rpc::request_id::RequestId;
use crate::methods::client_notification::ClientNotification;
use crate::transport::era::names_modern;
use crate::transport::headers::RequestHeaders;
use crate::transport::legacy;
use crate::transport::legacy::NamedVersion;
use crate::transport::reply::Reply;
use crate::transport::request_meta::RequestMeta;
use crate::transport::response::Response;
use crate::transport::session::{SessionId, no_such_session};
use mcp_connector_base::caller::Caller;

/// Brings a client's response to the call that waits for it. Without a session, no call waits.
pub(crate) async fn respond<H: Host>(
    id: &RequestId,
    response: &ClientResponse,
    headers: &impl RequestHeaders,
    registry: &Registry<H>,
    host: &H,
    caller: Option<&Caller>,
) -> Reply {
    let session = match (NamedVersion::of(headers), legacy::session(headers, registry, caller)) {
        (Err(error), _) => return Response::error(None, &error, 400).into(),
        (_, Err(error)) => return Response::error(None, &error, 404).into(),
        (Ok(_), Ok(session)) => session,
    };
    respond_in(session.stateful(), id, response, host, caller).await
}

/// Brings a client's response to the call in `session` that waits for it.
pub(crate) async fn respond_in(
    session: Option<SessionId>,
    id: &RequestId,
    response: &ClientResponse,
    host: &impl Sessions,
    caller: Option<&Caller>,
) -> Reply {
    // The ids of the server's requests are strings.
    let (Some(session), RequestId::Text(id)) = (session, id) else { return Reply::Accepted };
    delivered(host.respond(&session, caller.map(|caller| &caller.subject), id, response).await)
}

/// Takes a notification. There is no answer unless its version header is wrong. From 2026-07-28 on, the specification has no header
/// rules for notifications, and none of them means anything here.
pub(crate) async fn notify<H: Host>(
    meta: &RequestMeta,
    notification: &ClientNotification,
    headers: &impl RequestHeaders,
    registry: &Registry<H>,
    host: &H,
    caller: Option<&Caller>,
) -> Reply {
    if meta.protocol_version().is_some() || names_modern(headers) {
        return Reply::Accepted;
    }
    if let Err(error) = NamedVersion::of(headers) {
        return Response::error(None, &error, 400).into();
    }
    let session = match legacy::session(headers, registry, caller) {
        Ok(session) => session,
        Err(error) => return Response::error(None, &error, 404).into(),
    };
    match notification.cancels() {
        Some(id) => cancel_in(session.stateful().as_ref(), id, host, caller).await,
        None => Reply::Accepted,
    }
}

/// Brings a cancellation to the call in `session` that it names. Without a session, a call cannot be reached.
pub(crate) async fn cancel_in(
    session: Option<&SessionId>,
    id: &RequestId,
    host: &impl Sessions,
    caller: Option<&Caller>,
) -> Reply {
    let Some(session) = session else { return Reply::Accepted };
    delivered(host.cancel(session, caller.map(|caller| &caller.subject), id).await)
}

/// Returns the answer to a message for a call in its session.
fn delivered(outcome: Result<(), SessionError>) -> Reply {
    match outcome {
        Ok(()) => Reply::Accepted,
        Err(SessionError::Gone) => Response::error(None, &no_such_session(), 404).into(),
        Err(error @ SessionError::TooMany) => Reply::refused_unread(429, &format!("Not done: {error}.")),
        Err(error) => Reply::refused_unread(503, &format!("Not done: {error}.")),
    }
}
