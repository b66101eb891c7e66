//! Carries out a request: within its time limit, until it is stopped, and with the questions that it leaves open.

use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use crate::author::tools::call_tool_result::CallToolResult;
use crate::author::tools::tool_error::Unfinished;
use crate::call::cancellation::Stoppable;
use crate::call::time_limit::{too_long, within};
use crate::client_requests::asking::Asking;
use crate::host::bundle::Host;
use crate::host::request_observer::Outcome;
use crate::host::sessions::Stop;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::operation::{Operation, Work};
use crate::methods::request_context::RequestContext;
use crate::transport::response::Response;
use crate::transport::session::no_such_session;
use crate::types::result::EmptyResult;

/// What carries out one request.
pub(crate) struct Runner<H> {
    pub(crate) request: Rc<RequestContext<H>>,
    /// The longest that a handler may take.
    pub(crate) time_limit: Duration,
    /// A request that takes longer asks whether it is to stop.
    pub(crate) patience: Duration,
}

impl<H: Host> Runner<H> {
    /// Carries out `operation`.
    pub(crate) async fn run(self, operation: Operation<H>) -> Response {
        let request = &self.request;
        let is_tool_call = matches!(operation, Operation::ToolCall(_));
        // Pinned here, so that what surrounds it holds no copy of it: each would double its size.
        let work = pin!(self.answer(operation));
        let work = pin!(within(work, self.time_limit, &request.host));
        let done = match request.call_state.session() {
            Some(session) => {
                let stoppable = Stoppable {
                    session,
                    call_state: &request.call_state,
                    owner: request.subject(),
                    id: &request.id,
                    patience: self.patience,
                };
                stoppable.run(work, &request.host).await
            }
            None => Ok(work.await),
        };
        let response = match done {
            Ok(Some(response)) => response,
            // The model should read it, where it reads anything.
            Ok(None) if is_tool_call => Response {
                outcome: Outcome::ToolError,
                ..request.result(CallToolResult::failed(too_long(self.time_limit)).known_to(request.version()))
            },
            Ok(None) => request.error(&RpcError::internal(too_long(self.time_limit))),
            // It is never stopped because its client has come back elsewhere.
            Err(Stop::Cancelled | Stop::Resumed) => Response::cancelled(),
            Err(Stop::SessionEnded) => Response::error(Some(&request.id), &no_such_session(), 404),
        };
        request.host.answered(response.outcome);
        response
    }

    async fn answer(&self, operation: Operation<H>) -> Response {
        let request = &self.request;
        let work = match operation {
            Operation::Request(work) | Operation::ToolCall(work) => work,
            // A stream of changes that comes here is held by nobody: it has ended.
            Operation::Listen(_) => return request.result(EmptyResult {}),
        };
        self.finish(work).await.unwrap_or_else(|error| request.error(&error))
    }

    /// Does the work with the answers of earlier rounds, and seals them again if it leaves questions open.
    async fn finish(&self, work: Work<H>) -> Result<Response, RpcError> {
        let request = &self.request;
        let asking = &request.call_state.asking;
        if let Asking::MultiRoundTrip(multi_round_trip) = asking {
            multi_round_trip.restore(&request.host, request.caller.as_ref()).await?;
        }
        match (work(Rc::clone(request)).await, asking) {
            (Ok(response), _) => Ok(response),
            (Err(Unfinished::Error(error)), _) => Err(error),
            (Err(Unfinished::InputRequired), Asking::MultiRoundTrip(multi_round_trip)) => {
                let result = multi_round_trip.close(&request.host, request.caller.as_ref()).await?;
                Ok(Response { outcome: Outcome::InputRequired, ..request.result(result) })
            }
            // Only multi round-trip requests leave a question open, and only a tool that may become a task goes on as one.
            (Err(Unfinished::InputRequired), Asking::Nobody | Asking::SignedIn | Asking::Stream(_))
            | (Err(Unfinished::AsTask | Unfinished::Waiting), _) => {
                Err(RpcError::internal("The call ended with an open question."))
            }
        }
    }
}
