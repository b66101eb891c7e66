//! A client ID metadata document.
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_base::identifier::ClientId;
use mcp_connector_oauth::clients::metadata_document::client_id_url::ClientIdUrl;
use mcp_connector_oauth::clients::metadata_document::document::parse_document;
use mcp_connector_oauth::web::origin::Origin;
use mcp_connector_oauth::web::redirect_uri::RedirectPolicy;

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    let (Ok(id), Ok(own)) = (ClientId::new("https://app.example/c.json"), Origin::of("https://mcp.example.com")) else {
        return false;
    };
    let Ok(url) = ClientIdUrl::parse(&id, &own) else { return false };
    let Ok(client) = parse_document(input, &url, &RedirectPolicy::default()) else { return false };
    assert!(client.id == id && !client.redirect_uris.is_empty() && client.secrets.is_empty());
    true
}
