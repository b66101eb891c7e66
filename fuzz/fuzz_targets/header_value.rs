//! A value of an `Mcp-Param-*` header, plain or in base64.
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_fuzz::text;
use mcp_connector_protocol::testing::decoders::decode_header_value;

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    let input = text(input);
    let Some(text) = decode_header_value(input) else { return false };
    assert!(text.len() <= input.len(), "it got shorter by decoding");
    true
}
