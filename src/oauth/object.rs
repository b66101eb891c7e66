//! A JSON object that somebody else wrote, read member by member.
//!
//! With a `serde` type for each the same takes kilobytes, and the types would say little: who reads a token wants to know why it
//! is refused.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use thiserror::Error;

/// The members, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Object(Vec<(String, Value)>);

/// Not an object, or a member is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a JSON object of the expected form")]
pub(super) struct Unexpected;

impl Object {
    /// Reads the whole of `json`.
    pub(super) fn parse(json: &[u8]) -> Result<Self, Unexpected> {
        serde_json::from_slice(json).map_err(|_| Unexpected)
    }

    /// A member. `null` counts as absent: some serializers write it. One that is there twice is none, because another reader
    /// may take the other.
    pub(super) fn get(&self, name: &str) -> Result<Option<&Value>, Unexpected> {
        let mut named = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value);
        match (named.next(), named.next()) {
            (_, Some(_)) => Err(Unexpected),
            (value, None) => Ok(value.filter(|value| !value.is_null())),
        }
    }

    /// A member that is a text.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Unexpected> {
        self.get(name)?.map(|value| value.as_str().ok_or(Unexpected)).transpose()
    }

    /// A member that is a text and has to be there.
    pub(super) fn required(&self, name: &str) -> Result<&str, Unexpected> {
        self.text(name)?.ok_or(Unexpected)
    }

    /// A member that is a text or a list of texts.
    pub(super) fn texts(&self, name: &str) -> Result<Option<Vec<&str>>, Unexpected> {
        let texts = match self.get(name)? {
            None => return Ok(None),
            Some(Value::Array(texts)) => texts.iter().map(Value::as_str).collect(),
            Some(value) => value.as_str().map(|text| vec![text]),
        };
        texts.map(Some).ok_or(Unexpected)
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_member_is_what_it_should_be_or_there_is_no_object() {
        let object =
            Object::parse(br#"{"a": "x", "b": ["y", "z"], "c": null, "d": 1, "e": [1], "f": "1", "f": "2"}"#).unwrap();
        assert_eq!(object.text("a"), Ok(Some("x")));
        assert_eq!(object.text("missing"), Ok(None));
        assert_eq!(object.text("c"), Ok(None), "null is absent");
        assert_eq!(object.text("d"), Err(Unexpected), "a number");
        assert_eq!(object.get("d"), Ok(Some(&json!(1))));
        assert_eq!(object.text("f"), Err(Unexpected), "twice");
        assert_eq!(object.required("c"), Err(Unexpected));
        assert_eq!(object.texts("a"), Ok(Some(vec!["x"])));
        assert_eq!(object.texts("b"), Ok(Some(vec!["y", "z"])));
        assert_eq!(object.texts("c"), Ok(None));
        assert_eq!(object.texts("e"), Err(Unexpected), "a list of numbers");
        for text in ["[]", "1", "{", "{} {}"] {
            assert_eq!(Object::parse(text.as_bytes()).err(), Some(Unexpected), "{text}");
        }
    }
}
