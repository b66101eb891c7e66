//! An `Authorization` header with a bearer token.
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_fuzz::text;
use mcp_connector_oauth::resource::bearer::{BearerToken, MAX_BEARER_LENGTH};

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    let Ok(Some(bearer)) = BearerToken::from_authorization([text(input)]) else { return false };
    assert!(!bearer.as_str().is_empty() && bearer.as_str().len() <= MAX_BEARER_LENGTH);
    assert!(!bearer.as_str().contains([',', ' ', '"']), "one token");
    true
}
