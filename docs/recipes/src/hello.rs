//! The smallest tool: its lines are counted beside those that other frameworks take for it.

use crate::mcp::{Connector, Tool, ToolError};
use crate::worker::{Context, Workers};

async fn hello(_cx: Context) -> Result<&'static str, ToolError> {
    Ok("Hello!")
}

pub(crate) fn add_to(connector: Connector<Workers>) -> Connector<Workers> {
    connector.tool(Tool::new("hello", "Say hello.", hello).title("Hello").read_only())
}
