//! What hooks see of calls, and when they run.

use std::cell::RefCell;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;
use crate::author::connector::Connector;
use crate::author::prompts::prompt::Prompt;
use crate::author::resources::resource::Resource;
use crate::author::resources::resource_template::ResourceTemplate;
use crate::author::tools::tool::Tool;
use crate::call::around::Call;
use crate::call::context::Context;
use crate::host::sessions::Stop;
use crate::tasks::EXTENSION;
use crate::testing::test_client::{TestClient, caller};
use crate::testing::test_host::TestHost;
use crate::transport::session::SessionId;
use mcp_connector_base::scope::Scope;

const READ: Scope = Scope::new("read", "Read");

/// What hooks have seen, in its order.
type Seen = Rc<RefCell<Vec<String>>>;

#[derive(Deserialize, JsonSchema)]
struct Item {
    id: String,
}

async fn text(_cx: Context<TestHost>) -> Result<&'static str, ToolError> {
    Ok("text")
}

async fn fail(_cx: Context<TestHost>) -> Result<&'static str, ToolError> {
    Err(ToolError::new("No luck."))
}

async fn of_item(item: Item) -> Result<Option<String>, ToolError> {
    Ok((item.id != "0").then_some(item.id))
}

async fn named(item: Item) -> Result<String, ToolError> {
    Ok(item.id)
}

async fn ask(cx: Context<TestHost>) -> Result<String, ToolError> {
    let Item { id } = cx.elicit("which", "Which?").await?;
    Ok(id)
}

async fn hang(cx: Context<TestHost>) -> Result<&'static str, ToolError> {
    struct Dropped(Rc<crate::testing::test_host::TestState>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.was_dropped.set(true);
        }
    }
    let _dropped = Dropped(Rc::clone(cx.env()));
    std::future::pending().await
}

fn connector() -> Connector<TestHost> {
    Connector::new("n", "1")
        .sign_in([READ])
        .tool(Tool::new("text", "d", text).read_only())
        .tool(Tool::new("fail", "d", fail).additive())
        .tool(Tool::new("item", "d", of_item_text).additive().scope(READ))
        .tool(Tool::new("ask", "d", ask))
        .tool(Tool::new("hang", "d", hang))
        .tool(Tool::new("job", "d", ask).long_running())
        .tool(Tool::new("hidden", "d", text).scope(READ).visible_to(|_| false))
        .resource(Resource::new("a://1", "n", "d", text))
        .template(ResourceTemplate::new("b://{id}", "n", "d", of_item).scope(READ))
        .prompt(Prompt::new("prompt", "d", named))
}

async fn of_item_text(item: Item) -> Result<String, ToolError> {
    Ok(item.id)
}

/// A hook that writes down what it sees.
fn writes_to(seen: &Seen, name: &'static str) -> impl Fn(Call<TestHost>, Next<TestHost>) -> HookFuture + 'static {
    let seen = Rc::clone(seen);
    move |call, next| {
        let seen = Rc::clone(&seen);
        async move {
            let who = call.caller().map_or("nobody", |caller| caller.subject.as_str());
            let background = if call.is_in_background() { " in the background" } else { "" };
            let kind = call.kind().as_str();
            let changes = if call.is_read_only() { "reads" } else { "changes" };
            let what = format!("{name} {kind} {} {} {who} {changes}{background}", call.name(), call.arguments());
            seen.borrow_mut().push(what);
            let outcome = next.run().await;
            let error = outcome.error().map(|error| format!(": {error}")).unwrap_or_default();
            let continues = if outcome.continues() { ", continues" } else { "" };
            seen.borrow_mut().push(format!("{name} {}{error}{continues}", outcome.as_str()));
            Ok(outcome)
        }
        .boxed_local()
    }
}

type HookFuture = LocalBoxFuture<'static, Result<CallOutcome, ToolError>>;

struct Watched {
    client: TestClient,
    seen: Seen,
}

impl Watched {
    fn new() -> Self {
        let seen = Seen::default();
        Self { client: TestClient::of(connector().around(writes_to(&seen, "hook"))), seen }
    }

    /// Sends a request of the owner, and returns the answer with what the hook has seen.
    fn send(&self, method: &str, params: &Value) -> (Value, Vec<String>) {
        let answer = self.client.modern(method, params, Some(&caller("read")));
        (answer, self.seen.take())
    }
}

#[test]
fn a_hook_sees_every_call_reading_and_prompt() {
    let rows = [
        ("tools/call", json!({"name": "text"}), "tool text {} owner reads", "done"),
        ("tools/call", json!({"name": "fail"}), "tool fail {} owner changes", "failed: No luck."),
        (
            "tools/call",
            json!({"name": "item", "arguments": {"id": "7"}}),
            r#"tool item {"id":"7"} owner changes"#,
            "done",
        ),
        ("resources/read", json!({"uri": "a://1"}), "resource a://1 {} owner reads", "done"),
        ("resources/read", json!({"uri": "b://7"}), r#"resource b://7 {"id":"7"} owner reads"#, "done"),
        (
            "resources/read",
            json!({"uri": "b://0"}),
            r#"resource b://0 {"id":"0"} owner reads"#,
            "failed: There is no such resource.",
        ),
        (
            "prompts/get",
            json!({"name": "prompt", "arguments": {"id": "7"}}),
            r#"prompt prompt {"id":"7"} owner reads"#,
            "done",
        ),
    ];
    let watched = Watched::new();
    for (method, params, before, after) in rows {
        let (answer, seen) = watched.send(method, &params);
        assert_eq!(seen, [format!("hook {before}"), format!("hook {after}")], "{method} {params}: {answer}");
        let plain = TestClient::of(connector()).modern(method, &params, Some(&caller("read")));
        assert_eq!(answer, plain, "the answer is that of the handler");
    }
    watched.client.modern("tools/call", &json!({"name": "text"}), None);
    assert_eq!(watched.seen.take()[0], "hook tool text {} nobody reads");
}

#[test]
fn a_hook_sees_arguments_that_do_not_fit() {
    let (answer, seen) = Watched::new().send("tools/call", &json!({"name": "item", "arguments": {"id": 7.5}}));
    assert_eq!(answer["result"]["isError"], true);
    assert_eq!(seen[0], r#"hook tool item {"id":7.5} owner changes"#);
    assert!(seen[1].starts_with("hook failed: The arguments do not fit"), "{seen:?}");
}

#[test]
fn a_hook_does_not_see_what_is_not_carried_out() {
    let watched = Watched::new();
    let rows = [
        ("tools/call", json!({"name": "hidden"})),
        ("tools/call", json!({"name": "no_such"})),
        ("tools/list", json!({})),
        ("resources/list", json!({})),
        ("resources/read", json!({"uri": "no-such://1"})),
        ("prompts/get", json!({"name": "prompt"})),
    ];
    for (method, params) in rows {
        assert_eq!(watched.send(method, &params).1, Vec::<String>::new(), "{method} {params}");
    }
}

async fn refuse(_call: Call<TestHost>, _next: Next<TestHost>) -> Result<CallOutcome, ToolError> {
    Err(ToolError::new("Not today."))
}

#[test]
fn a_hook_refuses_with_an_error_for_the_model() {
    let seen = Seen::default();
    let client = TestClient::of(connector().around(writes_to(&seen, "outer")).around(refuse));
    let owner = caller("read");
    let tool = client.modern("tools/call", &json!({"name": "text"}), Some(&owner));
    let content = json!([{"type": "text", "text": "Not today."}]);
    assert_eq!((&tool["result"]["content"], &tool["result"]["isError"]), (&content, &json!(true)));
    assert_eq!(seen.take()[1], "outer failed: Not today.", "the outer hook sees it");
    for (method, params) in [
        ("resources/read", json!({"uri": "a://1"})),
        ("prompts/get", json!({"name": "prompt", "arguments": {"id": "7"}})),
    ] {
        let answer = client.modern(method, &params, Some(&owner));
        assert_eq!(answer["error"], json!({"code": -32603, "message": "Not today."}), "{method}");
    }
    let declared = json!({"extensions": {EXTENSION: {}}});
    let job = client.modern_with(&declared, "tools/call", &json!({"name": "job"}), Some(&owner));
    assert_eq!(job["result"]["isError"], true, "no task begins");
    assert!(client.host.state.tasks.borrow().is_empty());
}

#[test]
fn the_hook_that_was_added_first_is_the_outermost() {
    let seen = Seen::default();
    let client = TestClient::of(connector().around(writes_to(&seen, "first")).around(writes_to(&seen, "second")));
    client.legacy("tools/call", &json!({"name": "text"}), None);
    let order: Vec<String> = seen.take().iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(order, ["first", "second", "second", "first"]);
}

#[test]
fn the_error_of_a_hook_after_the_call_is_the_answer() {
    let late = async |_call: Call<TestHost>, next: Next<TestHost>| {
        next.run().await;
        Err(ToolError::new("It was done, and could not be written down."))
    };
    let client = TestClient::of(connector().around(late));
    let answer = client.modern("tools/call", &json!({"name": "text"}), None);
    assert_eq!(answer["result"]["content"][0]["text"], "It was done, and could not be written down.");
}

#[test]
fn a_hook_runs_again_when_a_client_comes_back_with_an_answer() {
    let watched = Watched::new();
    let declared = json!({"elicitation": {}});
    let call = json!({"name": "ask"});
    let asked = watched.client.modern_with(&declared, "tools/call", &call, None);
    assert_eq!(watched.seen.take()[1], "hook input_required, continues");
    let state = &asked["result"]["requestState"];
    let answers = json!({"which": {"action": "accept", "content": {"id": "7"}}});
    let again = json!({"name": "ask", "requestState": state, "inputResponses": answers});
    let done = watched.client.modern_with(&declared, "tools/call", &again, None);
    assert_eq!(done["result"]["content"][0]["text"], "7");
    assert_eq!(watched.seen.take()[1], "hook done");
}

#[test]
fn a_hook_runs_when_a_task_begins_and_for_each_of_its_runs() {
    let watched = Watched::new();
    let declared = json!({"elicitation": {}, "extensions": {EXTENSION: {}}});
    let owner = caller("read");
    let begun = watched.client.modern_with(&declared, "tools/call", &json!({"name": "job"}), Some(&owner));
    let id = begun["result"]["taskId"].as_str().unwrap();
    assert_eq!(watched.seen.take(), ["hook tool job {} owner changes", "hook task, continues"]);
    watched.client.wake(id, false);
    let background = "hook tool job {} owner changes in the background";
    assert_eq!(watched.seen.take(), [background, "hook input_required, continues"]);
    let answers = json!({"which": {"action": "accept", "content": {"id": "7"}}});
    let update = json!({"taskId": id, "inputResponses": answers});
    watched.client.modern_with(&declared, "tasks/update", &update, Some(&owner));
    watched.client.wake(id, false);
    assert_eq!(watched.seen.take(), [background, "hook done"]);
}

#[test]
fn a_hook_outlives_a_call_that_is_cancelled() {
    let mut watched = Watched::new();
    watched.client.host.stop = Some(Stop::Cancelled);
    watched.client.host.longest_wait = std::time::Duration::ZERO;
    let answer = watched.client.cancelled_in(&SessionId::sample(1), "tools/call", &json!({"name": "hang"}));
    assert!(answer, "there is no answer");
    assert!(watched.client.host.state.was_dropped.get(), "the handler is dropped at once");
    assert_eq!(watched.seen.borrow().len(), 1, "the hook is not at its end");
    watched.client.host.run_background();
    assert_eq!(watched.seen.take()[1], "hook stopped");
}

#[test]
fn a_hook_outlives_a_call_that_takes_too_long() {
    let watched = Watched::new();
    let answer = watched.client.modern("tools/call", &json!({"name": "hang"}), None);
    assert_eq!(answer["result"]["content"][0]["text"], "This took longer than 1 seconds and was stopped.");
    assert!(watched.client.host.state.was_dropped.get());
    watched.client.host.run_background();
    assert_eq!(watched.seen.take()[1], "hook stopped");
}

#[test]
fn a_call_that_is_stopped_before_it_begins_does_not_begin() {
    let slow = async |_call: Call<TestHost>, next: Next<TestHost>| {
        let mut polls = 0;
        poll_fn(|_| {
            polls += 1;
            if polls < 3 { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
        Ok(next.run().await)
    };
    let seen = Seen::default();
    let client = TestClient::of(connector().around(slow).around(writes_to(&seen, "inner")));
    client.modern("tools/call", &json!({"name": "hang"}), None);
    for _ in 0..3 {
        client.host.run_background();
    }
    assert_eq!(seen.take(), ["inner tool hang {} nobody changes", "inner stopped"]);
    assert!(!client.host.state.was_dropped.get(), "the handler never began");
}
