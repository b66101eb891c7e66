//! JSON from outside (RFC 8259): one value, no repeated member, limited nesting and memory while it is read, and a byte order
//! mark skipped.
//!
//! A repeated member is refused. RFC 8259 §4 leaves its meaning open, so a gateway and this server could disagree about which
//! tool is called.
//!
//! A member that is null counts as absent, because many serializers write null for a missing value. [`remove_nulls`] applies
//! this rule, so code that reads a member need not.

pub mod fault;
pub mod limit;
pub mod mismatch;
pub mod reader;

use serde::Deserialize;
use serde_json::{Map, Value};

pub(crate) use crate::json::fault::JsonError;
pub(crate) use crate::json::limit::MemoryLimit;

use crate::json::fault::Fault;
use crate::json::reader::{Reading, Root};

/// A JSON object without repeated members.
pub type Object = Map<String, Value>;

/// Reads the whole of `text` as one value. Whole floats become integers, because 1.0 is an integer in JSON Schema.
///
/// # Errors
///
/// The error says what is wrong and where. It never repeats the text.
pub fn read(text: &[u8], limit: MemoryLimit) -> Result<Value, JsonError> {
    let text = without_mark(text);
    let reading = Reading::within(limit);
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let read = Root(&reading).read(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    read.map_err(|error| JsonError::of(&error, reading.fault(), text))
}

/// Reads the whole of `text` as an object, without members that are null.
///
/// # Errors
///
/// The same as for [`read`], and for a value that is not an object.
pub fn read_object(text: &[u8], limit: MemoryLimit) -> Result<Object, JsonError> {
    match read(text, limit)? {
        Value::Object(mut object) => {
            remove_nulls(&mut object, &[]);
            Ok(object)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(JsonError::at_start(Fault::NotAnObject))
        }
    }
}

/// Removes every member that is null, at any depth. The content of a member named in `opaque` is not changed, because another
/// schema defines it, such as that of a tool.
pub fn remove_nulls(object: &mut Object, opaque: &[&str]) {
    object.retain(|name, value| {
        match value {
            Value::Null => return false,
            Value::Object(inner) if !opaque.contains(&name.as_str()) => remove_nulls(inner, opaque),
            Value::Array(items) if !opaque.contains(&name.as_str()) => remove_nulls_in_items(items, opaque),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) | Value::Array(_) => {}
        }
        true
    });
}

/// A null item of a list stays, because it has a position.
fn remove_nulls_in_items(items: &mut [Value], opaque: &[&str]) {
    for item in items {
        match item {
            Value::Object(inner) => remove_nulls(inner, opaque),
            Value::Array(inner) => remove_nulls_in_items(inner, opaque),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// Returns the member `name` of the object `text`, which [`read`] refused because of its content: half a surrogate pair, or too
/// many values. Returns `None` if `text` is not an object, or repeats the member.
#[must_use]
pub fn find_member<T: for<'de> Deserialize<'de>>(text: &[u8], name: &str) -> Option<T> {
    reader::member(without_mark(text), name)
}

/// Removes a byte order mark, which a parser may ignore (RFC 8259 §8.1).
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

#[cfg(test)]
mod tests;
