//! The form of an elicitation: a flat object of strings, numbers, booleans and choices ("Requested Schema").

use schemars::JsonSchema;
use serde_json::{Value, json};
use thiserror::Error;

use crate::tool_schema::lenient_scalars::with_strings_read;
use crate::tool_schema::schema_of::schema_of;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;
use mcp_connector_schema::{Schema, Violations};

/// A form for [`Context::elicit_form`](crate::call::context::Context::elicit_form): a flat object of strings, numbers, booleans
/// and choices ("Requested Schema").
///
/// # Examples
///
/// ```
/// use mcp_connector::Form;
/// use schemars::JsonSchema;
///
/// #[derive(JsonSchema)]
/// #[allow(dead_code)]
/// struct Order {
///     /// The name for the parcel.
///     name: String,
///     size: Size,
/// }
///
/// #[derive(JsonSchema)]
/// #[serde(rename_all = "lowercase")]
/// #[allow(dead_code)]
/// enum Size {
///     Small,
///     Large,
/// }
///
/// assert!(Form::of::<Order>().is_ok());
/// assert!(Form::of::<Vec<Order>>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Form(Value);

/// Why a type or a schema cannot be a form.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InvalidForm {
    /// The root is not an object.
    #[error("a form is an object with named fields")]
    NotAnObject,
    /// A field can hold several types, or a type that no client can show.
    #[error("the field `{0}` of the form is not a string, a number, a boolean or a choice")]
    Field(String),
}

/// Keywords that the specification allows in a field.
const KEYWORDS: [&str; 16] = [
    "type",
    "title",
    "description",
    "default",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "enum",
    "enumNames",
    "oneOf",
    "items",
    "minItems",
    "maxItems",
];

/// The formats of strings that every revision has. The official clients refuse a form with another one.
const FORMATS: [&str; 4] = ["email", "uri", "date", "date-time"];

impl Form {
    /// Creates a form with a field for each field of `T`.
    ///
    /// # Errors
    ///
    /// Fails if a field is not a string, a number, a boolean, a choice (an enum without data) or a list of choices.
    pub fn of<T: JsonSchema>() -> Result<Self, InvalidForm> {
        Self::schema(schema_of::<T>())
    }

    /// Creates a form from a JSON Schema: an object whose properties the specification allows.
    ///
    /// # Errors
    ///
    /// As [`Form::of`].
    pub fn schema(mut schema: Value) -> Result<Self, InvalidForm> {
        let definitions = schema.get_mut("$defs").map(Value::take).unwrap_or_default();
        let fields = schema.get_mut("properties").map(Value::take);
        let Some(Value::Object(mut fields)) = fields else { return Err(InvalidForm::NotAnObject) };
        for (name, field) in &mut fields {
            *field = flat(field.take(), &definitions).ok_or_else(|| InvalidForm::Field(name.clone()))?;
        }
        let mut form = json!({ "type": "object", "properties": fields });
        if let (Some(members), Some(required)) = (form.as_object_mut(), schema.get_mut("required")) {
            members.insert("required".to_owned(), required.take());
        }
        Ok(Self(form))
    }

    /// Returns the schema in a form that `version` has, or `None` if it has no such fields. A format that no revision has is
    /// left out; the answer must fit it nevertheless.
    pub(crate) fn known_to(&self, version: ProtocolVersion) -> Option<Value> {
        let mut form = self.0.clone();
        let fields = form.get_mut("properties")?.as_object_mut()?;
        for field in fields.values_mut().filter_map(Value::as_object_mut) {
            if field.get("format").is_some_and(|format| !FORMATS.iter().any(|known| format == known)) {
                field.remove("format");
            }
            if version >= ProtocolVersion::V2025_11_25 {
                continue;
            }
            // 2025-06-18 has no lists, names choices by `enumNames`, and has defaults for booleans only.
            let kind = field.get("type").and_then(Value::as_str);
            if kind == Some("array") {
                return None;
            }
            if kind != Some("boolean") {
                field.remove("default");
            }
            if let Some(Value::Array(choices)) = field.remove("oneOf") {
                let member = |choice: &Value, name: &str| choice.get(name).cloned().unwrap_or_default();
                let values = choices.iter().map(|choice| member(choice, "const")).collect();
                let names = choices.iter().map(|choice| member(choice, "title")).collect();
                field.insert("enum".to_owned(), Value::Array(values));
                field.insert("enumNames".to_owned(), Value::Array(names));
            }
        }
        Some(form)
    }

    /// Reads an answer; `fits` is the compiled schema. Null counts as absent, since no field can be null. A string that
    /// represents a number or a boolean is read as one where the field is one.
    pub(crate) fn read(&self, mut answer: Object, fits: &Schema) -> Result<Object, Violations> {
        answer.retain(|_, value| !value.is_null());
        let answer = Value::Object(answer);
        let read = match fits.validate(&answer) {
            Ok(()) => answer,
            Err(violations) => {
                let read = with_strings_read(&answer, &self.0).ok_or(violations)?;
                fits.validate(&read)?;
                read
            }
        };
        Ok(match read {
            Value::Object(read) => read,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Object::new(),
        })
    }

    /// Returns the schema that an answer must fit.
    pub(crate) fn as_schema(&self) -> &Value {
        &self.0
    }
}

/// Returns a field without references and without `null`: a field that is not required may be left out.
fn flat(field: Value, definitions: &Value) -> Option<Value> {
    let Value::Object(mut field) = field else { return None };
    if let Some(Value::Array(either)) = field.remove("anyOf") {
        // Named choices of a list, as they go to a client.
        if either.iter().all(|one| one.get("const").is_some()) {
            field.insert("oneOf".to_owned(), Value::Array(either));
            return flat(Value::Object(field), definitions);
        }
        // An optional choice: one of the definition and nothing.
        let mut some = either.into_iter().filter(|one| one.get("type").and_then(Value::as_str) != Some("null"));
        field.extend(some.next()?.as_object()?.clone());
        if some.next().is_some() {
            return None;
        }
    }
    if let Some(Value::String(reference)) = field.remove("$ref") {
        let target = definitions.get(reference.strip_prefix("#/$defs/")?)?.as_object()?;
        for (keyword, value) in target {
            field.entry(keyword.clone()).or_insert_with(|| value.clone());
        }
    }
    if let Some(Value::Array(types)) = field.get("type") {
        let mut some = types.iter().filter(|name| *name != "null");
        let only = some.next()?.clone();
        if some.next().is_some() {
            return None;
        }
        field.insert("type".to_owned(), only);
        if let Some(Value::Array(choices)) = field.get_mut("enum") {
            choices.retain(|choice| !choice.is_null());
        }
    }
    if field.get("default").is_some_and(Value::is_null) {
        field.remove("default");
    }
    name_choices(&mut field);
    let allowed = field.keys().all(|keyword| KEYWORDS.contains(&keyword.as_str()));
    let items = match field.get_mut("items") {
        None => true,
        Some(items) => {
            let choice = flat(items.take(), definitions)?;
            // In a list, named choices stand in `anyOf`.
            *items = choice;
            if let Some(choice) = items.as_object_mut()
                && let Some(named) = choice.remove("oneOf")
            {
                choice.remove("type");
                choice.insert("anyOf".to_owned(), named);
            }
            items.get("enum").is_some() || items.get("anyOf").is_some()
        }
    };
    let kind = match field.get("type").and_then(Value::as_str)? {
        "string" | "number" | "integer" | "boolean" => field.get("items").is_none(),
        "array" => items && field.get("items").is_some(),
        _ => false,
    };
    (allowed && items && kind).then_some(Value::Object(field))
}

/// Choices with a documented meaning: `const` and `title`.
fn name_choices(field: &mut Object) {
    let Some(Value::Array(choices)) = field.get_mut("oneOf") else { return };
    let mut named = Vec::new();
    for choice in choices {
        // Variants without a comment stand together in one `enum`.
        if let Some(Value::Array(plain)) = choice.get("enum") {
            named.extend(plain.iter().map(|value| json!({ "const": value, "title": value })));
        } else if let Some(value) = choice.get("const") {
            let title = choice.get("title").or_else(|| choice.get("description")).unwrap_or(value);
            named.push(json!({ "const": value, "title": title }));
        }
    }
    field.insert("oneOf".to_owned(), Value::Array(named));
    field.entry("type").or_insert_with(|| "string".into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is read")]
    struct Order {
        /// What to call you.
        #[schemars(length(min = 1))]
        name: String,
        age: Option<u8>,
        score: f64,
        #[schemars(default)]
        gift: bool,
        size: Size,
        paper: Option<Size>,
        colours: Vec<Colour>,
    }

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is read")]
    #[serde(rename_all = "lowercase")]
    enum Size {
        Small,
        Large,
    }

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is read")]
    #[serde(rename_all = "lowercase")]
    enum Colour {
        /// Like a rose
        Red,
        /// Like the sea
        Blue,
    }

    #[test]
    fn a_type_becomes_a_flat_form() {
        let named = json!([{"const": "red", "title": "Like a rose"}, {"const": "blue", "title": "Like the sea"}]);
        let form = Form::of::<Order>().unwrap().0;
        assert_eq!(
            form["properties"],
            json!({
                "name": {"type": "string", "description": "What to call you.", "minLength": 1},
                "age": {"type": "integer", "minimum": 0, "maximum": 255},
                "score": {"type": "number"},
                "gift": {"type": "boolean", "default": false},
                "size": {"type": "string", "enum": ["small", "large"]},
                "paper": {"type": "string", "enum": ["small", "large"]},
                "colours": {"type": "array", "items": {"anyOf": named}},
            })
        );
        assert_eq!(form["required"], json!(["name", "score", "size", "colours"]));
    }

    #[test]
    fn an_answer_may_hold_texts_for_numbers_and_null_for_nothing() {
        let form = Form::of::<Order>().unwrap();
        let fits = Schema::compile(form.as_schema()).unwrap();
        let read = |answer: Value| form.read(answer.as_object().unwrap().clone(), &fits).map(Value::Object).ok();
        let whole = json!({"name": "7", "score": 1.5, "gift": true, "size": "small", "colours": ["red"]});
        let answer =
            json!({"name": "7", "age": null, "score": "1.5", "gift": "true", "size": "small", "colours": ["red"]});
        assert_eq!(read(answer), Some(whole.clone()));
        assert_eq!(read(whole.clone()), Some(whole));
        assert_eq!(read(json!({"name": "7", "score": "much", "size": "small", "colours": []})), None);
        assert_eq!(read(json!({"name": null, "score": 1, "size": "small", "colours": []})), None, "a required field");
    }

    #[test]
    fn a_field_that_no_client_can_show_is_refused() {
        #[derive(JsonSchema)]
        #[allow(dead_code, reason = "only its schema is read")]
        struct Nested {
            order: Vec<String>,
        }
        assert_eq!(Form::of::<Nested>(), Err(InvalidForm::Field("order".to_owned())));
        assert_eq!(Form::of::<String>(), Err(InvalidForm::NotAnObject));
        for field in [
            json!({"type": "object"}),
            json!({"type": ["string", "integer"]}),
            json!(true),
            json!({"type": "string", "const": "a"}),
        ] {
            let schema = json!({"type": "object", "properties": {"a": field}});
            assert_eq!(Form::schema(schema), Err(InvalidForm::Field("a".to_owned())));
        }
    }

    #[test]
    fn a_schema_of_ones_own_goes_out_as_it_is() {
        let named = json!([{"const": "a", "title": "A"}, {"const": "b", "title": "B"}]);
        let schema = json!({"type": "object", "properties": {
            "one": {"type": "string", "oneOf": named},
            "old": {"type": "string", "enum": ["a"], "enumNames": ["A"]},
            "many": {"type": "array", "items": {"anyOf": named}},
            "plain": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}},
        }});
        assert_eq!(Form::schema(schema.clone()).unwrap().0, schema);
    }

    #[test]
    fn a_client_gets_the_formats_that_the_specification_has() {
        let schema = json!({"type": "object", "properties": {
            "id": {"type": "string", "format": "uuid", "minLength": 36},
            "score": {"type": "number", "format": "double"},
            "day": {"type": "string", "format": "date"},
        }});
        let form = Form::schema(schema.clone()).unwrap();
        for version in [ProtocolVersion::V2025_06_18, ProtocolVersion::V2025_11_25, ProtocolVersion::V2026_07_28] {
            let sent = json!({
                "id": {"type": "string", "minLength": 36},
                "score": {"type": "number"},
                "day": {"type": "string", "format": "date"},
            });
            assert_eq!(form.known_to(version).unwrap()["properties"], sent, "{version:?}");
        }
        assert_eq!(form.as_schema(), &schema, "the answer has to fit all of it");
    }

    #[test]
    fn an_older_client_gets_the_choices_it_knows() {
        let one_of = json!([{"const": "a", "title": "A"}]);
        let schema = json!({"type": "object", "properties": {
            "choice": {"type": "string", "oneOf": one_of, "default": "a"}, "sure": {"type": "boolean", "default": true},
        }});
        let form = Form::schema(schema).unwrap();
        let old = form.known_to(ProtocolVersion::V2025_06_18).unwrap();
        assert_eq!(old["properties"]["choice"], json!({"type": "string", "enum": ["a"], "enumNames": ["A"]}));
        assert_eq!(old["properties"]["sure"], json!({"type": "boolean", "default": true}));
        let list = json!({"type": "object", "properties": {"a": {"type": "array", "items": {"enum": ["b"], "type": "string"}}}});
        assert_eq!(Form::schema(list).unwrap().known_to(ProtocolVersion::V2025_06_18), None);
    }
}
