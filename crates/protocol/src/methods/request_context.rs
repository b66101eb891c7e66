//! What a method has at hand while it is carried out.

use std::rc::Rc;

use serde_json::Value;

use crate::author::registry::Registry;
use crate::author::tools::tool_error::Unfinished;
use crate::call::around::{CallKind, CallOutcome, CallParts};
use crate::call::call_state::CallState;
use crate::call::context::Context;
use crate::host::bundle::Host;
use crate::json_rpc::request_id::RequestId;
use crate::json_rpc::rpc_error::{ErrorCode, RpcError};
use crate::transport::response::Response;
use crate::types::result::ServerResult;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::Subject;

/// One request while it is carried out: who sent it, and how it is answered.
pub(crate) struct RequestContext<H> {
    pub(crate) id: RequestId,
    pub(crate) registry: Rc<Registry<H>>,
    pub(crate) host: H,
    pub(crate) caller: Option<Caller>,
    pub(crate) call_state: Rc<CallState>,
}

impl<H: Host> RequestContext<H> {
    /// Returns the revision that the client speaks.
    pub(crate) fn version(&self) -> ProtocolVersion {
        self.call_state.version
    }

    /// Returns the person on whose behalf the request was sent.
    pub(crate) fn subject(&self) -> Option<&Subject> {
        self.caller.as_ref().map(|caller| &caller.subject)
    }

    /// Returns what a handler gets.
    pub(crate) fn handler_context(&self) -> Context<H> {
        Context::new(self.host.clone(), self.caller.clone(), Rc::clone(&self.call_state))
    }

    /// Returns what the author's hooks learn of the request.
    pub(crate) fn read_only_call(&self, kind: CallKind, name: String, arguments: Value) -> CallParts<H> {
        let cx = self.handler_context();
        CallParts { kind, name, arguments, is_read_only: true, is_in_background: false, cx }
    }

    /// Returns the response that carries `result`.
    pub(crate) fn result(&self, result: impl ServerResult) -> Response {
        Response::result(&self.id, self.version(), &self.registry.server_info, result)
    }

    /// Returns the response that carries `error`. What went wrong inside only the log tells, so an internal error names the line
    /// in the log.
    pub(crate) fn error(&self, error: &RpcError) -> Response {
        let status = error.http_status(self.version().era());
        if error.code() == ErrorCode::Internal
            && let Some(reference) = self.host.reference()
        {
            let error = RpcError::internal(format!("{} (request {reference})", error.message()));
            return Response::error(Some(&self.id), &error, status);
        }
        Response::error(Some(&self.id), error, status)
    }
}

/// Returns how a request ended that has no result for failed work.
pub(crate) fn outcome(answer: &Result<Response, Unfinished>) -> CallOutcome {
    match answer {
        Ok(_) => CallOutcome::done(),
        Err(unfinished) => CallOutcome::unfinished(unfinished),
    }
}
