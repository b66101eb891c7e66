//! A page beside a tool's result (MCP Apps).

use mcp_connector::{Connector, Json, Tool, ToolError, View};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct HowMany {
    /// How many dice to roll.
    #[schemars(range(min = 1, max = 10))]
    count: usize,
}

#[derive(Serialize, JsonSchema)]
struct Dice {
    /// The eyes of each.
    dice: Vec<u32>,
}

async fn roll_dice(args: HowMany) -> Result<Json<Dice>, ToolError> {
    let mut dice = Vec::new();
    for _ in 0..args.count {
        dice.push((getrandom::u32()? % 6).saturating_add(1));
    }
    Ok(Json(Dice { dice }))
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .tool(
            Tool::new("roll_dice", "Roll dice and show them.", roll_dice)
                .title("Roll and show")
                .read_only()
                .shows("ui://dice"),
        )
        .view(View::new("ui://dice", "dice", "The dice that were rolled.", include_str!("dice.html")).title("Dice"))
}
