//! The answer to one request: a whole JSON-RPC response, or nothing.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::host::request_observer::Outcome;
use crate::json_rpc::request_id::RequestId;
use crate::json_rpc::response::{ErrorResponse, ResultResponse, to_bytes};
use crate::json_rpc::rpc_error::RpcError;
use crate::transport::session::SessionId;
use crate::types::result::{ServerResult, WireResult};
use crate::types::version::ProtocolVersion;

/// The answer to one request.
#[derive(Debug)]
pub(crate) struct Response {
    /// The status of the HTTP answer, if this response is all of it.
    pub(crate) status: u16,
    /// The session that begins with it.
    pub(crate) session: Option<SessionId>,
    /// What the log says of it.
    pub(crate) outcome: Outcome,
    /// The JSON; empty if there is nothing to send.
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// Returns the answer to a request that its client has cancelled: nothing.
    pub(crate) fn cancelled() -> Self {
        Self { status: 202, session: None, outcome: Outcome::Cancelled, body: Vec::new() }
    }

    /// Returns the response that carries `error`. `id` is `None` where that of the request could not be read.
    pub(crate) fn error(id: Option<&RequestId>, error: &RpcError, status: u16) -> Self {
        let outcome = Outcome::Error(error.code().number());
        Self { status, session: None, outcome, body: to_bytes(&ErrorResponse::new(id, error), 256) }
    }

    /// Returns the response that carries `result` to a client of `version`. `server_info` is the server's name and version as
    /// JSON.
    #[expect(clippy::needless_pass_by_value, reason = "a result is written once, and callers have no other use for it")]
    pub(crate) fn result(
        id: &RequestId,
        version: ProtocolVersion,
        server_info: &RawValue,
        result: impl ServerResult,
    ) -> Self {
        Self::done(&ResultResponse::new(id, WireResult::new(&result, version, server_info)))
    }

    /// Returns the response that carries a whole `result`, as JSON.
    pub(crate) fn of_raw_result(id: &RequestId, result: &RawValue) -> Self {
        Self::done(&ResultResponse::new(id, result))
    }

    fn done(response: &impl Serialize) -> Self {
        Self { status: 200, session: None, outcome: Outcome::Done, body: to_bytes(response, 512) }
    }
}
