//! The body of a dynamic client registration (RFC 7591).
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_fuzz::{Fixed, NOW, key_ring};
use mcp_connector_oauth::clients::client_id::{register, registered_client};
use mcp_connector_oauth::clients::registration::ClientMetadata;
use mcp_connector_oauth::resource::scope_catalogue::ScopeCatalogue;
use mcp_connector_oauth::web::redirect_uri::RedirectPolicy;

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    let policy = RedirectPolicy::default();
    let Ok(registration) = ClientMetadata::parse(input, &policy) else { return false };
    let ring = key_ring();
    let Ok(issued) = register(registration, NOW, &Fixed, ring.client_id(), &ScopeCatalogue::default()) else {
        return false;
    };
    let known = registered_client(issued.client_id(), &policy, ring.client_id());
    assert!(
        known.is_ok_and(|known| known.registered_at == NOW && !known.client.redirect_uris.is_empty()),
        "what is issued is known"
    );
    true
}
