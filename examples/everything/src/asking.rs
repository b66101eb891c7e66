//! Tools and a prompt that ask their client before they answer, as the suite's rounds of requests expect them.

use futures::future::join3;
use mcp_connector::{ClientCapability, Connector, Context, CreateMessageRequest, Prompt, Tool, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) fn add_to(connector: Connector) -> Connector {
    let tool = |tool: Tool, title: &str| tool.title(title).read_only();
    connector
        .tool(tool(
            Tool::new("test_input_required_result_elicitation", "Asks for a name.", ask_name),
            "Asks for a name",
        ))
        .tool(tool(
            Tool::new("test_input_required_result_sampling", "Asks the model for a capital.", ask_model),
            "Asks the model",
        ))
        .tool(tool(
            Tool::new("test_input_required_result_list_roots", "Asks for the client's roots.", ask_roots),
            "Asks for roots",
        ))
        .tool(tool(Tool::new("test_input_required_result_request_state", "Asks to confirm.", confirm), "Keeps a state"))
        .tool(tool(
            Tool::new("test_input_required_result_tampered_state", "Asks to confirm.", confirm),
            "Seals its state",
        ))
        .tool(tool(
            Tool::new("test_input_required_result_multiple_inputs", "Asks three things at once.", ask_all),
            "Asks three things",
        ))
        .tool(tool(
            Tool::new("test_input_required_result_multi_round", "Asks one thing after the other.", ask_in_rounds),
            "Asks twice",
        ))
        .tool(tool(
            Tool::new("test_input_required_result_capabilities", "Asks what the client can be asked.", ask_possible),
            "Asks what it can",
        ))
        .tool(tool(Tool::new("visits", "Asks the person to visit a page.", visit), "Visits a page"))
        .prompt(
            Prompt::new("test_input_required_result_prompt", "A prompt that asks for its context.", ask_context)
                .title("Asks for context"),
        )
}

#[derive(Deserialize, JsonSchema)]
struct Name {
    name: String,
}

async fn ask_name(cx: Context) -> Result<String, ToolError> {
    let Name { name } = cx.elicit("user_name", "What is your name?").await?;
    Ok(format!("Hello, {name}!"))
}

async fn ask_model(cx: Context) -> Result<String, ToolError> {
    let answer =
        cx.sample("capital_question", CreateMessageRequest::new("What is the capital of France?", 100)).await?;
    Ok(format!("The model says: {}", answer.text))
}

async fn ask_roots(cx: Context) -> Result<String, ToolError> {
    let roots = cx.list_roots("client_roots").await?;
    Ok(format!("The client has {} roots.", roots.len()))
}

#[derive(Deserialize, JsonSchema)]
struct Confirmation {
    ok: bool,
}

async fn confirm(cx: Context) -> Result<String, ToolError> {
    let Confirmation { ok } = cx.elicit("confirm", "Please confirm").await?;
    Ok(format!("state-ok: {ok}"))
}

async fn ask_all(cx: Context) -> Result<String, ToolError> {
    let name = cx.elicit::<Name>("user_name", "What is your name?");
    let greeting = cx.sample("greeting", CreateMessageRequest::new("Generate a greeting", 50));
    let (name, greeting, roots) = join3(name, greeting, cx.list_roots("client_roots")).await;
    Ok(format!("{}, {}! You have {} roots.", greeting?.text, name?.name, roots?.len()))
}

#[derive(Deserialize, JsonSchema)]
struct Colour {
    color: String,
}

async fn ask_in_rounds(cx: Context) -> Result<String, ToolError> {
    let Name { name } = cx.elicit("step1", "Step 1: What is your name?").await?;
    let Colour { color } = cx.elicit("step2", "Step 2: What is your favorite color?").await?;
    Ok(format!("{name} likes {color}."))
}

async fn ask_possible(cx: Context) -> Result<String, ToolError> {
    let name = async {
        if !cx.can(ClientCapability::Elicitation) {
            return Ok::<_, ToolError>(None);
        }
        Ok(Some(cx.elicit::<Name>("user_name", "What is your name?").await?.name))
    };
    let greeting = async {
        if !cx.can(ClientCapability::Sampling) {
            return Ok::<_, ToolError>(None);
        }
        Ok(Some(cx.sample("greeting", CreateMessageRequest::new("Generate a greeting", 50)).await?.text))
    };
    let roots = async {
        if !cx.can(ClientCapability::Roots) {
            return Ok::<_, ToolError>(None);
        }
        Ok(Some(cx.list_roots("client_roots").await?.len()))
    };
    let (name, greeting, roots) = join3(name, greeting, roots).await;
    Ok(format!("{:?} {:?} {:?}", name?, greeting?, roots?))
}

async fn visit(cx: Context) -> Result<String, ToolError> {
    let url = "https://example.com/connect";
    cx.elicit_url("visit", "Please sign in there.", url).await?.accepted()?;
    Ok("On the way.".to_owned())
}

#[derive(Deserialize, JsonSchema)]
struct About {
    context: String,
}

async fn ask_context(cx: Context) -> Result<String, ToolError> {
    let About { context } = cx.elicit("user_context", "What context should the prompt use?").await?;
    Ok(format!("Keep this in mind: {context}"))
}
