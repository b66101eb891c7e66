//! The transport of 2024-11-05, "HTTP with SSE", deprecated: messages are posted, and all that there is to say to them goes on
//! one stream, which is held elsewhere.

use std::rc::Rc;

use crate::json_rpc::message::Malformed;

use crate::json_rpc::response::{ErrorResponse, to_bytes};

use crate::host::bundle::Host;
use crate::json_rpc::rpc_error::ErrorCode;
use crate::streams::event_stream::{Run, each_message};
use crate::transport::endpoint::Endpoint;
use crate::transport::legacy;
use crate::transport::legacy::Spoken;
use crate::transport::notifications::{cancel_in, respond_in};
use crate::transport::posted::{Body, ClientMessage, Posted, Request};
use crate::transport::reply::Reply;
use crate::transport::session::{Session, SessionId};
use mcp_connector_base::caller::Caller;

impl<H: Host + Unpin> Posted<H> {
    /// Takes a message of `session`. Whether the caller may do this has been decided before, with [`Posted::need`]. A request
    /// is carried out after the answer.
    pub async fn take(self, session: SessionId, endpoint: &Endpoint<H>, host: H, caller: Option<Caller>) -> Reply {
        match self.into_body() {
            Body::Single(Ok(ClientMessage::Request(request))) => {
                endpoint.carry_out_behind(request, session, &host, caller);
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
    fn carry_out_behind(&self, request: Request<H>, session: SessionId, host: &H, caller: Option<Caller>) {
        let id = request.id.clone();
        let owner = caller.as_ref().map(|caller| caller.subject.clone());
        let page_size = self.settings.page_size;
        // Nothing is repeated in headers of this transport.
        let no_headers = |_: &str| None;
        let admitted = legacy::admit(
            request,
            Spoken::HttpSse,
            Session::Stateful(session.clone()),
            &no_headers,
            &self.registry,
            page_size,
        );
        let (operation, call_state) = match admitted {
            Ok(admitted) => admitted,
            Err(error) => {
                let answer = to_bytes(&ErrorResponse::new(Some(&id), &error), 256);
                let its_host = host.clone();
                // Nobody hears it where the stream is gone.
                host.wait_until(async move {
                    let _ = its_host.send(&session, owner.as_ref(), answer, None).await;
                });
                return;
            }
        };
        call_state.open();
        let call_state = Rc::new(call_state);
        let runner = self.runner(id, host.clone(), caller, Rc::clone(&call_state));
        let its_host = host.clone();
        host.wait_until(async move {
            let agreed = Rc::new(std::cell::Cell::new(None));
            let note = Rc::clone(&agreed);
            let run: Run = Box::pin(async move {
                let response = runner.run(operation).await;
                note.set(response.session.as_ref().map(SessionId::agreed));
                response
            });
            each_message(run, &call_state, async |message| {
                let _ = its_host.send(&session, owner.as_ref(), message, agreed.take()).await;
            })
            .await;
        });
    }
}
