//! The body of a POST: one JSON-RPC message, or in revision 2025-03-26 a batch ("Sending Messages to the Server", "Batching").

use serde_json::Value;
use thiserror::Error;

use crate::json_rpc::message::{Malformed, Message};
use crate::json_rpc::request_id::RequestId;
use mcp_connector_base::json;
use mcp_connector_base::json::fault::JsonError;
use mcp_connector_base::json::limit::MemoryLimit;

/// Maximum number of messages in a batch.
pub(crate) const MAX_BATCH: usize = 50;

/// The JSON of a POST body.
pub(crate) enum Body {
    /// One message.
    Single(Result<Message, Malformed>),
    /// An array of messages; only revision 2025-03-26 knows it. Never empty, never longer than [`MAX_BATCH`].
    Batch(Vec<Result<Message, Malformed>>),
}

/// Why a body is not JSON-RPC.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// With the id to answer to, if it could be read.
    #[error("The body is not valid JSON: {error}.")]
    NotJson { error: JsonError, id: Option<RequestId> },
    #[error("The body is not read: {error}.")]
    TooMuch { error: JsonError, id: Option<RequestId> },
    #[error("A batch must hold at least one message.")]
    EmptyBatch,
    #[error("A batch may hold at most {MAX_BATCH} messages.")]
    LongBatch,
}

impl Body {
    /// Reads a whole body, once.
    pub(crate) fn read(bytes: &[u8], limit: MemoryLimit) -> Result<Self, Unreadable> {
        let value = json::read(bytes, limit).map_err(|error| {
            let id = error.is_readable_in_part().then(|| json::find_member(bytes, "id")).flatten();
            if error.is_too_much() { Unreadable::TooMuch { error, id } } else { Unreadable::NotJson { error, id } }
        })?;
        match value {
            Value::Array(messages) if messages.is_empty() => Err(Unreadable::EmptyBatch),
            Value::Array(messages) if messages.len() > MAX_BATCH => Err(Unreadable::LongBatch),
            Value::Array(messages) => Ok(Self::Batch(messages.into_iter().map(Message::read).collect())),
            single @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
                Ok(Self::Single(Message::read(single)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json_rpc::client_response::ClientResponse;
    use crate::json_rpc::message::MessageProblem;
    use mcp_connector_base::json::Object;

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
    fn the_members_decide_the_kind_of_a_message() {
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
        for method in ["tools/call", "tools/list", "prompts/get", "no/such/method"] {
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
