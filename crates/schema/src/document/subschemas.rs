//! The schemas directly inside a schema (Core §7.6, §10).

use serde_json::{Map, Value};

use crate::document::location::Location;
use crate::document::schema_error::{SchemaError, SchemaErrorKind};

/// Keywords whose value is a schema.
const SCHEMA: [&str; 11] = [
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords whose value is an array of schemas.
const ARRAY: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
/// Keywords whose value is an object of schemas.
const OBJECT: [&str; 4] = ["$defs", "dependentSchemas", "patternProperties", "properties"];

/// Returns each schema directly inside this one, with its location.
pub(crate) fn subschemas<'v>(
    schema: &'v Map<String, Value>,
    location: &Location,
) -> Result<Vec<(&'v Value, Location)>, SchemaError> {
    let mut found = Vec::new();
    for keyword in SCHEMA {
        found.extend(schema.get(keyword).map(|schema| (schema, location.child(keyword))));
    }
    for keyword in ARRAY {
        let Some(value) = schema.get(keyword) else { continue };
        let at = location.child(keyword);
        let schemas = schema_array(value, keyword, location)?;
        found.extend(schemas.iter().enumerate().map(|(index, schema)| (schema, at.child(&index.to_string()))));
    }
    for keyword in OBJECT {
        let Some(value) = schema.get(keyword) else { continue };
        let at = location.child(keyword);
        found.extend(schema_object(value, keyword, location)?.iter().map(|(name, schema)| (schema, at.child(name))));
    }
    Ok(found)
}

/// Reads the value of a keyword as an array of schemas.
pub(crate) fn schema_array<'v>(
    value: &'v Value,
    keyword: &'static str,
    location: &Location,
) -> Result<&'v Vec<Value>, SchemaError> {
    let expected = "a list of at least one schema";
    let schemas = value.as_array().filter(|schemas| !schemas.is_empty());
    schemas.ok_or_else(|| SchemaErrorKind::Keyword { keyword, expected }.at(location))
}

/// Reads the value of a keyword as an object of schemas.
pub(crate) fn schema_object<'v>(
    value: &'v Value,
    keyword: &'static str,
    location: &Location,
) -> Result<&'v Map<String, Value>, SchemaError> {
    let expected = "an object of schemas";
    value.as_object().ok_or_else(|| SchemaErrorKind::Keyword { keyword, expected }.at(location))
}
