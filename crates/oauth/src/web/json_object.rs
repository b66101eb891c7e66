//! A JSON object that somebody else wrote, read member by member.
//!
//! With a `serde` type for each the same takes kilobytes, and the types would say little: who reads a token wants to know why it
//! is refused.

use serde_json::Value;
use thiserror::Error;

use mcp_connector_base::json;
use mcp_connector_base::json::limit::MemoryLimit;

/// The members, without those that are null.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object(json::Object);

/// Longest text, in bytes: the claims of a token, and the keys of an issuer.
const MAX_TEXT: usize = 64 * 1024;

/// Not an object, or a member is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a JSON object of the expected form")]
pub(crate) struct Unexpected;

impl Object {
    /// Reads the whole of `json`.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, Unexpected> {
        json::read_object(json, MemoryLimit::of_text(MAX_TEXT)).map(Self).map_err(|_| Unexpected)
    }

    /// Returns a member.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A member that is a text.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Unexpected> {
        self.get(name).map(|value| value.as_str().ok_or(Unexpected)).transpose()
    }

    /// A member that is a text and has to be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Unexpected> {
        self.text(name)?.ok_or(Unexpected)
    }

    /// A member that is a text or a list of texts.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<&str>>, Unexpected> {
        let texts = match self.get(name) {
            None => return Ok(None),
            Some(Value::Array(texts)) => texts.iter().map(Value::as_str).collect(),
            Some(value) => value.as_str().map(|text| vec![text]),
        };
        texts.map(Some).ok_or(Unexpected)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_member_is_what_it_should_be_or_there_is_no_object() {
        let object = Object::parse(br#"{"a": "x", "b": ["y", "z"], "c": null, "d": 1, "e": [1]}"#).unwrap();
        assert_eq!(object.text("a"), Ok(Some("x")));
        assert_eq!(object.text("missing"), Ok(None));
        assert_eq!(object.text("c"), Ok(None), "null is absent");
        assert_eq!(object.text("d"), Err(Unexpected), "a number");
        assert_eq!(object.get("d"), Some(&json!(1)));
        assert_eq!(object.required("c"), Err(Unexpected));
        assert_eq!(object.texts("a"), Ok(Some(vec!["x"])));
        assert_eq!(object.texts("b"), Ok(Some(vec!["y", "z"])));
        assert_eq!(object.texts("c"), Ok(None));
        assert_eq!(object.texts("e"), Err(Unexpected), "a list of numbers");
        for text in ["[]", "1", "{", "{} {}", r#"{"f": "1", "f": "2"}"#] {
            assert_eq!(Object::parse(text.as_bytes()).err(), Some(Unexpected), "{text}");
        }
    }
}
