//! What a log may say about a POST: the names of methods that the protocol has and of parts that the connector has, and
//! nothing else of what a client sent.

use serde_json::Value;

use crate::author::registry::Registry;
use crate::json_rpc::body::Body;
use crate::json_rpc::message::{Message, Notification, Request};
use crate::methods::method::Method;
use crate::transport::endpoint::Posted;
use crate::transport::headers;
use crate::transport::headers::{RequestHeaders, trimmed};
use crate::transport::modern;
use crate::transport::trace_context::TraceParent;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The method; `other` where the protocol has none of that name, `batch` and `response` for what is no request.
    pub method: &'static str,
    /// The name of the tool or prompt, if the connector has it.
    pub name: Option<String>,
    /// The revision that the client names, if it is known.
    pub version: Option<ProtocolVersion>,
    /// In whose trace the request stands, if its `_meta` says so.
    pub trace: Option<TraceParent>,
}

impl Posted {
    /// What a log may say about it.
    #[must_use]
    pub fn summary<H: 'static>(&self, headers: &dyn RequestHeaders, registry: &Registry<H>) -> Summary {
        let (method, params) = match self.body() {
            Body::Single(Ok(
                Message::Request(Request { method, params, .. })
                | Message::Notification(Notification { method, params }),
            )) => (Some(method), Some(params)),
            Body::Single(Ok(Message::Response(..)) | Err(_)) | Body::Batch(_) => (None, None),
        };
        let text = |member: &str| params?.get(member)?.as_str();
        #[allow(clippy::wildcard_enum_match_arm, reason = "nothing else has a name that the log tells")]
        let name = match method {
            Some(Method::CallTool) => {
                text("name").and_then(|name| registry.tool(name)).map(|tool| tool.tool.name.clone())
            }
            Some(Method::GetPrompt) => {
                text("name").and_then(|name| registry.prompt(name)).map(|prompt| prompt.feature.metadata.name.clone())
            }
            _ => None,
        };
        let claimed = params.and_then(modern::claim).and_then(Value::as_str).or_else(|| text("protocolVersion"));
        let version = match claimed {
            Some(version) => ProtocolVersion::parse(version),
            None => {
                headers.get(headers::PROTOCOL_VERSION).and_then(|version| ProtocolVersion::parse(trimmed(&version)))
            }
        };
        let method = match self.body() {
            Body::Single(Ok(Message::Response(..))) => "response",
            Body::Batch(_) => "batch",
            Body::Single(_) => method.and_then(Method::name).unwrap_or("other"),
        };
        Summary { method, name, version, trace: params.and_then(trace) }
    }
}

fn trace(params: &Object) -> Option<TraceParent> {
    TraceParent::parse(params.get("_meta")?.get(TraceParent::NAME)?.as_str()?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::author::connector::Connector;
    use crate::author::tool::Tool;
    use crate::author::tool_error::ToolError;
    use crate::testing::test_host::TestHost;

    fn summary(body: &Value) -> Summary {
        async fn echo(_cx: crate::call::context::Context<TestHost>) -> Result<String, ToolError> {
            Ok(String::new())
        }
        let connector: Connector<TestHost> =
            Connector::new("n", "1").tool(Tool::new("echo", "Say it back.", echo).read_only());
        let (registry, _) = Registry::new(connector);
        let headers = |name: &str| (name == "mcp-protocol-version").then(|| "2025-06-18".to_owned());
        Posted::read(body.to_string().as_bytes(), 1 << 20).ok().unwrap().summary(&headers, &registry)
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
            (call("tasks/list", json!({})), "tasks/list", None),
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
