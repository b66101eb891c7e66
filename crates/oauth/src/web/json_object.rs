//! A JSON object from another party, read member by member, so that each caller decides what a member of the wrong type means.

use serde_json::Value;
use thiserror::Error;

use mcp_connector_base::json;
use mcp_connector_base::json::limit::MemoryLimit;

/// The members of an object, without those that are null.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object(json::Object);

/// Maximum length of a text, in bytes: of the claims of a token, or of a key set.
const MAX_TEXT: usize = 64 * 1024;

/// The text is not a JSON object, or a member has the wrong type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a JSON object of the expected form")]
pub(crate) struct Unexpected;

impl Object {
    /// Parses the whole of `json` as an object.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, Unexpected> {
        json::read_object(json, MemoryLimit::of_text(MAX_TEXT)).map(Self).map_err(|_| Unexpected)
    }

    pub(crate) const fn members(&self) -> &json::Object {
        &self.0
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Returns a member that is a string, if it is there.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Unexpected> {
        self.get(name).map(|value| value.as_str().ok_or(Unexpected)).transpose()
    }

    /// Returns a member that is a string and is required.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Unexpected> {
        self.text(name)?.ok_or(Unexpected)
    }

    /// Returns a member that is a string or a list of strings, if it is there.
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
    fn an_object_with_a_member_of_the_wrong_type_is_refused() {
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
