//! Whatever the value is, validation ends soon and without a panic. Whatever the schema is, so does its compilation.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::schema::Schema;

#[expect(clippy::needless_pass_by_value, reason = "schemas are written in place")]
fn compiled(schema: Value) -> Schema {
    Schema::compile(&schema).unwrap()
}

/// Many times what the slowest of these tests takes, and far below what missing bounds would cost.
const SOON: Duration = Duration::from_secs(20);

fn nested(levels: usize) -> Value {
    (0..levels).fold(json!("x"), |inner, _| Value::Array(vec![inner]))
}

#[test]
fn a_recursive_schema_follows_a_value_as_deep_as_requests_nest() {
    let tree = compiled(json!({
        "$ref": "#/$defs/node",
        "$defs": {"node": {"anyOf": [
            {"type": "string"},
            {"allOf": [{"$ref": "#/$defs/list"}]},
        ]}, "list": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
    }));
    assert!(tree.validate(&nested(64)).is_ok());
    let deep = (0..64).fold(json!(1), |inner, _| json!([inner]));
    assert!(tree.validate(&deep).is_err());
}

#[test]
fn a_value_deeper_than_any_request_is_refused_and_not_recursed_into() {
    let tree = compiled(json!({"items": {"$ref": "#"}}));
    let text = tree.validate(&nested(1_000)).unwrap_err().to_string();
    assert_eq!(text, "the value takes too much work to check");
}

// MCP "Composition-Keyword Resource Use"
#[test]
fn forms_that_contain_each_other_do_not_multiply() {
    let start = Instant::now();
    let schema = compiled(json!({"$ref": "#/$defs/n", "$defs": {"n": {"anyOf": [
        {"type": "integer"},
        {"type": "array", "items": {"$ref": "#/$defs/n"}},
        {"type": "array", "items": {"$ref": "#/$defs/n"}, "minItems": 1},
    ]}}}));
    for levels in [5, 10, 60] {
        assert!(schema.validate(&nested(levels)).is_err());
    }
    assert!(start.elapsed() < SOON);
}

#[test]
fn a_megabyte_is_checked_soon() {
    let many = |value: Value, count: usize| Value::Array(vec![value; count]);
    let names: Map<String, Value> = (0..60_000).map(|index| (format!("name{index}"), json!(1))).collect();
    let distinct: Value = (0..100_000).collect::<Vec<u32>>().into();
    for (name, schema, value, fits) in [
        ("items", json!({"items": {"type": "integer", "minimum": 0}}), many(json!(1), 500_000), true),
        (
            "the last item",
            json!({"items": {"type": "integer"}, "contains": {"const": 2}}),
            many(json!(1), 400_000),
            false,
        ),
        ("different items", json!({"uniqueItems": true}), distinct.clone(), true),
        ("equal items", json!({"uniqueItems": true}), many(json!({"a": [1]}), 100_000), false),
        ("names", json!({"patternProperties": {"^name[0-9]+$": {"type": "integer"}}}), Value::Object(names), true),
        ("a long string", json!({"minLength": 1, "pattern": "\\S"}), json!(" ".repeat(1_000_000)), false),
        ("a long match", json!({"pattern": "^(\\w+\\s?)*$"}), json!("word ".repeat(20_000)), true),
        ("unevaluated", json!({"anyOf": [{"items": true}], "unevaluatedItems": false}), distinct, true),
    ] {
        let start = Instant::now();
        assert_eq!(compiled(schema).validate(&value).is_ok(), fits, "{name}");
        assert!(start.elapsed() < SOON, "{name}: {:?}", start.elapsed());
    }
}

#[test]
fn a_document_without_bottom_or_end_is_refused() {
    let deep = (0..300).fold(json!(true), |inner, _| json!({"not": inner}));
    assert!(Schema::compile(&deep).is_err());
    let wide: Vec<Value> = (0..20_000).map(|_| json!({"type": "null"})).collect();
    assert!(Schema::compile(&json!({"allOf": wide})).is_err());
}

/// Few names and small values, so that schemas and values meet often.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..4).prop_map(Value::from),
        prop::sample::select(vec![0.5, 1.0, -2.5, 1e300]).prop_map(Value::from),
        prop::sample::select(vec!["", "a", "b", "ab", "é", "#", "#/$defs/a", "x"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(vec!["a", "b", "ab", ""]), inner), 0..4).prop_map(object),
        ]
    })
}

fn object(members: Vec<(&'static str, Value)>) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Schemas of every keyword, most of them valid.
fn schema() -> impl Strategy<Value = Value> {
    let names = || prop::sample::select(vec!["a", "b", "ab"]);
    let reference =
        prop::sample::select(vec!["#", "#/$defs/a", "#/$defs/b", "#n", "#m", "r", "r#n", "#/properties/a", "gone"]);
    let plain = prop_oneof![
        (
            prop::sample::select(vec!["type"]),
            prop::sample::select(vec![
                json!("string"),
                json!("integer"),
                json!("object"),
                json!("array"),
                json!(["null", "number"]),
                json!("boolean"),
            ])
        ),
        (prop::sample::select(vec!["const"]), value()),
        (prop::sample::select(vec!["enum"]), prop::collection::vec(value(), 0..3).prop_map(Value::from)),
        (
            prop::sample::select(vec!["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
            prop::sample::select(vec![json!(1), json!(2), json!(0.5), json!(1e-300)]),
        ),
        (
            prop::sample::select(vec![
                "minLength",
                "maxLength",
                "minItems",
                "maxItems",
                "minProperties",
                "maxProperties",
                "minContains",
                "maxContains",
            ]),
            (0_u32..3).prop_map(Value::from),
        ),
        (prop::sample::select(vec!["pattern"]), prop::sample::select(vec![json!("a"), json!("^b*$"), json!("")])),
        (prop::sample::select(vec!["uniqueItems"]), any::<bool>().prop_map(Value::from)),
        (
            prop::sample::select(vec!["required"]),
            prop::collection::btree_set(names(), 0..3).prop_map(|names| json!(names))
        ),
        (
            prop::sample::select(vec!["dependentRequired"]),
            prop::collection::btree_map(names(), prop::collection::btree_set(names(), 0..3), 0..3)
                .prop_map(|map| json!(map)),
        ),
        (prop::sample::select(vec!["$ref"]), reference.prop_map(Value::from)),
        (prop::sample::select(vec!["$anchor"]), prop::sample::select(vec![json!("n"), json!("m")])),
        (prop::sample::select(vec!["$id"]), Just(json!("r"))),
        (prop::sample::select(vec!["type", "required", "properties", "allOf", "minimum"]), value()),
    ];
    let plain = prop::collection::vec(plain, 0..4).prop_map(object);
    plain.prop_recursive(3, 20, 4, |inner| {
        let inner = prop_oneof![4 => inner, 1 => any::<bool>().prop_map(Value::from)].boxed();
        let names = prop::sample::select(vec!["a", "b", "ab"]);
        let keyword = prop_oneof![
            (
                prop::sample::select(vec![
                    "additionalProperties",
                    "contains",
                    "else",
                    "if",
                    "items",
                    "not",
                    "propertyNames",
                    "then",
                    "unevaluatedItems",
                    "unevaluatedProperties",
                ]),
                inner.clone(),
            ),
            (
                prop::sample::select(vec!["allOf", "anyOf", "oneOf", "prefixItems"]),
                prop::collection::vec(inner.clone(), 1..4).prop_map(Value::from),
            ),
            (
                prop::sample::select(vec!["$defs", "dependentSchemas", "patternProperties", "properties"]),
                prop::collection::vec((names, inner.clone()), 0..3).prop_map(object),
            ),
        ];
        (prop::collection::vec(keyword, 1..4), inner).prop_map(|(keywords, base)| {
            let mut schema = object(keywords);
            if let (Value::Object(schema), Value::Object(base)) = (&mut schema, base) {
                schema.extend(base);
            }
            schema
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn any_schema_compiles_or_says_why_not_and_then_decides_about_any_value(
        schema in schema(),
        values in prop::collection::vec(value(), 4),
    ) {
        match Schema::compile(&schema) {
            Err(error) => prop_assert!(error.to_string().starts_with("schema at `#")),
            Ok(schema) => for value in values {
                if let Err(violations) = schema.validate(&value) {
                    let text = violations.to_string();
                    prop_assert!(!text.is_empty());
                    // Only where the budget is spent there is no better reason.
                    prop_assert!(!text.contains("does not fit the schema"), "{text}");
                }
            },
        }
    }

    #[test]
    fn any_json_is_a_schema_or_refused(document in value(), instance in value()) {
        if let Ok(schema) = Schema::compile(&document) {
            let _ = schema.validate(&instance);
        }
    }

    #[test]
    fn not_turns_every_answer_around(schema in schema(), value in value()) {
        // Wrapped where references into the document still find their target.
        if let (Ok(schema), Ok(negated)) = (
            Schema::compile(&json!({"allOf": [{"$id": "https://example.com/s", "allOf": [schema]}]})),
            Schema::compile(&json!({"not": {"$id": "https://example.com/s", "allOf": [schema]}})),
        ) {
            let exhausted = |result: &Result<(), _>| {
                matches!(result, Err(violations) if ToString::to_string(violations).contains("too much work"))
            };
            let (answer, turned) = (schema.validate(&value), negated.validate(&value));
            if !exhausted(&answer) {
                prop_assert_eq!(answer.is_ok(), turned.is_err());
            }
        }
    }
}
