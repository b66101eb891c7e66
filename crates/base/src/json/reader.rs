//! Builds the values of a text within their limits.

use std::cell::Cell;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::json::fault::Fault;
use crate::json::limit::{Exceeded, MAX_DEPTH, MemoryLimit, Remaining};

/// The state of one text while it is read.
pub(crate) struct Reading {
    remaining: Remaining,
    fault: Cell<Option<Fault>>,
}

impl Reading {
    pub(crate) const fn within(limit: MemoryLimit) -> Self {
        Self { remaining: Remaining::of(limit), fault: Cell::new(None) }
    }

    /// Returns the rule of this module that the text breaks, if any.
    pub(crate) fn fault(&self) -> Option<Fault> {
        self.fault.get()
    }

    fn fail<E: de::Error>(&self, fault: Fault) -> E {
        self.fault.set(Some(fault));
        // The message is not used.
        E::custom("")
    }

    fn counted<E: de::Error>(&self, counted: Result<(), Exceeded>) -> Result<(), E> {
        counted.map_err(|Exceeded| self.fail(Fault::TooMuch))
    }
}

/// The value of a whole text.
pub(crate) struct Root<'a>(pub(crate) &'a Reading);

impl Root<'_> {
    pub(crate) fn read<'de, D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Nested { reading: self.0, depth: 0 }.deserialize(deserializer)
    }
}

/// Reads a value that is inside `depth` arrays and objects.
#[derive(Clone, Copy)]
struct Nested<'a> {
    reading: &'a Reading,
    depth: usize,
}

impl Nested<'_> {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(self.reading.fail(Fault::TooDeep));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Nested<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Nested<'_> {
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

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        self.reading.counted(self.reading.remaining.text(value.len()))?;
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let inside = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element_seed(inside)? {
            self.reading.counted(self.reading.remaining.item(items.len()))?;
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inside = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            self.reading.counted(self.reading.remaining.member(object.len(), name.len()))?;
            let value = members.next_value_seed(inside)?;
            if object.insert(name, value).is_some() {
                return Err(self.reading.fail(Fault::Repeated));
            }
        }
        Ok(Value::Object(object))
    }
}

/// 2^53 - 1, up to which a float represents every integer.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// Returns the integer that `value` is. 1.0 is an integer in JSON Schema, and clients whose numbers are floats send it.
fn whole(value: f64) -> Option<i64> {
    let is_whole = value.fract() == 0.0 && value.abs() <= MAX_SAFE_INTEGER;
    #[allow(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
    is_whole.then_some(value as i64)
}

/// Returns the member `name` of the object `text`, or `None` if it is repeated. Builds nothing else.
pub(crate) fn member<T: for<'de> Deserialize<'de>>(text: &[u8], name: &str) -> Option<T> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let found = deserializer.deserialize_map(Only { name, found: std::marker::PhantomData }).ok()?;
    deserializer.end().ok()?;
    found
}

struct Only<'a, T> {
    name: &'a str,
    found: std::marker::PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Only<'_, T> {
    type Value = Option<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Option<T>, A::Error> {
        let (mut found, mut is_repeated) = (None, false);
        while let Some(Name(is_wanted)) = members.next_key_seed(IsName(self.name))? {
            if is_wanted {
                is_repeated |= found.replace(members.next_value()?).is_some();
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found.filter(|_| !is_repeated))
    }
}

/// Compares the name of a member, as bytes: it may have half a surrogate pair.
struct IsName<'a>(&'a str);

struct Name(bool);

impl<'de> DeserializeSeed<'de> for IsName<'_> {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl Visitor<'_> for IsName<'_> {
    type Value = Name;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Name, E> {
        Ok(Name(name == self.0))
    }

    fn visit_bytes<E>(self, name: &[u8]) -> Result<Name, E> {
        Ok(Name(name == self.0.as_bytes()))
    }
}
