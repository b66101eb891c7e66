//! A first sign-in that asks for texts.

use mcp_connector::Connector;

pub fn connector() -> Connector {
    Connector::new("who", "1.0.0").sign_in(["profile"])
}

fn main() {}
