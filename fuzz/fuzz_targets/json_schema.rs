//! A JSON Schema, which is also validated against itself.
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_schema::Schema;
use serde_json::Value;

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    let Ok(document) = serde_json::from_slice::<Value>(input) else { return false };
    let Ok(schema) = Schema::compile(&document) else { return false };
    let fits = schema.validate(&document).is_ok();
    assert_eq!(schema.validate(&document).is_ok(), fits, "the same answer each time");
    true
}
