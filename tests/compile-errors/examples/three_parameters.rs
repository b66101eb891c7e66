//! A handler with three parameters.

use mcp_connector::{Connector, Context, Tool, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Echo {
    text: String,
}

async fn echo(args: Echo, _cx: Context, _more: u8) -> Result<String, ToolError> {
    Ok(args.text)
}

pub fn connector() -> Connector {
    Connector::new("echo", "1.0.0").tool(Tool::new("echo", "Say something back.", echo))
}

fn main() {}
