//! Arguments without `JsonSchema`.

use mcp_connector::{Connector, Context, Tool, ToolError};
use serde::Deserialize;

#[derive(Deserialize)]
struct Echo {
    text: String,
}

async fn echo(args: Echo, _cx: Context) -> Result<String, ToolError> {
    Ok(args.text)
}

pub fn connector() -> Connector {
    Connector::new("echo", "1.0.0").tool(Tool::new("echo", "Say something back.", echo))
}

fn main() {}
