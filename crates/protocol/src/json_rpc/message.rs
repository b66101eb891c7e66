//! JSON-RPC 2.0 as MCP uses it: what may arrive in a POST body, and the errors that go back ("Messages", "Error codes").

use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use thiserror::Error;

use crate::methods::method::Method;
use crate::types::client_capabilities::ClientCapability;
use crate::types::version::{Era, ProtocolVersion};
use mcp_connector_base::json;
use mcp_connector_base::json::Object;
use mcp_connector_base::json::fault::JsonError;
use mcp_connector_base::json::leave_out_nulls;
use mcp_connector_base::json::limit::MemoryLimit;

/// The id of a request: a string or an integer, never null ("Requests").
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum RequestId {
    /// A string of at most [`RequestId::MAX_LENGTH`] bytes.
    Text(String),
    /// An integer; 1.0 counts as one.
    Integer(i64),
}

impl RequestId {
    /// Longest string taken as an id, in bytes. It is echoed in every answer.
    pub const MAX_LENGTH: usize = 1024;

    pub(crate) fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::String(text) if text.len() <= Self::MAX_LENGTH => Some(Self::Text(text)),
            Value::Number(number) => number.as_i64().map(Self::Integer),
            Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// A text that tells it from all others: 1 is not "1".
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Text(text) => ["\"", text].concat(),
            Self::Integer(integer) => integer.to_string(),
        }
    }
}

/// Builds nothing of what is no id.
impl<'de> Deserialize<'de> for RequestId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Id;
        impl Visitor<'_> for Id {
            type Value = RequestId;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string or an integer")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<RequestId, E> {
                RequestId::from_json(text.into()).ok_or_else(|| E::custom("too long"))
            }

            fn visit_i64<E>(self, integer: i64) -> Result<RequestId, E> {
                Ok(RequestId::Integer(integer))
            }

            fn visit_u64<E: de::Error>(self, integer: u64) -> Result<RequestId, E> {
                RequestId::from_json(integer.into()).ok_or_else(|| E::custom("too large"))
            }
        }
        deserializer.deserialize_any(Id)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => formatter.write_str(text),
            Self::Integer(integer) => write!(formatter, "{integer}"),
        }
    }
}

/// What a client sent: one JSON-RPC message that has its shape right.
#[derive(Debug, PartialEq)]
pub(crate) enum Message {
    /// Expects an answer with the same id.
    Request(Request),
    /// Expects none.
    Notification(Notification),
    /// Answers a request of ours.
    Response(RequestId, ClientResponse),
}

/// How a client answered a request of ours.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientResponse {
    /// With a result.
    Result(Object),
    /// It could not, or would not. The code is the client's own; its words are not kept.
    Error(i64),
}

impl ClientResponse {
    fn take(members: &mut Object) -> Option<Self> {
        let mut member = |name| members.remove(name).filter(|value| !value.is_null());
        match (member("result"), member("error")) {
            (Some(Value::Object(mut result)), None) => {
                leave_out_nulls(&mut result, OPAQUE);
                Some(Self::Result(result))
            }
            (None, Some(Value::Object(error))) => Some(Self::Error(error.get("code").and_then(Value::as_i64)?)),
            _ => None,
        }
    }

    /// The response on its way to another isolate.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let value = match self {
            Self::Result(result) => serde_json::json!({ "result": result }),
            Self::Error(code) => serde_json::json!({ "error": { "code": code } }),
        };
        to_bytes(&value, 256)
    }

    /// The other side of [`Self::to_json`].
    #[must_use]
    pub fn from_json(bytes: &[u8]) -> Option<Self> {
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(mut members)) => Self::take(&mut members),
            _ => None,
        }
    }
}

/// A request before its method is known to exist.
#[derive(Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) id: RequestId,
    pub(crate) method: Method,
    /// Without members that are null.
    pub(crate) params: Object,
}

/// A notification; an unknown one is ignored.
#[derive(Debug, PartialEq)]
pub(crate) struct Notification {
    pub(crate) method: Method,
    /// Without members that are null.
    pub(crate) params: Object,
}

/// The JSON of a POST body.
pub(crate) enum Body {
    /// One message.
    Single(Result<Message, Malformed>),
    /// An array of messages; only revision 2025-03-26 knows it. Never empty, never longer than [`MAX_BATCH`].
    Batch(Vec<Result<Message, Malformed>>),
}

/// Why a body is not JSON-RPC at all.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// With the id to answer to, where it could be read.
    #[error("The body is not valid JSON: {error}.")]
    NotJson { error: JsonError, id: Option<RequestId> },
    #[error("The body is not read: {error}.")]
    TooMuch { error: JsonError, id: Option<RequestId> },
    #[error("A batch must hold at least one message.")]
    EmptyBatch,
    #[error("A batch may hold at most {MAX_BATCH} messages.")]
    LongBatch,
}

/// Why a JSON value is not a JSON-RPC message. `id` is the one to answer to, where it could be read.
#[derive(Debug, PartialEq)]
pub(crate) struct Malformed {
    pub(crate) id: Option<RequestId>,
    pub(crate) problem: MessageProblem,
}

/// What is wrong with a message.
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

/// Most messages one batch may hold.
pub(crate) const MAX_BATCH: usize = 50;

/// Members whose content the protocol does not define: a tool's schema says what its arguments are, and null may be allowed
/// there.
const OPAQUE: &[&str] = &["input"];
const OPAQUE_IN_CALL: &[&str] = &["input", "arguments"];

impl Body {
    /// Reads a whole body, once.
    pub(crate) fn read(bytes: &[u8], limit: MemoryLimit) -> Result<Self, Unreadable> {
        let value = json::read(bytes, limit).map_err(|error| {
            let id = error.is_readable_in_part().then(|| json::member_of_refused(bytes, "id")).flatten();
            if error.is_too_much() { Unreadable::TooMuch { error, id } } else { Unreadable::NotJson { error, id } }
        })?;
        match value {
            Value::Array(messages) if messages.is_empty() => Err(Unreadable::EmptyBatch),
            Value::Array(messages) if messages.len() > MAX_BATCH => Err(Unreadable::LongBatch),
            Value::Array(messages) => Ok(Self::Batch(messages.into_iter().map(message_from).collect())),
            single @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
                Ok(Self::Single(message_from(single)))
            }
        }
    }
}

fn message_from(value: Value) -> Result<Message, Malformed> {
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
        Some(Value::String(method)) => Method::named(&method),
        None | Some(Value::Null) => {
            return match (id, ClientResponse::take(&mut members)) {
                (Some(id), Some(response)) => Ok(Message::Response(id, response)),
                (id, _) => malformed(&id, MessageProblem::Kind),
            };
        }
        Some(_) => return malformed(&id, MessageProblem::Method),
    };
    let params = match members.remove("params") {
        None | Some(Value::Null) => Object::new(),
        Some(Value::Object(mut params)) => {
            leave_out_nulls(&mut params, if method == Method::CallTool { OPAQUE_IN_CALL } else { OPAQUE });
            params
        }
        Some(_) => return malformed(&id, MessageProblem::Params),
    };
    Ok(match id {
        Some(id) => Message::Request(Request { id, method, params }),
        None => Message::Notification(Notification { method, params }),
    })
}

/// A JSON-RPC error that goes back to the client. Its text is ours; it never holds what the client sent.
#[derive(Clone, Debug, PartialEq)]
pub struct RpcError {
    code: ErrorCode,
    message: String,
    data: Option<Value>,
}

/// The codes that leave this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorCode {
    Parse,
    InvalidRequest,
    MethodNotFound,
    InvalidParams,
    Internal,
    /// Legacy only; 2026-07-28 says -32602.
    LegacyResourceNotFound,
    /// Modern only.
    HeaderMismatch,
    /// Modern only.
    MissingRequiredClientCapability,
    /// Modern only.
    UnsupportedProtocolVersion,
}

impl ErrorCode {
    pub(crate) const fn number(self) -> i32 {
        match self {
            Self::Parse => -32700,
            Self::InvalidRequest => -32600,
            Self::MethodNotFound => -32601,
            Self::InvalidParams => -32602,
            Self::Internal => -32603,
            Self::LegacyResourceNotFound => -32002,
            Self::HeaderMismatch => -32020,
            Self::MissingRequiredClientCapability => -32021,
            Self::UnsupportedProtocolVersion => -32022,
        }
    }
}

impl RpcError {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    pub(crate) fn with_data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    /// The arguments of a request are wrong (-32602). `message` says which and why.
    #[must_use]
    pub fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidParams, message)
    }

    /// The server failed (-32603). `message` must hold nothing internal.
    #[must_use]
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Internal, message)
    }

    /// The client did not say that it can do `capability`, and the call needs it (-32021; 2026-07-28 only).
    pub(crate) fn missing_client_capability(capability: ClientCapability) -> Self {
        Self::new(
            ErrorCode::MissingRequiredClientCapability,
            format!("This call needs the client capability `{}`.", capability.name()),
        )
        .with_data(serde_json::json!({ "requiredCapabilities": capability.required() }))
    }

    /// There is nothing at `uri`. Revisions before 2026-07-28 have a code of their own for it.
    pub(crate) fn resource_not_found(uri: &str, version: ProtocolVersion) -> Self {
        let code = match version.era() {
            Era::Legacy => ErrorCode::LegacyResourceNotFound,
            Era::Modern => ErrorCode::InvalidParams,
        };
        // The specification wants the URI back. It was checked to be one, and is not long.
        Self::new(code, "There is no such resource.").with_data(serde_json::json!({ "uri": uri }))
    }

    pub(crate) fn code(&self) -> ErrorCode {
        self.code
    }

    /// The text a person reads.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Status of the HTTP answer when this error is all of it.
    ///
    /// 2026-07-28 fixes a status for each refusal; earlier revisions answer what a handler says with 200.
    pub(crate) fn http_status(&self, era: Era) -> u16 {
        match (self.code, era) {
            (ErrorCode::MethodNotFound, Era::Modern) => 404,
            (
                ErrorCode::Parse
                | ErrorCode::InvalidRequest
                | ErrorCode::HeaderMismatch
                | ErrorCode::MissingRequiredClientCapability
                | ErrorCode::UnsupportedProtocolVersion,
                _,
            ) => 400,
            (
                ErrorCode::MethodNotFound
                | ErrorCode::InvalidParams
                | ErrorCode::Internal
                | ErrorCode::LegacyResourceNotFound,
                _,
            ) => 200,
        }
    }
}

impl Serialize for RpcError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut error = serializer.serialize_struct("Error", 3)?;
        error.serialize_field("code", &self.code.number())?;
        error.serialize_field("message", &self.message)?;
        match &self.data {
            Some(data) => error.serialize_field("data", data)?,
            None => error.skip_field("data")?,
        }
        error.end()
    }
}

/// An error response; `id` is left out where the request's could not be read.
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

/// A successful response around any result.
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

/// Serialises what is known to serialise: our own types with string keys.
pub(crate) fn to_bytes(value: &impl Serialize, capacity: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(capacity);
    if serde_json::to_writer(&mut bytes, value).is_err() {
        // Only an author's own Serialize can fail here; half a message must not leave.
        return br#"{"jsonrpc":"2.0","error":{"code":-32603,"message":"The result could not be written as JSON."}}"#
            .to_vec();
    }
    bytes
}

/// Serialises a value as text.
pub(crate) fn to_text(value: &impl Serialize) -> String {
    // What serde writes is UTF-8.
    String::from_utf8(to_bytes(value, 256)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &[u8]) -> Result<Body, Unreadable> {
        Body::read(body, MemoryLimit::of_text(1024 * 1024))
    }

    fn single(text: &str) -> Result<Message, Malformed> {
        match read(text.as_bytes()).unwrap() {
            Body::Single(message) => message,
            Body::Batch(_) => panic!("{text} was read as a batch"),
        }
    }

    #[test]
    fn a_message_is_told_by_its_members() {
        assert!(matches!(single(r#"{"jsonrpc":"2.0","id":1,"method":"a"}"#), Ok(Message::Request(_))));
        assert!(matches!(single(r#"{"jsonrpc":"2.0","method":"a","params":{}}"#), Ok(Message::Notification(_))));
        let response = |text| match single(text) {
            Ok(Message::Response(_, response)) => response,
            other => panic!("{other:?}"),
        };
        let result = response(r#"{"jsonrpc":"2.0","id":"x","result":{}}"#);
        assert_eq!(result, ClientResponse::Result(Object::new()));
        let error = response(r#"{"jsonrpc":"2.0","id":"x","error":{"code":-1,"message":"no"}}"#);
        assert_eq!(error, ClientResponse::Error(-1));
        for response in [result, error] {
            assert_eq!(ClientResponse::from_json(&response.to_json()), Some(response));
        }
    }

    #[test]
    fn a_malformed_message_is_refused_with_its_reason() {
        let rows = [
            ("1", MessageProblem::NotAnObject),
            ("null", MessageProblem::NotAnObject),
            (r#"{"id":1,"method":"a"}"#, MessageProblem::Version),
            (r#"{"jsonrpc":2.0,"id":1,"method":"a"}"#, MessageProblem::Version),
            (r#"{"jsonrpc":"2.0","id":null,"method":"a"}"#, MessageProblem::Id),
            (r#"{"jsonrpc":"2.0","id":1.5,"method":"a"}"#, MessageProblem::Id),
            (r#"{"jsonrpc":"2.0","id":true,"method":"a"}"#, MessageProblem::Id),
            (r#"{"jsonrpc":"2.0","id":{},"method":"a"}"#, MessageProblem::Id),
            (r#"{"jsonrpc":"2.0","id":[1],"method":"a"}"#, MessageProblem::Id),
            (r#"{"jsonrpc":"2.0","id":1e300,"method":"a"}"#, MessageProblem::Id),
            (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, MessageProblem::Method),
            (r#"{"jsonrpc":"2.0","id":1,"method":"a","params":[]}"#, MessageProblem::Params),
            (r#"{"jsonrpc":"2.0","id":1,"method":null}"#, MessageProblem::Kind),
            (r#"{"jsonrpc":null,"id":1,"method":"a"}"#, MessageProblem::Version),
            (r#"{"jsonrpc":"2.0","id":1}"#, MessageProblem::Kind),
            (r#"{"jsonrpc":"2.0","id":1,"result":1,"error":{}}"#, MessageProblem::Kind),
            (r#"{"jsonrpc":"2.0"}"#, MessageProblem::Kind),
        ];
        for (text, problem) in rows {
            assert_eq!(single(text).unwrap_err().problem, problem, "{text}");
        }
    }

    #[test]
    fn an_id_keeps_its_type() {
        for (text, id) in
            [("7", json!(7)), ("\"7\"", json!("7")), ("7.0", json!(7)), ("-1", json!(-1)), ("\"\"", json!(""))]
        {
            let Ok(Message::Request(request)) = single(&format!(r#"{{"jsonrpc":"2.0","id":{text},"method":"a"}}"#))
            else {
                panic!("{text}")
            };
            assert_eq!(serde_json::to_value(request.id).unwrap(), id, "{text}");
        }
        let long = format!(r#"{{"jsonrpc":"2.0","id":"{}","method":"a"}}"#, "x".repeat(RequestId::MAX_LENGTH + 1));
        assert_eq!(single(&long).unwrap_err().problem, MessageProblem::Id);
    }

    #[test]
    fn a_body_that_is_not_json_says_where_and_echoes_nothing() {
        for body in [
            &b"{"[..],
            b"",
            b"{\"secret\"",
            b"{\"jsonrpc\":\"2.0\"}x",
            b"\xff\xfe",
            b"{\"a\":\"\xc3\x28\"}",
            b"{\"s\":1,\"s\":2}",
        ] {
            let Err(error @ Unreadable::NotJson { .. }) = read(body) else { panic!("{body:?}") };
            let text = error.to_string();
            assert!(text.contains("line"), "{text}");
            assert!(!text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn a_batch_is_bounded() {
        assert_eq!(read(b"[]").err(), Some(Unreadable::EmptyBatch));
        let many = format!("[{}]", vec!["1"; MAX_BATCH + 1].join(","));
        assert_eq!(read(many.as_bytes()).err(), Some(Unreadable::LongBatch));
    }

    #[test]
    fn null_counts_as_absent_except_for_an_id() {
        let request = |method: &str, params: Value| {
            let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params, "result": null});
            match single(&body.to_string()) {
                Ok(Message::Request(request)) => Value::Object(request.params),
                other => panic!("{other:?}"),
            }
        };
        for method in Method::NAMES {
            assert_eq!(request(method, Value::Null), json!({}), "{method}");
            let params = json!({"cursor": null, "_meta": {"progressToken": null, "a": {"b": null}}, "arguments": null});
            assert_eq!(request(method, params), json!({"_meta": {"a": {}}}), "{method}");
        }
        let arguments = json!({"name": "a", "arguments": {"b": null, "c": [{"d": null}]}});
        assert_eq!(request("tools/call", arguments.clone()), arguments, "what a tool takes is said by its schema");
        assert_eq!(request("prompts/get", arguments), json!({"name": "a", "arguments": {"c": [{}]}}));
        let response = single(
            r#"{"jsonrpc":"2.0","id":"x","method":null,"params":null,"error":null,"result":{"action":"accept",
                "content":{"a":null},"c":{"input":{"d":null}}}}"#,
        );
        let Ok(Message::Response(_, ClientResponse::Result(result))) = response else { panic!("{response:?}") };
        assert_eq!(Value::Object(result), json!({"action": "accept", "content": {}, "c": {"input": {"d": null}}}));
    }

    #[test]
    fn what_is_json_and_cannot_be_taken_is_answered_with_its_id() {
        let refused = |body: &str| match read(body.as_bytes()) {
            Err(Unreadable::NotJson { id, .. }) => (false, id),
            Err(Unreadable::TooMuch { id, .. }) => (true, id),
            _ => panic!("{body}"),
        };
        let params = |value: &str| format!(r#"{{"jsonrpc":"2.0","method":"a","params":{{"a":{value}}},"id":"x"}}"#);
        let id = Some(RequestId::Text("x".to_owned()));
        assert_eq!(refused(&params(r#""\udc00""#)), (false, id.clone()));
        assert_eq!(refused(&params(&format!("[{}]", vec![r#"{"":0}"#; 140_000].join(",")))), (true, id));
        for body in
            [r#"{"id":{"a":1},"b":"\udc00"}"#, r#"{"id":1.5,"b":"\udc00"}"#, r#"[{"id":1,"b":"\udc00"}]"#, r#"{"id":1"#]
        {
            assert_eq!(refused(body), (false, None), "{body}");
        }
    }
}
