//! An `Mcp-Session-Id` header.
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_fuzz::text;
use mcp_connector_protocol::SessionId;

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    let input = text(input);
    let Some(session) = SessionId::parse(input) else { return false };
    assert_eq!(session.as_str(), input, "it is what was sent");
    true
}
