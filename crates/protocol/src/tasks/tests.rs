//! Tasks, as a client of 2026-07-28 sees them.

use futures::FutureExt;
use futures::future::join;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::author::connector::Connector;
use crate::author::tools::tool::Tool;
use crate::author::tools::tool_error::ToolError;
use crate::call::context::Context;
use crate::host::tasks::Tasks;
use crate::json_rpc::rpc_error::RpcError;
use crate::subscriptions::filter::MAX_TASKS;
use crate::tasks::*;
use crate::testing::test_client::{TestClient, caller};
use crate::testing::test_host::{TTL, TestHost};
use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::ClientId;
use mcp_connector_base::scope::Scope;

const WRITE: Scope = Scope::new("write", "Write");

#[derive(Deserialize, JsonSchema)]
struct Name {
    name: String,
}

async fn greet(name: Name) -> Result<String, ToolError> {
    Ok(format!("Hello, {}!", name.name))
}

async fn ask(cx: Context<TestHost>) -> Result<String, ToolError> {
    let (first, second) = join(cx.elicit::<Name>("first", "First?"), cx.elicit::<Name>("second", "Second?")).await;
    Ok(format!("{} {}", first?.name, second?.name))
}

async fn ask_first(cx: Context<TestHost>) -> Result<String, ToolError> {
    let before: Name = cx.elicit("before", "Before?").await?;
    cx.continue_as_task()?;
    let after: Name = cx.elicit("after", "After?").await?;
    Ok(format!("{} {}", before.name, after.name))
}

async fn fail(cx: Context<TestHost>) -> Result<String, ToolError> {
    cx.progress_with(1.0, 2.0, "half").await;
    Err(ToolError::new("It failed."))
}

async fn break_protocol(cx: Context<TestHost>) -> Result<String, ToolError> {
    cx.progress(1.0, 2.0).await;
    Err(ToolError::protocol(RpcError::internal("Broken.")))
}

fn client() -> TestClient {
    TestClient::of(
        Connector::new("test", "1")
            .anonymous_sessions()
            .tool(Tool::new("greet", "Greet.", greet).long_running())
            .tool(Tool::new("ask", "Ask.", ask).task_only().scope(WRITE))
            .tool(Tool::new("ask_first", "Ask first.", ask_first).asks_first())
            .tool(Tool::new("fail", "Fail.", fail).long_running())
            .tool(Tool::new("break", "Break.", break_protocol).long_running()),
    )
}

fn declared() -> Value {
    json!({"elicitation": {}, "extensions": {EXTENSION: {}}})
}

fn accept(name: &str) -> Value {
    json!({"action": "accept", "content": {"name": name}})
}

struct Person {
    client: TestClient,
    who: Option<Caller>,
}

impl Person {
    fn new() -> Self {
        Self { client: client(), who: Some(caller("write")) }
    }

    fn ask(&self, method: &str, params: &Value) -> Value {
        self.client.modern_with(&declared(), method, params, self.who.as_ref())
    }

    /// Begins a task and gives its id.
    fn begin(&self, tool: &str, arguments: &Value) -> String {
        let answer = self.ask("tools/call", &json!({"name": tool, "arguments": arguments}));
        assert_eq!(answer["result"]["resultType"], "task", "{answer}");
        answer["result"]["taskId"].as_str().unwrap().to_owned()
    }

    fn get(&self, id: &str) -> Value {
        self.ask("tasks/get", &json!({"taskId": id}))["result"].clone()
    }

    fn update(&self, id: &str, answers: &Value) -> Value {
        self.ask("tasks/update", &json!({"taskId": id, "inputResponses": answers}))
    }

    /// Returns which of these tasks a subscription is honoured for.
    fn honoured(&self, ids: &Value) -> Value {
        let listening = self.client.listen(&declared(), &json!({"taskIds": ids}), self.who.as_ref()).unwrap();
        let text = String::from_utf8(listening.into_listener(None).1).unwrap();
        let first: Value = serde_json::from_str(text.strip_prefix("event: message\ndata: ").unwrap()).unwrap();
        first["params"]["notifications"].clone()
    }

    fn wake(&self, id: &str) -> Wake {
        self.client.wake(id, false)
    }
}

#[test]
fn the_same_beginning_once_more_gives_the_same_task_and_only_to_its_owner() {
    let call = |who: Option<Caller>| TaskCall::new("greet", "{}".to_owned(), 5, 0, who.as_ref());
    let mut task = Task::begin(&call(Some(caller("write"))), Vec::new(), TTL, 0);
    let view = task.view().clone();
    let again = task.answer(BeginTask { call: call(Some(caller("write"))), answers: Vec::new() }, 3);
    assert_eq!(again, (Ok(view.clone()), Effect::Run));
    assert_eq!(task.view(), &view);
    let other = Caller { client_id: ClientId::new("other").unwrap(), ..caller("write") };
    for who in [None, Some(other)] {
        let refused = task.answer(BeginTask { call: call(who), answers: Vec::new() }, 3);
        assert_eq!(refused, (Err(UnknownTask), Effect::Nothing));
    }
}

#[test]
fn a_call_becomes_a_task_where_the_client_takes_one() {
    let person = Person::new();
    person.client.passes(1_795_237_451_007);
    let call = json!({"name": "greet", "arguments": {"name": "Ada"}});
    let task = person.ask("tools/call", &call)["result"].clone();
    let id = task["taskId"].as_str().unwrap();
    assert!(id.starts_with("greet.") && id.len() == "greet.".len() + 32, "{id}");
    let working = json!({"resultType": "task", "taskId": id, "status": "working", "createdAt": "2026-11-21T05:04:11.007Z",
        "lastUpdatedAt": "2026-11-21T05:04:11.007Z", "ttlMs": TTL, "pollIntervalMs": 1000, "_meta": task["_meta"]});
    assert_eq!(task, working);
    person.client.passes(1000);
    assert!(matches!(person.wake(id), Wake::SleepUntil(_)));
    let done = person.get(id);
    assert_eq!((&done["resultType"], &done["status"]), (&json!("complete"), &json!("completed")));
    assert_eq!(done["lastUpdatedAt"], "2026-11-21T05:04:12.007Z");
    assert_eq!(done["result"]["content"][0]["text"], "Hello, Ada!");
    assert_eq!(done["result"]["resultType"], "complete", "what the call itself would have had");
    for capabilities in [json!({}), json!({"extensions": {}}), json!({"extensions": {EXTENSION: true}})] {
        let result = person.client.modern_with(&capabilities, "tools/call", &call, None)["result"].clone();
        assert_eq!(result["content"][0]["text"], "Hello, Ada!", "{capabilities}");
    }
    assert_eq!(person.client.legacy("tools/call", &call, None)["result"]["content"][0]["text"], "Hello, Ada!");
}

#[test]
fn a_tool_that_is_a_task_only_is_refused_to_others() {
    let person = Person::new();
    let answer = person.client.modern("tools/call", &json!({"name": "ask"}), None);
    assert_eq!(answer["error"]["code"], -32021);
    assert_eq!(answer["error"]["data"]["requiredCapabilities"], json!({"extensions": {EXTENSION: {}}}));
    let legacy = person.client.legacy("tools/call", &json!({"name": "ask"}), None);
    assert_eq!(legacy["result"]["isError"], true, "earlier revisions do not know the code: {legacy}");
}

#[test]
fn arguments_that_do_not_fit_make_no_task() {
    let answer = Person::new().ask("tools/call", &json!({"name": "greet", "arguments": {}}));
    assert_eq!((&answer["result"]["resultType"], &answer["result"]["isError"]), (&json!("complete"), &json!(true)));
}

#[test]
fn the_extension_is_declared_where_a_tool_needs_it() {
    let discovered = Person::new().ask("server/discover", &json!({}))["result"]["capabilities"].clone();
    assert_eq!(discovered["extensions"][EXTENSION], json!({}));
    assert_eq!(discovered.get("tasks"), None);
    let without = TestClient::of(Connector::new("test", "1").tool(Tool::new("greet", "Greet.", greet)));
    let discovered = without.modern("server/discover", &json!({}), None)["result"]["capabilities"].clone();
    assert_eq!(discovered["extensions"].get(EXTENSION), None);
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let answer = without.modern_with(&declared(), method, &json!({"taskId": "x"}), None);
        assert_eq!(answer["error"]["code"], -32601, "{method}");
    }
}

#[test]
fn what_a_handler_asks_waits_in_the_task_until_all_of_it_is_answered() {
    let person = Person::new();
    let id = person.begin("ask", &json!({}));
    person.wake(&id);
    let asked = person.get(&id);
    assert_eq!(asked["status"], "input_required");
    assert_eq!(asked["inputRequests"]["first"]["method"], "elicitation/create");
    let open = |task: &Value| -> Vec<String> { task["inputRequests"].as_object().unwrap().keys().cloned().collect() };
    assert_eq!(open(&asked), ["first", "second"]);
    let heard = person.update(&id, &json!({"first": accept("Ada"), "never asked": {"ignored": true}}));
    let members: Vec<_> = heard["result"].as_object().unwrap().keys().collect();
    assert_eq!(members, ["_meta", "resultType"], "an empty acknowledgement");
    assert_eq!(open(&person.get(&id)), ["second"], "a partial answer counts at once");
    person.update(&id, &json!({"first": accept("Eve")}));
    assert_eq!(open(&person.get(&id)), ["second"]);
    person.update(&id, &json!({"second": accept("Grace")}));
    let working = person.get(&id);
    assert_eq!((&working["status"], working.get("inputRequests")), (&json!("working"), None));
    person.wake(&id);
    assert_eq!(person.get(&id)["result"]["content"][0]["text"], "Ada Grace", "the first answer to a question stands");
}

#[test]
fn what_is_asked_first_is_asked_in_the_call() {
    let person = Person::new();
    let asked = person.ask("tools/call", &json!({"name": "ask_first"}))["result"].clone();
    assert_eq!((&asked["resultType"], asked.get("taskId")), (&json!("input_required"), None));
    let retry = json!({"name": "ask_first", "inputResponses": {"before": accept("Ada")},
        "requestState": asked["requestState"]});
    let task = person.ask("tools/call", &retry)["result"].clone();
    assert_eq!((&task["resultType"], task.get("requestState")), (&json!("task"), None));
    let id = task["taskId"].as_str().unwrap();
    person.wake(id);
    let asked = person.get(id)["inputRequests"].clone();
    assert_eq!(asked.as_object().unwrap().keys().collect::<Vec<_>>(), ["after"], "a key stands for one question");
    person.update(id, &json!({"after": accept("Grace")}));
    person.wake(id);
    assert_eq!(person.get(id)["result"]["content"][0]["text"], "Ada Grace");
    // A client that takes no tasks stays in the call.
    let answers = json!({"before": accept("Ada"), "after": accept("Grace")});
    let call = json!({"name": "ask_first", "inputResponses": answers});
    let result = person.client.modern_with(&json!({"elicitation": {}}), "tools/call", &call, None);
    assert_eq!(result["result"]["content"][0]["text"], "Ada Grace");
}

#[test]
fn a_failure_of_the_work_completes_and_a_protocol_error_fails() {
    let person = Person::new();
    let id = person.begin("fail", &json!({}));
    person.wake(&id);
    let task = person.get(&id);
    assert_eq!((&task["status"], &task["result"]["isError"]), (&json!("completed"), &json!(true)));
    let id = person.begin("break", &json!({}));
    person.wake(&id);
    let task = person.get(&id);
    assert_eq!((&task["status"], task.get("result")), (&json!("failed"), None));
    assert_eq!(task["error"], json!({"code": -32603, "message": "Broken."}));
    assert_eq!(task["statusMessage"], "Broken.");
    let id = person.begin("ask", &json!({}));
    person.wake(&id);
    person.update(&id, &json!({"first": {"action": "perhaps"}, "second": accept("Grace")}));
    person.wake(&id);
    assert_eq!(person.get(&id)["error"]["code"], -32602, "an answer that is none");
}

#[test]
fn a_cancelled_task_stays_cancelled_and_may_be_cancelled_again() {
    let person = Person::new();
    let id = person.begin("ask", &json!({}));
    person.wake(&id);
    for _ in 0..2 {
        let heard = person.ask("tasks/cancel", &json!({"taskId": id}));
        assert_eq!(heard["result"]["resultType"], "complete");
    }
    person.update(&id, &json!({"first": accept("Ada"), "second": accept("Grace")}));
    assert!(matches!(person.wake(&id), Wake::SleepUntil(_)));
    let task = person.get(&id);
    assert_eq!((&task["status"], task.get("inputRequests")), (&json!("cancelled"), None));
}

#[test]
fn for_a_stranger_there_is_no_such_task() {
    let mut person = Person::new();
    let id = person.begin("ask", &json!({}));
    let other_client = Caller { client_id: ClientId::new("other").unwrap(), ..caller("write") };
    let nonsense =
        ["", "ask", "ask.1", "ask.0000000000000000000000000000000G", "as k.00000000000000000000000000000001"];
    let unknown = person.ask("tasks/get", &json!({"taskId": format!("{id}0")}));
    for who in [None, Some(other_client)] {
        person.who = who;
        for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
            for id in nonsense.into_iter().chain(["ask.00000000000000000000000000000002", &id]) {
                let answer = person.ask(method, &json!({"taskId": id, "inputResponses": {}}));
                assert_eq!(answer, unknown, "{method} {id}");
            }
        }
    }
    person.who = Some(caller("write"));
    assert_eq!(person.get(&id)["status"], "working");
    person.who = None;
    let id = person.begin("greet", &json!({"name": "Ada"}));
    person.who = Some(caller(""));
    assert_eq!(person.get(&id)["status"], "working", "a task without an owner is open to everybody who knows its id");
}

#[test]
fn a_request_about_a_task_needs_what_its_tool_needs() {
    let client = client();
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let need = |tool: &str| client.need(method, &json!({"taskId": format!("{tool}.{}", "0".repeat(32))}));
        assert_eq!((need("ask"), need("greet"), need("gone")), ("write".to_owned(), String::new(), String::new()));
    }
}

#[test]
fn a_caller_who_may_get_a_task_may_listen_to_it() {
    let mut person = Person::new();
    let (mine, too) = (person.begin("ask", &json!({})), format!("greet.{}", "0".repeat(32)));
    let ids = json!([mine, too, mine, "nonsense", format!("{mine}0"), "gone.00000000000000000000000000000001"]);
    assert_eq!(person.honoured(&ids), json!({"taskIds": [mine]}), "what there is, once");
    let other_client = Caller { client_id: ClientId::new("other").unwrap(), ..caller("write") };
    for who in [None, Some(other_client)] {
        person.who = who;
        assert_eq!(person.honoured(&ids), json!({}), "of somebody else's as of none");
    }
    person.who = None;
    let public = person.begin("greet", &json!({"name": "Ada"}));
    person.who = Some(caller(""));
    assert_eq!(person.honoured(&json!([public])), json!({"taskIds": [public]}), "a task without an owner");
    person.client.passes(TTL);
    assert_eq!(person.honoured(&json!([public])), json!({}), "expired");
}

#[test]
fn a_subscription_to_tasks_is_checked() {
    let person = Person::new();
    let listen = |capabilities: &Value, filter: &Value| person.client.listen(capabilities, filter, None).map(|_| ());
    let id = format!("greet.{}", "0".repeat(32));
    for named in [id.as_str(), "nonsense", "gone.00000000000000000000000000000001"] {
        let asked = json!({"toolsListChanged": true, "taskIds": [named]});
        let error = listen(&json!({}), &asked).unwrap_err()["error"].clone();
        assert_eq!(error["code"], -32021, "{named}");
        assert_eq!(error["data"]["requiredCapabilities"], json!({"extensions": {EXTENSION: {}}}));
    }
    assert_eq!(listen(&json!({}), &json!({"taskIds": []})), Ok(()), "it asks for nothing");
    for wrong in [json!(id), json!([1]), json!({}), json!(vec![id.as_str(); MAX_TASKS + 1])] {
        let error = listen(&declared(), &json!({"taskIds": wrong})).unwrap_err();
        assert_eq!(error["error"]["code"], -32602, "{wrong}");
    }
    let need = |ids: Value| person.client.need("subscriptions/listen", &json!({"notifications": {"taskIds": ids}}));
    assert_eq!(need(json!([id])), "");
    assert_eq!(need(json!([id, format!("ask.{}", "0".repeat(32))])), "write", "what the tool needs");
    let without = TestClient::of(Connector::new("test", "1").tool(Tool::new("greet", "Greet.", greet)));
    let error = without.listen(&declared(), &json!({"taskIds": [id]}), None).map(|_| ()).unwrap_err();
    assert_eq!(error["error"]["code"], -32601, "where no tool is long-running there is nothing to hear");
}

#[test]
fn a_notification_says_what_tasks_get_would() {
    let person = Person::new();
    for (tool, arguments) in [("greet", json!({"name": "Ada"})), ("ask", json!({})), ("break", json!({}))] {
        let id = person.begin(tool, &arguments);
        for _ in 0..2 {
            let task = TaskId::parse(&id).unwrap();
            let view = send(&person, &task, GetTask { owner: person.who.as_ref().map(Owner::of) }).unwrap();
            let event = String::from_utf8(crate::tasks::listen::event(&view.whole(task), "\"7\"")).unwrap();
            let mut message: Value =
                serde_json::from_str(event.strip_prefix("event: message\ndata: ").unwrap()).unwrap();
            let mut expected = person.get(&id);
            for of_every_result in ["resultType", "_meta"] {
                expected.as_object_mut().unwrap().remove(of_every_result);
            }
            let meta = message["params"].as_object_mut().unwrap().remove("_meta");
            assert_eq!(meta, Some(json!({"io.modelcontextprotocol/subscriptionId": "7"})));
            assert_eq!(message, json!({"jsonrpc": "2.0", "method": "notifications/tasks", "params": expected}));
            person.wake(&id);
        }
    }
}

fn send<C: TaskCommand>(person: &Person, id: &TaskId, command: C) -> C::Answer {
    person.client.host.task(id, command).now_or_never().unwrap().unwrap()
}

#[test]
fn to_listen_changes_nothing_of_the_task() {
    let person = Person::new();
    let id = TaskId::parse(&person.begin("ask", &json!({}))).unwrap();
    let before = person.get(id.as_str());
    let mine = person.who.as_ref().map(Owner::of);
    for (owner, is_known) in [(mine, true), (None, false)] {
        assert_eq!(send(&person, &id, ListenToTask { owner: owner.clone(), id: id.clone() }).is_ok(), is_known);
        assert_eq!(send(&person, &id, UpdateTask { owner, answers: vec![] }).is_ok(), is_known);
    }
    assert_eq!(person.get(id.as_str()), before);
}

#[test]
fn requests_about_tasks_are_checked() {
    let person = Person::new();
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let answer = person.client.modern(method, &json!({"taskId": "x"}), None);
        assert_eq!(answer["error"]["code"], -32021, "{method} without the extension");
    }
    for (method, params, code) in [
        ("tasks/update", json!({"taskId": format!("ask.{}", "0".repeat(32))}), -32602),
        ("tasks/update", json!({"taskId": format!("ask.{}", "0".repeat(32)), "inputResponses": {"a": 1}}), -32602),
        ("tasks/result", json!({"taskId": "x"}), -32601),
        ("tasks/list", json!({}), -32601),
    ] {
        assert_eq!(person.ask(method, &params)["error"]["code"], code, "{method} {params}");
    }
}

#[test]
fn a_task_expires() {
    let person = Person::new();
    let id = person.begin("greet", &json!({"name": "Ada"}));
    person.client.passes(TTL - 1);
    person.wake(&id);
    assert_eq!(person.get(&id)["status"], "completed");
    person.client.passes(1);
    assert_eq!(person.wake(&id), Wake::Forget);
    assert_eq!(person.ask("tasks/get", &json!({"taskId": id}))["error"]["code"], -32602);
}

#[test]
fn an_interrupted_handler_runs_again_after_a_pause_that_grows() {
    let person = Person::new();
    let id = person.begin("ask", &json!({}));
    person.client.wake(&id, true);
    person.wake(&id);
    assert_eq!(person.get(&id)["status"], "input_required");
    person.update(&id, &json!({"first": accept("Ada"), "second": accept("Grace")}));
    let Wake::Run(answers, _) = person.client.wake(&id, true) else { panic!("it runs") };
    assert_eq!(answers.len(), 2, "with the answers that it has had");
    for pause in [0, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 64_000] {
        assert_eq!(person.client.pause(&id), pause);
        assert!(matches!(person.client.wake(&id, true), Wake::Run(..)));
    }
    for further in 0..300 {
        assert!(matches!(person.client.wake(&id, true), Wake::Run(..)));
        assert_eq!(person.client.pause(&id), 64_000, "{further}");
    }
    assert_eq!(person.get(&id)["status"], "working", "interruptions alone end nothing");
    person.wake(&id);
    assert_eq!(person.get(&id)["status"], "completed");
}

#[test]
fn what_is_too_large_is_not_kept() {
    let person = Person::new();
    let large = "x".repeat(task::MAX_BYTES);
    let call = json!({"name": "greet", "arguments": {"name": large}});
    assert_eq!(person.ask("tools/call", &call)["error"]["code"], -32602);
    // It fits, and what becomes of it does not.
    let id = person.begin("greet", &json!({"name": &large[..large.len() - 20]}));
    person.wake(&id);
    assert_eq!(person.get(&id)["error"]["message"], "The result is larger than what a task can keep.");
    let id = person.begin("ask", &json!({}));
    person.wake(&id);
    assert_eq!(person.update(&id, &json!({"first": accept(&large)}))["error"]["code"], -32602);
    let many: Value = (0..65).map(|n| (n.to_string(), json!({}))).collect::<serde_json::Map<_, _>>().into();
    assert_eq!(person.update(&id, &many)["error"]["code"], -32602);
    assert_eq!(person.get(&id)["status"], "input_required", "the task is as it was");
}
