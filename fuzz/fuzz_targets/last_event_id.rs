//! A `Last-Event-ID` header.
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_fuzz::text;
use mcp_connector_protocol::EventId;

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    let input = text(input);
    let Some(id) = EventId::parse(input) else { return false };
    let written = format!("{}-{}", id.stream, id.number);
    assert_eq!(EventId::parse(&written), Some(id), "what is written is read again as the same");
    true
}
