//! Publishes the JSON Schema of a Rust type in a form that every released client takes.
//!
//! The schema that a type derives is exact, and each client refuses some part of it:
//!
//! - SDK v1 drops every tool for a property whose schema is `true`.
//! - Cursor and Gemini refuse `null` among the types of an argument.
//! - Claude Code drops a tool with `oneOf` at the root.
//! - Cursor, Zed and VS Code do not resolve `$ref`.
//! - Gemini wants `items` for every array.
//!
//! Arguments are still validated against the exact schema.

use serde_json::{Value, json};

use crate::tool_schema::absent_members::leave_out_absent;
use crate::tool_schema::refused::{Keyword, mentions_null, resolve};
use crate::tool_schema::root_choices::merge_root;
use crate::tool_schema::string_choices::{add, add_description, description, join_choices};
use mcp_connector_base::json::Object;

/// The direction in which values of a schema are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From clients.
    Arguments,
    /// To clients.
    Results,
}

/// Returns the schema that is published instead of `derived`.
///
/// A property that can be null is published without null: in results always, and then it is not required; in arguments if it is
/// not required.
pub(crate) fn published(derived: &Value, direction: Direction) -> Value {
    let mut writer = Writer { root: derived, direction, open: vec!["#".to_owned()] };
    let mut schema = writer.schema(derived);
    if let Some(root) = schema.as_object_mut() {
        if direction == Direction::Arguments {
            merge_root(root);
        }
        add_properties(root);
    }
    schema
}

/// Adds empty `properties` to an object that has none. JSON Schema does not require it, but some clients and the APIs of some
/// models fail without it.
pub(crate) fn add_properties(root: &mut Object) {
    if root.get("type").and_then(Value::as_str) == Some("object") {
        root.entry("properties").or_insert_with(|| json!({}));
    }
}

struct Writer<'a> {
    root: &'a Value,
    direction: Direction,
    /// The references that lead to where the writer is.
    open: Vec<String>,
}

impl Writer<'_> {
    fn schema(&mut self, schema: &Value) -> Value {
        match schema {
            Value::Bool(true) => json!({}),
            Value::Bool(false) => json!({ "not": {} }),
            Value::Object(keywords) => match keywords.get("$ref").and_then(Value::as_str) {
                Some(reference) => self.referred(keywords, reference),
                None => self.keywords(keywords),
            },
            Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => schema.clone(),
        }
    }

    /// Returns the schema that a reference leads to. A type that contains itself is written out once; further down only its
    /// `type` is published.
    fn referred(&mut self, keywords: &Object, reference: &str) -> Value {
        let Some(Value::Object(target)) = resolve(reference, self.root) else {
            return self.keywords(keywords);
        };
        let is_open = self.open.iter().any(|open| open == reference);
        let mut whole = target.clone();
        if is_open {
            whole.retain(|keyword, _| matches!(keyword.as_str(), "type" | "description"));
        }
        let of_the_type = description(&whole).to_owned();
        for (keyword, value) in keywords.iter().filter(|(keyword, _)| *keyword != "$ref") {
            whole.insert(keyword.clone(), value.clone());
        }
        add_description(&mut whole, &of_the_type);
        if is_open {
            return self.keywords(&whole);
        }
        self.open.push(reference.to_owned());
        let schema = self.schema(&whole.into());
        self.open.pop();
        schema
    }

    fn keywords(&mut self, keywords: &Object) -> Value {
        let mut written = Object::new();
        for (keyword, value) in keywords {
            let value = match (Keyword::of(keyword), value) {
                // Without `true` for the rest the schema means the same, and not every client knows it.
                (Keyword::Definitions, _) | (Keyword::Rest, Value::Bool(true)) => continue,
                (Keyword::Properties, Value::Object(properties)) => {
                    self.properties(properties, keywords.get("required"), &mut written)
                }
                (Keyword::NamedSchemas, Value::Object(schemas)) => {
                    let schemas = schemas.iter().map(|(name, schema)| (name.clone(), self.schema(schema)));
                    Value::Object(schemas.collect())
                }
                (Keyword::Schemas, Value::Array(schemas)) => schemas.iter().map(|schema| self.schema(schema)).collect(),
                (Keyword::Rest, Value::Bool(false)) => value.clone(),
                (Keyword::Schema | Keyword::Rest, schema) => self.schema(schema),
                (Keyword::Data, _) if keyword == "default" => {
                    // The default must not hold null where the published type has none.
                    let mut value = value.clone();
                    leave_out_absent(&mut value, &Value::Object(keywords.clone()), self.root);
                    value
                }
                // Written with the properties.
                (Keyword::Required, _) if keywords.contains_key("properties") => continue,
                _ => value.clone(),
            };
            written.insert(keyword.clone(), value);
        }
        if self.direction == Direction::Arguments && !written.contains_key("anyOf") {
            // Fewer clients know `oneOf`; arguments are checked against the exact schema.
            if let Some(choices) = written.remove("oneOf") {
                written.insert("anyOf".to_owned(), choices);
            }
        }
        join_choices(&mut written);
        add_items(&mut written);
        Value::Object(written)
    }

    /// Returns the properties without null, and writes `required`, which may have become shorter.
    fn properties(&mut self, properties: &Object, required: Option<&Value>, written: &mut Object) -> Value {
        let mut required: Vec<_> = required.and_then(Value::as_array).cloned().unwrap_or_default();
        let mut published = Object::new();
        for (name, schema) in properties {
            let mut schema = self.schema(schema);
            let is_required = required.iter().any(|known| known == name);
            if mentions_null(&schema) && (self.direction == Direction::Results || !is_required) {
                required.retain(|known| known != name);
                match without_null(schema) {
                    Some(rest) => schema = rest,
                    // Null was its only value.
                    None => continue,
                }
            }
            published.insert(name.clone(), schema);
        }
        if !required.is_empty() {
            written.insert("required".to_owned(), required.into());
        }
        published.into()
    }
}

/// Returns the schema of the same values without null, or `None` if null is the only one.
fn without_null(schema: Value) -> Option<Value> {
    let Value::Object(mut keywords) = schema else { return Some(schema) };
    match keywords.get_mut("type") {
        Some(Value::String(only)) if only == "null" => return None,
        Some(Value::Array(types)) => {
            types.retain(|name| name != "null");
            if let [only] = &mut **types {
                *only = only.take();
                let only = only.take();
                keywords.insert("type".to_owned(), only);
            }
        }
        _ => {}
    }
    if keywords.get("const").is_some_and(Value::is_null) {
        return None;
    }
    if let Some(Value::Array(values)) = keywords.get_mut("enum") {
        values.retain(|value| !value.is_null());
        if values.is_empty() {
            return None;
        }
    }
    if keywords.get("default").is_some_and(Value::is_null) {
        keywords.remove("default");
    }
    for keyword in ["anyOf", "oneOf"] {
        let Some(Value::Array(choices)) = keywords.remove(keyword) else { continue };
        let mut choices: Vec<_> = choices.into_iter().filter_map(without_null).collect();
        match (choices.pop(), choices.is_empty()) {
            (None, _) => return None,
            (Some(Value::Object(only)), true) => add(&mut keywords, only),
            (Some(last), _) => {
                choices.push(last);
                keywords.insert(keyword.to_owned(), choices.into());
            }
        }
    }
    join_choices(&mut keywords);
    add_items(&mut keywords);
    Some(Value::Object(keywords))
}

/// Adds `items` to every array, because Gemini refuses one without. After `prefixItems` it changes nothing if the length is
/// limited, as that of a tuple is.
fn add_items(keywords: &mut Object) {
    if keywords.get("type").and_then(Value::as_str) != Some("array") || keywords.contains_key("items") {
        return;
    }
    let mut kinds: Vec<Value> = Vec::new();
    for item in keywords.get("prefixItems").and_then(Value::as_array).into_iter().flatten() {
        if !kinds.contains(item) {
            kinds.push(item.clone());
        }
    }
    let items = match (kinds.pop(), kinds.is_empty()) {
        (None, _) => json!({}),
        (Some(only), true) => only,
        (Some(last), false) => {
            kinds.push(last);
            json!({ "anyOf": kinds })
        }
    };
    keywords.insert("items".to_owned(), items);
}

#[cfg(test)]
mod tests;
