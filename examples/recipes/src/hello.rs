//! The smallest tool: its lines are counted beside those that other frameworks take for it.

use mcp_connector::{Connector, Tool, ToolError};

async fn hello(name: String) -> Result<String, ToolError> {
    Ok(format!("Hello, {name}!"))
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector.tool(Tool::new("hello", "Say hello.", hello).argument("name", "To whom.").title("Hello").read_only())
}
