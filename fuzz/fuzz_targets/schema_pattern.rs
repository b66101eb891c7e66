//! A `pattern` of JSON Schema and, in the next line, a text to match.
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_fuzz::text;
use mcp_connector_schema::Schema;
use serde_json::json;

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    let input = text(input);
    let (pattern, text) = input.split_once('\n').unwrap_or((input, ""));
    let Ok(schema) = Schema::compile(&json!({ "pattern": pattern })) else { return false };
    let _ = schema.validate(&json!(text));
    true
}
