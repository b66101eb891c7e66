//! The JSON Schema of a Rust type, as a tool publishes it.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// The schema of `T` in JSON Schema 2020-12, the dialect that MCP assumes; so it is not named. Nor is the Rust type.
pub(super) fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.meta_schema = None);
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    if let Some(members) = schema.as_object_mut() {
        members.remove("title");
        members.remove("description");
    }
    name_mirrored_types(&mut schema);
    schema
}

/// An argument that a header repeats has exactly one type, also where it may be left out: clients refuse a list of types.
fn name_mirrored_types(schema: &mut Value) {
    let Some(keywords) = schema.as_object_mut() else { return };
    if keywords.contains_key(super::header_params::KEYWORD)
        && let Some(Value::Array(types)) = keywords.get_mut("type")
    {
        types.retain(|name| name != "null");
        if let [only] = &mut **types {
            let only = only.take();
            keywords.insert("type".to_owned(), only);
        }
    }
    if let Some(properties) = keywords.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(name_mirrored_types);
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

    #[test]
    fn a_schema_says_what_the_fields_say() {
        assert_eq!(
            schema_of::<Arguments>(),
            json!({
                "type": "object",
                "properties": {
                    "text": {"type": "string", "description": "What to say."},
                    "region": {"type": "string", "x-mcp-header": "Region"},
                },
                "required": ["text"],
            })
        );
    }
}
