//! A URL, and the origin, resource or issuer made of it.
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_fuzz::text;
use mcp_connector_oauth::resource::protected_resource::Resource;
use mcp_connector_oauth::web::origin::{Issuer, Origin};
use mcp_connector_oauth::web::web_url::WebUrl;

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    let Ok(url) = WebUrl::parse(text(input)) else { return false };
    let origin = url.origin();
    assert!(Origin::of(origin.as_str()).is_ok_and(|again| again == origin), "an origin is its own origin");
    let _ = Resource::parse(text(input));
    if let Ok(issuer) = Issuer::parse(text(input)) {
        assert!(Issuer::parse(issuer.as_str()).is_ok_and(|again| again == issuer));
    }
    true
}
