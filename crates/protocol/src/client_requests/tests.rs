//! Questions of a handler in several rounds, as a client of 2026-07-28 sees them.

use futures::future::join3;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::author::connector::Connector;
use crate::author::prompts::prompt::Prompt;
use crate::author::resources::resource::Resource;
use crate::author::tools::tool::Tool;
use crate::author::tools::tool_error::ToolError;
use crate::call::context::Context;
use crate::client_requests::sampling::CreateMessageRequest;
use crate::client_requests::sampling_tools::ToolChoice;
use crate::testing::test_client::{TestClient, caller};
use crate::testing::test_host::TestHost;
use mcp_connector_base::scope::Scope;

const WRITE: Scope = Scope::new("write", "Write");

#[derive(Deserialize, JsonSchema)]
struct Name {
    name: String,
}

#[derive(Deserialize, JsonSchema)]
struct Of {
    of: Option<String>,
}

async fn hello(cx: Context<TestHost>) -> Result<String, ToolError> {
    let Name { name } = cx.elicit("name", "What is your name?").await?;
    Ok(format!("Hello, {name}!"))
}

async fn twice(args: Of, cx: Context<TestHost>) -> Result<String, ToolError> {
    let first: Name = cx.elicit("first", "First?").await?;
    let second: Name = cx.elicit("second", "Second?").await?;
    Ok(format!("{} {} {}", first.name, second.name, args.of.unwrap_or_default()))
}

async fn all(cx: Context<TestHost>) -> Result<String, ToolError> {
    let sampling = CreateMessageRequest::new("Capital of France?", 50).system("Short.");
    let (name, capital, roots) =
        join3(cx.elicit::<Name>("name", "Name?"), cx.sample("capital", sampling), cx.list_roots("roots")).await;
    Ok(format!("{} {} {}", name?.name, capital?.text, roots?.len()))
}

async fn visit(cx: Context<TestHost>) -> Result<String, ToolError> {
    let visit = cx.elicit_url("visit", "Sign in there.", "https://example.com/").await?;
    Ok(format!("{visit:?}"))
}

#[derive(Deserialize, JsonSchema)]
struct City {
    /// The city.
    city: String,
}

/// What the results of the first round are.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Results {
    All,
    OneTooFew,
    OneTwice,
    None,
}

async fn weather(results: Results, cx: Context<TestHost>) -> Result<String, ToolError> {
    let first = CreateMessageRequest::new("The weather in Paris and London?", 100)
        .tool::<City>("weather", "The weather in a city.");
    let said = cx.sample("first", first.clone().image(b"map", "image/png")).await?;
    let mut given = Vec::new();
    for asked in &said.tool_uses {
        given.push(match asked.input::<City>() {
            Ok(City { city }) => asked.result(format!("Rain in {city}.")).structured(json!({"rain": true})),
            Err(error) => asked.result(error.to_string()).error(),
        });
    }
    match results {
        Results::All => {}
        Results::OneTooFew => drop(given.pop()),
        Results::OneTwice => given[0] = given[1].clone(),
        Results::None => given.clear(),
    }
    let last = first.answered(said, given).tool_choice(ToolChoice::None).image(b"umbrella", "image/png");
    let said = cx.sample("last", last).await?;
    Ok(format!("{} {}", said.text, said.stop_reason.unwrap_or_default()))
}

fn client() -> TestClient {
    TestClient::of(
        Connector::new("test", "1")
            .tool(Tool::new("hello", "Hello.", hello))
            .tool(Tool::new("twice", "Twice.", twice).scope(WRITE))
            .tool(Tool::new("all", "All.", all))
            .tool(Tool::new("visit", "Visit.", visit))
            .tool(Tool::new("weather", "Weather.", weather).argument("results", "Which."))
            .prompt(Prompt::new("hello", "Hello.", hello))
            .resource(Resource::new("a:hello", "hello", "Hello.", hello)),
    )
}

fn everything() -> Value {
    json!({"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {}})
}

fn call(params: &Value) -> Value {
    client().modern_with(&everything(), "tools/call", params, Some(&caller("write")))
}

fn accept(name: &str) -> Value {
    json!({"action": "accept", "content": {"name": name}})
}

fn text(answer: &Value) -> &str {
    assert_eq!(answer["result"]["resultType"], "complete", "{answer}");
    answer["result"]["content"][0]["text"].as_str().unwrap()
}

#[test]
fn a_question_goes_back_with_the_result_and_its_answer_comes_with_the_next_try() {
    let asked = call(&json!({"name": "hello"}))["result"].clone();
    assert_eq!(asked["resultType"], "input_required");
    let question = &asked["inputRequests"]["name"];
    assert_eq!(question["method"], "elicitation/create");
    let schema = json!({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]});
    assert_eq!(question["params"], json!({"message": "What is your name?", "requestedSchema": schema}));
    let retry = json!({"name": "hello", "inputResponses": {"name": accept("Ada"), "extra": {}},
        "requestState": asked["requestState"]});
    assert_eq!(text(&call(&retry)), "Hello, Ada!");
}

#[test]
fn what_was_answered_before_travels_in_the_state() {
    let first = call(&json!({"name": "twice", "arguments": {"of": "a"}}))["result"].clone();
    let second = call(&json!({"name": "twice", "arguments": {"of": "a"},
        "inputResponses": {"first": accept("Ada")}, "requestState": first["requestState"]}))["result"]
        .clone();
    assert_eq!(second["resultType"], "input_required");
    assert_eq!(second["inputRequests"].as_object().unwrap().keys().collect::<Vec<_>>(), ["second"]);
    assert_ne!(first["requestState"], second["requestState"]);
    let third = json!({"name": "twice", "arguments": {"of": "a"},
        "inputResponses": {"second": accept("Grace")}, "requestState": second["requestState"]});
    assert_eq!(text(&call(&third)), "Ada Grace a");
}

#[test]
fn a_state_is_good_for_its_person_its_tool_and_its_arguments_only() {
    let state = call(&json!({"name": "twice", "arguments": {"of": "a"}}))["result"]["requestState"].clone();
    let retry = |name: &str, of: &str, state: &Value, scopes: Option<&str>| {
        let params = json!({"name": name, "arguments": {"of": of}, "requestState": state});
        client().modern_with(&everything(), "tools/call", &params, scopes.map(caller).as_ref())
    };
    assert_eq!(retry("twice", "a", &state, Some("write"))["result"]["resultType"], "input_required");
    let tampered = json!(format!("{}-", state.as_str().unwrap()));
    let other_tool = client().modern_with(
        &everything(),
        "tools/call",
        &json!({"name": "hello", "requestState": state}),
        Some(&caller("write")),
    );
    for (what, answer) in [
        ("other arguments", retry("twice", "b", &state, Some("write"))),
        ("another person", retry("twice", "a", &state, None)),
        ("tampered with", retry("twice", "a", &tampered, Some("write"))),
        ("another tool", other_tool),
    ] {
        assert_eq!(answer["error"]["code"], -32602, "{what}: {answer}");
    }
}

#[test]
fn an_answer_that_is_none_is_refused() {
    for responses in [
        json!([]),
        json!({"name": 12345}),
        json!({"name": {}}),
        json!({"name": {"action": "perhaps"}}),
        json!({"name": {"action": "accept"}}),
        json!({"name": {"action": "accept", "content": {"name": 1}}}),
        json!({"name": {"action": "accept", "content": []}}),
    ] {
        let answer = call(&json!({"name": "hello", "inputResponses": responses}));
        assert_eq!(answer["error"]["code"], -32602, "{responses}: {answer}");
    }
    assert_eq!(call(&json!({"name": "hello", "requestState": 1}))["error"]["code"], -32602);
    let wrong_key = call(&json!({"name": "hello", "inputResponses": {"nome": accept("Ada")}}));
    assert_eq!(wrong_key["result"]["resultType"], "input_required", "what is missing is asked again");
    for absent in [json!(null), json!({"name": null})] {
        let answer = call(&json!({"name": "hello", "inputResponses": absent, "requestState": null}));
        assert_eq!(answer["result"]["resultType"], "input_required", "null counts as absent: {answer}");
    }
}

#[test]
fn a_person_who_declines_is_heard() {
    for action in ["decline", "cancel"] {
        let answer = call(&json!({"name": "hello", "inputResponses": {"name": {"action": action}}}));
        assert!(text(&answer).contains("Nothing was done"), "{answer}");
        assert_eq!(answer["result"]["isError"], true);
    }
}

#[test]
fn several_questions_go_in_one_round() {
    let asked = call(&json!({"name": "all"}))["result"]["inputRequests"].clone();
    let methods: Vec<_> =
        ["name", "capital", "roots"].iter().map(|key| asked[*key]["method"].as_str().unwrap()).collect();
    assert_eq!(methods, ["elicitation/create", "sampling/createMessage", "roots/list"]);
    assert_eq!(asked["capital"]["params"]["maxTokens"], 50);
    let sampled = json!({"role": "assistant", "model": "m", "content": {"type": "text", "text": "Paris"}});
    let responses = json!({"name": accept("Ada"), "capital": sampled, "roots": {"roots": [{"uri": "file:///a"}]}});
    assert_eq!(text(&call(&json!({"name": "all", "inputResponses": responses}))), "Ada Paris 1");
}

#[test]
fn a_client_is_asked_only_what_it_can() {
    let answer = client().modern_with(&json!({"sampling": {}}), "tools/call", &json!({"name": "hello"}), None);
    assert_eq!(answer["error"]["code"], -32021);
    assert_eq!(answer["error"]["data"]["requiredCapabilities"], json!({"elicitation": {}}));
    let answer = client().modern_with(&json!({"elicitation": {}}), "tools/call", &json!({"name": "visit"}), None);
    assert_eq!(answer["error"]["data"]["requiredCapabilities"], json!({"elicitation": {"url": {}}}));
}

#[test]
fn a_person_is_sent_to_a_page() {
    let asked = call(&json!({"name": "visit"}))["result"]["inputRequests"]["visit"]["params"].clone();
    assert_eq!(asked, json!({"mode": "url", "message": "Sign in there.", "url": "https://example.com/"}));
    let answer = call(&json!({"name": "visit", "inputResponses": {"visit": {"action": "accept"}}}));
    assert_eq!(text(&answer), "Accepted(())");
}

// MCP "Elicitation › Safe URL Handling"
#[test]
fn a_person_is_sent_to_a_page_of_the_web_only() {
    let visited = |url: &'static str| {
        let visit = async move |cx: Context<TestHost>| {
            cx.elicit_url("visit", "Go there.", url).await?;
            Ok::<_, ToolError>("visited")
        };
        let client = TestClient::of(Connector::new("test", "1").tool(Tool::new("visit", "Visit.", visit)));
        client.modern_with(&json!({"elicitation": {"url": {}}}), "tools/call", &json!({"name": "visit"}), None)
    };
    for url in ["not a url", "/connect", "javascript:alert(1)", "data:text/html,a", "https://"] {
        assert_eq!(visited(url)["result"]["isError"], true, "{url}");
    }
    for url in ["https://shop.example.com/connect", "http://127.0.0.1:8787/account"] {
        assert_eq!(visited(url)["result"]["inputRequests"]["visit"]["params"]["url"], url);
    }
}

#[test]
fn prompts_and_resources_ask_too() {
    for (method, params) in [("prompts/get", json!({"name": "hello"})), ("resources/read", json!({"uri": "a:hello"}))] {
        let ask = |params: &Value| client().modern_with(&everything(), method, params, None)["result"].clone();
        assert_eq!(ask(&params)["inputRequests"]["name"]["method"], "elicitation/create", "{method}");
        let mut retry = params.clone();
        retry["inputResponses"] = json!({"name": accept("Ada")});
        let answer = ask(&retry);
        assert_eq!(answer["resultType"], "complete", "{method}");
        assert!(answer.to_string().contains("Hello, Ada!"), "{answer}");
    }
}

fn wants(id: &str, input: &Value) -> Value {
    json!({"type": "tool_use", "id": id, "name": "weather", "input": input, "_meta": {"kept": id}})
}

fn wants_both() -> Value {
    let said = json!({"type": "text", "text": "Let me see."});
    let content = json!([said, wants("1", &json!({"city": "Paris"})), wants("2", &json!({"town": "London"}))]);
    json!({"role": "assistant", "model": "m", "stopReason": "toolUse", "content": content})
}

fn sampling(results: &str, answers: &Value) -> Value {
    let params = json!({"name": "weather", "arguments": {"results": results}, "inputResponses": answers});
    client().modern_with(&json!({"sampling": {"tools": {}}}), "tools/call", &params, None)
}

#[test]
fn the_model_uses_tools_and_hears_what_they_gave() {
    let image = |data: &str| json!({"type": "image", "data": data, "mimeType": "image/png"});
    let first = sampling("all", &json!({}))["result"]["inputRequests"]["first"]["params"].clone();
    let prompt = json!({"type": "text", "text": "The weather in Paris and London?"});
    let schema = json!({"type": "object", "properties": {"city": {"type": "string", "description": "The city."}},
        "required": ["city"]});
    let tools = json!([{"name": "weather", "description": "The weather in a city.", "inputSchema": schema}]);
    assert_eq!(
        first,
        json!({"maxTokens": 100, "tools": tools, "messages": [{"role": "user", "content": [prompt, image("bWFw")]}]})
    );
    let last = sampling("all", &json!({"first": wants_both()}))["result"]["inputRequests"]["last"]["params"].clone();
    assert_eq!(last["toolChoice"], json!({"mode": "none"}));
    let results = json!([
        {"type": "tool_result", "toolUseId": "1", "content": [{"type": "text", "text": "Rain in Paris."}],
            "structuredContent": {"rain": true}},
        {"type": "tool_result", "toolUseId": "2", "isError": true,
            "content": [{"type": "text", "text": "missing field `city`"}]},
    ]);
    let messages = json!([
        {"role": "user", "content": prompt},
        {"role": "assistant", "content": wants_both()["content"]},
        {"role": "user", "content": results},
        {"role": "user", "content": image("dW1icmVsbGE=")},
    ]);
    assert_eq!(last["messages"], messages, "results stand alone, and what the model said is as it said it");
    let done = json!({"role": "assistant", "model": "m", "stopReason": "endTurn", "content": {"type": "text", "text": "Rain."}});
    assert_eq!(text(&sampling("all", &json!({"first": wants_both(), "last": done}))), "Rain. endTurn");
}

// MCP "Sampling › Security Considerations"
#[test]
fn what_is_out_of_balance_is_not_sent() {
    for results in ["one_too_few", "one_twice", "none"] {
        let answer = sampling(results, &json!({"first": wants_both()}));
        assert_eq!(answer["result"]["isError"], true, "{results}: {answer}");
        assert!(text(&answer).contains("needs one result"), "{results}: {answer}");
    }
    let no_use = json!({"role": "assistant", "model": "m", "content": {"type": "text", "text": "I know it."}});
    assert!(text(&sampling("all", &json!({"first": no_use}))).contains("nothing to answer"));
}

#[test]
fn an_answer_with_tools_in_a_wrong_form_is_refused() {
    let city = json!({"city": "Paris"});
    for content in [
        json!([wants("1", &city), wants("1", &city)]),
        json!([wants("1", &json!("Paris"))]),
        json!({"type": "tool_use", "name": "weather", "input": {}}),
        json!({"type": "tool_use", "id": "1", "input": {}}),
        json!(["weather"]),
    ] {
        let said = json!({"role": "assistant", "model": "m", "content": content});
        let answer = sampling("all", &json!({ "first": said }));
        assert_eq!(answer["error"]["code"], -32602, "{content}: {answer}");
    }
}

#[test]
fn a_client_that_cannot_is_not_asked_with_tools() {
    let params = json!({"name": "weather", "arguments": {"results": "all"}});
    let answer = client().modern_with(&json!({"sampling": {}}), "tools/call", &params, None);
    assert_eq!(answer["error"]["code"], -32021);
    assert_eq!(answer["error"]["data"]["requiredCapabilities"], json!({"sampling": {"tools": {}}}));
}
