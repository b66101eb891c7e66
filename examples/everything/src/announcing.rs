//! Announcements: tools that say that something has changed, and notes that need a sign-in, which only their owner hears of.

use mcp_connector::{Connector, Context, ListedResource, ResourceTemplate, Scope, Tool, ToolError, Topic};
use schemars::JsonSchema;
use serde::Deserialize;

const READ: Scope = Scope::new("diary:read", "Read your diary");

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .sign_in([READ])
        .announces([Topic::ToolList, Topic::PromptList, Topic::ResourceList, Topic::ResourceUpdates])
        .tool(
            Tool::new("test_trigger_tool_change", "Announces that the tools have changed.", tools)
                .title("Tools have changed")
                .additive(),
        )
        .tool(
            Tool::new("test_trigger_prompt_change", "Announces that the prompts have changed.", prompts)
                .title("Prompts have changed")
                .additive(),
        )
        .tool(
            Tool::new("resources_changed", "Announces that the resources have changed.", resources)
                .title("Resources have changed")
                .additive(),
        )
        .tool(
            Tool::new("resource_updated", "Announces that a resource has changed.", updated)
                .title("A resource has changed")
                .additive(),
        )
        .template(
            ResourceTemplate::new("diary://{day}", "diary", "What somebody wrote down on a day.", read_day)
                .title("Diary")
                .mime_type("text/plain")
                .scope(READ)
                .listed_by(days),
        )
}

async fn tools(cx: Context) -> Result<&'static str, ToolError> {
    cx.tools_changed().await;
    Ok("announced")
}

async fn prompts(cx: Context) -> Result<&'static str, ToolError> {
    cx.prompts_changed().await;
    Ok("announced")
}

async fn resources(cx: Context) -> Result<&'static str, ToolError> {
    cx.resources_changed().await;
    Ok("announced")
}

#[derive(Deserialize, JsonSchema)]
struct Updated {
    /// The URI of the resource.
    uri: String,
}

async fn updated(args: Updated, cx: Context) -> Result<&'static str, ToolError> {
    cx.resource_updated(args.uri).await;
    Ok("announced")
}

#[derive(Deserialize, JsonSchema)]
struct Day {
    day: String,
}

async fn read_day(args: Day) -> Result<String, ToolError> {
    Ok(format!("On {} nothing happened.", args.day))
}

async fn days(cx: Context) -> Result<Vec<ListedResource>, ToolError> {
    Ok(vec![ListedResource::new("diary://monday", format!("Monday of {}", cx.subject()?))])
}
