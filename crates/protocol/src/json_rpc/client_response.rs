//! Responses of a client to requests of the server ("Responses").

use serde_json::{Value, json};

use crate::json_rpc::response::to_bytes;
use mcp_connector_base::json::{Object, remove_nulls};

/// A client's response to a request of the server.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientResponse {
    /// A result.
    Result(Object),
    /// An error with the client's own code. Its message is dropped.
    Error(i64),
}

/// Members whose content the protocol does not define: null may be a value there.
const UNDEFINED_MEMBERS: &[&str] = &["input"];

impl ClientResponse {
    /// Takes the response out of the members of a message.
    pub(crate) fn take(members: &mut Object) -> Option<Self> {
        let mut member = |name| members.remove(name).filter(|value| !value.is_null());
        match (member("result"), member("error")) {
            (Some(Value::Object(mut result)), None) => {
                remove_nulls(&mut result, UNDEFINED_MEMBERS);
                Some(Self::Result(result))
            }
            (None, Some(Value::Object(error))) => Some(Self::Error(error.get("code").and_then(Value::as_i64)?)),
            _ => None,
        }
    }

    /// Serializes the response for another isolate.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let value = match self {
            Self::Result(result) => json!({ "result": result }),
            Self::Error(code) => json!({ "error": { "code": code } }),
        };
        to_bytes(&value, 256)
    }

    /// Reads what [`Self::to_json`] has written.
    #[must_use]
    pub fn from_json(bytes: &[u8]) -> Option<Self> {
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(mut members)) => Self::take(&mut members),
            _ => None,
        }
    }
}
