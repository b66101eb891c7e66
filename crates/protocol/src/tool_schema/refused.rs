//! Finds what released clients refuse in a published schema: null where a type cannot be published without it, and anything in
//! a schema that was written by hand.

use serde_json::Value;
use thiserror::Error;

/// Maximum depth to which a schema is searched. A schema that nests deeper does not compile either.
const MAX_DEPTH: usize = 100;

/// A part of a schema that a released client refuses. Each message names the field, the client and the fix.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum RefusedSchema {
    #[error(
        "`{0}` is required and can be null, which Cursor and Gemini refuse: make it an `Option` that may be left out, and leave it \
         out instead of null"
    )]
    NullField(String),
    #[error(
        "the list `{0}` can hold null, which Cursor and Gemini refuse: leave out the items that are missing, or make each item a \
         struct with an `Option` field"
    )]
    NullItem(String),
    #[error(
        "the map `{0}` can hold null, which Cursor and Gemini refuse: leave out the entries that are missing, or make each value a \
         struct with an `Option` field"
    )]
    NullEntry(String),
    #[error(
        "the schema of `{0}` is `true` or `false`, for which SDK v1 drops every tool: write `{{}}` or `{{\"not\": {{}}}}`"
    )]
    Boolean(String),
    #[error("`{0}` at the root makes Claude Code drop the tool: write one object with the properties of every choice")]
    AtRoot(&'static str),
    #[error("`{0}` holds a `$ref`, which Cursor, Zed and VS Code do not resolve: write the schema in its position")]
    Reference(String),
    #[error("`{0}` is a list without `items`, which Gemini refuses: say what the items are")]
    Items(String),
}

/// The form of a keyword's value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keyword {
    /// A schema.
    Schema,
    /// A list of schemas.
    Schemas,
    /// Schemas with names.
    NamedSchemas,
    /// Schemas with names, which are those of members.
    Properties,
    /// A schema for the remaining members or items; usually a boolean.
    Rest,
    /// Schemas that references lead to.
    Definitions,
    /// `required`.
    Required,
    /// Not a schema.
    Data,
}

impl Keyword {
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "contains" | "contentSchema" | "else" | "if" | "items" | "not" | "propertyNames" | "then" => Self::Schema,
            "allOf" | "anyOf" | "oneOf" | "prefixItems" => Self::Schemas,
            "dependentSchemas" | "patternProperties" => Self::NamedSchemas,
            "properties" => Self::Properties,
            "additionalProperties" | "unevaluatedItems" | "unevaluatedProperties" => Self::Rest,
            "$defs" | "definitions" => Self::Definitions,
            "required" => Self::Required,
            _ => Self::Data,
        }
    }
}

/// The position of a schema, which decides the message about null in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SchemaPosition {
    Root,
    Field,
    Item,
    Entry,
}

/// Returns what clients refuse of the arguments that `schema` describes.
pub(crate) fn refused_arguments(schema: &Value) -> Vec<RefusedSchema> {
    let mut found: Vec<_> = ["allOf", "anyOf", "oneOf"]
        .into_iter()
        .filter(|keyword| schema.get(keyword).is_some())
        .map(RefusedSchema::AtRoot)
        .collect();
    search(schema, "", SchemaPosition::Root, 0, &mut found);
    found
}

/// Returns what clients refuse of the results that `schema` describes.
pub(crate) fn refused_results(schema: &Value) -> Vec<RefusedSchema> {
    let mut found = Vec::new();
    search(schema, "", SchemaPosition::Root, 0, &mut found);
    found
}

fn search(schema: &Value, path: &str, position: SchemaPosition, depth: usize, found: &mut Vec<RefusedSchema>) {
    let mut note = |refused: RefusedSchema| {
        if !found.contains(&refused) {
            found.push(refused);
        }
    };
    if schema.is_boolean() {
        return note(RefusedSchema::Boolean(path.to_owned()));
    }
    let Some(keywords) = schema.as_object().filter(|_| depth <= MAX_DEPTH) else { return };
    if keywords.contains_key("$ref") {
        note(RefusedSchema::Reference(path.to_owned()));
    }
    if mentions_null(schema) {
        match position {
            SchemaPosition::Root => {}
            SchemaPosition::Field => note(RefusedSchema::NullField(path.to_owned())),
            SchemaPosition::Item => note(RefusedSchema::NullItem(path.to_owned())),
            SchemaPosition::Entry => note(RefusedSchema::NullEntry(path.to_owned())),
        }
    }
    if keywords.get("type").and_then(Value::as_str) == Some("array") && !keywords.contains_key("items") {
        note(RefusedSchema::Items(path.to_owned()));
    }
    let below = depth + 1;
    for (keyword, value) in keywords {
        match (Keyword::of(keyword), value) {
            (Keyword::Properties, Value::Object(properties)) => {
                for (name, schema) in properties {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    search(schema, &path, SchemaPosition::Field, below, found);
                }
            }
            (Keyword::NamedSchemas, Value::Object(schemas)) => {
                for schema in schemas.values() {
                    search(schema, path, SchemaPosition::Entry, below, found);
                }
            }
            (Keyword::Schemas, Value::Array(schemas)) => {
                // Null among choices was already found in the choices.
                let position = if keyword == "prefixItems" { SchemaPosition::Item } else { SchemaPosition::Root };
                for schema in schemas {
                    search(schema, path, position, below, found);
                }
            }
            (Keyword::Schema, schema) => {
                let position = if keyword == "items" { SchemaPosition::Item } else { SchemaPosition::Root };
                search(schema, path, position, below, found);
            }
            (Keyword::Rest, schema @ Value::Object(_)) => search(schema, path, SchemaPosition::Entry, below, found),
            (Keyword::Definitions, Value::Object(schemas)) => {
                for (name, schema) in schemas {
                    search(schema, name, SchemaPosition::Root, below, found);
                }
            }
            _ => {}
        }
    }
}

/// Returns whether a schema names null as a possible value. `{}` does not.
pub(crate) fn mentions_null(schema: &Value) -> bool {
    let among = |keyword: &str| schema.get(keyword).and_then(Value::as_array);
    let is_null = |name: &Value| name == "null";
    schema.get("type").is_some_and(is_null)
        || among("type").is_some_and(|types| types.iter().any(is_null))
        || schema.get("const").is_some_and(Value::is_null)
        || among("enum").is_some_and(|values| values.iter().any(Value::is_null))
        || ["anyOf", "oneOf"].into_iter().filter_map(among).flatten().any(mentions_null)
}

/// Returns the schema that a reference into the same document leads to.
pub(crate) fn resolve<'a>(reference: &str, root: &'a Value) -> Option<&'a Value> {
    root.pointer(reference.strip_prefix('#')?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_clients_refuse_is_named_with_its_place() {
        let rows = [
            (json!({"type": "object", "oneOf": []}), vec![RefusedSchema::AtRoot("oneOf")]),
            (json!({"properties": {"a": true}}), vec![RefusedSchema::Boolean("a".to_owned())]),
            (
                json!({"properties": {"a": {"type": ["string", "null"]}}}),
                vec![RefusedSchema::NullField("a".to_owned())],
            ),
            (
                json!({"properties": {"a": {"properties": {"b": {"anyOf": [{"type": "null"}, {}]}}}}}),
                vec![RefusedSchema::NullField("a.b".to_owned())],
            ),
            (
                json!({"properties": {"a": {"type": "array", "items": {"enum": [null, 1]}}}}),
                vec![RefusedSchema::NullItem("a".to_owned())],
            ),
            (
                json!({"properties": {"a": {"additionalProperties": {"const": null}}}}),
                vec![RefusedSchema::NullEntry("a".to_owned())],
            ),
            (json!({"properties": {"a": {"$ref": "#/$defs/b"}}}), vec![RefusedSchema::Reference("a".to_owned())]),
            (json!({"properties": {"a": {"type": "array"}}}), vec![RefusedSchema::Items("a".to_owned())]),
            (json!({"additionalProperties": false, "properties": {"type": {"type": "null"}}}), {
                vec![RefusedSchema::NullField("type".to_owned())]
            }),
            (json!({"properties": {"a": {}, "b": {"anyOf": [{"type": "string"}, {"type": "number"}]}}}), vec![]),
        ];
        for (schema, refused) in rows {
            assert_eq!(refused_arguments(&schema), refused, "{schema}");
        }
        assert_eq!(refused_results(&json!({"oneOf": [{"type": "object"}]})), []);
    }
}
