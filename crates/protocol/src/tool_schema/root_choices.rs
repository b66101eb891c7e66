//! Merges choices at the root of an input schema into one object with the properties of every choice. An enum that is flattened
//! into the arguments makes such choices.
//!
//! Claude Code drops a tool with `oneOf`, `anyOf` or `allOf` at the root, and the API of the model answers 400. Which
//! properties go together is decided at the call, by the exact schema.

use serde_json::Value;

use crate::tool_schema::string_choices::{description, join_choices, joined};
use mcp_connector_base::json::Object;

/// The keywords that combine schemas.
const COMBINING: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// Merges the choices at the root of a schema into its `properties` and `required`. Leaves them if one is not an object.
pub(crate) fn merge_root(root: &mut Object) {
    if !COMBINING.iter().any(|keyword| root.contains_key(*keyword)) {
        return;
    }
    let Some(shape) = Shape::of(root) else { return };
    for keyword in COMBINING {
        root.remove(keyword);
    }
    // Without choices the two keywords mean the same, and clients know the older one.
    if let Some(rest) = root.remove("unevaluatedProperties") {
        root.insert("additionalProperties".to_owned(), rest);
    }
    root.insert("type".to_owned(), "object".into());
    root.insert("properties".to_owned(), shape.properties.into());
    if shape.required.is_empty() {
        root.remove("required");
    } else {
        root.insert("required".to_owned(), shape.required.into_iter().map(Value::String).collect());
    }
}

/// The members that an object can have and must have.
#[derive(Default)]
struct Shape {
    properties: Object,
    required: Vec<String>,
}

impl Shape {
    /// Reads the members of an object schema with its choices, or returns `None` if the value may be something other than an
    /// object.
    fn of(schema: &Object) -> Option<Self> {
        if schema.get("type").is_some_and(|kind| kind != "object") || schema.contains_key("enum") {
            return None;
        }
        let mut shape = Self {
            properties: schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default(),
            required: texts(schema.get("required")),
        };
        for keyword in COMBINING {
            let Some(Value::Array(parts)) = schema.get(keyword) else { continue };
            let parts = parts.iter().map(Self::of_choice).collect::<Option<Vec<_>>>()?;
            if keyword == "allOf" {
                for part in parts {
                    shape.add(part);
                }
            } else {
                shape.add(Self::any_of(parts));
            }
        }
        Some(shape)
    }

    /// Reads the members of one choice. Its description goes to the tag: the property with a fixed string.
    fn of_choice(choice: &Value) -> Option<Self> {
        let choice = choice.as_object()?;
        let mut shape = Self::of(choice)?;
        let Some(tag) = shape.properties.iter().find(|(_, schema)| schema.get("const").is_some()) else {
            return Some(shape);
        };
        let tag = tag.0.clone();
        let others: Vec<_> =
            shape.required.iter().filter(|name| **name != tag).map(|name| format!("`{name}`")).collect();
        if let Some(Value::Object(schema)) = shape.properties.get_mut(&tag) {
            let value = schema.get("const").and_then(Value::as_str).unwrap_or_default();
            let mut text_of_tag = format!("`{value}`");
            for text in [description(schema), description(choice)].into_iter().filter(|text| !text.is_empty()) {
                text_of_tag = format!("{text_of_tag}: {text}");
            }
            if !others.is_empty() {
                text_of_tag = format!("{text_of_tag} (with {})", others.join(", "));
            }
            schema.insert("description".to_owned(), text_of_tag.into());
        }
        Some(shape)
    }

    /// Returns the members that an object has in any of `choices`; required are those that it has in each.
    fn any_of(choices: Vec<Self>) -> Self {
        let mut properties: Vec<(String, Vec<Value>)> = Vec::new();
        let mut required: Option<Vec<String>> = None;
        for choice in choices {
            match &mut required {
                None => required = Some(choice.required),
                Some(names) => names.retain(|name| choice.required.contains(name)),
            }
            for (name, schema) in choice.properties {
                match properties.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, schemas)) if schemas.contains(&schema) => {}
                    Some((_, schemas)) => schemas.push(schema),
                    None => properties.push((name, vec![schema])),
                }
            }
        }
        let mut shape = Self { properties: Object::new(), required: required.unwrap_or_default() };
        for (name, mut schemas) in properties {
            let schema = match (joined(&schemas), schemas.len()) {
                (Some(texts), _) => texts.into(),
                (None, 1) => schemas.pop().unwrap_or_default(),
                (None, _) => {
                    let mut either = Object::new();
                    either.insert("anyOf".to_owned(), schemas.into());
                    join_choices(&mut either);
                    either.into()
                }
            };
            shape.properties.insert(name, schema);
        }
        shape
    }

    /// Adds further requirements of the object. For a property that is in both, the existing schema stays.
    fn add(&mut self, other: Self) {
        for (name, schema) in other.properties {
            self.properties.entry(name).or_insert(schema);
        }
        for name in other.required {
            if !self.required.contains(&name) {
                self.required.push(name);
            }
        }
    }
}

fn texts(list: Option<&Value>) -> Vec<String> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_may_be_no_object_stays() {
        for before in [json!({"oneOf": [{"type": "string"}, {"type": "object"}]}), json!({}), json!({"type": "string"})]
        {
            let mut root = before.clone();
            merge_root(root.as_object_mut().unwrap());
            assert_eq!(root, before);
        }
    }

    #[test]
    fn what_only_some_choices_need_is_not_required() {
        let mut root = json!({
            "type": "object",
            "properties": {"id": {"type": "string"}},
            "required": ["id"],
            "anyOf": [
                {"type": "object", "properties": {"a": {"type": "number"}, "c": {"type": "number"}}, "required": ["a", "c"]},
                {"type": "object", "properties": {"b": {"type": "number"}, "c": {"type": "string"}}, "required": ["b", "c"]},
            ],
            "unevaluatedProperties": false,
        });
        merge_root(root.as_object_mut().unwrap());
        let expected = json!({
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "a": {"type": "number"},
                "b": {"type": "number"},
                "c": {"anyOf": [{"type": "number"}, {"type": "string"}]},
            },
            "required": ["id", "c"],
            "additionalProperties": false,
        });
        assert_eq!(root, expected);
    }
}
