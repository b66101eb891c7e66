//! A scope without a description.

use mcp_connector::Scope;

pub const NOTES: Scope = Scope::new("notes:read", "");

fn main() {}
