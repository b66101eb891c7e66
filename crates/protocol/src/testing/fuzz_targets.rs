//! The decoders of this half that take bytes from outside, for `fuzz/`.

use std::rc::Rc;
use std::time::Duration;

use futures::FutureExt;
use serde_json::{Value, json};

use crate::author::connector::Connector;
use crate::author::registry::Registry;
use crate::author::tool::Tool;
use crate::author::tool_result::ToolError;
use crate::author::uri_template::{Uri, UriTemplate};
use crate::call::context::Context;
use crate::testing::test_host::TestHost;
use crate::tool_schema::header_params::decode_header_value;
use crate::transport::endpoint::{Endpoint, Posted, Reply, Settings};
use crate::transport::replay::EventId;
use crate::transport::session::SessionId;
use crate::transport::trace_context::TraceParent;
use mcp_connector_base::fuzz_target::Target;
use mcp_connector_schema::Schema;

/// All of them.
pub const TARGETS: &[Target] = &[
    Target {
        name: "json_rpc",
        run: json_rpc,
        seeds: &[
            br#"0{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{}}}"#,
            br#"1{"jsonrpc":"2.0","id":"a","method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"traceparent":"00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"}}}"#,
            br#"2{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{"elicitation":{}},"clientInfo":{"name":"a","version":"1"}}}"#,
            br#"3[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"notifications/initialized"}]"#,
            br#"4{"jsonrpc":"2.0","id":1,"result":{"action":"accept","content":{}}}"#,
            br#"5{"jsonrpc":"2.0","id":1.0,"error":{"code":-32600,"message":"x"}}"#,
        ],
    },
    Target {
        name: "json_schema",
        run: json_schema,
        seeds: &[
            br#"{"type":"object","properties":{"a":{"type":"integer","minimum":1}},"required":["a"],"additionalProperties":false}"#,
            br##"{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"oneOf":[{"const":1},{"not":{}}]}},"$ref":"#/$defs/a","unevaluatedItems":false}"##,
            br##"{"items":{"$dynamicRef":"#x"},"$dynamicAnchor":"x","prefixItems":[true,false],"multipleOf":0.1,"pattern":"^a*$"}"##,
        ],
    },
    Target {
        name: "schema_pattern",
        run: schema_pattern,
        seeds: &[b"^(a+)+$\naaaaaaaaaaaaaaab", b"[^\\p{L}\\d_-]{1,3}?\nx", b"^\\u{1F600}|(?=a)b\\b\n\xf0\x9f\x98\x80", b"(?<n>a)\\k<n>\naa"],
    },
    Target {
        name: "uri_template",
        run: uri_template,
        seeds: &[b"note://{id}\nnote://7", b"file:///{path}/x/{name}.txt\nfile:///a%20b/x/c.txt", b"{a}\nx:y"],
    },
    Target {
        name: "header_value",
        run: header_value,
        seeds: &[b" echo\t", b"=?base64?Z3LDtsOfZQ==?=", b"=?base64??="],
    },
    Target {
        name: "session_id",
        run: session_id,
        seeds: &[b"0000000000000000000000000000000319d8d35c", b"a"],
    },
    Target { name: "last_event_id", run: last_event_id, seeds: &[b"0123456789abcdef-17", b" 0123456789abcdef-0 ", b"-1"] },
    Target {
        name: "traceparent",
        run: traceparent,
        seeds: &[
            b"00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01",
            b"cc-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01-more",
        ],
    },
];

/// A body, behind a byte that chooses the headers: the whole way to the answer.
fn json_rpc(input: &[u8]) -> bool {
    async fn echo(_cx: Context<TestHost>) -> Result<String, ToolError> {
        Ok(String::new())
    }
    let Some((choice, body)) = input.split_first() else { return false };
    let headers = |name: &str| {
        let value = match (name, choice % 6) {
            ("mcp-protocol-version", 0) => "2025-11-25",
            ("mcp-protocol-version", 1) => "2026-07-28",
            ("mcp-protocol-version", 3) => "2025-03-26",
            ("mcp-method", 1) => "tools/list",
            ("accept", 5) => "application/json",
            _ => return None,
        };
        Some(value.to_owned())
    };
    let connector: Connector<TestHost> =
        Connector::new("n", "1").tool(Tool::new("echo", "Say it back.", echo).read_only());
    let registry = Rc::new(Registry::new(connector).0);
    let settings = Settings {
        page_size: 2,
        patience: Duration::ZERO,
        keep_alive: Duration::ZERO,
        time_limit: Duration::from_secs(1),
    };
    let reply = match Posted::read(body, 1 << 20) {
        Ok(posted) => {
            let _ = (posted.need(&registry), posted.is_strict(&registry), posted.summary(&headers, &registry));
            let endpoint = Endpoint { registry, settings };
            let reply = posted.answer(&headers, &endpoint, TestHost, None).now_or_never();
            let Some(reply) = reply else { return false };
            reply
        }
        Err(reply) => reply,
    };
    let Reply::Json { status, body, .. } = reply else { return matches!(reply, Reply::Accepted) };
    assert!(matches!(status, 200 | 400 | 404 | 406 | 503), "{status}");
    let answer: Result<Value, _> = serde_json::from_slice(&body);
    assert!(answer.is_ok_and(|answer| answer.is_array() || answer.get("jsonrpc") == Some(&json!("2.0"))), "{body:?}");
    status == 200
}

/// A schema, and itself as a value of it.
fn json_schema(input: &[u8]) -> bool {
    let Ok(document) = serde_json::from_slice::<Value>(input) else { return false };
    let Ok(schema) = Schema::compile(&document) else { return false };
    let fits = schema.validate(&document).is_ok();
    assert_eq!(schema.validate(&document).is_ok(), fits, "the same answer each time");
    true
}

/// A pattern, and in the next line a text.
fn schema_pattern(input: &[u8]) -> bool {
    let Ok(input) = std::str::from_utf8(input) else { return false };
    let (pattern, text) = input.split_once('\n').unwrap_or((input, ""));
    let Ok(schema) = Schema::compile(json!({ "pattern": pattern })) else { return false };
    let _ = schema.validate(&json!(text));
    true
}

/// A template, and in the next line a URI.
fn uri_template(input: &[u8]) -> bool {
    let Ok(input) = std::str::from_utf8(input) else { return false };
    let (template, uri) = input.split_once('\n').unwrap_or((input, ""));
    let uri = Uri::parse(uri);
    if let Ok(uri) = &uri {
        assert!(uri.as_str().contains(':'), "a URI has a scheme");
    }
    let Ok(template) = UriTemplate::parse(template) else { return false };
    assert!(template.variables().count() > 0, "without a variable it is none");
    let Ok(uri) = uri else { return false };
    let Some(values) = template.matches(&uri) else { return false };
    assert_eq!(values.len(), template.variables().count(), "each variable has its value");
    true
}

fn header_value(input: &[u8]) -> bool {
    let Ok(input) = std::str::from_utf8(input) else { return false };
    let Ok(text) = decode_header_value(input) else { return false };
    assert!(text.len() <= input.len(), "it got shorter by decoding");
    true
}

fn session_id(input: &[u8]) -> bool {
    let Ok(input) = std::str::from_utf8(input) else { return false };
    let Some(session) = SessionId::parse(input) else { return false };
    assert_eq!(session.as_str(), input, "it is what was sent");
    true
}

fn last_event_id(input: &[u8]) -> bool {
    let Ok(input) = std::str::from_utf8(input) else { return false };
    let Some(id) = EventId::parse(input) else { return false };
    let written = format!("{}-{}", id.stream, id.number);
    assert_eq!(EventId::parse(&written), Some(id), "what is written is read again as the same");
    true
}

fn traceparent(input: &[u8]) -> bool {
    let Ok(input) = std::str::from_utf8(input) else { return false };
    let Some(trace) = TraceParent::parse(input) else { return false };
    let [high, low] = trace.trace();
    let text = format!("{high:016x}{low:016x}-{:016x}", trace.parent());
    assert_eq!(input.get(3..52), Some(text.as_str()), "it is what was sent");
    true
}

#[cfg(test)]
mod tests {
    use mcp_connector_base::fuzz_driver::drive;

    use super::*;

    #[test]
    fn every_decoder_takes_anything_and_keeps_its_word() {
        drive(TARGETS);
    }
}
