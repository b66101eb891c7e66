//! One JSON-RPC message of a client: a request, a notification or a response ("Messages").

use serde_json::Value;
use thiserror::Error;

use crate::json_rpc::client_response::ClientResponse;
use crate::json_rpc::request_id::RequestId;
use mcp_connector_base::json::{Object, remove_nulls};

/// A well-formed message.
#[derive(Debug, PartialEq)]
pub(crate) enum Message {
    /// Expects a response with the same id.
    Request(Request),
    /// Expects no response.
    Notification(Notification),
    /// Answers a request of the server.
    Response(RequestId, ClientResponse),
}

/// A request. Its method may be unknown.
#[derive(Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) id: RequestId,
    pub(crate) method: String,
    /// Without members that are null.
    pub(crate) params: Object,
}

/// A notification; an unknown one is ignored.
#[derive(Debug, PartialEq)]
pub(crate) struct Notification {
    pub(crate) method: String,
    /// Without members that are null.
    pub(crate) params: Object,
}

/// Why a JSON value is not a message. `id` is the one to answer to, if it could be read.
#[derive(Debug, PartialEq)]
pub(crate) struct Malformed {
    pub(crate) id: Option<RequestId>,
    pub(crate) problem: MessageProblem,
}

/// The mistake in a message.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MessageProblem {
    #[error("A message must be a JSON object.")]
    NotAnObject,
    #[error("`jsonrpc` must be \"2.0\".")]
    Version,
    #[error("`id` must be a string of at most 1024 bytes or an integer, and not null.")]
    Id,
    #[error("`method` must be a string.")]
    Method,
    #[error("`params` must be an object.")]
    Params,
    #[error("A message needs `method`, or `id` with either `result` (an object) or `error` (an object with a `code`).")]
    Kind,
}

/// Members whose content the protocol does not define: null may be a value there.
const UNDEFINED_MEMBERS: &[&str] = &["input"];
/// The same in `tools/call`: the tool's schema defines its arguments.
const UNDEFINED_MEMBERS_OF_CALL: &[&str] = &["input", "arguments"];

/// The method whose arguments its tool defines.
const CALL_TOOL: &str = "tools/call";

impl Message {
    /// Reads a message. Members that are null count as absent.
    pub(crate) fn read(value: Value) -> Result<Self, Malformed> {
        let Value::Object(mut members) = value else {
            return Err(Malformed { id: None, problem: MessageProblem::NotAnObject });
        };
        let had_id = members.contains_key("id");
        let id = members.remove("id").and_then(RequestId::from_json);
        let malformed = |id: &Option<RequestId>, problem| Err(Malformed { id: id.clone(), problem });
        if members.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return malformed(&id, MessageProblem::Version);
        }
        if had_id && id.is_none() {
            // An error response without a readable id is the one message whose id may be null.
            return malformed(&None, MessageProblem::Id);
        }
        let method = match members.remove("method") {
            Some(Value::String(method)) => method,
            None | Some(Value::Null) => {
                return match (id, ClientResponse::take(&mut members)) {
                    (Some(id), Some(response)) => Ok(Self::Response(id, response)),
                    (id, _) => malformed(&id, MessageProblem::Kind),
                };
            }
            Some(_) => return malformed(&id, MessageProblem::Method),
        };
        let params = match members.remove("params") {
            None | Some(Value::Null) => Object::new(),
            Some(Value::Object(mut params)) => {
                remove_nulls(
                    &mut params,
                    if method == CALL_TOOL { UNDEFINED_MEMBERS_OF_CALL } else { UNDEFINED_MEMBERS },
                );
                params
            }
            Some(_) => return malformed(&id, MessageProblem::Params),
        };
        Ok(match id {
            Some(id) => Self::Request(Request { id, method, params }),
            None => Self::Notification(Notification { method, params }),
        })
    }
}
