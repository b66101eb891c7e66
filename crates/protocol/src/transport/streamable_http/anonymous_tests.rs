//! What a client gets that sends no token, and that nothing is kept for it unless the connector says so.

use std::time::Duration;

use std::future::Future;
use std::pin::pin;
use std::task::{Context as TaskContext, Waker};

use futures::StreamExt;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::author::connector::Connector;
use crate::author::registry::Registry;
use crate::author::resources::resource::Resource;
use crate::author::tools::tool::Tool;
use crate::author::tools::tool_error::ToolError;
use crate::call::context::Context;
use crate::methods::need::Need;
use crate::subscriptions::change::Topic;
use crate::testing::test_client::caller;
use crate::testing::test_host::TestHost;
use crate::transport::endpoint::{Endpoint, Settings};
use crate::transport::session::SessionId;
use crate::transport::streamable_http::*;
use crate::types::client_capabilities::ClientCapabilities;
use crate::types::client_capabilities::ClientCapability;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::scope::ScopeSet;

#[derive(Deserialize, JsonSchema)]
struct Sure {
    /// Whether to do it
    sure: bool,
}

async fn ask(cx: Context<TestHost>) -> Result<String, ToolError> {
    if !cx.can(ClientCapability::Elicitation) {
        return Ok("not asked".to_owned());
    }
    let Sure { sure } = cx.elicit("sure", "Sure?").await?;
    Ok(sure.to_string())
}

async fn must_ask(cx: Context<TestHost>) -> Result<String, ToolError> {
    let Sure { sure } = cx.elicit("sure", "Sure?").await?;
    Ok(sure.to_string())
}

async fn text(_cx: Context<TestHost>) -> Result<&'static str, ToolError> {
    Ok("text")
}

fn connector() -> Connector<TestHost> {
    Connector::new("test", "1")
        .tool(Tool::new("ask", "Ask.", ask))
        .tool(Tool::new("must_ask", "Ask.", must_ask))
        .tool(Tool::new("long", "Long.", text).long_running())
        .tool(Tool::new("background", "In the background.", text).task_only())
        .resource(Resource::new("about://this", "about", "About this.", text))
        .announces([Topic::ResourceUpdates, Topic::ToolList])
}

fn endpoint(connector: Connector<TestHost>) -> Endpoint<TestHost> {
    let (registry, rejected) = Registry::new(connector);
    assert_eq!(rejected, []);
    let settings = Settings {
        page_size: 9,
        patience: Duration::ZERO,
        keep_alive: Duration::from_secs(1),
        time_limit: Duration::from_secs(1),
    };
    Endpoint { registry: Rc::new(registry), settings }
}

/// Returns the session of a client that can be asked.
fn session() -> String {
    let declared = json!({"elicitation": {}});
    let capabilities = ClientCapabilities::declared(declared.as_object().unwrap());
    SessionId::new(7 << 16, capabilities, ProtocolVersion::V2025_11_25).as_str().to_owned()
}

const LEGACY: &str = "2025-11-25";
const MODERN: &str = "2026-07-28";

struct Client {
    endpoint: Endpoint<TestHost>,
    host: TestHost,
    who: Option<Caller>,
}

impl Client {
    fn anonymous(connector: Connector<TestHost>) -> Self {
        Self { endpoint: endpoint(connector), host: TestHost::default(), who: None }
    }

    /// Returns what is answered to a message in a session of 2025-11-25: the status, and all of the JSON.
    fn legacy(&self, message: &Value) -> (u16, Vec<Value>) {
        self.send(message, LEGACY, None)
    }

    fn legacy_request(&self, method: &str, params: &Value) -> (u16, Value) {
        let (status, mut messages) = self.legacy(&request(method, params));
        (status, messages.pop().unwrap_or_default())
    }

    fn modern_request(&self, method: &str, params: &Value) -> Value {
        let mut params = params.clone();
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientCapabilities":
                {"elicitation": {}, "extensions": {"io.modelcontextprotocol/tasks": {}}},
        });
        let named = params.get("name").or(params.get("taskId")).and_then(Value::as_str).map(str::to_owned);
        let (_, mut messages) = self.send(&request(method, &params), MODERN, Some(&(method.to_owned(), named)));
        messages.pop().unwrap_or_default()
    }

    fn send(&self, message: &Value, version: &str, named: Option<&(String, Option<String>)>) -> (u16, Vec<Value>) {
        let headers = |header: &str| match header {
            "mcp-protocol-version" => Some(version.to_owned()),
            "mcp-session-id" if version == LEGACY => Some(session()),
            "mcp-method" => named.map(|(method, _)| method.clone()),
            "mcp-name" => named.and_then(|(_, name)| name.clone()),
            _ => None,
        };
        let posted = Posted::read(message.to_string().as_bytes(), 1 << 20, &self.endpoint.registry, None).ok().unwrap();
        let reply = finish(posted.answer(&headers, &self.endpoint, self.host.clone(), self.who.clone()));
        let events = |text: &str| {
            let lines = text.lines().filter_map(|line| line.strip_prefix("data: "));
            lines.filter_map(|line| serde_json::from_str(line).ok()).collect()
        };
        match reply {
            Reply::Accepted => (202, vec![]),
            Reply::Json { status, body, .. } => (status, vec![serde_json::from_slice(&body).unwrap()]),
            Reply::Events(stream) => {
                let bytes: Vec<Vec<u8>> = finish(stream.collect());
                (200, events(&String::from_utf8(bytes.concat()).unwrap()))
            }
            Reply::Listen(listening) => {
                let whole = listening.ended().map(|events| String::from_utf8(events).unwrap());
                (200, whole.map(|text| events(&text)).unwrap_or_default())
            }
        }
    }

    fn need(&self, method: &str, params: &Value) -> Need {
        let body = request(method, params).to_string();
        Posted::read(body.as_bytes(), 1 << 20, &self.endpoint.registry, None).ok().unwrap().need()
    }
}

fn request(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

/// Polls until it is done; all that is waited for here is there after a turn.
fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = TaskContext::from_waker(Waker::noop());
    for _ in 0..100 {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
    panic!("it waits for something")
}

#[test]
fn nothing_is_kept_for_a_client_without_a_token() {
    let client = Client::anonymous(connector());
    let cancelled = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}});
    let response = json!({"jsonrpc": "2.0", "id": "q", "result": {}});
    for (name, (status, messages), answer) in [
        ("a log level", client.legacy(&request("logging/setLevel", &json!({"level": "debug"}))), Some(json!({}))),
        (
            "an end of a subscription",
            client.legacy(&request("resources/unsubscribe", &json!({"uri": "about://this"}))),
            Some(json!({})),
        ),
        ("a cancellation", client.legacy(&cancelled), None),
        ("a response", client.legacy(&response), None),
    ] {
        let expected: Vec<Value> =
            answer.map(|result| json!({"jsonrpc": "2.0", "id": 1, "result": result})).into_iter().collect();
        assert_eq!((status, messages), (if expected.is_empty() { 202 } else { 200 }, expected), "{name}");
    }
    let wrong = client.legacy_request("logging/setLevel", &json!({"level": "loud"}));
    assert_eq!(wrong.1["error"]["code"], -32602, "what is wrong is still said");
    for (tool, text) in [
        ("ask", "not asked"),
        ("must_ask", "This call needs to ask you something, which is possible only after a sign-in."),
    ] {
        let (status, messages) = client.legacy(&request("tools/call", &json!({"name": tool})));
        let last = messages.last().unwrap();
        assert_eq!((status, &last["result"]["content"][0]["text"]), (200, &json!(text)), "{tool}: {messages:?}");
    }
    assert_eq!(client.host.state.uses.get(), 0);
}

#[test]
fn a_task_is_an_ordinary_call_for_a_client_without_a_token() {
    let client = Client::anonymous(connector());
    let called = client.modern_request("tools/call", &json!({"name": "long", "arguments": {}}));
    assert_eq!(called["result"]["content"][0]["text"], "text", "{called}");
    let id = "long.00000000000000000000000000000007";
    for (method, params) in [
        ("tasks/get", json!({"taskId": id})),
        ("tasks/cancel", json!({"taskId": id})),
        ("tasks/update", json!({"taskId": id, "inputResponses": {}})),
    ] {
        let answer = client.modern_request(method, &params);
        assert_eq!(answer["error"]["message"], "There is no such task. It may have expired.", "{method}");
    }
    assert_eq!(client.host.state.uses.get(), 0);
}

#[test]
fn a_stream_of_changes_honours_nothing_for_a_client_without_a_token_and_ends_at_once() {
    let client = Client::anonymous(connector());
    let wanted = json!({"toolsListChanged": true, "resourceSubscriptions": ["about://this"],
        "taskIds": ["long.00000000000000000000000000000007"]});
    let mut params = json!({ "notifications": wanted });
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {"extensions": {"io.modelcontextprotocol/tasks": {}}},
    });
    let listen = request("subscriptions/listen", &params);
    let (_, messages) = client.send(&listen, MODERN, Some(&("subscriptions/listen".to_owned(), None)));
    assert_eq!(messages[0]["method"], "notifications/subscriptions/acknowledged", "{messages:?}");
    assert_eq!(messages[0]["params"]["notifications"], json!({}));
    assert_eq!((&messages[1]["id"], &messages[1]["result"]["resultType"]), (&json!(1), &json!("complete")));
    assert_eq!(client.host.state.uses.get(), 0);
}

#[test]
fn what_cannot_be_without_state_needs_a_sign_in() {
    let (without, with) = (Client::anonymous(connector()), Client::anonymous(connector().anonymous_sessions()));
    for (method, params) in
        [("resources/subscribe", json!({"uri": "about://this"})), ("tools/call", json!({"name": "background"}))]
    {
        assert_eq!(without.need(method, &params), Need::Scopes(ScopeSet::empty()), "{method}");
        assert_eq!(with.need(method, &params), Need::Nothing, "{method}");
    }
    for (method, params) in [
        ("resources/subscribe", json!({"uri": "about://nothing"})),
        ("resources/unsubscribe", json!({"uri": "about://this"})),
        ("tools/call", json!({"name": "long"})),
        ("tools/call", json!({"name": "ask"})),
        ("logging/setLevel", json!({"level": "debug"})),
    ] {
        assert_eq!(without.need(method, &params), Need::Nothing, "{method} {params}");
    }
}

#[test]
fn a_client_with_a_token_has_state_and_so_has_one_where_the_connector_says_so() {
    let signed_in = Client { who: Some(caller("")), ..Client::anonymous(connector()) };
    let admitted = Client::anonymous(connector().anonymous_sessions());
    for (client, tool) in [(signed_in, "background"), (admitted, "long")] {
        let before = client.host.state.uses.get();
        assert_eq!(client.legacy_request("logging/setLevel", &json!({"level": "debug"})).0, 200);
        assert_eq!(client.host.state.uses.get(), before + 1);
        let task = client.modern_request("tools/call", &json!({"name": tool, "arguments": {}}));
        assert_eq!(task["result"]["resultType"], "task", "{task}");
        assert!(client.host.state.uses.get() > before + 1);
    }
}
