//! How a handler asks its client something.

use futures::future::join;

use crate::author::tools::tool_error::ToolError;
use crate::call::call_state::CallState;
use crate::call::context::Context;
use crate::client_requests::asking::Asking;
use crate::client_requests::question::Question;
use crate::host::bundle::Host;
use crate::json_rpc::client_response::ClientResponse;
use crate::json_rpc::request_id::RequestId;
use crate::json_rpc::rpc_error::RpcError;
use crate::transport::session::SessionId;
use mcp_connector_base::json::Object;

impl<H: Host> Context<H> {
    /// Returns the client's answer to `question`. `key` names the question among those of the handler: asked again, it has the
    /// same answer.
    pub(crate) async fn ask(&self, key: &str, question: Question) -> Result<Object, ToolError> {
        if matches!(self.call_state().asking, Asking::SignedIn) {
            return Err(ToolError::new(
                "This call needs to ask you something, which is possible only after a sign-in.",
            ));
        }
        self.require(question.needs)?;
        match &self.call_state().asking {
            Asking::Nobody | Asking::SignedIn => {
                Err(ToolError::new("The client cannot be asked anything in this call."))
            }
            Asking::MultiRoundTrip(rounds) => rounds.answer(key, question),
            Asking::Stream(session) => self.ask_on_stream(session, question).await,
        }
    }

    /// Returns whether a question can reach the client of this call.
    pub(crate) fn can_be_asked(&self) -> bool {
        match &self.call_state().asking {
            Asking::Nobody | Asking::SignedIn => false,
            Asking::MultiRoundTrip(_) => true,
            Asking::Stream(_) => self.call_state().is_open(),
        }
    }

    async fn ask_on_stream(&self, session: &SessionId, question: Question) -> Result<Object, ToolError> {
        if !self.call_state().is_open() {
            return Err(ToolError::new("The client takes no stream for this call, so it cannot be asked."));
        }
        let id = format!("{:032x}", self.host().random_bits()?);
        let owner = self.caller().map(|caller| &caller.subject);
        // The wait begins first: an answer for which nobody waits is dropped.
        let answer = self.host().client_response(session, owner, &id);
        let id = RequestId::Text(id.clone());
        let request = self.call_state().request(id.clone(), question.method, &question.params);
        let open = OpenRequest { id: Some(id), call_state: self.call_state() };
        let response = join(answer, request).await.0?;
        open.answered();
        match response {
            ClientResponse::Result(result) => Ok(result),
            ClientResponse::Error(code) => {
                Err(ToolError::new(format!("The client could not answer what it was asked (error {code}).")))
            }
        }
    }

    /// Returns the error for an answer that does not fit its question: the client broke the protocol.
    pub(crate) fn unfit(&self, what: &str) -> ToolError {
        match &self.call_state().asking {
            Asking::MultiRoundTrip(_) => ToolError::protocol(RpcError::invalid_params(what)),
            Asking::Nobody | Asking::SignedIn | Asking::Stream(_) => ToolError::new(what),
        }
    }
}

/// A request to the client whose response is awaited. Dropped before that, because the call is stopped or has reached its time limit,
/// it tells the client that the answer is not wanted any more.
struct OpenRequest<'a> {
    /// None once it is answered.
    id: Option<RequestId>,
    call_state: &'a CallState,
}

impl OpenRequest<'_> {
    fn answered(mut self) {
        self.id = None;
    }
}

impl Drop for OpenRequest<'_> {
    fn drop(&mut self) {
        if let Some(id) = &self.id {
            self.call_state.cancel_request(id);
        }
    }
}
