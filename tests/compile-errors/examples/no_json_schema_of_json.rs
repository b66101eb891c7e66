//! A result in `Json` without `JsonSchema`.

use mcp_connector::{Connector, Context, Json, Tool, ToolError};
use serde::Serialize;

#[derive(Serialize)]
struct Sum {
    sum: i64,
}

async fn echo(_cx: Context) -> Result<Json<Sum>, ToolError> {
    Ok(Json(Sum { sum: 7 }))
}

pub fn connector() -> Connector {
    Connector::new("echo", "1.0.0").tool(Tool::new("echo", "Say something back.", echo))
}

fn main() {}
