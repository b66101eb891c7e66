//! Prompts with and without arguments, with each kind of content, and with completion.

use mcp_connector::{Connector, ContentBlock, Context, Partial, Prompt, PromptMessage, ResourceContents, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::content::PNG;

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .prompt(Prompt::new("test_simple_prompt", "A prompt without arguments.", simple).title("Simple prompt"))
        .prompt(
            Prompt::new("test_prompt_with_arguments", "A prompt with two arguments.", with_arguments)
                .title("Prompt with arguments")
                .complete("arg1", suggest),
        )
        .prompt(
            Prompt::new("test_prompt_with_embedded_resource", "A prompt with a resource in it.", with_resource)
                .title("Prompt with a resource"),
        )
        .prompt(
            Prompt::new("test_prompt_with_image", "A prompt with an image.", with_image).title("Prompt with an image"),
        )
}

async fn simple(_cx: Context) -> Result<&'static str, ToolError> {
    Ok("This is a simple prompt for testing.")
}

#[derive(Deserialize, JsonSchema)]
struct Two {
    /// The first one.
    arg1: String,
    /// The second one.
    arg2: String,
}

async fn with_arguments(args: Two) -> Result<String, ToolError> {
    Ok(format!("Prompt with arguments: arg1='{}', arg2='{}'", args.arg1, args.arg2))
}

async fn suggest(partial: Partial, _cx: Context) -> Result<Vec<String>, ToolError> {
    Ok(partial.matching(["paris", "park", "party"]))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Embedding {
    /// The URI that the resource gets.
    resource_uri: String,
}

async fn with_resource(args: Embedding) -> Result<[PromptMessage; 2], ToolError> {
    let resource = ResourceContents::text(args.resource_uri, "text/plain", "Embedded resource content for testing.");
    Ok([
        PromptMessage::user(ContentBlock::resource(resource)),
        PromptMessage::user("Please process the embedded resource above."),
    ])
}

async fn with_image(_cx: Context) -> Result<[PromptMessage; 2], ToolError> {
    Ok([
        PromptMessage::user(ContentBlock::image(PNG, "image/png")),
        PromptMessage::user("Please analyze the image above."),
    ])
}
