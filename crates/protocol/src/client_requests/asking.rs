//! The ways a question reaches the client of a call.

use futures::future::join;
use serde_json::Value;

use crate::author::tool_result::ToolError;
use crate::call::context::Context;
use crate::client_requests::multi_round_trip::MultiRoundTrip;
use crate::json_rpc::message::{ClientResponse, RequestId, RpcError};
use crate::transport::host::Host;
use crate::transport::session::SessionId;
use crate::types::client_capabilities::ClientCapability;
use mcp_connector_base::json::Object;

/// What is asked: a request to the client, without an id.
pub(crate) struct Question {
    pub(crate) method: &'static str,
    pub(crate) params: Value,
    /// What the client must have said that it can.
    pub(crate) needs: ClientCapability,
}

/// How a call asks.
pub(crate) enum Asking {
    /// Not at all: the specification has no questions in this request, or the client has no session to answer in.
    Nobody,
    /// Only after a sign-in: the answer needs a session to reach its question, and this session stores nothing.
    SignedIn,
    /// With its result, and the answers come with the next try.
    MultiRoundTrip(MultiRoundTrip),
    /// On the stream of the call; the answer comes with another POST of the session.
    Stream(SessionId),
}

impl<H: Host> Context<H> {
    /// The client's answer to `question`. `key` names the question among those of the handler: asked again, it has the same
    /// answer.
    pub(crate) async fn ask(&self, key: &str, question: Question) -> Result<Object, ToolError> {
        if matches!(self.exchange().asking, Asking::SignedIn) {
            return Err(ToolError::new(
                "This call needs to ask you something, which is possible only after a sign-in.",
            ));
        }
        self.require(question.needs)?;
        match &self.exchange().asking {
            Asking::Nobody | Asking::SignedIn => {
                Err(ToolError::new("The client cannot be asked anything in this call."))
            }
            Asking::MultiRoundTrip(rounds) => rounds.answer(key, question),
            Asking::Stream(session) => self.ask_on_stream(session, question).await,
        }
    }

    async fn ask_on_stream(&self, session: &SessionId, question: Question) -> Result<Object, ToolError> {
        if !self.exchange().is_open() {
            return Err(ToolError::new("The client takes no stream for this call, so it cannot be asked."));
        }
        let id = format!("{:032x}", self.host().random_bits()?);
        let owner = self.caller().map(|caller| &caller.subject);
        // The wait begins first: an answer must not come before somebody waits for it.
        let answer = self.host().client_response(session, owner, &id);
        let request = self.exchange().request(RequestId::Text(id.clone()), question.method, &question.params);
        match join(answer, request).await.0? {
            ClientResponse::Result(result) => Ok(result),
            ClientResponse::Error(code) => {
                Err(ToolError::new(format!("The client could not answer what it was asked (error {code}).")))
            }
        }
    }

    /// An answer that is not one to the question: the client did not keep the protocol.
    pub(crate) fn unfit(&self, what: &str) -> ToolError {
        match &self.exchange().asking {
            Asking::MultiRoundTrip(_) => ToolError::protocol(RpcError::invalid_params(what)),
            Asking::Nobody | Asking::SignedIn | Asking::Stream(_) => ToolError::new(what),
        }
    }
}
