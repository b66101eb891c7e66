//! A URI template and, in the next line, a URI to match.
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_fuzz::text;
use mcp_connector_protocol::testing::decoders::{is_uri, match_uri_template};

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    let input = text(input);
    let (template, uri) = input.split_once('\n').unwrap_or((input, ""));
    assert!(!is_uri(uri) || uri.contains(':'), "a URI has a scheme");
    let Some((variables, values)) = match_uri_template(template, uri) else { return false };
    assert!(variables > 0, "a template has a variable");
    assert_eq!(values.len(), variables, "each variable has its value");
    true
}
