//! What an instance looks like to a validator: one level of JSON, borrowed. An object can be seen without being owned by a
//! `Value`, so the arguments of a call are checked where they lie, and a property name as the string it is.

use serde_json::{Number, Value};

use mcp_connector_base::json::Object;

/// A JSON value, one level deep.
#[derive(Clone, Copy)]
pub(crate) enum View<'v> {
    Null,
    Bool(bool),
    Number(&'v Number),
    String(&'v str),
    Array(&'v [Value]),
    Object(&'v Object),
}

impl<'v> From<&'v Value> for View<'v> {
    fn from(value: &'v Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(bool) => Self::Bool(*bool),
            Value::Number(number) => Self::Number(number),
            Value::String(string) => Self::String(string),
            Value::Array(items) => Self::Array(items),
            Value::Object(members) => Self::Object(members),
        }
    }
}

impl View<'_> {
    /// What kind of value it is, with its article, as a sentence names it.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}
