//! The `scope` parameter.
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_base::scope::ScopeSet;
use mcp_connector_fuzz::text;

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    let Ok(scopes) = ScopeSet::parse(text(input)) else { return false };
    assert_eq!(ScopeSet::parse(scopes.as_str()).as_ref(), Ok(&scopes), "what is written is read again as the same");
    // RFC 6749 §3.3 allows a comma; within the quotes of a challenge it means nothing.
    assert!(!scopes.as_str().contains(['"', '\\', '\n', '\r']), "it cannot break out of a quoted string");
    assert!(scopes.difference(&scopes).is_empty() && scopes.contains_all(&scopes));
    true
}
