//! A resource that returns a number.

use mcp_connector::{Connector, Context, Resource, ToolError};

async fn lucky(_cx: Context) -> Result<Option<u8>, ToolError> {
    Ok(Some(7))
}

pub fn connector() -> Connector {
    Connector::new("lucky", "1.0.0").resource(Resource::new("lucky://number", "lucky", "A number.", lucky))
}

fn main() {}
