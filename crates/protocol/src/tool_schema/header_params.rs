//! Arguments that a client repeats in headers: the `x-mcp-header` declarations of a tool's input schema, and the check that
//! each `Mcp-Param-*` header agrees with the body (2026-07-28, transports, "Custom Headers from Tool Parameters").
//!
//! Proxies route by these headers without reading the body. So a header that disagrees with the body is refused, and an
//! error names the header, never a value.

use std::borrow::Cow;
use std::cmp::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Number, Value};
use thiserror::Error;

use mcp_connector_base::http_token::is_token;
use mcp_connector_base::json::Object;
use mcp_connector_schema::compare;

/// The keyword that declares a header.
pub(crate) const KEYWORD: &str = "x-mcp-header";
/// The prefix of the declared name in a header.
const PREFIX: &str = "Mcp-Param-";
/// Maximum length of a declared name. Proxies limit the names of headers.
const MAX_NAME: usize = 64;
/// Maximum length of an encoded header value.
const MAX_VALUE: usize = 8 * 1024;
/// Maximum depth to which a schema is searched. A schema that nests deeper does not compile either.
const MAX_DEPTH: usize = 100;
/// The largest integer that every client can hold exactly: 2^53 - 1.
const MAX_INTEGER: i64 = 9_007_199_254_740_991;

/// The headers that mirror the arguments of one tool.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeaderParams(Vec<HeaderParam>);

#[derive(Clone, Debug)]
struct HeaderParam {
    /// The name of the header, with the prefix.
    header: String,
    /// The names of the properties that lead to the value.
    path: Vec<String>,
}

/// Why a declaration is not allowed. Clients hide a tool with such a declaration, so it is found when the tool is registered.
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
    /// Two declarations have the same name. Upper and lower case count as the same in names of headers.
    #[error("`x-mcp-header` at `{0}` repeats a name that another property has")]
    Repeated(String),
    /// The declaration is not on a property that is reached through `properties` alone.
    #[error("`x-mcp-header` at `{0}` is only allowed on a property that is reached through `properties` alone")]
    Unreachable(String),
    /// The schema nests more deeply than it is searched.
    #[error("the schema nests too deeply")]
    TooDeep,
}

/// Why the headers of a call are refused (`HeaderMismatch`, -32020).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum HeaderMismatch {
    /// The arguments have a value, and the headers do not.
    #[error("the header {0} is missing")]
    Missing(String),
    /// The headers have a value, and the arguments do not.
    #[error("the header {0} belongs to an argument that is missing")]
    Unexpected(String),
    /// The two differ.
    #[error("the header {0} differs from its argument")]
    Different(String),
    /// The header cannot be read.
    #[error("the header {0} is malformed: {1}")]
    Malformed(String, InvalidHeaderValue),
    /// The argument is an integer that some readers would round.
    #[error("the argument of the header {0} is an integer beyond 2^53 - 1")]
    OutOfRange(String),
}

/// Why a header value cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum InvalidHeaderValue {
    /// It is too long.
    #[error("longer than {MAX_VALUE} characters")]
    TooLong,
    /// It has a character other than visible ASCII, space and tab (RFC 9110 §5.5).
    #[error("a character that needs the Base64 form")]
    Character,
    /// Between the markers is no Base64 with padding (RFC 4648 §4).
    #[error("invalid Base64")]
    Base64,
    /// The decoded bytes are not UTF-8.
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

    /// Checks that the headers agree with the arguments. `header` returns the value of a header, whatever the case of its name.
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
        let depth = depth + 1;
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
        let name = name.as_str().filter(|name| is_name(name)).ok_or_else(|| InvalidHeaderParam::Name(place()))?;
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

/// Whether a declaration is allowed at the place of the search.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// The schema itself: not allowed, but its properties are.
    Root,
    /// A property that is reached through `properties` alone: allowed.
    Property,
    /// Any other place: not allowed.
    None,
}

/// What the value of a keyword consists of.
enum Holds {
    /// A schema, or a list of them.
    Schemas,
    /// An object whose members are schemas, and whose names are not keywords.
    NamedSchemas,
    /// No schema: for example the values of an `enum`.
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

/// Returns whether `name` is a `token` of RFC 9110 §5.6.2, and not too long.
fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME && is_token(name)
}

impl HeaderParam {
    fn check(&self, arguments: &Object, header: Option<String>) -> Result<(), HeaderMismatch> {
        let name = || self.header.clone();
        let value = self.value_in(arguments);
        // Clients leave out what a header cannot carry. Validation rejects such an argument.
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

/// Returns whether every reader of the header reads this number alike.
fn is_safe(number: &Number) -> bool {
    let within = |limit: i64, side: Ordering| compare(number, &Number::from(limit)) != side;
    within(MAX_INTEGER, Ordering::Greater) && within(-MAX_INTEGER, Ordering::Less)
}

/// Returns whether `text` is the number in decimal: `42` and `42.0` are the same.
fn is_number(text: &str, number: &Number) -> bool {
    // The grammar of JSON without an exponent; every safe number fits into 24 characters.
    text.len() <= 24
        && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
        && text.parse::<Number>().is_ok_and(|written| compare(&written, number) == Ordering::Equal)
}

/// Decodes a value of `Mcp-Name` or `Mcp-Param-*`: what is between `=?base64?` and `?=`, or else the value itself without the
/// white space around it.
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
mod tests;
