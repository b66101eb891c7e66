//! What a caller reads about an invalid value and an author about an invalid schema. The words are part of the product: a language
//! model corrects its call by them.

use serde_json::{Value, json};

use crate::schema::Schema;

#[expect(clippy::needless_pass_by_value, reason = "schemas are written in place")]
fn violations(schema: Value, instance: &Value) -> String {
    Schema::compile(&schema)
        .unwrap()
        .validate(instance)
        .map_or_else(|violations| violations.to_string(), |()| String::new())
}

fn properties(properties: &Value) -> Value {
    json!({"type": "object", "properties": properties})
}

#[test]
fn a_reason_says_where_and_what_is_asked() {
    for (schema, instance, text) in [
        (
            properties(&json!({"age": {"type": "integer"}})),
            json!({"age": "x"}),
            "`age` must be an integer, not a string",
        ),
        (
            properties(&json!({"age": {"type": "integer"}})),
            json!({"age": 1.5}),
            "`age` must be an integer, not a number with a fraction",
        ),
        (
            properties(&json!({"age": {"type": ["number", "null"]}})),
            json!({"age": []}),
            "`age` must be a number or null, not an array",
        ),
        (properties(&json!({"age": {"maximum": 150}})), json!({"age": 151}), "`age` must be at most 150"),
        (properties(&json!({"age": {"minimum": 0.5}})), json!({"age": 0}), "`age` must be at least 0.5"),
        (properties(&json!({"age": {"exclusiveMaximum": 1}})), json!({"age": 1}), "`age` must be less than 1"),
        (properties(&json!({"age": {"exclusiveMinimum": 1}})), json!({"age": 1}), "`age` must be greater than 1"),
        (properties(&json!({"n": {"multipleOf": 0.01}})), json!({"n": 0.001}), "`n` must be a multiple of 0.01"),
        (
            properties(&json!({"color": {"enum": ["red", "green", null]}})),
            json!({"color": "blue"}),
            r#"`color` must be one of "red", "green", null"#,
        ),
        (properties(&json!({"v": {"const": 2}})), json!({"v": 1}), "`v` must be 2"),
        (json!({"required": ["title"]}), json!({}), "`title` is missing"),
        (
            json!({"dependentRequired": {"card": ["address"]}}),
            json!({"card": 1}),
            "`address` is missing; `card` asks for it",
        ),
        (
            json!({"properties": {"b": true, "a": true}, "additionalProperties": false}),
            json!({"extra": 1}),
            "`extra` is not known; known: `a`, `b`",
        ),
        (json!({"additionalProperties": false}), json!({"extra": 1}), "`extra` is not known; nothing is allowed here"),
        (
            json!({"properties": {"a": true}, "unevaluatedProperties": false}),
            json!({"b": 1}),
            "`b` is not a known name",
        ),
        (properties(&json!({"s": {"minLength": 1}})), json!({"s": ""}), "`s` must have at least 1 character"),
        (properties(&json!({"s": {"maxLength": 2}})), json!({"s": "abc"}), "`s` must have at most 2 characters"),
        (properties(&json!({"s": {"pattern": "^a+$"}})), json!({"s": "b"}), "`s` must match the pattern ^a+$"),
        (properties(&json!({"l": {"minItems": 2}})), json!({"l": []}), "`l` must have at least 2 items"),
        (properties(&json!({"l": {"maxItems": 1}})), json!({"l": [1, 2]}), "`l` must have at most 1 item"),
        (
            properties(&json!({"l": {"uniqueItems": true}})),
            json!({"l": [1, 1.0]}),
            "`l` must not hold the same item twice",
        ),
        (json!({"minProperties": 1}), json!({}), "the value must have at least 1 member"),
        (json!({"maxProperties": 0}), json!({"a": 1}), "the value must have at most 0 members"),
        (
            json!({"propertyNames": {"maxLength": 1}}),
            json!({"ab": 1}),
            "`ab` has a name that is not allowed; it must have at most 1 character",
        ),
        (
            properties(&json!({"l": {"contains": {"const": 1}}})),
            json!({"l": []}),
            "`l` must hold at least 1 item of a certain form",
        ),
        (json!({"not": {"type": "string"}}), json!("x"), "the value must not be a string"),
        (json!({"not": {"minLength": 1}}), json!("x"), "the value has a form that is not allowed"),
        (json!(false), json!(1), "the value is not allowed"),
        (
            properties(&json!({"address": properties(&json!({"zip": {"type": "string"}}))})),
            json!({"address": {"zip": 1}}),
            "`address.zip` must be a string, not a number",
        ),
        (
            properties(&json!({"l": {"items": {"items": {"type": "null"}}}})),
            json!({"l": [[], [null, 1]]}),
            "`l[1][1]` must be null, not a number",
        ),
        (json!({"properties": {"a b": {"const": 1}}}), json!({"a b": 2}), "`[\"a b\"]` must be 1"),
    ] {
        assert_eq!(violations(schema.clone(), &instance), text, "{schema} {instance}");
    }
}

#[test]
fn of_several_forms_the_one_that_was_meant_is_explained() {
    let shapes = json!({"oneOf": [
        {"properties": {"kind": {"const": "circle"}, "radius": {"type": "number"}}, "required": ["kind", "radius"]},
        {"properties": {"kind": {"const": "box"}, "width": {"type": "number"}}, "required": ["kind", "width"]},
    ]});
    let optional = json!({"$ref": "#/$defs/Optional", "$defs": {
        "Optional": {"anyOf": [{"$ref": "#/$defs/Point"}, {"type": "null"}]},
        "Point": {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]},
    }});
    let documented = json!({"oneOf": [{"const": "a"}, {"const": "b"}, {"const": "c"}]});
    for (schema, instance, text) in [
        (&shapes, json!({"kind": "box"}), "`width` is missing"),
        (&shapes, json!({"kind": "circle", "radius": "1"}), "`radius` must be a number, not a string"),
        (&shapes, json!({"kind": "line"}), "the value fits none of its 2 allowed forms"),
        (&optional, json!({"x": "1"}), "`x` must be an integer, not a string"),
        (&optional, json!("1"), "the value must be an object or null"),
        (&documented, json!("d"), r#"the value must be one of "a", "b", "c""#),
        (
            &json!({"oneOf": [{"type": "integer"}, {"minimum": 2}]}),
            json!(3),
            "the value fits more than one of several forms that exclude each other",
        ),
    ] {
        assert_eq!(violations(schema.clone(), &instance), text, "{schema} {instance}");
    }
}

#[test]
fn at_most_five_reasons_are_given_and_none_twice() {
    let schema = json!({"required": ["a", "b", "c", "d", "e", "f", "g"], "allOf": [{"required": ["a"]}]});
    let text = violations(schema, &json!({}));
    assert_eq!(text.lines().count(), 6, "{text}");
    assert!(text.ends_with("\nand more"), "{text}");
    let twice = violations(json!({"required": ["a"], "allOf": [{"required": ["a"]}]}), &json!({}));
    assert_eq!(twice, "`a` is missing");
}

#[test]
fn no_value_is_repeated_and_names_are_cut_and_cleaned() {
    let secret = "hunter2";
    for schema in [
        json!({"const": 1}),
        json!({"type": "null"}),
        json!({"enum": []}),
        json!({"pattern": "^$"}),
        json!({"maxLength": 1}),
        json!({"not": {"const": secret}}),
    ] {
        let text = violations(json!({"properties": {"p": schema}}), &json!({"p": secret}));
        assert!(!text.is_empty(), "{schema}");
        // What the schema itself says may be shown.
        assert!(!text.contains(secret) || schema.to_string().contains(secret), "{schema}: {text}");
    }
    let closed = json!({"additionalProperties": false});
    let long = violations(closed.clone(), &json!({"a".repeat(1_000_000): 1}));
    assert!(long.len() < 200, "{}", long.len());
    let strange = violations(closed, &json!({"a\n`<b>\u{202e}\u{0}\"]": 1}));
    assert!(!strange.contains(['\n', '\u{202e}', '\u{0}']) && strange.matches('`').count() == 2, "{strange}");
}

#[test]
fn a_long_schema_does_not_make_a_long_reason() {
    let options: Vec<String> = (0..1_000).map(|index| format!("{index}{}", "x".repeat(1_000))).collect();
    let text = violations(json!({"enum": options}), &json!(1));
    assert!(text.len() < 3_000 && text.ends_with("and 976 more"), "{}", text.len());
}

// MCP "Base Protocol › Implementation Requirements"
#[test]
fn a_wrong_schema_is_refused_with_its_place_and_reason() {
    for (schema, text) in [
        (json!(1), "schema at `#`: a schema is an object or a boolean"),
        (json!({"properties": {"a/b": 1}}), "schema at `#/properties/a~1b`: a schema is an object or a boolean"),
        (json!({"items": [true]}), "schema at `#/items`: a schema is an object or a boolean"),
        (
            json!({"$schema": "http://json-schema.org/draft-07/schema#"}),
            "schema at `#`: the dialect `http://json-schema.org/draft-07/schema#` is not supported; \
             this server knows https://json-schema.org/draft/2020-12/schema",
        ),
        (
            json!({"$defs": {"a": {"type": "int"}}}),
            "schema at `#/$defs/a`: `type` must be the name of a JSON type, or a list of different names",
        ),
        (json!({"type": []}), "schema at `#`: `type` must be the name of a JSON type, or a list of different names"),
        (
            json!({"type": ["null", "null"]}),
            "schema at `#`: `type` must be the name of a JSON type, or a list of different names",
        ),
        (json!({"enum": 1}), "schema at `#`: `enum` must be a list"),
        (json!({"required": "a"}), "schema at `#`: `required` must be a list of different names"),
        (json!({"required": ["a", "a"]}), "schema at `#`: `required` must be a list of different names"),
        (json!({"minLength": -1}), "schema at `#`: `minLength` must be a whole number, zero or more"),
        (json!({"minLength": 1.5}), "schema at `#`: `minLength` must be a whole number, zero or more"),
        (json!({"maximum": "1"}), "schema at `#`: `maximum` must be a number"),
        (json!({"multipleOf": 0}), "schema at `#`: `multipleOf` must be a number greater than zero"),
        (json!({"uniqueItems": 1}), "schema at `#`: `uniqueItems` must be true or false"),
        (json!({"allOf": []}), "schema at `#`: `allOf` must be a list of at least one schema"),
        (json!({"anyOf": {}}), "schema at `#`: `anyOf` must be a list of at least one schema"),
        (json!({"properties": []}), "schema at `#`: `properties` must be an object of schemas"),
        (json!({"dependentRequired": []}), "schema at `#`: `dependentRequired` must be an object of lists of names"),
        (json!({"$ref": 1}), "schema at `#`: `$ref` must be a string"),
        (json!({"$ref": "#/$defs/a"}), "schema at `#`: `#/$defs/a` points at nothing"),
        (json!({"$ref": "#a"}), "schema at `#`: `#a` points at nothing"),
        (
            json!({"items": {"$ref": "https://example.com/schema"}}),
            "schema at `#/items`: `https://example.com/schema` points outside of this document, and schemas are never fetched",
        ),
        (
            json!({"$id": "https://example.com/a", "$ref": "b"}),
            "schema at `#`: `b` points outside of this document, and schemas are never fetched",
        ),
        (
            json!({"$defs": {"a": {"$id": "x"}, "b": {"$id": "x"}}}),
            "schema at `#/$defs/b`: `x` is used twice as an identifier",
        ),
        (
            json!({"$defs": {"a": {"$anchor": "x"}, "b": {"$anchor": "x"}}}),
            "schema at `#/$defs/b`: `x` is used twice as an identifier",
        ),
        (
            json!({"$id": "a#b"}),
            "schema at `#`: `$id` must be a URI without fragment (a name inside a schema is an `$anchor`)",
        ),
        (
            json!({"$anchor": "1"}),
            "schema at `#`: `$anchor` must be a letter or `_`, followed by letters, digits, `-`, `_` or `.`",
        ),
        (
            json!({"pattern": "(?=a)"}),
            "schema at `#`: the pattern `(?=a)` cannot be used: look-around and back-references are not supported",
        ),
        (json!({"patternProperties": {"(": true}}), "schema at `#`: the pattern `(` cannot be used: unclosed group"),
        (json!({"$dynamicRef": "#a"}), "schema at `#`: the keyword `$dynamicRef` is not supported"),
        (json!({"$ref": "#"}), "schema at `#`: it applies itself to the same value without end"),
        (
            json!({"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}]}, "b": {"not": {"$ref": "#/$defs/a"}}}}),
            "schema at `#/$defs/a`: it applies itself to the same value without end",
        ),
    ] {
        let error = Schema::compile(&schema).expect_err(&schema.to_string());
        assert_eq!(error.to_string(), text, "{schema}");
    }
}
