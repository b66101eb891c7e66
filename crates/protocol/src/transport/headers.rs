//! The request headers of Streamable HTTP, and how they must agree with the body ("Request Metadata").

use crate::json_rpc::rpc_error::{ErrorCode, RpcError};
use crate::tool_schema::header_params::decode_header_value;

/// The headers of a request. A header that was sent twice is one value with a comma, as in HTTP.
pub trait RequestHeaders {
    /// Returns the value of the header `name`, which is in lower case.
    fn get(&self, name: &str) -> Option<String>;
}

impl<F: Fn(&str) -> Option<String>> RequestHeaders for F {
    fn get(&self, name: &str) -> Option<String> {
        self(name)
    }
}

pub(crate) const PROTOCOL_VERSION: &str = "mcp-protocol-version";
const METHOD: &str = "mcp-method";
const NAME: &str = "mcp-name";

/// What the header `Mcp-Name` must repeat.
#[derive(Clone, Copy)]
pub(crate) struct McpName<'a> {
    /// The member of the parameters.
    pub(crate) member: &'static str,
    /// Its value; `None` if it is missing or not a string.
    pub(crate) value: Option<&'a str>,
}

/// Checks that `Mcp-Method` and `Mcp-Name` say what the body says. The name is in the header as it is or in base64.
pub(crate) fn check_standard_headers(
    method: &str,
    name: Option<McpName<'_>>,
    headers: &dyn RequestHeaders,
) -> Result<(), RpcError> {
    let header = headers.get(METHOD).ok_or_else(|| missing("Mcp-Method"))?;
    if trimmed(&header) != method {
        return Err(differs("Mcp-Method", "method"));
    }
    let Some(McpName { member, value }) = name else { return Ok(()) };
    let header = headers.get(NAME).ok_or_else(|| missing("Mcp-Name"))?;
    let header = decode_header_value(trimmed(&header)).map_err(|error| mismatch(format!("Mcp-Name: {error}.")))?;
    if value != Some(&*header) {
        return Err(differs("Mcp-Name", member));
    }
    Ok(())
}

/// Removes the optional white space that HTTP allows around a value.
pub(crate) fn trimmed(value: &str) -> &str {
    value.trim_matches([' ', '\t'])
}

/// Returns the error of headers that do not agree with the body.
pub(crate) fn mismatch(message: impl Into<String>) -> RpcError {
    RpcError::new(ErrorCode::HeaderMismatch, message)
}

fn missing(header: &str) -> RpcError {
    mismatch(format!("The header {header} is missing."))
}

fn differs(header: &str, member: &str) -> RpcError {
    mismatch(format!("The header {header} does not say what `{member}` in the body says."))
}

/// The media types that the client accepts as an answer ("Sending Messages").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepts {
    Json,
    EventStream,
    Both,
}

impl Accepts {
    /// Reads the header `Accept`. Returns `None` if the client accepts neither. A client without the header accepts both.
    pub(crate) fn of(headers: &impl RequestHeaders) -> Option<Self> {
        let Some(accept) = headers.get("accept") else { return Some(Self::Both) };
        let (mut json, mut stream) = (false, false);
        for range in accept.split(',') {
            let media = range.split(';').next().unwrap_or_default().trim();
            let is_one_of = |ranges: [&str; 3]| ranges.into_iter().any(|range| media.eq_ignore_ascii_case(range));
            json |= is_one_of(["application/json", "application/*", "*/*"]);
            stream |= is_one_of(["text/event-stream", "text/*", "*/*"]);
        }
        match (json, stream) {
            (true, true) => Some(Self::Both),
            (true, false) => Some(Self::Json),
            (false, true) => Some(Self::EventStream),
            (false, false) => None,
        }
    }
}

/// Returns whether the client accepts a stream as an answer.
pub fn accepts_event_stream(headers: &impl RequestHeaders) -> bool {
    matches!(Accepts::of(headers), Some(Accepts::EventStream | Accepts::Both))
}

/// Returns whether a `Content-Type` is JSON in UTF-8.
#[must_use]
pub fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default();
    media.eq_ignore_ascii_case("application/json")
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
                value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_headers_repeat_the_body() {
        let rows: &[(&str, Option<&str>, Option<&str>, bool)] = &[
            ("as base64", Some("tools/call"), Some("=?base64?Z3LDtsOfZQ==?="), true),
            ("white space around", Some(" tools/call\t"), Some("  =?base64?Z3LDtsOfZQ==?= "), true),
            ("no method", None, Some("=?base64?Z3LDtsOfZQ==?="), false),
            ("no name", Some("tools/call"), None, false),
            ("another method", Some("tools/list"), Some("=?base64?Z3LDtsOfZQ==?="), false),
            ("another case", Some("Tools/Call"), Some("=?base64?Z3LDtsOfZQ==?="), false),
            ("another name", Some("tools/call"), Some("groesse"), false),
            ("no padding", Some("tools/call"), Some("=?base64?Z3LDtsOfZQ?="), false),
        ];
        for (name, method, tool, passes) in rows {
            let headers = |header: &str| match header {
                "mcp-method" => method.map(str::to_owned),
                "mcp-name" => tool.map(str::to_owned),
                _ => None,
            };
            let mcp_name = McpName { member: "name", value: Some("größe") };
            assert_eq!(check_standard_headers("tools/call", Some(mcp_name), &headers).is_ok(), *passes, "{name}");
        }
        let list = |header: &str| (header == "mcp-method").then(|| "tools/list".to_owned());
        assert!(check_standard_headers("tools/list", None, &list).is_ok());
    }

    #[test]
    fn accept_is_read_as_http_means_it() {
        let rows = [
            (None, Some(Accepts::Both)),
            (Some("*/*"), Some(Accepts::Both)),
            (Some("text/event-stream, application/json"), Some(Accepts::Both)),
            (Some("application/json;q=0.9"), Some(Accepts::Json)),
            (Some("Text/Event-Stream"), Some(Accepts::EventStream)),
            (Some("text/*"), Some(Accepts::EventStream)),
            (Some("text/html"), None),
            (Some("x-text/event-stream"), None),
            (Some(""), None),
        ];
        for (accept, expected) in rows {
            let headers = |_: &str| accept.map(str::to_owned);
            assert_eq!(Accepts::of(&headers), expected, "{accept:?}");
            let is_stream = matches!(expected, Some(Accepts::EventStream | Accepts::Both));
            assert_eq!(accepts_event_stream(&headers), is_stream, "{accept:?}");
        }
    }

    #[test]
    fn a_body_must_be_json_in_utf_8() {
        for (content_type, json) in [
            ("application/json", true),
            ("Application/JSON; charset=UTF-8", true),
            ("application/json;charset=\"utf-8\"", true),
            ("application/json; charset=latin1", false),
            ("text/plain", false),
            ("application/json-rpc", false),
            ("application/jsonp", false),
            ("", false),
        ] {
            assert_eq!(is_json(content_type), json, "{content_type}");
        }
    }
}
