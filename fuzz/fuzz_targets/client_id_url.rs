//! A `client_id` that is the URL of a client ID metadata document.
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_base::identifier::ClientId;
use mcp_connector_fuzz::text;
use mcp_connector_oauth::clients::metadata_document::client_id_url::ClientIdUrl;
use mcp_connector_oauth::web::origin::Origin;

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    let (Ok(id), Ok(own)) = (ClientId::new(text(input)), Origin::of("https://mcp.example.com")) else { return false };
    let Ok(url) = ClientIdUrl::parse(&id, &own) else { return false };
    assert!(url.as_str() == text(input) && url.as_str().starts_with("https://"), "fetched byte for byte");
    assert!(
        url.host().parse::<std::net::IpAddr>().is_err() && url.host().contains('.') && url.host() != "mcp.example.com"
    );
    true
}
