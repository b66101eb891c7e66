//! A handler that returns no `Result`.

use mcp_connector::{Connector, Tool};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Echo {
    text: String,
}

async fn echo(args: Echo) -> String {
    args.text
}

pub fn connector() -> Connector {
    Connector::new("echo", "1.0.0").tool(Tool::new("echo", "Say something back.", echo))
}

fn main() {}
