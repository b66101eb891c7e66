//! A scope whose name has a space.

use mcp_connector::Scope;

pub const NOTES: Scope = Scope::new("read notes", "Read your notes");

fn main() {}
