//! Tools with structured output: an object, which every revision since 2025-06-18 has, and an array.

use mcp_connector::{Connector, Context, Json, Tool, ToolError};
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .tool(Tool::new("structured_object", "Answers with an object.", object).title("Object").read_only())
        .tool(Tool::new("structured_array", "Answers with an array.", array).title("Array").read_only())
}

#[derive(Serialize, JsonSchema)]
struct Weather {
    /// In degrees Celsius.
    temperature: f64,
    conditions: String,
}

async fn object(_cx: Context) -> Result<Json<Weather>, ToolError> {
    Ok(Json(Weather { temperature: 22.5, conditions: "Partly cloudy".to_owned() }))
}

#[derive(Serialize, JsonSchema)]
struct Item {
    id: String,
}

async fn array(_cx: Context) -> Result<Json<Vec<Item>>, ToolError> {
    Ok(Json(["1", "2"].map(|id| Item { id: id.to_owned() }).into()))
}
