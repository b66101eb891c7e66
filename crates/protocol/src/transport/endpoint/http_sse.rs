//! The transport of 2024-11-05, "HTTP with SSE", deprecated: messages are posted, and all that there is to say to them goes on
//! one stream, which is held elsewhere.

use std::rc::Rc;

use crate::json_rpc::body::Body;
use crate::json_rpc::message::{Malformed, Message, Request};
use crate::json_rpc::response::{ErrorResponse, to_bytes};
use crate::json_rpc::rpc_error::ErrorCode;
use crate::transport::endpoint::notifications::{cancel_in, respond_in};
use crate::transport::endpoint::{Endpoint, Posted, Reply};
use crate::transport::host::Host;
use crate::transport::legacy;
use crate::transport::legacy::Spoken;
use crate::transport::session::{Session, SessionId};
use crate::transport::sse::{Run, each_message};
use mcp_connector_base::caller::Caller;

impl Posted {
    /// Whether it wants an answer of its own.
    #[must_use]
    pub fn is_request(&self) -> bool {
        self.requests().next().is_some()
    }

    /// Takes a message of `session`. Whether the caller may do this has been decided before, with [`Posted::need`]. A request
    /// is carried out after the answer.
    pub async fn take<H: Host + Unpin>(
        self,
        session: SessionId,
        endpoint: &Endpoint<H>,
        host: H,
        caller: Option<Caller>,
    ) -> Reply {
        match self.0 {
            Body::Single(Ok(Message::Request(request))) => {
                endpoint.carry_out_apart(request, session, &host, caller);
                Reply::Accepted
            }
            Body::Single(Ok(Message::Notification(notification))) => match notification.cancels() {
                Some(id) => cancel_in(Some(&session), &id, &host, caller.as_ref()).await,
                None => Reply::Accepted,
            },
            Body::Single(Ok(Message::Response(id, response))) => {
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
    fn carry_out_apart(&self, request: Request, session: SessionId, host: &H, caller: Option<Caller>) {
        let id = request.id.clone();
        let owner = caller.as_ref().map(|caller| caller.subject.clone());
        let page_size = self.settings.page_size;
        let admitted =
            legacy::admit(request, Spoken::Apart, Session::Stateful(session.clone()), &self.registry, page_size);
        let (operation, exchange) = match admitted {
            Ok(admitted) => admitted,
            Err(error) => {
                let answer = to_bytes(&ErrorResponse::new(Some(&id), &error), 256);
                let its_host = host.clone();
                // Nobody hears it where the stream is gone.
                host.run_on(async move {
                    let _ = its_host.send(&session, owner.as_ref(), answer, None).await;
                });
                return;
            }
        };
        exchange.open();
        let exchange = Rc::new(exchange);
        let runner = self.runner(host.clone(), caller);
        let its_host = host.clone();
        host.run_on(async move {
            let agreed = Rc::new(std::cell::Cell::new(None));
            let (note, its_exchange) = (Rc::clone(&agreed), Rc::clone(&exchange));
            let run: Run = Box::pin(async move {
                let response = runner.run(operation, id, its_exchange).await;
                note.set(response.session.as_ref().map(SessionId::agreed));
                response
            });
            each_message(run, &exchange, async |message| {
                let _ = its_host.send(&session, owner.as_ref(), message, agreed.take()).await;
            })
            .await;
        });
    }
}
