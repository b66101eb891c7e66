//! JSON-RPC responses ("Responses").

use serde::Serialize;

use crate::json_rpc::request_id::RequestId;
use crate::json_rpc::rpc_error::RpcError;

/// An error response (`JSONRPCErrorResponse`). It has no `id` if that of the request could not be read.
#[derive(Serialize)]
pub(crate) struct ErrorResponse<'a> {
    jsonrpc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a RequestId>,
    error: &'a RpcError,
}

impl<'a> ErrorResponse<'a> {
    pub(crate) fn new(id: Option<&'a RequestId>, error: &'a RpcError) -> Self {
        Self { jsonrpc: "2.0", id, error }
    }
}

/// A response with a result (`JSONRPCResultResponse`).
#[derive(Serialize)]
pub(crate) struct ResultResponse<'a, R> {
    jsonrpc: &'static str,
    id: &'a RequestId,
    result: R,
}

impl<'a, R: Serialize> ResultResponse<'a, R> {
    pub(crate) fn new(id: &'a RequestId, result: R) -> Self {
        Self { jsonrpc: "2.0", id, result }
    }
}

/// Serializes a value as JSON.
pub(crate) fn to_bytes(value: &impl Serialize, capacity: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(capacity);
    if serde_json::to_writer(&mut bytes, value).is_err() {
        // Only an author's own `Serialize` can fail here. Half a message must not leave.
        return br#"{"jsonrpc":"2.0","error":{"code":-32603,"message":"The result could not be written as JSON."}}"#
            .to_vec();
    }
    bytes
}

/// Serializes a value as a string of JSON.
pub(crate) fn to_text(value: &impl Serialize) -> String {
    // What serde writes is UTF-8.
    String::from_utf8(to_bytes(value, 256)).unwrap_or_default()
}
