//! Derives the exact JSON Schema of a Rust type.

use schemars::JsonSchema;
use schemars::generate::{Contract, SchemaSettings};
use serde_json::Value;

/// Returns the schema of `T` as it is deserialized.
///
/// The dialect is JSON Schema 2020-12, which MCP assumes, so `$schema` is left out. So is the name of the Rust type.
pub(crate) fn schema_of<T: JsonSchema>() -> Value {
    derived::<T>(Contract::Deserialize)
}

/// Returns the schema of `T` as it is serialized.
pub(crate) fn schema_of_result<T: JsonSchema>() -> Value {
    derived::<T>(Contract::Serialize)
}

fn derived<T: JsonSchema>(contract: Contract) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.contract = contract;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    if let Some(members) = schema.as_object_mut() {
        members.remove("title");
        members.remove("description");
    }
    drop_number_formats(&mut schema);
    schema
}

/// Removes formats such as `uint64`: they are not part of JSON Schema, and clients warn about each.
fn drop_number_formats(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            let is_number = |kind: &Value| kind == "integer" || kind == "number";
            let numbers = match keywords.get("type") {
                Some(Value::Array(types)) => types.iter().any(is_number),
                Some(kind) => is_number(kind),
                None => false,
            };
            // A property may be called `format`; then its value is a schema, not a string.
            if numbers && keywords.get("format").is_some_and(Value::is_string) {
                keywords.remove("format");
            }
            keywords.values_mut().for_each(drop_number_formats);
        }
        Value::Array(schemas) => schemas.iter_mut().for_each(drop_number_formats),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Not part of the schema.
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is used")]
    struct Arguments {
        /// What to say.
        text: String,
        #[schemars(extend("x-mcp-header" = "Region"))]
        region: Option<String>,
    }

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is used")]
    struct Numbers {
        format: u64,
        ratio: Option<f32>,
        list: Vec<u8>,
    }

    #[test]
    fn only_formats_of_json_schema_are_named() {
        let schema = schema_of::<Numbers>();
        assert_eq!(schema["properties"]["format"], json!({"type": "integer", "minimum": 0}));
        assert_eq!(schema["properties"]["ratio"], json!({"type": ["number", "null"]}));
        assert_eq!(schema["properties"]["list"]["items"], json!({"type": "integer", "minimum": 0, "maximum": 255}));
    }

    #[test]
    fn a_schema_says_what_the_fields_say() {
        assert_eq!(
            schema_of::<Arguments>(),
            json!({
                "type": "object",
                "properties": {
                    "text": {"type": "string", "description": "What to say."},
                    "region": {"type": ["string", "null"], "x-mcp-header": "Region"},
                },
                "required": ["text"],
            })
        );
    }
}
