//! What a log may say about a POST: names of methods that are served here, and names of tools and prompts that the connector has.
//! Everything else that a client sent stays out of the log.

use serde_json::Value;

use crate::host::bundle::Host;
use crate::methods::client_request::ClientRequest;
use crate::methods::lifecycle::initialize::InitializeRequestParams;
use crate::transport::headers;
use crate::transport::headers::{RequestHeaders, trimmed};
use crate::transport::posted::{Body, ClientMessage, Posted, Request};
use crate::transport::request_meta::RequestMeta;
use crate::transport::trace_context::TraceParent;
use crate::types::version::ProtocolVersion;

/// What a client asked, for a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The name of the method, if it is served here; or else `other`. `batch` or `response` for a body that is no request.
    pub method: &'static str,
    /// The name of the tool or prompt, if the connector has it.
    pub name: Option<String>,
    /// The revision that the client names, if it is known.
    pub version: Option<ProtocolVersion>,
    /// The trace that the request belongs to, if its `_meta` names one.
    pub trace: Option<TraceParent>,
}

impl<H: Host> Posted<H> {
    /// Returns what a log may say about it.
    #[must_use]
    pub fn summary(&self, headers: &dyn RequestHeaders) -> Summary {
        let by_header =
            || headers.get(headers::PROTOCOL_VERSION).and_then(|version| ProtocolVersion::parse(trimmed(&version)));
        let claimed = |meta: &RequestMeta| {
            let claimed = meta.protocol_version().and_then(Value::as_str);
            claimed.map_or_else(by_header, ProtocolVersion::parse)
        };
        let unnamed = |method| Summary { method, name: None, version: by_header(), trace: None };
        match self.body() {
            Body::Single(Ok(ClientMessage::Request(Request { meta, call, .. }))) => Summary {
                method: call.known_method().unwrap_or("other"),
                name: call.feature().map(str::to_owned),
                version: if let ClientRequest::Initialize(InitializeRequestParams {
                    protocol_version: Some(version),
                    ..
                }) = call
                    && meta.protocol_version().is_none()
                {
                    ProtocolVersion::parse(version)
                } else {
                    claimed(meta)
                },
                trace: meta.trace_parent(),
            },
            Body::Single(Ok(ClientMessage::Notification { meta, notification })) => Summary {
                method: notification.known_method().unwrap_or("other"),
                name: None,
                version: claimed(meta),
                trace: meta.trace_parent(),
            },
            Body::Single(Ok(ClientMessage::Response(..))) => unnamed("response"),
            Body::Single(Err(_)) => unnamed("other"),
            Body::Batch(_) => unnamed("batch"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use serde_json::json;

    use super::*;
    use crate::author::connector::Connector;
    use crate::author::registry::Registry;
    use crate::author::tools::tool::Tool;
    use crate::author::tools::tool_error::ToolError;
    use crate::testing::test_host::TestHost;

    fn summary(body: &Value) -> Summary {
        async fn echo(_cx: crate::call::context::Context<TestHost>) -> Result<String, ToolError> {
            Ok(String::new())
        }
        let connector: Connector<TestHost> =
            Connector::new("n", "1").tool(Tool::new("echo", "Say it back.", echo).read_only());
        let registry = Rc::new(Registry::new(connector).0);
        let headers = |name: &str| (name == "mcp-protocol-version").then(|| "2025-06-18".to_owned());
        Posted::read(body.to_string().as_bytes(), 1 << 20, &registry, None).ok().unwrap().summary(&headers)
    }

    #[test]
    fn only_names_that_are_known_here_are_told() {
        let call = |method: &str, params: Value| json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        for (body, method, name) in [
            (call("tools/call", json!({"name": "echo"})), "tools/call", Some("echo")),
            (call("tools/call", json!({"name": "echo2"})), "tools/call", None),
            (call("tools/call", json!({})), "tools/call", None),
            (call("prompts/get", json!({"name": "echo"})), "prompts/get", None),
            (call("secret/method", json!({"name": "echo"})), "other", None),
            (call("skills/list", json!({})), "skills/list", None),
            (call("tasks/list", json!({})), "other", None),
            (json!({"jsonrpc": "2.0", "method": "notifications/initialized"}), "notifications/initialized", None),
            (json!({"jsonrpc": "2.0", "id": 1, "result": {}}), "response", None),
            (json!([call("ping", json!({}))]), "batch", None),
            (json!({"no": "message"}), "other", None),
        ] {
            let summary = summary(&body);
            assert_eq!((summary.method, summary.name.as_deref()), (method, name), "{body}");
        }
    }

    #[test]
    fn the_version_is_that_of_the_body_or_else_of_the_header() {
        let meta = |version: &str| json!({"_meta": {"io.modelcontextprotocol/protocolVersion": version}});
        for (method, params, version) in [
            ("ping", json!({}), Some(ProtocolVersion::V2025_06_18)),
            ("ping", meta("2026-07-28"), Some(ProtocolVersion::V2026_07_28)),
            ("ping", meta("2099-01-01"), None),
            ("initialize", json!({"protocolVersion": "2025-03-26"}), Some(ProtocolVersion::V2025_03_26)),
        ] {
            let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
            assert_eq!(summary(&body).version, version, "{body}");
        }
    }

    #[test]
    fn a_trace_comes_from_the_metadata() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";
        for (text, is_there) in [(json!(good), true), (json!("00-1-2-3"), false), (json!(7), false)] {
            let body = json!({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"_meta": {"traceparent": text}}});
            assert_eq!(summary(&body).trace.is_some(), is_there, "{body}");
        }
    }
}
