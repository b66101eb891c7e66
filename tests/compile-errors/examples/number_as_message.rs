//! A prompt that returns a number.

use mcp_connector::{Connector, Context, Prompt, ToolError};

async fn lucky(_cx: Context) -> Result<u8, ToolError> {
    Ok(7)
}

pub fn connector() -> Connector {
    Connector::new("lucky", "1.0.0").prompt(Prompt::new("lucky", "A number.", lucky))
}

fn main() {}
