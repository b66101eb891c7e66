//! The rules of arguments in headers.

use crate::tool_schema::header_params::*;
use proptest::prelude::*;
use serde_json::json;

fn declared(property: &Value) -> Result<HeaderParams, InvalidHeaderParam> {
    HeaderParams::of(&json!({"type": "object", "properties": {"p": property}}))
}

#[test]
fn a_declaration_is_read_from_a_property_at_any_depth() {
    let params = HeaderParams::of(&json!({
        "type": "object",
        "properties": {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "nested": {"type": "object", "properties": {
                "count": {"type": "integer", "x-mcp-header": "x-count"},
                "deep": {"properties": {"flag": {"type": "boolean", "x-mcp-header": "Flag"}}},
            }},
            "free": {"type": "string"},
        },
    }))
    .unwrap();
    let names: Vec<&str> = params.0.iter().map(|param| param.header.as_str()).collect();
    assert_eq!(names.len(), 3);
    for name in ["Mcp-Param-Region", "Mcp-Param-x-count", "Mcp-Param-Flag"] {
        assert!(names.contains(&name), "{name}");
    }
    assert!(!params.0.is_empty());
    assert!(HeaderParams::of(&json!({"type": "object"})).unwrap().0.is_empty());
}

#[test]
fn a_name_is_a_token() {
    for name in ["R", "x_y-z.1", "!#$%&'*+-.^_`|~", &"a".repeat(64)] {
        assert!(declared(&json!({"type": "string", "x-mcp-header": name})).is_ok(), "{name}");
    }
    let bad = [
        json!(""),
        json!("a b"),
        json!("a:b"),
        json!("a\r\nb"),
        json!("a\u{0}"),
        json!("é"),
        json!("a/b"),
        json!("a".repeat(65)),
        json!("mcp-param-Region"),
        json!(1),
        json!(null),
        json!(["Region"]),
    ];
    for name in bad {
        let result = declared(&json!({"type": "string", "x-mcp-header": name}));
        assert_eq!(result.unwrap_err(), InvalidHeaderParam::Name("p".into()), "{name}");
    }
}

#[test]
fn only_a_plain_primitive_type_can_be_mirrored() {
    for name in ["string", "integer", "boolean"] {
        assert!(declared(&json!({"type": name, "x-mcp-header": "R"})).is_ok(), "{name}");
    }
    for types in [json!("number"), json!("object"), json!("array"), json!("null"), json!(["string", "null"])] {
        let result = declared(&json!({"type": types, "x-mcp-header": "R"}));
        assert_eq!(result.unwrap_err(), InvalidHeaderParam::Type("p".into()), "{types}");
    }
    for property in [json!({"x-mcp-header": "R"}), json!({"$ref": "#/$defs/R", "x-mcp-header": "R"})] {
        assert_eq!(declared(&property).unwrap_err(), InvalidHeaderParam::Type("p".into()), "{property}");
    }
}

#[test]
fn names_differ_by_more_than_case() {
    for (one, other) in [("Region", "Region"), ("Region", "rEGION")] {
        let schema = json!({"properties": {
            "a": {"type": "string", "x-mcp-header": one},
            "b": {"properties": {"c": {"type": "string", "x-mcp-header": other}}},
        }});
        assert_eq!(HeaderParams::of(&schema).unwrap_err(), InvalidHeaderParam::Repeated("b.c".into()));
    }
}

#[test]
fn a_declaration_out_of_reach_is_refused() {
    let property = json!({"type": "string", "x-mcp-header": "Region"});
    let inside = json!({"properties": {"region": property}});
    for (place, schema) in [
        ("", property.clone()),
        ("items", json!({"items": property})),
        ("items.region", json!({"items": inside})),
        ("prefixItems", json!({"prefixItems": [property]})),
        ("contains", json!({"contains": property})),
        ("oneOf.region", json!({"oneOf": [{}, inside]})),
        ("anyOf.region", json!({"anyOf": [inside]})),
        ("allOf.region", json!({"allOf": [inside]})),
        ("not.region", json!({"not": inside})),
        ("if.region", json!({"if": inside})),
        ("then.region", json!({"then": inside})),
        ("else.region", json!({"else": inside})),
        ("region", json!({"$defs": {"region": property}})),
        ("region", json!({"definitions": {"region": property}})),
        ("r.*", json!({"patternProperties": {"r.*": property}})),
        ("a", json!({"dependentSchemas": {"a": property}})),
        ("additionalProperties", json!({"additionalProperties": property})),
        ("unevaluatedProperties", json!({"unevaluatedProperties": property})),
        ("propertyNames", json!({"propertyNames": property})),
        ("list.items.region", json!({"properties": {"list": {"items": inside}}})),
        ("a.oneOf", json!({"properties": {"a": {"type": "string", "oneOf": [property]}}})),
    ] {
        let result = HeaderParams::of(&schema);
        assert_eq!(result.unwrap_err(), InvalidHeaderParam::Unreachable(place.into()), "{schema}");
    }
}

#[test]
fn what_only_looks_like_a_declaration_is_none() {
    for schema in [
        json!({"properties": {"x-mcp-header": {"type": "string"}}}),
        json!({"properties": {"a": {"enum": [{"x-mcp-header": ""}]}}}),
        json!({"properties": {"a": {"const": {"x-mcp-header": ""}, "default": {"x-mcp-header": 1}}}}),
        json!({"dependentRequired": {"x-mcp-header": ["a"]}}),
        json!({"$defs": {"x-mcp-header": {"type": "string"}}}),
        json!(true),
    ] {
        assert!(HeaderParams::of(&schema).unwrap().0.is_empty(), "{schema}");
    }
}

#[test]
fn a_schema_without_bottom_is_refused() {
    let mut schema = json!({});
    for _ in 0..200 {
        schema = json!({"not": schema});
    }
    assert_eq!(HeaderParams::of(&schema).unwrap_err(), InvalidHeaderParam::TooDeep);
}

/// One property `p` with the header `Mcp-Param-P`.
fn check(kind: &str, body: &Value, header: Option<&str>) -> Result<(), HeaderMismatch> {
    let params = declared(&json!({"type": kind, "x-mcp-header": "P"})).unwrap();
    let arguments = body.as_object().unwrap();
    params.check(arguments, |name| {
        assert_eq!(name, "Mcp-Param-P");
        header.map(str::to_owned)
    })
}

#[test]
fn a_header_says_what_the_body_says() {
    use HeaderMismatch::{Different, Malformed, Missing, OutOfRange, Unexpected};
    let h = || "Mcp-Param-P".to_owned();
    for (rule, kind, body, header, expected) in [
        ("equal", "string", json!({"p": "us-west1"}), Some("us-west1"), Ok(())),
        ("white space around it", "string", json!({"p": "us-west1"}), Some(" \tus-west1  "), Ok(())),
        ("white space inside it", "string", json!({"p": "a  b"}), Some("a  b"), Ok(())),
        ("another case", "string", json!({"p": "us-west1"}), Some("US-WEST1"), Err(Different(h()))),
        ("another value", "string", json!({"p": "us-west1"}), Some("eu"), Err(Different(h()))),
        ("omitted", "string", json!({"p": "us-west1"}), None, Err(Missing(h()))),
        ("null", "string", json!({"p": null}), None, Ok(())),
        ("null, yet there", "string", json!({"p": null}), Some("null"), Err(Unexpected(h()))),
        ("absent", "string", json!({"q": 1}), None, Ok(())),
        ("absent, yet there", "string", json!({}), Some(""), Err(Unexpected(h()))),
        ("Base64", "string", json!({"p": "Hello"}), Some("=?base64?SGVsbG8=?="), Ok(())),
        ("Base64 of Unicode", "string", json!({"p": "Hello, 世界"}), Some("=?base64?SGVsbG8sIOS4lueVjA==?="), Ok(())),
        ("Base64 keeps spaces", "string", json!({"p": " padded "}), Some("=?base64?IHBhZGRlZCA=?="), Ok(())),
        (
            "Base64 of a sentinel",
            "string",
            json!({"p": "=?base64?literal?="}),
            Some("=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
            Ok(()),
        ),
        ("Base64 of nothing", "string", json!({"p": ""}), Some("=?base64??="), Ok(())),
        ("empty", "string", json!({"p": ""}), Some(""), Ok(())),
        ("Base64, another value", "string", json!({"p": "Hallo"}), Some("=?base64?SGVsbG8=?="), Err(Different(h()))),
        ("Base64 of an integer", "integer", json!({"p": 42}), Some("=?base64?NDI=?="), Ok(())),
        (
            "no padding",
            "string",
            json!({"p": "Hello"}),
            Some("=?base64?SGVsbG8?="),
            Err(Malformed(h(), InvalidHeaderValue::Base64)),
        ),
        (
            "alien characters",
            "string",
            json!({"p": "Hello"}),
            Some("=?base64?SGVs!!!bG8=?="),
            Err(Malformed(h(), InvalidHeaderValue::Base64)),
        ),
        (
            "no text",
            "string",
            json!({"p": "Hello"}),
            Some("=?base64?/////w==?="),
            Err(Malformed(h(), InvalidHeaderValue::Utf8)),
        ),
        ("no prefix", "string", json!({"p": "SGVsbG8="}), Some("SGVsbG8="), Ok(())),
        ("no suffix", "string", json!({"p": "=?base64?SGVsbG8="}), Some("=?base64?SGVsbG8="), Ok(())),
        ("marker in capitals", "string", json!({"p": "=?BASE64?SGVsbG8=?="}), Some("=?BASE64?SGVsbG8=?="), Ok(())),
        ("not ASCII", "string", json!({"p": "é"}), Some("é"), Err(Malformed(h(), InvalidHeaderValue::Character))),
        (
            "a control character",
            "string",
            json!({"p": "a\u{7f}"}),
            Some("a\u{7f}"),
            Err(Malformed(h(), InvalidHeaderValue::Character)),
        ),
        ("true", "boolean", json!({"p": true}), Some("true"), Ok(())),
        ("false", "boolean", json!({"p": false}), Some("false"), Ok(())),
        ("True", "boolean", json!({"p": true}), Some("True"), Err(Different(h()))),
        ("1 for true", "boolean", json!({"p": true}), Some("1"), Err(Different(h()))),
        ("integer", "integer", json!({"p": -7}), Some("-7"), Ok(())),
        ("integer with a point", "integer", json!({"p": 42}), Some("42.0"), Ok(())),
        ("point in the body", "integer", json!({"p": 42.0}), Some("42"), Ok(())),
        ("another integer", "integer", json!({"p": 42}), Some("43"), Err(Different(h()))),
        ("exponent", "integer", json!({"p": 1000}), Some("1e3"), Err(Different(h()))),
        ("leading zero", "integer", json!({"p": 42}), Some("042"), Err(Different(h()))),
        ("plus", "integer", json!({"p": 42}), Some("+42"), Err(Different(h()))),
        ("hexadecimal", "integer", json!({"p": 26}), Some("0x1a"), Err(Different(h()))),
        ("empty for an integer", "integer", json!({"p": 0}), Some(""), Err(Different(h()))),
        ("largest", "integer", json!({"p": MAX_INTEGER}), Some("9007199254740991"), Ok(())),
        ("smallest", "integer", json!({"p": -MAX_INTEGER}), Some("-9007199254740991"), Ok(())),
        ("too large", "integer", json!({"p": MAX_INTEGER + 1}), Some("9007199254740992"), Err(OutOfRange(h()))),
        ("too small", "integer", json!({"p": -1e300}), Some("-1e300"), Err(OutOfRange(h()))),
        ("string for an integer", "integer", json!({"p": "42"}), Some("42"), Ok(())),
        ("no primitive", "string", json!({"p": ["a"]}), None, Ok(())),
        ("no primitive, yet there", "string", json!({"p": ["a"]}), Some("a"), Err(Unexpected(h()))),
    ] {
        assert_eq!(check(kind, &body, header), expected, "{rule}: {body} {header:?}");
    }
}

#[test]
fn a_nested_value_is_read_at_its_exact_path() {
    let params = HeaderParams::of(&json!({"properties": {
        "a": {"properties": {"b": {"type": "string", "x-mcp-header": "B"}}},
    }}))
    .unwrap();
    let same = |arguments: Value| params.check(arguments.as_object().unwrap(), |_| Some("x".into())).is_ok();
    assert!(same(json!({"a": {"b": "x"}})));
    for arguments in [json!({"b": "x"}), json!({"a": "x"}), json!({"a": {"b": "y"}}), json!({"a": [{"b": "x"}]})] {
        assert!(!same(arguments.clone()), "{arguments}");
    }
}

#[test]
fn a_message_names_the_header_and_no_value() {
    let error = check("string", &json!({"p": "secret-body"}), Some("secret-header")).unwrap_err().to_string();
    assert!(error.contains("Mcp-Param-P") && !error.contains("secret"), "{error}");
}

#[test]
fn a_header_value_has_a_limit() {
    assert!(decode_header_value(&"a".repeat(MAX_VALUE)).is_ok());
    assert_eq!(decode_header_value(&"a".repeat(MAX_VALUE + 1)), Err(InvalidHeaderValue::TooLong));
}

#[test]
fn base64_has_one_form_for_each_value() {
    for encoded in ["SGVsbG9=", "SGVsbG8==", "SGVs bG8=", "SGVsbG8=\t", "SGVsbG8-", "=", "A"] {
        assert!(decode_header_value(&format!("=?base64?{encoded}?=")).is_err(), "{encoded}");
    }
    assert_eq!(decode_header_value("=?base64?=").unwrap(), "=?base64?=");
    assert_eq!(decode_header_value("=?base64").unwrap(), "=?base64");
}

proptest! {
    #[test]
    fn what_is_encoded_is_what_is_decoded(value in any::<String>()) {
        let raw = format!("=?base64?{}?=", STANDARD.encode(&value));
        if raw.len() <= MAX_VALUE {
            prop_assert_eq!(decode_header_value(&raw).unwrap(), value);
        }
    }

    #[test]
    fn any_text_is_decoded_or_refused(raw in any::<String>()) {
        let _ = decode_header_value(&raw);
        let _ = decode_header_value(&format!("=?base64?{raw}?="));
    }
}
