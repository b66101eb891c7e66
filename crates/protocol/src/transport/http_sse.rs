//! The transport of 2024-11-05, "HTTP with SSE", deprecated: messages are posted, and everything that answers them goes to one
//! stream, which another request holds.

use std::rc::Rc;

use crate::host::bundle::Host;
use crate::json_rpc::message::Malformed;
use crate::json_rpc::response::{ErrorResponse, to_bytes};
use crate::json_rpc::rpc_error::ErrorCode;
use crate::streams::event_stream::{Run, each_message};
use crate::transport::endpoint::Endpoint;
use crate::transport::legacy;
use crate::transport::legacy::NamedVersion;
use crate::transport::notifications::{cancel_in, respond_in};
use crate::transport::posted::{Body, ClientMessage, Posted, Request};
use crate::transport::reply::Reply;
use crate::transport::session::{Session, SessionId};
use mcp_connector_base::caller::Caller;

impl<H: Host + Unpin> Posted<H> {
    /// Takes a message of `session`. The caller has been authorized with [`Posted::need`]. A request is carried out after the
    /// answer.
    pub async fn take(self, session: SessionId, endpoint: &Endpoint<H>, host: H, caller: Option<Caller>) -> Reply {
        match self.into_body() {
            Body::Single(Ok(ClientMessage::Request(request))) => {
                endpoint.carry_out_later(request, session, &host, caller);
                Reply::Accepted
            }
            Body::Single(Ok(ClientMessage::Notification { notification, .. })) => match notification.cancels() {
                Some(id) => cancel_in(Some(&session), id, &host, caller.as_ref()).await,
                None => Reply::Accepted,
            },
            Body::Single(Ok(ClientMessage::Response(id, response))) => {
                respond_in(Some(session), &id, &response, &host, caller.as_ref()).await
            }
            Body::Single(Err(Malformed { problem, .. })) => {
                Reply::refusal(400, ErrorCode::InvalidRequest, problem.to_string())
            }
            Body::Batch(_) => Reply::refusal(
                400,
                ErrorCode::InvalidRequest,
                "This transport has no batches: send one message at a time.",
            ),
        }
    }
}

impl<H: Host + Unpin> Endpoint<H> {
    fn carry_out_later(&self, request: Request<H>, session: SessionId, host: &H, caller: Option<Caller>) {
        let id = request.id.clone();
        let owner = caller.as_ref().map(|caller| caller.subject.clone());
        let page_size = self.settings.page_size;
        // This transport has no headers that repeat the body.
        let no_headers = |_: &str| None;
        let admitted = legacy::admit(
            request,
            NamedVersion::HttpSse,
            Session::Stateful(session.clone()),
            &no_headers,
            self.registry.visible_to(caller.as_ref()),
            page_size,
        );
        let (operation, call_state) = match admitted {
            Ok(admitted) => admitted,
            Err(error) => {
                let answer = to_bytes(&ErrorResponse::new(Some(&id), &error), 256);
                let sender = host.clone();
                // If the stream is gone, the client cannot be told.
                host.wait_until(async move {
                    let _ = sender.send(&session, owner.as_ref(), answer, None).await;
                });
                return;
            }
        };
        call_state.open();
        let call_state = Rc::new(call_state);
        let runner = self.runner(id, host.clone(), caller, Rc::clone(&call_state));
        let sender = host.clone();
        host.wait_until(async move {
            let agreed = Rc::new(std::cell::Cell::new(None));
            let note = Rc::clone(&agreed);
            let run: Run = Box::pin(async move {
                let response = runner.run(operation).await;
                note.set(response.session.as_ref().map(SessionId::agreed));
                response
            });
            each_message(run, &call_state, async |message| {
                let _ = sender.send(&session, owner.as_ref(), message, agreed.take()).await;
            })
            .await;
        });
    }
}
