//! Arguments without `Deserialize`.

use mcp_connector::{Connector, Tool, ToolError};
use schemars::JsonSchema;

#[derive(JsonSchema)]
struct Echo {
    text: String,
}

async fn echo(args: Echo) -> Result<String, ToolError> {
    Ok(args.text)
}

pub fn connector() -> Connector {
    Connector::new("echo", "1.0.0").tool(Tool::new("echo", "Say something back.", echo))
}

fn main() {}
