//! Small helpers around JSON values. [`mcp_connector_base::json`] reads JSON from outside.

use serde::Serialize;
use serde_json::Value;

pub(crate) use mcp_connector_base::json::Object;

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
