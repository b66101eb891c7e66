//! The body of a POST to the MCP endpoint, behind a byte that chooses the headers: from the bytes to the answer.
#![cfg_attr(feature = "libfuzzer", no_main)]

use futures::FutureExt;
use mcp_connector_protocol::Connector;
use mcp_connector_protocol::Context;
use mcp_connector_protocol::Registry;
use mcp_connector_protocol::Tool;
use mcp_connector_protocol::ToolError;
use mcp_connector_protocol::testing::test_host::TestHost;
use mcp_connector_protocol::{Endpoint, Posted, Reply, Settings};
use serde_json::{Value, json};
use std::rc::Rc;
use std::time::Duration;

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
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
    let reply = match Posted::read(body, 1 << 20, &registry, None) {
        Ok(posted) => {
            let _ = (posted.need(), posted.checks_revocation(), posted.summary(&headers));
            let endpoint = Endpoint { registry, settings };
            let reply = posted.answer(&headers, &endpoint, TestHost::default(), None).now_or_never();
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
