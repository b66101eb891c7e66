//! Tools that ask the client while they run, as the official suite asks for them from clients with a session.

use std::time::Duration;

use mcp_connector::{Connector, Context, CreateMessageRequest, ElicitResult, Form, Tool, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .tool(Tool::new("test_sampling", "Asks the client's model.", sampling).title("Sampling").read_only())
        .tool(
            Tool::new("test_elicitation", "Asks the person for a name and an address.", elicitation)
                .title("Elicitation")
                .read_only(),
        )
        .tool(
            Tool::new("test_elicitation_sep1034_defaults", "Asks with a form that is filled in already.", defaults)
                .title("Form with defaults")
                .read_only(),
        )
        .tool(
            Tool::new("test_elicitation_sep1330_enums", "Asks with a form that has each kind of choice.", choices)
                .title("Form with choices")
                .read_only(),
        )
        .tool(
            Tool::new("ask_twice", "Asks for two words, one after the other.", ask_twice)
                .title("Two questions")
                .read_only(),
        )
        .tool(Tool::new("ask_to_visit", "Asks the person to visit a page.", ask_to_visit).title("Visit").read_only())
        .tool(
            Tool::new("test_reconnection", "Sends its client away and answers when it is back.", reconnection)
                .title("Reconnection")
                .read_only(),
        )
        .tool(Tool::new("ask_roots", "Asks which folders the client works in.", ask_roots).title("Roots").read_only())
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Prompt {
    /// What the model is asked.
    prompt: String,
}

async fn sampling(args: Prompt, cx: Context) -> Result<String, ToolError> {
    let sampled = cx.sample("answer", CreateMessageRequest::new(args.prompt, 100)).await?;
    Ok(format!("LLM response: {}", sampled.text))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Message {
    /// What the person is told.
    message: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct User {
    /// User's response
    username: String,
    /// User's email address
    email: String,
}

async fn elicitation(args: Message, cx: Context) -> Result<String, ToolError> {
    let answer = match cx.elicit_form("user", args.message, &Form::of::<User>()?).await? {
        ElicitResult::Accepted(content) => json!({ "action": "accept", "content": content }),
        ElicitResult::Declined => json!({ "action": "decline" }),
        ElicitResult::Cancelled => json!({ "action": "cancel" }),
    };
    Ok(format!("User response: {answer}"))
}

async fn defaults(cx: Context) -> Result<String, ToolError> {
    let fields = json!({
        "name": { "type": "string", "description": "User name", "default": "John Doe" },
        "age": { "type": "integer", "description": "User age", "default": 30 },
        "score": { "type": "number", "description": "User score", "default": 95.5 },
        "status": {
            "type": "string",
            "description": "User status",
            "enum": ["active", "inactive", "pending"],
            "default": "active",
        },
        "verified": { "type": "boolean", "description": "Verification status", "default": true },
    });
    ask(&cx, "Please check these values.", fields).await
}

async fn choices(cx: Context) -> Result<String, ToolError> {
    let named = |value: &str, title: &str| json!({ "const": value, "title": title });
    let options = ["option1", "option2", "option3"];
    let fields = json!({
        "untitledSingle": { "type": "string", "enum": options },
        "titledSingle": {
            "type": "string",
            "oneOf": [named("value1", "First Option"), named("value2", "Second Option"), named("value3", "Third Option")],
        },
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": { "type": "array", "items": { "type": "string", "enum": options } },
        "titledMulti": {
            "type": "array",
            "items": { "anyOf": [
                named("value1", "First Choice"), named("value2", "Second Choice"), named("value3", "Third Choice"),
            ] },
        },
    });
    ask(&cx, "Please choose.", fields).await
}

/// Asks with a form of which nothing is required.
async fn ask(cx: &Context, message: &str, fields: Value) -> Result<String, ToolError> {
    let form = Form::schema(json!({ "type": "object", "properties": fields }))?;
    let answer = cx.elicit_form("form", message, &form).await?;
    Ok(match answer {
        ElicitResult::Accepted(content) => format!("Elicitation completed: accept {}", Value::Object(content)),
        ElicitResult::Declined => "Elicitation completed: decline".to_owned(),
        ElicitResult::Cancelled => "Elicitation completed: cancel".to_owned(),
    })
}

#[derive(Deserialize, JsonSchema)]
struct Word {
    /// A word
    word: String,
}

async fn ask_twice(cx: Context) -> Result<String, ToolError> {
    let first: Word = cx.elicit("first", "The first word?").await?;
    let second: Word = cx.elicit("second", "And the second?").await?;
    Ok(format!("{} {}", first.word, second.word))
}

async fn reconnection(cx: Context) -> Result<&'static str, ToolError> {
    cx.close_stream().await;
    cx.sleep(Duration::from_millis(100)).await;
    Ok("Reconnection test completed successfully.")
}

async fn ask_to_visit(cx: Context) -> Result<&'static str, ToolError> {
    match cx.elicit_url("page", "Please sign in there.", "https://example.com/sign-in").await? {
        ElicitResult::Accepted(()) => Ok("on the way"),
        ElicitResult::Declined => Ok("declined"),
        ElicitResult::Cancelled => Ok("cancelled"),
    }
}

async fn ask_roots(cx: Context) -> Result<String, ToolError> {
    let roots = cx.list_roots("roots").await?;
    Ok(roots.into_iter().map(|root| root.uri).collect::<Vec<_>>().join(" "))
}
