//! A `traceparent` (W3C Trace Context).
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_fuzz::text;
use mcp_connector_protocol::TraceParent;

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    let input = text(input);
    let Some(trace) = TraceParent::parse(input) else { return false };
    let [high, low] = trace.trace();
    let text = format!("{high:016x}{low:016x}-{:016x}", trace.parent());
    assert_eq!(input.get(3..52), Some(text.as_str()), "it is what was sent");
    true
}
