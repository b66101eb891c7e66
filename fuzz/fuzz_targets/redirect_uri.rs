//! A redirect URI.
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_fuzz::text;
use mcp_connector_oauth::web::redirect_uri::{RedirectPolicy, RedirectUri};

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    let policy = RedirectPolicy::default();
    let Ok(uri) = RedirectUri::parse(text(input), &policy) else { return false };
    assert_eq!(uri.as_str(), text(input), "kept byte for byte");
    assert!(uri.admits(&uri), "it admits itself");
    assert!(!uri.as_str().contains(['#', '\\', ' ', '\r', '\n', '"', '<']), "{}", uri.as_str());
    let lower = uri.as_str().to_ascii_lowercase();
    assert!(!lower.starts_with("javascript:") && !lower.starts_with("data:"), "{lower}");
    let _ = (uri.destination(), uri.kind());
    true
}
