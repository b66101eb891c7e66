//! The POST of Streamable HTTP: from its messages to the answer, for both eras ("Sending Messages", "Versioning").
//!
//! Reading and answering are separate steps, so that the edge can authorize the caller in between: [`Posted::read`], then
//! [`Posted::need`], then [`Posted::answer`]. The body decides which era a message belongs to, and its headers where the body does
//! not say.

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use crate::call::call_state::CallState;
use crate::call::wait_until::WaitUntilDone;
use crate::host::bundle::Host;
use crate::json_rpc::message::Malformed;
use crate::json_rpc::request_id::RequestId;
use crate::json_rpc::rpc_error::{ErrorCode, RpcError};
use crate::methods::client_request::ClientRequest;
use crate::methods::operation::Operation;
use crate::streams::event_stream::{EventStream, Run, WithoutClient};
use crate::streams::resumable::Resumable;
use crate::subscriptions::listening::Listening;
use crate::transport::batch;
use crate::transport::endpoint::Endpoint;
use crate::transport::era::names_modern;
use crate::transport::headers;
use crate::transport::headers::{Accepts, RequestHeaders, mismatch, trimmed};
use crate::transport::legacy;
use crate::transport::legacy::NamedVersion;
use crate::transport::modern;
use crate::transport::modern::Refusal;
use crate::transport::notifications::{notify, respond};
use crate::transport::posted::{Body, ClientMessage, Posted, Request};
use crate::transport::reply::Reply;
use crate::transport::response::Response;
use crate::transport::session::Session;
use crate::types::version::{Era, names_modern_era};
use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::Subject;

impl<H: Host + Unpin> Posted<H> {
    /// Answers the messages. The caller has been authorized with [`Posted::need`].
    pub async fn answer(
        self,
        headers: &impl RequestHeaders,
        endpoint: &Endpoint<H>,
        host: H,
        caller: Option<Caller>,
    ) -> Reply {
        match self.into_body() {
            Body::Single(message) => endpoint.single(message, headers, host, caller).await,
            Body::Batch(messages) => batch::answer(messages, endpoint, headers, host, caller).await,
        }
    }
}

impl<H: Host + Unpin> Endpoint<H> {
    async fn single(
        &self,
        message: Result<ClientMessage<H>, Malformed>,
        headers: &impl RequestHeaders,
        host: H,
        caller: Option<Caller>,
    ) -> Reply {
        let request = match message {
            Ok(ClientMessage::Request(request)) => request,
            Ok(ClientMessage::Notification { meta, notification }) => {
                return notify(&meta, &notification, headers, &self.registry, &host, caller.as_ref()).await;
            }
            Ok(ClientMessage::Response(..)) if names_modern(headers) => {
                // From 2026-07-28 on, a server sends no requests.
                return Reply::refused_unread(400, "This revision of the protocol has no responses from clients.");
            }
            Ok(ClientMessage::Response(id, response)) => {
                return respond(&id, &response, headers, &self.registry, &host, caller.as_ref()).await;
            }
            Err(Malformed { id, problem }) => {
                let error = RpcError::new(ErrorCode::InvalidRequest, problem.to_string());
                return Response::error(id.as_ref(), &error, 400).into();
            }
        };
        let id = request.id.clone();
        let Some(accepts) = Accepts::of(headers) else {
            return not_acceptable(&id, "Accept must allow application/json or text/event-stream.");
        };
        match self.admit(request, headers, caller.as_ref()) {
            Ok((operation, call_state)) => self.carry_out(operation, id, call_state, accepts, host, caller).await,
            Err(Refusal { status, error }) => Response::error(Some(&id), &error, status).into(),
        }
    }

    /// Checks a request by the rules of its era.
    fn admit(
        &self,
        request: Request<H>,
        headers: &impl RequestHeaders,
        caller: Option<&Caller>,
    ) -> Result<(Operation<H>, CallState), Refusal> {
        let header = headers.get(headers::PROTOCOL_VERSION);
        let header_is_modern = header.as_deref().is_some_and(|header| names_modern_era(trimmed(header)));
        let (page_size, visible) = (self.settings.page_size, self.registry.visible_to(caller));
        let is_initialize = matches!(request.call, ClientRequest::Initialize(_));
        if request.meta.protocol_version().is_some() || (header_is_modern && !is_initialize) {
            let keeps_state = self.registry.keeps_state_for(caller);
            return modern::admit(request, headers, visible, keeps_state, page_size);
        }
        if header_is_modern {
            return Err(mismatch("The header MCP-Protocol-Version names a version without `initialize`.").into());
        }
        let (named, session) = if is_initialize {
            // No version is agreed on yet.
            (NamedVersion::Unnamed, Session::Unnamed)
        } else {
            let session = |error| Refusal { status: 404, error };
            let named = NamedVersion::by(header.as_deref()).map_err(legacy_refusal)?;
            (named, legacy::session(headers, &self.registry, caller).map_err(session)?)
        };
        legacy::admit(request, named, session, headers, visible, page_size).map_err(legacy_refusal)
    }

    /// Carries out a request. The answer is JSON if it comes soon and without messages before it, or else a stream.
    async fn carry_out(
        &self,
        operation: Operation<H>,
        id: RequestId,
        call_state: CallState,
        accepts: Accepts,
        host: H,
        caller: Option<Caller>,
    ) -> Reply {
        if let Operation::Listen(interest) = operation {
            return match accepts {
                Accepts::Json => not_acceptable(&id, "Accept must allow text/event-stream."),
                Accepts::EventStream | Accepts::Both => {
                    Reply::Listen(Box::new(Listening::new(id, interest, caller, &self.registry.server_info)))
                }
            };
        }
        let call_state = Rc::new(call_state);
        if accepts != Accepts::Json {
            call_state.open();
        }
        let owner = caller.as_ref().map(|caller| caller.subject.clone());
        let runner = self.runner(id, host.clone(), caller, Rc::clone(&call_state));
        let mut run: Run = Box::pin(runner.run(operation));
        let keep_alive = self.settings.keep_alive;
        if accepts == Accepts::EventStream {
            let without_client = without_client(&call_state, &host, owner);
            return Reply::Events(Box::pin(EventStream::new(run, call_state, host, keep_alive, without_client)));
        }
        let ready = match poll_fn(|task| Poll::Ready(run.as_mut().poll(task))).await {
            // Most calls are answered at once and need no preparation.
            Poll::Ready(response) if !call_state.has_messages() => return response.into(),
            Poll::Ready(response) => Some(response),
            Poll::Pending => None,
        };
        let without_client = without_client(&call_state, &host, owner);
        let response = match (ready, accepts) {
            (Some(response), _) => Some(response),
            (None, Accepts::Json) => Some(run.as_mut().await),
            (None, _) => self.first(&mut run, &call_state, &host).await,
        };
        match response {
            Some(response) if call_state.has_messages() => {
                Reply::Events(Box::pin(EventStream::answered(response, call_state, host, keep_alive, without_client)))
            }
            Some(response) => response.into(),
            None => Reply::Events(Box::pin(EventStream::new(run, call_state, host, keep_alive, without_client))),
        }
    }

    /// Returns the response, unless a message or the end of the patience comes first.
    async fn first(&self, run: &mut Run, call_state: &CallState, host: &H) -> Option<Response> {
        let mut patience = pin!(host.sleep(self.settings.patience));
        poll_fn(|task| {
            if call_state.has_messages() || call_state.is_stream_closed() {
                return Poll::Ready(None);
            }
            if let Poll::Ready(response) = run.as_mut().poll(task) {
                return Poll::Ready(Some(response));
            }
            if call_state.has_messages() {
                return Poll::Ready(None);
            }
            patience.as_mut().poll(task).map(|()| None)
        })
        .await
    }
}

/// Returns what happens to a call whose client leaves. Only from 2026-07-28 on does that cancel the call.
fn without_client<H: Host>(call_state: &CallState, host: &H, owner: Option<Subject>) -> WithoutClient {
    if call_state.version.is_modern() {
        return WithoutClient::Ends;
    }
    let wait_until = WaitUntilDone::begin(host);
    // A stream needs an unguessable name to be resumed.
    match call_state.resumable_in().zip(host.random_bits().ok()) {
        Some((session, bits)) => WithoutClient::IsKept(wait_until, Resumable::new(session.clone(), owner, bits)),
        None => WithoutClient::GoesOn(wait_until),
    }
}

fn not_acceptable(id: &RequestId, message: &str) -> Reply {
    Response::error(Some(id), &RpcError::new(ErrorCode::InvalidRequest, message), 406).into()
}

fn legacy_refusal(error: RpcError) -> Refusal {
    Refusal { status: error.http_status(Era::Legacy), error }
}

#[cfg(test)]
mod anonymous_tests;
#[cfg(test)]
mod tests;
