//! A `Cookie` header.
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_fuzz::text;
use mcp_connector_oauth::login::provider::state::ProviderState;
use mcp_connector_oauth::web::cookie::{BrowserNonce, HostCookie};
use mcp_connector_oauth::web::web_url::WebScheme;

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    let _ = BrowserNonce::all(WebScheme::Https, Some(text(input)));
    let _ = BrowserNonce::all(WebScheme::Http, Some(text(input)));
    let _ = ProviderState::sealed("cookies.AAAAAAAAAAAAAAAA", WebScheme::Http, Some(text(input)));
    let _ = ProviderState::sealed(text(input), WebScheme::Http, Some("a=b"));
    let Some(value) = HostCookie::new("mcp-known").read(WebScheme::Https, Some(text(input))) else { return false };
    assert!(!value.is_empty() && !value.contains(';'), "{value:?}");
    true
}
