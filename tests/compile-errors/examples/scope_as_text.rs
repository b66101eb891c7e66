//! A scope that is a text.

use mcp_connector::{Connector, Context, Tool, ToolError};

async fn whoami(cx: Context) -> Result<String, ToolError> {
    Ok(cx.subject()?.to_string())
}

pub fn connector() -> Connector {
    Connector::new("who", "1.0.0").tool(Tool::new("whoami", "Tell who is signed in.", whoami).scope("profile"))
}

fn main() {}
