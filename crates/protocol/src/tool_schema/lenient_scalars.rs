//! Reads strings as numbers and booleans where a schema wants those. Some clients always send `{"id": "1"}` for a number, and
//! the arguments of prompts and templates are strings on the wire.

use serde_json::Value;

use crate::tool_schema::refused::resolve;
use mcp_connector_base::json::limit::MemoryLimit;
use mcp_connector_base::json::read;

/// Maximum number of references that are followed to find the types of a value.
const MAX_DEPTH: usize = 32;

/// The JSON types that a schema admits. Null, arrays and objects count as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Types(u8);

impl Types {
    const NONE: Self = Self(0);
    const STRING: Self = Self(1);
    const NUMBER: Self = Self(2);
    const BOOLEAN: Self = Self(4);
    const OTHER: Self = Self(8);
    const ALL: Self = Self(15);

    /// Returns the types that `schema`, a part of `root`, admits.
    pub(crate) fn of(schema: &Value, root: &Value) -> Self {
        Self::at(schema, root, 0)
    }

    fn at(schema: &Value, root: &Value, depth: usize) -> Self {
        if *schema == Value::Bool(false) {
            return Self::NONE;
        }
        let Some(keywords) = schema.as_object().filter(|_| depth <= MAX_DEPTH) else { return Self::ALL };
        let below = depth + 1;
        let mut types = Self::ALL;
        for (keyword, value) in keywords {
            let named = match (keyword.as_str(), value) {
                ("$ref", Value::String(reference)) => {
                    resolve(reference, root).map_or(Self::ALL, |target| Self::at(target, root, below))
                }
                ("type", Value::String(name)) => Self::named(name),
                ("type", Value::Array(names)) => Self::any(names.iter().filter_map(Value::as_str).map(Self::named)),
                ("const", only) => Self::of_value(only),
                ("enum", Value::Array(values)) => Self::any(values.iter().map(Self::of_value)),
                ("anyOf" | "oneOf", Value::Array(schemas)) => {
                    Self::any(schemas.iter().map(|schema| Self::at(schema, root, below)))
                }
                ("allOf", Value::Array(schemas)) => {
                    schemas.iter().fold(Self::ALL, |types, schema| types.and(Self::at(schema, root, below)))
                }
                _ => continue,
            };
            types = types.and(named);
        }
        types
    }

    fn named(name: &str) -> Self {
        match name {
            "string" => Self::STRING,
            "integer" | "number" => Self::NUMBER,
            "boolean" => Self::BOOLEAN,
            _ => Self::OTHER,
        }
    }

    const fn of_value(value: &Value) -> Self {
        match value {
            Value::String(_) => Self::STRING,
            Value::Number(_) => Self::NUMBER,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Null | Value::Array(_) | Value::Object(_) => Self::OTHER,
        }
    }

    fn any(types: impl Iterator<Item = Self>) -> Self {
        types.fold(Self::NONE, |all, types| Self(all.0 | types.0))
    }

    const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    const fn has(self, other: Self) -> bool {
        self.and(other).0 != 0
    }

    /// Reads the whole of `text` as a number or a boolean, if one is admitted and a string is not.
    pub(crate) fn read(self, text: &str) -> Option<Value> {
        if self.has(Self::STRING) {
            return None;
        }
        let is_bare = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
        if !text.as_bytes().iter().all(is_bare) {
            return None;
        }
        match read(text.as_bytes(), MemoryLimit::SMALL) {
            Ok(value @ Value::Number(_)) if self.has(Self::NUMBER) => Some(value),
            Ok(value @ Value::Bool(_)) if self.has(Self::BOOLEAN) => Some(value),
            _ => None,
        }
    }
}

/// Reads such strings in `value`, which does not fit `schema`. Returns `None` if it has none.
pub(crate) fn with_strings_read(value: &Value, schema: &Value) -> Option<Value> {
    let mut read = value.clone();
    let mut count = 0;
    read_in(&mut read, &[schema], schema, &mut count);
    (count > 0).then_some(read)
}

/// Does the same for a value that one of `schemas` describes. A string is read only if none of them admits one.
fn read_in(value: &mut Value, schemas: &[&Value], root: &Value, count: &mut usize) {
    if schemas.is_empty() {
        return;
    }
    let mut all = Vec::new();
    for schema in schemas {
        collect(schema, root, 0, &mut all);
    }
    match value {
        Value::String(text) => {
            let types = Types::any(schemas.iter().map(|schema| Types::of(schema, root)));
            if let Some(read) = types.read(text) {
                *value = read;
                *count += 1;
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let describing: Vec<_> = all.iter().filter_map(|schema| member_of(schema, name)).collect();
                read_in(member, &describing, root, count);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                let describing: Vec<_> = all.iter().filter_map(|schema| item_of(schema, at)).collect();
                read_in(item, &describing, root, count);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Returns the schema of a member.
fn member_of<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    let own = schema.get("properties").and_then(|properties| properties.get(name));
    own.or_else(|| schema.get("additionalProperties"))
}

/// Returns the schema of an item.
fn item_of(schema: &Value, at: usize) -> Option<&Value> {
    let fixed = schema.get("prefixItems").and_then(|fixed| fixed.get(at));
    fixed.or_else(|| schema.get("items"))
}

/// Collects a schema, all that it refers to and all its choices.
fn collect<'a>(schema: &'a Value, root: &'a Value, depth: usize, all: &mut Vec<&'a Value>) {
    if depth > MAX_DEPTH || all.iter().any(|known| std::ptr::eq(*known, schema)) {
        return;
    }
    all.push(schema);
    let below = depth + 1;
    if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(|reference| resolve(reference, root)) {
        collect(target, root, below, all);
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
        for part in schema.get(keyword).and_then(Value::as_array).into_iter().flatten() {
            collect(part, root, below, all);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_read_where_a_number_or_a_boolean_is_wanted() {
        let rows = [
            (json!({"type": "integer"}), "1", Some(json!(1))),
            (json!({"type": "integer"}), "-7", Some(json!(-7))),
            (json!({"type": "integer"}), "1.0", Some(json!(1))),
            (json!({"type": "number"}), "1.5e3", Some(json!(1500))),
            (json!({"type": "number"}), "true", None),
            (json!({"type": "boolean"}), "true", Some(json!(true))),
            (json!({"type": "boolean"}), "1", None),
            (json!({"type": ["integer", "null"]}), "1", Some(json!(1))),
            (json!({"type": ["integer", "null"]}), "null", None),
            (json!({"type": ["integer", "string"]}), "1", None),
            (json!({"enum": [1, 2]}), "2", Some(json!(2))),
            (json!({"const": true}), "true", Some(json!(true))),
            (json!({"anyOf": [{"type": "integer"}, {"type": "null"}]}), "1", Some(json!(1))),
            (json!({"anyOf": [{"type": "integer"}, {"const": "x"}]}), "1", None),
            (json!({"allOf": [{"type": "integer"}, {}]}), "1", Some(json!(1))),
            (json!({}), "1", None),
            (json!(true), "1", None),
        ];
        for (schema, text, expected) in rows {
            assert_eq!(Types::of(&schema, &schema).read(text), expected, "{schema} {text}");
        }
        for text in
            ["", " 1", "1 ", "\n1", "+1", "01", "1.", ".5", "0x1", "1_000", "NaN", "Infinity", "1e999", "True", "[1]"]
        {
            assert_eq!(Types::of(&json!({"type": ["number", "boolean"]}), &Value::Null).read(text), None, "{text:?}");
        }
    }

    #[test]
    fn texts_are_read_at_every_depth() {
        let schema = json!({
            "type": "object",
            "properties": {
                "id": {"type": "integer"},
                "name": {"type": "string"},
                "list": {"type": "array", "items": {"$ref": "#/$defs/point"}},
                "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "boolean"}]},
                "choice": {"oneOf": [{"properties": {"a": {"type": "number"}}}, {"properties": {"a": {"type": "string"}}}]},
            },
            "additionalProperties": {"type": "number"},
            "$defs": {"point": {"type": "object", "properties": {"x": {"type": "number"}, "next": {"$ref": "#/$defs/point"}}}},
        });
        let sent = json!({
            "id": "1", "name": "2", "list": [{"x": "3", "next": {"x": "4"}}], "pair": ["5", "true"], "choice": {"a": "6"},
            "more": "7",
        });
        let read = json!({
            "id": 1, "name": "2", "list": [{"x": 3, "next": {"x": 4}}], "pair": ["5", true], "choice": {"a": "6"}, "more": 7,
        });
        assert_eq!(with_strings_read(&sent, &schema), Some(read.clone()));
        assert_eq!(with_strings_read(&read, &schema), None, "nothing is left to read");
    }

    #[test]
    fn references_that_lead_nowhere_end() {
        let schema = json!({"properties": {"a": {"$ref": "#/properties/a"}}});
        assert_eq!(with_strings_read(&json!({"a": "1"}), &schema), None);
    }
}
