//! The rules of prompts and of completing their arguments.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::author::completers::Partial;
use crate::author::connector::Connector;
use crate::author::prompts::prompt::Prompt;
use crate::author::tools::tool_error::ToolError;
use crate::call::context::Context;
use crate::testing::test_client::{TestClient, caller};
use crate::types::content_block::ContentBlock;
use crate::types::prompt_message::PromptMessage;
use mcp_connector_base::scope::Scope;

const READ: Scope = Scope::new("notes:read", "Read your notes");

#[derive(Deserialize, JsonSchema)]
struct Review {
    /// What to review.
    text: String,
    /// How often.
    times: Option<u8>,
}

async fn review(args: Review) -> Result<[PromptMessage; 2], ToolError> {
    let link = ContentBlock::resource_link("note://7", "a note");
    Ok([PromptMessage::user(format!("{} {:?}", args.text, args.times)), PromptMessage::assistant(link)])
}

async fn words(partial: Partial, _cx: Context<crate::testing::test_host::TestHost>) -> Result<Vec<String>, ToolError> {
    assert_eq!(partial.argument("times"), Some("2"));
    Ok(partial.matching(["paris", "park", "rome"]))
}

fn reference() -> Value {
    json!({"type": "ref/prompt", "name": "review"})
}

fn reviewer() -> TestClient {
    let prompt = Prompt::new("review", "Review a text.", review).title("Review").scope(READ);
    TestClient::of(Connector::new("notes", "1").sign_in([READ]).prompt(prompt.complete("text", words)))
}

#[test]
fn a_prompt_is_filled_with_its_arguments() {
    let params = json!({"name": "review", "arguments": {"text": "a", "times": "2"}});
    let answer = reviewer().modern("prompts/get", &params, Some(&caller("notes:read")));
    assert_eq!(answer["result"]["description"], "Review a text.");
    let link = json!({"type": "resource_link", "uri": "note://7", "name": "a note"});
    assert_eq!(
        answer["result"]["messages"],
        json!([
            {"role": "user", "content": {"type": "text", "text": "a Some(2)"}},
            {"role": "assistant", "content": link},
        ])
    );
}

#[test]
fn a_wrong_request_is_told_what_is_wrong() {
    for (row, params) in [
        ("no name", json!({})),
        ("unknown prompt", json!({"name": "summarize"})),
        ("missing argument", json!({"name": "review", "arguments": {"times": "2"}})),
        ("unknown argument", json!({"name": "review", "arguments": {"text": "a", "tone": "b"}})),
        ("not a number", json!({"name": "review", "arguments": {"text": "a", "times": "often"}})),
        ("not a string", json!({"name": "review", "arguments": {"text": "a", "times": 2}})),
    ] {
        let answer = reviewer().legacy("prompts/get", &params, None);
        assert_eq!(answer["error"]["code"], -32602, "{row}");
        assert!(!answer["error"]["message"].as_str().unwrap().contains("often"), "{row}: input is not echoed");
    }
}

#[test]
fn a_prompt_and_its_completion_need_the_same() {
    let reviewer = reviewer();
    assert_eq!(reviewer.need("prompts/get", &json!({"name": "review"})), "notes:read");
    assert_eq!(reviewer.need("completion/complete", &json!({"ref": reference()})), "notes:read");
    assert_eq!(reviewer.need("prompts/list", &json!({})), "");
    assert_eq!(reviewer.need("prompts/get", &json!({"name": "unknown"})), "");
}

#[test]
fn a_list_says_which_arguments_there_are() {
    let answer = reviewer().legacy("prompts/list", &json!({}), None);
    let arguments = json!([
        {"name": "text", "description": "What to review.", "required": true},
        {"name": "times", "description": "How often.", "required": false},
    ]);
    let prompt = json!({"name": "review", "title": "Review", "description": "Review a text.", "arguments": arguments});
    assert_eq!(answer["result"], json!({ "prompts": [prompt] }));
}

#[test]
fn an_argument_is_completed() {
    let params = json!({
        "ref": reference(),
        "argument": {"name": "text", "value": "PAR"},
        "context": {"arguments": {"times": "2"}},
    });
    let answer = reviewer().modern("completion/complete", &params, Some(&caller("notes:read")));
    let completion = json!({"values": ["paris", "park"], "total": 2, "hasMore": false});
    assert_eq!(answer["result"]["completion"], completion);
    assert!(answer["result"].get("ttlMs").is_none());
    for without in ["times", "tone"] {
        let params = json!({"ref": reference(), "argument": {"name": without, "value": "1"}});
        let answer = reviewer().legacy("completion/complete", &params, None);
        assert_eq!(answer["result"], json!({"completion": {"values": [], "total": 0, "hasMore": false}}), "{without}");
    }
}

#[test]
fn only_an_argument_of_something_is_completed() {
    let text = json!({"name": "text", "value": ""});
    for (row, params) in [
        ("no ref", json!({"argument": text})),
        ("unknown prompt", json!({"ref": {"type": "ref/prompt", "name": "x"}, "argument": text})),
        ("unknown template", json!({"ref": {"type": "ref/resource", "uri": "a:{b}"}, "argument": text})),
        ("unknown kind", json!({"ref": {"type": "ref/tool", "name": "review"}, "argument": text})),
        ("no argument", json!({"ref": reference()})),
        ("value is no string", json!({"ref": reference(), "argument": {"name": "text", "value": 1}})),
        ("long value", json!({"ref": reference(), "argument": {"name": "text", "value": "x".repeat(1025)}})),
        ("wrong context", json!({"ref": reference(), "argument": text, "context": 1})),
    ] {
        assert_eq!(reviewer().legacy("completion/complete", &params, None)["error"]["code"], -32602, "{row}");
    }
}

#[test]
fn only_what_there_is_is_declared() {
    let capabilities =
        |client: &TestClient| client.modern("server/discover", &json!({}), None)["result"]["capabilities"].clone();
    assert_eq!(capabilities(&reviewer()), json!({"logging": {}, "prompts": {}, "completions": {}}));
    let empty = TestClient::of(Connector::new("empty", "1"));
    assert_eq!(capabilities(&empty), json!({"logging": {}}));
    for method in ["prompts/list", "prompts/get", "resources/list", "resources/read", "completion/complete"] {
        assert_eq!(empty.legacy(method, &json!({}), None)["error"]["code"], -32601, "{method}");
    }
}
