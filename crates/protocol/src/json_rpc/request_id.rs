//! Ids of requests ("Requests").

use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

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
    /// Maximum length of a string, in bytes. It is repeated in every answer.
    pub const MAX_LENGTH: usize = 1024;

    pub(crate) fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::String(text) if text.len() <= Self::MAX_LENGTH => Some(Self::Text(text)),
            Value::Number(number) => number.as_i64().map(Self::Integer),
            Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// Returns a text that no other id has: the number 1 and the string "1" differ.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Text(text) => format!("\"{text}"),
            Self::Integer(integer) => integer.to_string(),
        }
    }
}

/// Does not build a value that is not an id.
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
