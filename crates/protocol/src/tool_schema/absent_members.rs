//! Leaves out members of a result that are null because an `Option` is `None`: the published schema has no null there, and says
//! that the member may be absent. What a `serde_json::Value` holds stays as it is.

use serde_json::Value;

use crate::tool_schema::refused::{Keyword, mentions_null, resolve};

/// Maximum depth to which a value and its schema are followed. Further down, null stays.
const MAX_DEPTH: usize = 64;

/// Returns whether values of the type that `derived` describes can have such members.
pub(crate) fn has_absent_members(derived: &Value) -> bool {
    let Value::Object(keywords) = derived else { return false };
    keywords.iter().any(|(keyword, value)| match (Keyword::of(keyword), value) {
        (Keyword::Properties, Value::Object(properties)) => {
            properties.values().any(|schema| mentions_null(schema) || has_absent_members(schema))
        }
        (Keyword::NamedSchemas | Keyword::Definitions, Value::Object(schemas)) => {
            schemas.values().any(has_absent_members)
        }
        (Keyword::Schemas, Value::Array(schemas)) => schemas.iter().any(has_absent_members),
        (Keyword::Schema | Keyword::Rest, schema) => has_absent_members(schema),
        _ => false,
    })
}

/// Leaves such members out of `value`, which `schema`, a part of `root`, describes.
pub(crate) fn leave_out_absent(value: &mut Value, schema: &Value, root: &Value) {
    leave_out(value, &[schema], root, 0);
}

/// Does the same for a value that one of `schemas` describes.
fn leave_out<'a>(value: &mut Value, schemas: &[&'a Value], root: &'a Value, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    let mut all = Vec::new();
    for schema in schemas {
        collect(schema, value, root, 0, &mut all);
    }
    let below = depth + 1;
    match value {
        Value::Object(members) => members.retain(|name, member| {
            let own: Vec<_> = all.iter().filter_map(|schema| property(schema, name)).collect();
            // If one of several types has a `Value` here, null may be what it holds.
            if member.is_null() && !own.is_empty() && own.iter().all(|schema| names_null(schema, root)) {
                return false;
            }
            let rest = all.iter().filter_map(|schema| schema.get("additionalProperties"));
            let describing = if own.is_empty() { rest.collect() } else { own };
            leave_out(member, &describing, root, below);
            true
        }),
        Value::Array(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                let describing: Vec<_> = all.iter().filter_map(|schema| item_of(schema, at)).collect();
                leave_out(item, &describing, root, below);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn property<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    schema.get("properties")?.get(name)
}

fn item_of(schema: &Value, at: usize) -> Option<&Value> {
    schema.get("prefixItems").and_then(|fixed| fixed.get(at)).or_else(|| schema.get("items"))
}

/// Returns whether a schema, or the one that it refers to, names null.
fn names_null(schema: &Value, root: &Value) -> bool {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|reference| resolve(reference, root));
    mentions_null(schema) || target.is_some_and(mentions_null)
}

/// Collects the schemas that describe `value` as part of `schema`: itself, what it refers to, and the choices that fit by their
/// tags.
fn collect<'a>(schema: &'a Value, value: &Value, root: &'a Value, depth: usize, all: &mut Vec<&'a Value>) {
    if depth > MAX_DEPTH {
        return;
    }
    all.push(schema);
    let below = depth + 1;
    if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(|reference| resolve(reference, root)) {
        collect(target, value, root, below, all);
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
        for part in schema.get(keyword).and_then(Value::as_array).into_iter().flatten() {
            if keyword == "allOf" || could_be(value, part, root) {
                collect(part, value, root, below, all);
            }
        }
    }
}

/// Returns whether an object has every member that the choice requires, with the values that it fixes. Other values have no
/// members.
fn could_be(value: &Value, choice: &Value, root: &Value) -> bool {
    let target = choice.get("$ref").and_then(Value::as_str).and_then(|reference| resolve(reference, root));
    let choice = target.unwrap_or(choice);
    let Value::Object(members) = value else { return true };
    let required = choice.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let fixed = choice.get("properties").and_then(Value::as_object).into_iter().flatten();
    required.into_iter().all(|name| members.contains_key(name))
        && fixed
            .filter_map(|(name, schema)| Some((name, schema.get("const")?)))
            .all(|(name, only)| members.get(name).is_none_or(|member| member == only))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use schemars::JsonSchema;
    use serde::Serialize;
    use serde_json::json;

    use super::*;
    use crate::tool_schema::published::{Direction, published};
    use crate::tool_schema::schema_of::schema_of_result;
    use mcp_connector_schema::Schema;

    #[derive(Clone, Default, JsonSchema, Serialize)]
    struct Inner {
        gone: Option<String>,
        any: Value,
        maybe_any: Option<Value>,
    }

    #[derive(JsonSchema, Serialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        Circle { x: Option<f64> },
        Square { x: Value },
        Unit,
    }

    #[derive(Default, JsonSchema, Serialize)]
    struct Tree {
        label: Option<String>,
        children: Vec<Tree>,
    }

    #[derive(JsonSchema, Serialize)]
    struct Outer {
        inner: Option<Inner>,
        list: Vec<Inner>,
        map: BTreeMap<String, Inner>,
        #[serde(flatten)]
        tagged: Tagged,
        pair: (u8, Inner),
        tree: Tree,
        unit: (),
    }

    /// Returns the value that is sent, after checking it against the published schema.
    fn sent<T: JsonSchema + Serialize>(value: T) -> Value {
        let derived = schema_of_result::<T>();
        let mut value = serde_json::to_value(value).unwrap();
        assert!(has_absent_members(&derived));
        leave_out_absent(&mut value, &derived, &derived);
        let published = published(&derived, Direction::Results);
        let fits = Schema::compile(&published).unwrap().validate(&value);
        assert_eq!(fits.map_err(|violations| violations.to_string()), Ok(()), "{value} fits {published}");
        value
    }

    #[test]
    fn an_option_that_is_none_is_left_out_at_every_depth() {
        let inner = json!({"any": null, "maybe_any": null});
        let outer = |tagged| Outer {
            inner: None,
            list: vec![Inner::default()],
            map: BTreeMap::from([("a".to_owned(), Inner::default())]),
            tagged,
            pair: (1, Inner::default()),
            tree: Tree { label: None, children: vec![Tree { label: None, children: vec![Tree::default()] }] },
            unit: (),
        };
        let rest = json!({
            "list": [inner], "map": {"a": inner}, "pair": [1, inner],
            "tree": {"children": [{"children": [{"children": []}]}]},
        });
        for (tagged, more) in [
            (Tagged::Circle { x: None }, json!({"kind": "Circle"})),
            (Tagged::Square { x: Value::Null }, json!({"kind": "Square", "x": null})),
            (Tagged::Unit, json!({"kind": "Unit"})),
        ] {
            let mut expected = rest.as_object().unwrap().clone();
            expected.extend(more.as_object().unwrap().clone());
            assert_eq!(sent(outer(tagged)), Value::Object(expected));
        }
    }

    #[test]
    fn what_a_value_holds_stays() {
        let any = json!({"a": null, "gone": null, "list": [null, {"gone": null}]});
        let inner = Inner { gone: Some("here".to_owned()), any: any.clone(), maybe_any: Some(any.clone()) };
        assert_eq!(sent(inner), json!({"gone": "here", "any": any, "maybe_any": any}));
    }

    #[test]
    fn a_type_without_options_is_not_looked_at() {
        #[derive(JsonSchema)]
        #[allow(dead_code, reason = "only its schema is used")]
        struct Plain {
            text: String,
            any: Value,
            list: Vec<Option<u8>>,
        }
        assert!(!has_absent_members(&schema_of_result::<Plain>()));
    }
}
