//! Messages that are posted and not answered: a client's responses to our questions, and its notifications.

use crate::author::registry::Registry;
use crate::host::bundle::Host;
use crate::host::sessions::{SessionError, Sessions};
use crate::json_rpc::client_response::ClientResponse;
use crate::json_rpc::request_id::RequestId;
use crate::methods::client_notification::ClientNotification;
use crate::transport::era::names_modern;
use crate::transport::headers::RequestHeaders;
use crate::transport::legacy;
use crate::transport::legacy::Spoken;
use crate::transport::reply::Reply;
use crate::transport::request_meta::RequestMeta;
use crate::transport::response::Response;
use crate::transport::session::{SessionId, no_such_session};
use mcp_connector_base::caller::Caller;

/// Brings a client's response to the call that asked. Without a session nobody asked.
pub(crate) async fn respond<H: Host>(
    id: &RequestId,
    response: &ClientResponse,
    headers: &impl RequestHeaders,
    registry: &Registry<H>,
    host: &H,
    caller: Option<&Caller>,
) -> Reply {
    let session = match (Spoken::of(headers), legacy::session(headers, registry, caller)) {
        (Err(error), _) => return Response::error(None, &error, 400).into(),
        (_, Err(error)) => return Response::error(None, &error, 404).into(),
        (Ok(_), Ok(session)) => session,
    };
    respond_in(session.stateful(), id, response, host, caller).await
}

pub(crate) async fn respond_in(
    session: Option<SessionId>,
    id: &RequestId,
    response: &ClientResponse,
    host: &impl Sessions,
    caller: Option<&Caller>,
) -> Reply {
    // Our requests have texts for ids.
    let (Some(session), RequestId::Text(id)) = (session, id) else { return Reply::Accepted };
    brought(host.respond(&session, caller.map(|caller| &caller.subject), id, response).await)
}

/// Takes a notification: there is nothing to answer, unless its version header is wrong. The specification has no header rules
/// for modern ones, and none of them says anything here.
pub(crate) async fn notified<H: Host>(
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
    if let Err(error) = Spoken::of(headers) {
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

/// Brings a cancellation to the call that it names. Without a session there is nowhere to meet it.
pub(crate) async fn cancel_in(
    session: Option<&SessionId>,
    id: &RequestId,
    host: &impl Sessions,
    caller: Option<&Caller>,
) -> Reply {
    let Some(session) = session else { return Reply::Accepted };
    brought(host.cancel(session, caller.map(|caller| &caller.subject), id).await)
}

/// The answer to a message that was for somebody in its session.
fn brought(outcome: Result<(), SessionError>) -> Reply {
    match outcome {
        Ok(()) => Reply::Accepted,
        Err(SessionError::Gone) => Response::error(None, &no_such_session(), 404).into(),
        Err(error @ SessionError::TooMany) => Reply::refused_unread(429, &format!("Not done: {error}.")),
        Err(error) => Reply::refused_unread(503, &format!("Not done: {error}.")),
    }
}
