//! A model on Cloudflare's network: Workers AI.

use mcp_connector::{Connector, Context, Tool, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const MODEL: &str = "@cf/meta/llama-3.1-8b-instruct-fast";

#[derive(Deserialize, JsonSchema)]
struct Text {
    /// What to translate.
    #[schemars(length(min = 1, max = 4000))]
    text: String,
}

#[derive(Serialize)]
struct Question<'a> {
    messages: [Message<'a>; 2],
    max_tokens: u32,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'a str,
    content: &'a str,
}

#[derive(Deserialize)]
struct Reply {
    response: String,
}

async fn translate(args: Text, cx: Context) -> Result<String, ToolError> {
    let task =
        Message { role: "system", content: "Translate what the user writes into English. Answer with it alone." };
    let question = Question { messages: [task, Message { role: "user", content: &args.text }], max_tokens: 2000 };
    let Reply { response } = cx.env().ai("AI")?.run(MODEL, question).await?;
    Ok(response)
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector.tool(Tool::new("translate", "Translate a text into English.", translate).title("Translate").read_only())
}
