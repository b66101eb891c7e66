//! JSON as the protocol reads it: one value, no member named twice, nesting bounded.
//!
//! A member that stands twice is refused rather than resolved: two readers (a gateway and this server) could each take
//! another one, and then disagree about which tool is called (RFC 8259 §4 leaves the outcome open).

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

/// How deep arrays and objects may nest. Real arguments stay below ten; the parser itself stops at 128.
const MAX_DEPTH: usize = 64;

/// A JSON object with every member named once.
pub(crate) type Object = Map<String, Value>;

/// An object of these members. Written out because `collect` brings a sort along, for each type of iterator.
pub(crate) fn object(members: Vec<(&str, Value)>) -> Object {
    let mut object = Object::new();
    for (name, value) in members {
        object.insert(name.to_owned(), value);
    }
    object
}

/// What `value` is as JSON. By way of its text: with `to_value` each type would bring another form of its `Serialize` along.
pub(crate) fn value_of(value: &impl Serialize) -> serde_json::Result<Value> {
    serde_json::from_slice(&serde_json::to_vec(value)?)
}

/// Any JSON value, read under the rules of this module.
pub(crate) struct Strict(pub(crate) Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Nested { depth: 0 }.deserialize(deserializer).map(Self)
    }
}

/// Reads a value that stands inside `depth` arrays and objects.
#[derive(Clone, Copy)]
struct Nested {
    depth: usize,
}

impl Nested {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(E::custom(format_args!("more than {MAX_DEPTH} levels of nesting")));
        }
        Ok(Self { depth: self.depth.saturating_add(1) })
    }
}

impl<'de> DeserializeSeed<'de> for Nested {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Nested {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(match whole(value) {
            Some(integer) => integer.into(),
            None => return Ok(Number::from_f64(value).map_or(Value::Null, Value::Number)),
        }))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let inside = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element_seed(inside)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inside = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(inside)?;
            if object.insert(name, value).is_some() {
                return Err(de::Error::custom("an object names a member twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

/// 2^53 - 1: beyond it a float does not hold each integer.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// The integer that `value` is. In JSON Schema 1.0 is an integer, and clients whose numbers are floats send it.
fn whole(value: f64) -> Option<i64> {
    let is_whole = value.fract() == 0.0 && value.abs() <= MAX_SAFE_INTEGER;
    #[allow(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
    is_whole.then_some(value as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Value, String> {
        serde_json::from_str::<Strict>(text).map(|strict| strict.0).map_err(|error| error.to_string())
    }

    #[test]
    fn a_value_is_read_as_serde_json_reads_it() {
        for text in ["null", "true", "-3", "18446744073709551615", "1.5", r#""é\n""#, r#"{"a":[1,{"b":null}]}"#] {
            assert_eq!(read(text).unwrap(), serde_json::from_str::<Value>(text).unwrap(), "{text}");
        }
    }

    #[test]
    fn a_whole_float_is_an_integer() {
        for (text, expected) in [("1.0", "1"), ("-2e3", "-2000"), ("1.5", "1.5"), ("1e300", "1e300")] {
            assert_eq!(read(text).unwrap(), serde_json::from_str::<Value>(expected).unwrap(), "{text}");
        }
    }

    #[test]
    fn a_member_named_twice_is_refused_at_any_depth() {
        for text in [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1,"c":2,"a":3}}]"#, r#"{"a":1,"\u0061":2}"#] {
            assert!(read(text).unwrap_err().contains("twice"), "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(MAX_DEPTH)).is_ok());
        assert!(read(&nested(MAX_DEPTH + 1)).is_err());
        assert!(read(&"[".repeat(1_000_000)).is_err());
    }
}
