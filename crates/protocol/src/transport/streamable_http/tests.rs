//! The rules of a POST, without a runtime.

use std::cell::Cell;
use std::future::pending;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::author::connector::Connector;
use crate::author::registry::Registry;
use crate::author::tools::tool::Tool;
use crate::author::tools::tool_error::ToolError;
use crate::call::context::Context;
use crate::host::sessions::Stop;
use crate::json_rpc::client_response::ClientResponse;
use crate::methods::need::Need;
use crate::testing::test_host::{TestHost, TestState};
use crate::transport::endpoint::{Endpoint, Settings};
use crate::transport::reply::Events;
use crate::transport::session::SessionId;
use crate::transport::streamable_http::*;
use crate::types::client_capabilities::ClientCapabilities;
use crate::types::logging_level::LoggingLevel;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::scope::{Scope, ScopeSet};

const READ: Scope = Scope::new("read", "Read");
const WRITE: Scope = Scope::new("write", "Write");

const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Deserialize, JsonSchema)]
struct Text {
    text: String,
}

struct Guard(Rc<TestState>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.was_dropped.set(true);
    }
}

thread_local! {
    /// How many calls of `begin` have begun.
    static BEGUN: Cell<u32> = const { Cell::new(0) };
}

fn endpoint() -> Endpoint<TestHost> {
    let connector = Connector::new("test", "1")
        .anonymous_sessions()
        .tool(Tool::new("echo", "Echo.", async |args: Text| Ok::<_, ToolError>(args.text)))
        .tool(Tool::new("read", "Read.", async |_: Context<TestHost>| Ok::<_, ToolError>("read")).scope(READ))
        .tool(Tool::new("write", "Write.", async |_: Context<TestHost>| Ok::<_, ToolError>("written")).scope(WRITE))
        .tool(Tool::new("work", "Work.", async |cx: Context<TestHost>| {
            let _guard = Guard(Rc::clone(cx.env()));
            cx.log(LoggingLevel::Info, "not wanted").await;
            cx.log(LoggingLevel::Error, "wanted").await;
            cx.progress(1.0, 2.0).await;
            cx.sleep(Duration::MAX).await;
            Ok::<_, ToolError>("done")
        }))
        .tool(Tool::new("ask", "Ask.", async |cx: Context<TestHost>| {
            let Text { text } = cx.elicit("text", "Which?").await?;
            Ok::<_, ToolError>(text)
        }))
        .tool(Tool::new("part", "Feature.", async |cx: Context<TestHost>| {
            cx.close_stream().await;
            Ok::<_, ToolError>("done")
        }))
        .tool(Tool::new("large", "Two megabytes.", async |_: Context<TestHost>| {
            Ok::<_, ToolError>("x".repeat(2 * 1024 * 1024))
        }))
        .tool(Tool::new("begin", "Begin.", async |_: Context<TestHost>| {
            BEGUN.set(BEGUN.get() + 1);
            pending::<Result<String, ToolError>>().await
        }))
        .tool(Tool::new("hang", "Hang.", async |_: Context<TestHost>| pending::<Result<String, ToolError>>().await));
    let (registry, rejected) = Registry::new(connector);
    assert_eq!(rejected, []);
    let settings = Settings { page_size: 10, patience: PATIENCE, keep_alive: Duration::MAX, time_limit: Duration::MAX };
    Endpoint { registry: Rc::new(registry), settings }
}

/// The id of a session of 2025-11-25 whose client can show forms.
fn session() -> String {
    let declared = json!({"elicitation": {}});
    let capabilities = ClientCapabilities::declared(declared.as_object().unwrap());
    SessionId::new(7, capabilities, ProtocolVersion::V2025_11_25).as_str().to_owned()
}

/// A host where time stands still.
fn host() -> TestHost {
    let response = json!({"action": "accept", "content": {"text": "yes"}});
    TestHost {
        longest_wait: Duration::ZERO,
        log_level: Some(LoggingLevel::Warning),
        client_response: Some(ClientResponse::Result(response.as_object().unwrap().clone())),
        ..TestHost::default()
    }
}

fn reply_to(body: &Value, headers: &[(&str, &str)], host: TestHost) -> Reply {
    let endpoint = endpoint();
    let posted = match Posted::read(body.to_string().as_bytes(), 1 << 20, &endpoint.registry, None) {
        Ok(posted) => posted,
        Err(reply) => return reply,
    };
    let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    posted.answer(&header, &endpoint, host, None).now_or_never().expect("an answer at once")
}

/// Status and body of a JSON answer.
fn answer_to(body: &Value, headers: &[(&str, &str)]) -> (u16, Value) {
    match reply_to(body, headers, host()) {
        Reply::Accepted => (202, Value::Null),
        Reply::Json { status, body, .. } => (status, serde_json::from_slice(&body).unwrap()),
        Reply::Events(_) | Reply::Listen(_) => panic!("{body} was answered as a stream"),
    }
}

type Headers<'a> = &'a [(&'a str, &'a str)];

fn call(tool: &str, params: &Value) -> Value {
    let mut all = json!({"name": tool});
    all.as_object_mut().unwrap().extend(params.as_object().unwrap().clone());
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": all})
}

fn modern_meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}

#[test]
fn the_body_decides_the_era_and_the_header_comes_second() {
    let echo = json!({"arguments": {"text": "a"}});
    let modern_echo = json!({"arguments": {"text": "a"}, "_meta": modern_meta()});
    let version = ("mcp-protocol-version", "2026-07-28");
    let standard = [version, ("mcp-method", "tools/call"), ("mcp-name", "echo")];
    let old = ("mcp-protocol-version", "2025-06-18");
    let initialize =
        json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18"}});
    let rows: &[(&str, Value, Headers<'_>, u16, Option<i64>)] = &[
        ("legacy without a header", call("echo", &echo), &[], 200, None),
        ("legacy with its header", call("echo", &echo), &[old], 200, None),
        ("modern", call("echo", &modern_echo), &standard, 200, None),
        ("a claim without a header", call("echo", &modern_echo), &[], 400, Some(-32020)),
        ("a claim with a legacy header", call("echo", &modern_echo), &[old], 400, Some(-32020)),
        ("a modern header without a claim", call("echo", &echo), &standard, 400, Some(-32602)),
        ("a modern header on initialize", initialize.clone(), &[version], 400, Some(-32020)),
        ("initialize", initialize, &[], 200, None),
        ("an unknown legacy header", call("echo", &echo), &[("mcp-protocol-version", "x")], 400, Some(-32600)),
    ];
    for (name, body, headers, status, code) in rows {
        let (got, answer) = answer_to(body, headers);
        assert_eq!((got, answer["error"]["code"].as_i64()), (*status, *code), "{name}: {answer}");
    }
}

#[test]
fn an_unknown_method_is_404_only_in_the_modern_era() {
    let body = |meta: Value| json!({"jsonrpc": "2.0", "id": "x", "method": "ping/pong", "params": {"_meta": meta}});
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "ping/pong")];
    let (status, answer) = answer_to(&body(modern_meta()), &headers);
    assert_eq!((status, &answer["error"]["code"], &answer["id"]), (404, &json!(-32601), &json!("x")));
    let (status, answer) = answer_to(&body(json!({})), &[]);
    assert_eq!((status, &answer["error"]["code"], &answer["id"]), (200, &json!(-32601), &json!("x")));
}

#[test]
fn a_batch_runs_whole_or_not_at_all() {
    let echo = call("echo", &json!({"arguments": {"text": "a"}}));
    let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let (status, answer) = answer_to(&json!([echo, notification, echo]), &[]);
    assert_eq!((status, answer.as_array().unwrap().len()), (200, 2));
    assert_eq!(answer_to(&json!([notification]), &[]).0, 202);
    for (name, body, headers) in [
        ("a broken message", json!([echo, {"jsonrpc": "1.0"}]), &[][..]),
        ("initialize", json!([echo, {"jsonrpc": "2.0", "id": 2, "method": "initialize"}]), &[]),
        ("a modern message", json!([echo, call("echo", &json!({"_meta": modern_meta()}))]), &[]),
        ("a revision without batches", json!([echo]), &[("mcp-protocol-version", "2025-06-18")]),
        ("the modern revision", json!([echo]), &[("mcp-protocol-version", "2026-07-28")]),
    ] {
        let (status, answer) = answer_to(&body, headers);
        assert_eq!((status, answer["error"]["code"].as_i64()), (400, Some(-32600)), "{name}: {answer}");
        assert!(answer.get("id").is_none(), "{name}");
    }
}

#[test]
fn the_answers_of_a_batch_have_room_for_so_many_bytes() {
    let batch: Vec<Value> = std::iter::repeat_n(call("large", &json!({})), 10).collect();
    let (status, answer) = answer_to(&json!(batch), &[]);
    let answers = answer.as_array().unwrap();
    let is_carried_out: Vec<bool> = answers.iter().map(|answer| answer.get("result").is_some()).collect();
    assert_eq!((status, is_carried_out), (200, [vec![true; 2], vec![false; 8]].concat()));
    assert_eq!(answers[2]["error"]["code"], -32600);
    assert!(answers[2]["error"]["message"].as_str().unwrap().contains("was not carried out"), "{}", answers[2]);
}

#[test]
fn four_requests_of_a_batch_are_carried_out_at_a_time() {
    let batch = json!(vec![call("begin", &json!({})); 10]).to_string();
    let endpoint = endpoint();
    let posted = Posted::read(batch.as_bytes(), 1 << 20, &endpoint.registry, None).ok().unwrap();
    let answer = posted.answer(&|_: &str| None, &endpoint, host(), None).now_or_never();
    assert!(answer.is_none(), "none of them ends");
    assert_eq!(BEGUN.get(), 4);
}

#[test]
fn a_request_needs_all_scopes_of_all_its_calls() {
    let need = |body: &Value| {
        Posted::read(body.to_string().as_bytes(), 1 << 20, &endpoint().registry, None).ok().unwrap().need()
    };
    let scopes = |text: &str| Need::Scopes(ScopeSet::parse(text).unwrap());
    let (read, write, echo) = (call("read", &json!({})), call("write", &json!({})), call("echo", &json!({})));
    assert_eq!(need(&echo), Need::Nothing);
    assert_eq!(need(&read), scopes("read"));
    assert_eq!(need(&json!([echo, read, write])), scopes("read write"));
    assert_eq!(need(&call("nothing", &json!({}))), Need::Nothing);
}

#[test]
fn a_challenge_can_be_a_result() {
    let posted = Posted::read(call("read", &json!({})).to_string().as_bytes(), 1 << 20, &endpoint().registry, None)
        .ok()
        .unwrap();
    let Some(Reply::Json { status: 200, body, .. }) = posted.challenge_as_result("Bearer x", "sign in") else {
        panic!("no result")
    };
    let answer: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(answer["result"]["isError"], true);
    assert_eq!(answer["result"]["_meta"]["mcp/www_authenticate"], json!(["Bearer x"]));
}

/// The stream of a call of `work` in a session of `version`.
fn working(host: &TestHost, version: &str) -> Events {
    let body = call("work", &json!({"_meta": {"progressToken": "p"}}));
    let headers = [("mcp-session-id", &*session()), ("mcp-protocol-version", version)];
    let Reply::Events(events) = reply_to(&body, &headers, host.clone()) else { panic!("no stream") };
    events
}

fn next_of(events: &mut Events) -> Option<String> {
    events.next().now_or_never().map(|event| String::from_utf8(event.unwrap()).unwrap())
}

#[test]
fn messages_leave_before_the_answer() {
    let host = host();
    let mut events = working(&host, "2025-06-18");
    let log = next_of(&mut events).unwrap();
    assert!(log.starts_with("event: message\ndata: {") && log.ends_with("}\n\n"), "{log}");
    assert!(log.contains("\"wanted\""), "{log}");
    assert!(next_of(&mut events).unwrap().contains("notifications/progress"));
    assert_eq!(next_of(&mut events), None, "the handler waits");
}

#[test]
fn a_legacy_call_goes_on_without_its_client() {
    for version in ["2025-03-26", "2025-06-18", "2025-11-25"] {
        let host = host();
        let mut events = working(&host, version);
        while next_of(&mut events).is_some() {}
        events.client_gone();
        host.run_background();
        assert!(!host.state.was_dropped.get(), "{version}");
        assert_eq!(host.state.kept_events.borrow().len(), if version == "2025-11-25" { 2 } else { 0 }, "{version}");
    }
}

#[test]
fn a_modern_call_ends_with_its_client() {
    let host = host();
    let mut meta = modern_meta();
    meta["progressToken"] = json!("p");
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", "work")];
    let Reply::Events(mut events) = reply_to(&call("work", &json!({ "_meta": meta })), &headers, host.clone()) else {
        panic!("no stream")
    };
    assert!(next_of(&mut events).unwrap().starts_with("event: message\n"));
    events.client_gone();
    assert!(host.state.was_dropped.get() && host.state.background.borrow().is_empty());
}

#[test]
fn a_stream_that_can_be_resumed_has_ids_and_opens_with_one() {
    let host = host();
    let mut events = working(&host, "2025-11-25");
    let opening = next_of(&mut events).unwrap();
    let stream = opening.strip_prefix("id: ").unwrap().strip_suffix("-0\nretry: 1000\ndata:\n\n").unwrap();
    for number in 1..=2 {
        let event = next_of(&mut events).unwrap();
        assert!(event.starts_with(&format!("id: {stream}-{number}\nevent: message\ndata: {{")), "{event}");
    }
}

#[test]
fn the_end_of_a_stream_that_was_written_is_kept_for_a_moment() {
    let host = host();
    let Reply::Events(mut events) = reply_to(&call("ask", &json!({})), &[("mcp-session-id", &session())], host.clone())
    else {
        panic!("no stream")
    };
    while events.next().now_or_never().unwrap().is_some() {}
    host.run_background();
    assert_eq!(*host.state.kept_events.borrow(), [(1, false), (2, false)]);
    assert!(host.state.background.borrow().is_empty(), "nothing is left to do");
}

#[test]
fn a_handler_may_send_its_client_away() {
    let host = host();
    let Reply::Events(mut events) =
        reply_to(&call("part", &json!({})), &[("mcp-session-id", &session())], host.clone())
    else {
        panic!("no stream")
    };
    assert!(next_of(&mut events).unwrap().starts_with("id: "), "the opening");
    assert_eq!(events.next().now_or_never(), Some(None), "the stream ends");
    host.run_background();
    host.run_background();
    assert_eq!(*host.state.kept_events.borrow(), [(1, true)], "the answer waits for the client");
    // Who cannot come back is not sent away.
    let older = [("mcp-session-id", &*session()), ("mcp-protocol-version", "2025-06-18")];
    assert_eq!(answer_to(&call("part", &json!({})), &older).0, 200);
    assert_eq!(answer_to(&call("part", &json!({})), &[]).0, 200);
}

#[test]
fn a_client_that_takes_no_stream_gets_json_and_no_messages() {
    let body = call("echo", &json!({"arguments": {"text": "a"}, "_meta": {"progressToken": "p"}}));
    assert_eq!(answer_to(&body, &[("accept", "application/json")]).0, 200);
    let Reply::Events(mut events) = reply_to(&body, &[("accept", "text/event-stream")], host()) else {
        panic!("no stream")
    };
    assert!(events.next().now_or_never().unwrap().is_some());
    assert_eq!(events.next().now_or_never(), Some(None), "the response ends the stream");
    let (status, answer) = answer_to(&body, &[("accept", "text/html")]);
    assert_eq!((status, &answer["id"]), (406, &body["id"]), "the request was read");
}

#[test]
fn an_outage_is_said_and_not_hidden() {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "logging/setLevel", "params": {"level": "info"}});
    let outage = TestHost { has_outage: true, ..host() };
    let Reply::Json { status, body: answer, .. } = reply_to(&body, &[("mcp-session-id", &session())], outage) else {
        panic!("no answer")
    };
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!((status, answer["error"]["code"].as_i64()), (200, Some(-32603)));
    let (_, answer) = answer_to(&body, &[]);
    assert_eq!(answer["error"]["code"].as_i64(), Some(-32602), "no session to keep it for");
}

#[test]
fn a_session_that_no_handshake_began_is_not_found() {
    let body = call("echo", &json!({"arguments": {"text": "a"}}));
    assert_eq!(answer_to(&body, &[("mcp-session-id", "made-up")]).0, 404);
    assert_eq!(answer_to(&body, &[("mcp-session-id", &session())]).0, 200);
    let response = json!({"jsonrpc": "2.0", "id": "x", "result": {}});
    assert_eq!(answer_to(&response, &[("mcp-session-id", "made-up")]).0, 404);
}

#[test]
fn a_legacy_client_is_asked_on_the_stream_of_the_call() {
    let Reply::Events(mut events) = reply_to(&call("ask", &json!({})), &[("mcp-session-id", &session())], host())
    else {
        panic!("no stream")
    };
    assert!(next_of(&mut events).unwrap().starts_with("id: "), "the opening");
    let mut next = || {
        let event = next_of(&mut events).unwrap();
        serde_json::from_str::<Value>(event.split("data: ").nth(1).unwrap()).unwrap()
    };
    let question = next();
    assert_eq!(question["method"], "elicitation/create");
    assert_eq!(question["params"]["requestedSchema"]["required"], json!(["text"]));
    assert_eq!(question["id"].as_str().map(str::len), Some(32));
    assert_eq!(next()["result"]["content"][0]["text"], "yes");
}

// MCP "Lifecycle › Timeouts"
#[test]
fn a_question_that_nobody_waits_for_any_more_is_cancelled() {
    let unanswered = TestHost { client_response: None, ..host() };
    let Reply::Events(events) = reply_to(&call("ask", &json!({})), &[("mcp-session-id", &session())], unanswered)
    else {
        panic!("no stream")
    };
    let events: Vec<String> = events.map(|event| String::from_utf8(event).unwrap()).collect().now_or_never().unwrap();
    let data = |event: &String| serde_json::from_str::<Value>(event.split("data: ").nth(1)?).ok();
    let messages: Vec<Value> = events.iter().filter_map(data).collect();
    let [question, cancelled, answer] = &messages[..] else { panic!("{messages:?}") };
    assert_eq!(question["method"], "elicitation/create");
    assert_eq!(
        (&cancelled["method"], &cancelled["params"]["requestId"], cancelled.get("id")),
        (&json!("notifications/cancelled"), &question["id"], None)
    );
    assert_eq!(answer["result"]["isError"], true);
}

#[test]
fn a_client_that_cannot_be_asked_is_told_so() {
    let text = |headers: Headers<'_>| {
        let (status, answer) = answer_to(&call("ask", &json!({})), headers);
        assert_eq!((status, &answer["result"]["isError"]), (200, &json!(true)));
        answer["result"]["content"][0]["text"].as_str().unwrap().to_owned()
    };
    assert!(text(&[]).contains("`elicitation`"));
    assert!(text(&[("mcp-session-id", &session()), ("accept", "application/json")]).contains("no stream"));
}

/// A place where each request is to stop that does not answer at once.
fn stopping(stop: Stop) -> TestHost {
    TestHost { longest_wait: PATIENCE, stop: Some(stop), ..host() }
}

#[test]
fn a_call_that_its_client_cancels_is_dropped_and_not_answered() {
    for (version, kept) in [("2025-06-18", &[][..]), ("2025-11-25", &[(1, false), (2, false)])] {
        let host = stopping(Stop::Cancelled);
        let mut events = working(&host, version);
        let mut texts = String::new();
        while let Some(event) = events.next().now_or_never().unwrap() {
            texts.push_str(&String::from_utf8(event).unwrap());
        }
        assert!(texts.contains("wanted") && !texts.contains("result"), "{version}: {texts}");
        host.run_background();
        assert_eq!(*host.state.kept_events.borrow(), kept, "{version}: the last is the end");
        assert!(host.state.background.borrow().is_empty());
    }
}

#[test]
fn a_call_without_a_stream_is_accepted_when_it_was_cancelled() {
    let json_only = [("mcp-session-id", &*session()), ("accept", "application/json")];
    let hang = call("hang", &json!({}));
    assert!(matches!(reply_to(&hang, &json_only, stopping(Stop::Cancelled)), Reply::Accepted));
    let in_batches = [("mcp-session-id", &*session()), ("mcp-protocol-version", "2025-03-26")];
    assert!(matches!(reply_to(&json!([hang]), &in_batches, stopping(Stop::Cancelled)), Reply::Accepted));
    let echo = call("echo", &json!({"arguments": {"text": "a"}}));
    let Reply::Json { body, .. } = reply_to(&json!([hang, echo]), &in_batches, stopping(Stop::Cancelled)) else {
        panic!("no answer")
    };
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap().as_array().unwrap().len(), 1, "the others are answered");
}

#[test]
fn a_call_whose_session_ends_is_told_so() {
    let json_only = [("mcp-session-id", &*session()), ("accept", "application/json")];
    let reply = reply_to(&call("hang", &json!({})), &json_only, stopping(Stop::SessionEnded));
    let Reply::Json { status: 404, body, .. } = reply else { panic!("no answer") };
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["error"]["code"], -32600);
}

#[test]
fn a_cancellation_reaches_its_session_and_is_never_answered() {
    let cancelled = |id: Value| json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id, "reason": "r"}});
    let session = session();
    let named = [("mcp-session-id", &*session)];
    let modern = [("mcp-session-id", &*session), ("mcp-protocol-version", "2026-07-28")];
    let in_batches = [("mcp-session-id", &*session), ("mcp-protocol-version", "2025-03-26")];
    let batch = json!([cancelled(json!(1)), cancelled(json!("1"))]);
    for (name, body, headers, brought) in [
        ("a number", cancelled(json!(7)), &named[..], &["7"][..]),
        ("a text", cancelled(json!("7")), &named, &["\"7"]),
        ("malformed", cancelled(Value::Null), &named, &[]),
        ("another notification", json!({"jsonrpc": "2.0", "method": "notifications/initialized"}), &named, &[]),
        ("without a session", cancelled(json!(7)), &[], &[]),
        ("the modern revision", cancelled(json!(7)), &modern, &[]),
        ("a batch", batch, &in_batches, &["1", "\"1"]),
    ] {
        let host = host();
        assert!(matches!(reply_to(&body, headers, host.clone()), Reply::Accepted), "{name}");
        assert_eq!(*host.state.cancelled.borrow(), brought, "{name}");
    }
    let made_up = [("mcp-session-id", "made-up")];
    assert_eq!(answer_to(&cancelled(json!(7)), &made_up).0, 404);
}

#[test]
fn a_handler_that_hangs_is_stopped() {
    let mut endpoint = endpoint();
    endpoint.settings.time_limit = Duration::from_secs(7);
    let posted =
        Posted::read(call("hang", &json!({})).to_string().as_bytes(), 1 << 20, &endpoint.registry, None).ok().unwrap();
    let json_only = |name: &str| (name == "accept").then(|| "application/json".to_owned());
    let hasty = TestHost { longest_wait: Duration::MAX, ..host() };
    let Reply::Json { body, .. } = posted.answer(&json_only, &endpoint, hasty, None).now_or_never().unwrap() else {
        panic!("no answer")
    };
    let answer: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(answer["result"]["isError"], true);
    assert!(answer["result"]["content"][0]["text"].as_str().unwrap().contains("7 seconds"));
}
