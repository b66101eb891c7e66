//! Arguments that a client repeats in headers: the `x-mcp-header` declarations of a tool's input schema, and the check that
//! each `Mcp-Param-*` header says what the body says (2026-07-28, transports, "Custom Headers from Tool Parameters").
//!
//! Proxies route by these headers without reading the body. So a header that disagrees with the body is refused, and an
//! error names the header, never a value.

use std::borrow::Cow;
use std::cmp::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Number, Value};
use thiserror::Error;

use super::json::Object;
use super::schema::compare;

/// The keyword that declares a header.
pub(crate) const KEYWORD: &str = "x-mcp-header";
/// What stands before the declared name in a header.
const PREFIX: &str = "Mcp-Param-";
/// Longest declared name. Proxies cap header names; nobody needs more.
const MAX_NAME: usize = 64;
/// Longest header value that is looked at, encoded.
const MAX_VALUE: usize = 8 * 1024;
/// How deep a schema is searched. A schema that nests deeper does not compile either.
const MAX_DEPTH: usize = 100;
/// The integers that every client can hold exactly: up to 2^53 - 1 on both sides of zero.
const MAX_INTEGER: i64 = 9_007_199_254_740_991;

/// The headers that mirror the arguments of one tool.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeaderParams(Vec<HeaderParam>);

#[derive(Clone, Debug)]
struct HeaderParam {
    /// The whole name of the header.
    header: String,
    /// The names of the properties that lead to the value.
    path: Vec<String>,
}

/// Why a declaration is not allowed. Clients hide a tool that has such a one, so it is found when the tool is registered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum InvalidHeaderParam {
    /// Not an RFC 9110 token.
    #[error(
        "`x-mcp-header` at `{0}` must be 1 to {MAX_NAME} letters, digits or any of !#$%&'*+-.^_`|~, without the prefix `{PREFIX}`"
    )]
    Name(String),
    /// Not exactly one primitive type. A list of types is refused because clients refuse it.
    #[error("`x-mcp-header` at `{0}` needs a property whose `type` is just `string`, `integer` or `boolean`")]
    Type(String),
    /// Two declarations with one name; header names do not differ by case.
    #[error("`x-mcp-header` at `{0}` repeats a name that another property has")]
    Repeated(String),
    /// Somewhere else than on a property that is reached through `properties` alone.
    #[error("`x-mcp-header` at `{0}` can only stand on a property that is reached through `properties` alone")]
    Unreachable(String),
    /// The schema nests without end, as far as this search is concerned.
    #[error("the schema nests too deeply")]
    TooDeep,
}

/// Why the headers of a call are refused (`HeaderMismatch`, -32020).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum HeaderMismatch {
    /// The arguments have a value, the headers do not.
    #[error("the header {0} is missing")]
    Missing(String),
    /// The headers have a value, the arguments do not.
    #[error("the header {0} stands for an argument that is not there")]
    Unexpected(String),
    /// The two differ.
    #[error("the header {0} differs from the argument it stands for")]
    Different(String),
    /// The header cannot be read.
    #[error("the header {0} is malformed: {1}")]
    Malformed(String, InvalidHeaderValue),
    /// The argument is an integer that not every reader of the header would read alike.
    #[error("the argument behind the header {0} is an integer beyond 2^53 - 1")]
    OutOfRange(String),
}

/// Why a header value cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum InvalidHeaderValue {
    /// More than anybody needs.
    #[error("longer than {MAX_VALUE} characters")]
    TooLong,
    /// RFC 9110 §5.5: visible ASCII, space and tab.
    #[error("a character that needs the Base64 form")]
    Character,
    /// The sentinel is there, but no Base64 with padding (RFC 4648 §4) inside.
    #[error("invalid Base64")]
    Base64,
    /// The bytes are no text.
    #[error("not UTF-8")]
    Utf8,
}

impl HeaderParams {
    /// Reads the declarations of an input schema.
    pub(crate) fn of(schema: &Value) -> Result<Self, InvalidHeaderParam> {
        let mut params = Self::default();
        params.read(schema, &mut Vec::new(), Reach::Root, 0)?;
        Ok(params)
    }

    /// Whether the headers say what the arguments say. `header` looks one up by its name, in whatever case it came.
    pub(crate) fn check(
        &self,
        arguments: &Object,
        header: impl Fn(&str) -> Option<String>,
    ) -> Result<(), HeaderMismatch> {
        self.0.iter().try_for_each(|param| param.check(arguments, header(&param.header)))
    }

    fn read(
        &mut self,
        schema: &Value,
        path: &mut Vec<String>,
        reach: Reach,
        depth: usize,
    ) -> Result<(), InvalidHeaderParam> {
        let Value::Object(keywords) = schema else { return Ok(()) };
        if depth > MAX_DEPTH {
            return Err(InvalidHeaderParam::TooDeep);
        }
        let depth = depth.saturating_add(1);
        if let Some(name) = keywords.get(KEYWORD) {
            if reach != Reach::Property {
                return Err(InvalidHeaderParam::Unreachable(path.join(".")));
            }
            self.declare(name, keywords, path)?;
        }
        for (keyword, value) in keywords {
            let below = match keyword.as_str() {
                "properties" if reach != Reach::None => Reach::Property,
                _ => Reach::None,
            };
            match (Holds::of(keyword), value) {
                (Holds::Schemas, Value::Array(schemas)) => {
                    for schema in schemas {
                        self.read_at(keyword, schema, path, below, depth)?;
                    }
                }
                (Holds::Schemas, schema) => self.read_at(keyword, schema, path, below, depth)?,
                (Holds::NamedSchemas, Value::Object(schemas)) => {
                    for (name, schema) in schemas {
                        self.read_at(name, schema, path, below, depth)?;
                    }
                }
                (Holds::NamedSchemas | Holds::Data, _) => {}
            }
        }
        Ok(())
    }

    fn read_at(
        &mut self,
        step: &str,
        schema: &Value,
        path: &mut Vec<String>,
        reach: Reach,
        depth: usize,
    ) -> Result<(), InvalidHeaderParam> {
        path.push(step.to_owned());
        let result = self.read(schema, path, reach, depth);
        path.pop();
        result
    }

    fn declare(
        &mut self,
        name: &Value,
        keywords: &Map<String, Value>,
        path: &[String],
    ) -> Result<(), InvalidHeaderParam> {
        let place = || path.join(".");
        let name = name.as_str().filter(|name| is_token(name)).ok_or_else(|| InvalidHeaderParam::Name(place()))?;
        // "Mcp-Param-Region" as the declared name would become "Mcp-Param-Mcp-Param-Region".
        if name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX)) {
            return Err(InvalidHeaderParam::Name(place()));
        }
        match keywords.get("type").and_then(Value::as_str) {
            Some("string" | "integer" | "boolean") => {}
            _ => return Err(InvalidHeaderParam::Type(place())),
        }
        let header = format!("{PREFIX}{name}");
        if self.0.iter().any(|param| param.header.eq_ignore_ascii_case(&header)) {
            return Err(InvalidHeaderParam::Repeated(place()));
        }
        self.0.push(HeaderParam { header, path: path.to_vec() });
        Ok(())
    }
}

/// Whether a declaration may stand where the search is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// The schema itself: its properties may be declared, it may not.
    Root,
    /// A property, reached through `properties` alone.
    Property,
    /// Anywhere else.
    None,
}

/// What the value of a keyword consists of.
enum Holds {
    /// A schema, or a list of them.
    Schemas,
    /// An object whose members are schemas, and whose names are not keywords.
    NamedSchemas,
    /// Something that is no schema, such as the values of an `enum`.
    Data,
}

impl Holds {
    fn of(keyword: &str) -> Self {
        match keyword {
            "additionalProperties"
            | "allOf"
            | "anyOf"
            | "contains"
            | "contentSchema"
            | "else"
            | "if"
            | "items"
            | "not"
            | "oneOf"
            | "prefixItems"
            | "propertyNames"
            | "then"
            | "unevaluatedItems"
            | "unevaluatedProperties" => Self::Schemas,
            "$defs" | "definitions" | "dependentSchemas" | "patternProperties" | "properties" => Self::NamedSchemas,
            _ => Self::Data,
        }
    }
}

/// `token` of RFC 9110 §5.6.2, and not too long.
fn is_token(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

impl HeaderParam {
    fn check(&self, arguments: &Object, header: Option<String>) -> Result<(), HeaderMismatch> {
        let name = || self.header.clone();
        let value = self.value_in(arguments);
        // What a header cannot carry, clients leave out. Such an argument breaks the schema and is refused for that.
        let Some(value) = value.filter(|value| !matches!(value, Value::Null | Value::Array(_) | Value::Object(_)))
        else {
            return if header.is_none() { Ok(()) } else { Err(HeaderMismatch::Unexpected(name())) };
        };
        if let Value::Number(number) = value
            && !is_safe(number)
        {
            return Err(HeaderMismatch::OutOfRange(name()));
        }
        let raw = header.ok_or_else(|| HeaderMismatch::Missing(name()))?;
        let text = decode_header_value(&raw).map_err(|reason| HeaderMismatch::Malformed(name(), reason))?;
        let same = match value {
            Value::String(string) => text == *string,
            Value::Bool(true) => text == "true",
            Value::Bool(false) => text == "false",
            Value::Number(number) => is_number(&text, number),
            Value::Null | Value::Array(_) | Value::Object(_) => false,
        };
        if same { Ok(()) } else { Err(HeaderMismatch::Different(name())) }
    }

    fn value_in<'v>(&self, arguments: &'v Object) -> Option<&'v Value> {
        let (first, rest) = self.path.split_first()?;
        rest.iter().try_fold(arguments.get(first)?, |value, name| value.as_object()?.get(name))
    }
}

/// Whether every reader of the header reads this number alike.
fn is_safe(number: &Number) -> bool {
    let within = |limit: i64, side: Ordering| compare(number, &Number::from(limit)) != side;
    within(MAX_INTEGER, Ordering::Greater) && within(MAX_INTEGER.saturating_neg(), Ordering::Less)
}

/// Whether the text is the number, in decimal: `42` and `42.0` are the same.
fn is_number(text: &str, number: &Number) -> bool {
    // The grammar of JSON without an exponent; 24 characters hold every number that is left.
    text.len() <= 24
        && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
        && text.parse::<Number>().is_ok_and(|written| compare(&written, number) == Ordering::Equal)
}

/// What a value of `Mcp-Name` or `Mcp-Param-*` stands for: itself without the white space around it, or what is inside
/// `=?base64?…?=`. Whatever lacks the exact beginning or end is literal.
pub(crate) fn decode_header_value(raw: &str) -> Result<Cow<'_, str>, InvalidHeaderValue> {
    let value = raw.trim_matches([' ', '\t']);
    if value.len() > MAX_VALUE {
        return Err(InvalidHeaderValue::TooLong);
    }
    if !value.bytes().all(|byte| matches!(byte, b'\t' | 0x20..=0x7e)) {
        return Err(InvalidHeaderValue::Character);
    }
    let Some(encoded) = value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) else {
        return Ok(Cow::Borrowed(value));
    };
    let bytes = STANDARD.decode(encoded).map_err(|_| InvalidHeaderValue::Base64)?;
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| InvalidHeaderValue::Utf8)
}

#[cfg(test)]
mod tests {
    use super::*;
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
            (
                "Base64 of Unicode",
                "string",
                json!({"p": "Hello, 世界"}),
                Some("=?base64?SGVsbG8sIOS4lueVjA==?="),
                Ok(()),
            ),
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
            (
                "Base64, another value",
                "string",
                json!({"p": "Hallo"}),
                Some("=?base64?SGVsbG8=?="),
                Err(Different(h())),
            ),
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
}
