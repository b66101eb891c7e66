//! Arguments that are strings on the wire: those of prompts, and the variables of resource templates. Each is read as the type
//! that the handler's argument type has, and all are validated against its schema.

use serde_json::Value;

use crate::author::config_error::ErrorKind;
use crate::tool_schema::lenient_scalars::Types;
use mcp_connector_base::json::Object;
use mcp_connector_schema::{Schema, Violations};

/// The argument type of a prompt or of a template: a flat object.
pub(crate) struct StringArguments {
    document: Value,
    schema: Schema,
}

impl StringArguments {
    /// Returns an error if an argument can be an object or an array.
    pub(crate) fn of(document: &Value) -> Result<Self, ErrorKind> {
        if let Some(nested) = names(document).into_iter().find(|name| is_nested(property(document, name))) {
            return Err(ErrorKind::NotAString(nested.to_owned()));
        }
        let schema = Schema::compile(document).map_err(|error| ErrorKind::InputSchema(error.to_string()))?;
        Ok(Self { document: document.clone(), schema })
    }

    /// Returns the arguments as the handler takes them.
    pub(crate) fn read<N: Into<String>>(
        &self,
        texts: impl IntoIterator<Item = (N, String)>,
    ) -> Result<Value, Violations> {
        let mut members = Object::new();
        for (name, text) in texts {
            let name = name.into();
            let value = typed(text, property(&self.document, &name), &self.document);
            members.insert(name, value);
        }
        let arguments = members.into();
        self.schema.validate(&arguments)?;
        Ok(arguments)
    }
}

/// Returns the schema of one argument.
pub(crate) fn property<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    schema.get("properties")?.get(name)
}

/// Returns the names of all arguments: first those that are required, in the order of their declaration.
pub(crate) fn names(schema: &Value) -> Vec<&str> {
    let mut names = required(schema);
    for name in schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Object::keys) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

/// Returns the names of the arguments that are required.
pub(crate) fn required(schema: &Value) -> Vec<&str> {
    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn is_nested(schema: Option<&Value>) -> bool {
    may_be(schema, "object") || may_be(schema, "array")
}

/// Returns whether `type` names a type, alone or among others.
fn may_be(schema: Option<&Value>, name: &str) -> bool {
    match schema.and_then(|schema| schema.get("type")) {
        Some(Value::String(only)) => only == name,
        Some(Value::Array(types)) => types.iter().any(|known| known == name),
        _ => false,
    }
}

/// Reads a string as a number or a boolean if the schema wants one, without the spaces around it. Any other string stays as it
/// is, and validation decides.
fn typed(text: String, schema: Option<&Value>, root: &Value) -> Value {
    let read = schema.and_then(|schema| Types::of(schema, root).read(text.trim()));
    read.unwrap_or(Value::String(text))
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde_json::json;

    use super::*;
    use crate::tool_schema::schema_of::schema_of;

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is used")]
    #[serde(deny_unknown_fields)]
    struct Arguments {
        zip: String,
        id: u64,
        deep: Option<bool>,
        #[schemars(range(max = 1.0))]
        share: Option<f64>,
    }

    #[test]
    fn a_text_is_read_as_the_type_that_is_wanted() {
        let arguments = StringArguments::of(&schema_of::<Arguments>()).unwrap();
        let read =
            |texts: &[(&str, &str)]| arguments.read(texts.iter().map(|(name, text)| (*name, (*text).to_owned()))).ok();
        let all = [("zip", "30"), ("id", "7"), ("deep", "true"), ("share", "0.5")];
        assert_eq!(read(&all), Some(json!({"zip": "30", "id": 7, "deep": true, "share": 0.5})));
        assert_eq!(read(&[("zip", "30"), ("id", "7.0")]), Some(json!({"zip": "30", "id": 7})));
        assert_eq!(read(&[("zip", " 30"), ("id", " 7 ")]), Some(json!({"zip": " 30", "id": 7})));
        for (wrong, value) in [("id", "x"), ("id", "-7"), ("id", "true"), ("deep", "1"), ("share", "2"), ("more", "x")]
        {
            let mut texts: Vec<_> = all.into_iter().filter(|(name, _)| *name != wrong).collect();
            texts.push((wrong, value));
            assert_eq!(read(&texts), None, "{wrong} {value}");
        }
        assert_eq!(read(&[("zip", "30")]), None);
    }

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is used")]
    struct Nested {
        tags: Option<Vec<String>>,
    }

    #[test]
    fn what_a_text_cannot_say_is_refused() {
        assert_eq!(StringArguments::of(&schema_of::<Nested>()).err(), Some(ErrorKind::NotAString("tags".to_owned())));
    }

    #[test]
    fn required_arguments_come_first() {
        assert_eq!(names(&schema_of::<Arguments>()), ["zip", "id", "deep", "share"]);
        assert!(names(&json!({"type": "object"})).is_empty());
    }
}
