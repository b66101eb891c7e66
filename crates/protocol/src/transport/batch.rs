//! An array of messages in one POST, as only 2025-03-26 allows it ("Batching").

use std::cell::Cell;
use std::rc::Rc;

use futures::StreamExt;
use futures::stream;

use crate::call::call_state::CallState;
use crate::host::bundle::Host;
use crate::json_rpc::client_response::ClientResponse;
use crate::json_rpc::message::Malformed;
use crate::json_rpc::request_id::RequestId;
use crate::json_rpc::response::{ErrorResponse, to_bytes};
use crate::json_rpc::rpc_error::{ErrorCode, RpcError};
use crate::methods::client_request::ClientRequest;
use crate::methods::operation::Operation;
use crate::transport::endpoint::Endpoint;
use crate::transport::era::names_modern;
use crate::transport::headers::{Accepts, RequestHeaders};
use crate::transport::legacy;
use crate::transport::legacy::NamedVersion;
use crate::transport::notifications::{cancel_in, respond_in};
use crate::transport::posted::{ClientMessage, Request};
use crate::transport::reply::Reply;
use crate::transport::response::Response;
use mcp_connector_base::caller::Caller;

/// How many requests of a batch are carried out at a time.
const AT_ONCE: usize = 4;

/// Number of bytes of answers after which no more requests of a batch are carried out. All of them are in memory until the last one is
/// there.
const MAX_ANSWERS: usize = 4 * 1024 * 1024;

/// Answers an array of messages. None is carried out unless all are well-formed.
pub(crate) async fn answer<H: Host + Unpin>(
    messages: Vec<Result<ClientMessage<H>, Malformed>>,
    endpoint: &Endpoint<H>,
    headers: &impl RequestHeaders,
    host: H,
    caller: Option<Caller>,
) -> Reply {
    let is_modern = |message: &Result<ClientMessage<H>, Malformed>| match message {
        Ok(ClientMessage::Request(Request { meta, .. }) | ClientMessage::Notification { meta, .. }) => {
            meta.protocol_version().is_some()
        }
        Ok(ClientMessage::Response(..)) | Err(_) => false,
    };
    if messages.iter().any(is_modern) || names_modern(headers) {
        return invalid("This revision of the protocol has no batches: send one message at a time.");
    }
    let named = match NamedVersion::of(headers) {
        Ok(named) if named.has_batches() => named,
        Ok(_) => return invalid("This revision of the protocol has no batches: send one message at a time."),
        Err(error) => return Response::error(None, &error, 400).into(),
    };
    let session = match legacy::session(headers, &endpoint.registry, caller.as_ref()) {
        Ok(session) => session,
        Err(error) => return Response::error(None, &error, 404).into(),
    };
    let Batch { requests, responses, cancelled } = match Batch::of(messages) {
        Ok(batch) => batch,
        Err(refusal) => return refusal,
    };
    for (id, response) in responses {
        let reply = respond_in(session.clone().stateful(), &id, &response, &host, caller.as_ref()).await;
        if !matches!(reply, Reply::Accepted) {
            return reply;
        }
    }
    for id in cancelled {
        let reply = cancel_in(session.clone().stateful().as_ref(), &id, &host, caller.as_ref()).await;
        if !matches!(reply, Reply::Accepted) {
            return reply;
        }
    }
    if requests.is_empty() {
        return Reply::Accepted;
    }
    if !matches!(Accepts::of(headers), Some(Accepts::Json | Accepts::Both)) {
        return Reply::refused_unread(406, "A batch is answered as application/json; Accept must allow it.");
    }
    let admitted = requests.into_iter().map(|request| {
        let (visible, page_size) = (endpoint.registry.visible_to(caller.as_ref()), endpoint.settings.page_size);
        (request.id.clone(), legacy::admit(request, named, session.clone(), headers, visible, page_size))
    });
    let mut answers = carry_out(admitted, endpoint, &host, caller.as_ref()).await;
    answers.retain(|answer| !answer.is_empty());
    if answers.is_empty() {
        return Reply::Accepted;
    }
    let body = [&b"["[..], &answers.join(&b','), &b"]"[..]].concat();
    Reply::Json { status: 200, session: None, body }
}

/// The messages of a batch by their kind.
struct Batch<H> {
    requests: Vec<Request<H>>,
    /// The client's answers to requests of the server, with their ids.
    responses: Vec<(RequestId, ClientResponse)>,
    /// The requests that notifications cancel.
    cancelled: Vec<RequestId>,
}

impl<H: Host> Batch<H> {
    /// Sorts the messages. The batch is refused if one of them is malformed, or must not be part of one.
    fn of(messages: Vec<Result<ClientMessage<H>, Malformed>>) -> Result<Self, Reply> {
        let mut batch = Self { requests: Vec::new(), responses: Vec::new(), cancelled: Vec::new() };
        for message in messages {
            match message {
                Ok(ClientMessage::Request(Request { call: ClientRequest::Initialize(_), .. })) => {
                    return Err(invalid("`initialize` must not be part of a batch."));
                }
                Ok(ClientMessage::Request(request)) => batch.requests.push(request),
                Ok(ClientMessage::Notification { notification, .. }) => {
                    batch.cancelled.extend(notification.cancels().cloned());
                }
                Ok(ClientMessage::Response(id, response)) => batch.responses.push((id, response)),
                Err(malformed) => return Err(invalid(&malformed.problem.to_string())),
            }
        }
        Ok(batch)
    }
}

/// Carries out the requests that are admitted, some at a time, and returns what each is answered with, or nothing.
async fn carry_out<H: Host + Unpin>(
    admitted: impl Iterator<Item = (RequestId, Result<(Operation<H>, CallState), RpcError>)>,
    endpoint: &Endpoint<H>,
    host: &H,
    caller: Option<&Caller>,
) -> Vec<Vec<u8>> {
    let room = Rc::new(Cell::new(MAX_ANSWERS));
    let runs = admitted.map(|(id, admitted)| {
        let (room, host, caller) = (Rc::clone(&room), host.clone(), caller.cloned());
        async move {
            let answer = match admitted {
                Ok(_) if room.get() == 0 => {
                    let text = "This request was not carried out: the answers to the rest of its batch are too large. Send it alone.";
                    to_bytes(&ErrorResponse::new(Some(&id), &RpcError::new(ErrorCode::InvalidRequest, text)), 256)
                }
                Ok((operation, call_state)) => {
                    endpoint.runner(id, host, caller, Rc::new(call_state)).run(operation).await.body
                }
                Err(error) => to_bytes(&ErrorResponse::new(Some(&id), &error), 256),
            };
            room.set(room.get().saturating_sub(answer.len()));
            answer
        }
    });
    stream::iter(runs).buffered(AT_ONCE).collect().await
}

fn invalid(text: &str) -> Reply {
    Reply::refusal(400, ErrorCode::InvalidRequest, text)
}
