//! The tool that the README adds.

use mcp_connector::{Connector, Tool, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Roll {
    /// How many dice to roll.
    #[schemars(range(min = 1, max = 100))]
    dice: u32,
}

async fn roll(args: Roll) -> Result<String, ToolError> {
    Ok(format!("You get {} dice.", args.dice))
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector.tool(Tool::new("roll", "Roll some dice.", roll).title("Roll dice").read_only())
}
