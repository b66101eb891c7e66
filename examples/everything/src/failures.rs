//! Tools that do not succeed, each in another way.

use std::io;

use mcp_connector::{CallToolResult, ClientCapability, Connector, ContentBlock, Context, Tool, ToolError};

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .tool(Tool::new("test_error_handling", "Answers that it failed.", answer_an_error).title("Error").read_only())
        .tool(Tool::new("fails", "Ends with an error of the work.", fail).title("Fails").read_only())
        .tool(
            Tool::new("test_missing_capability", "Needs a client that can sample.", needs_sampling)
                .title("Needs sampling")
                .read_only(),
        )
}

async fn answer_an_error(_cx: Context) -> Result<CallToolResult, ToolError> {
    Ok(CallToolResult::new()
        .content(ContentBlock::text("This tool intentionally returns an error for testing"))
        .error())
}

async fn fail(_cx: Context) -> Result<String, ToolError> {
    Ok(take_from_the_shelf()?)
}

fn take_from_the_shelf() -> Result<String, io::Error> {
    Err(io::Error::other("the shelf is empty"))
}

async fn needs_sampling(cx: Context) -> Result<&'static str, ToolError> {
    cx.require(ClientCapability::Sampling)?;
    Ok("The client can sample.")
}
