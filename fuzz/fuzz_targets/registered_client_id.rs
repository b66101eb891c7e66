//! The id of a registered client. None is accepted without a valid MAC.
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_base::identifier::ClientId;
use mcp_connector_fuzz::{key_ring, text};
use mcp_connector_oauth::clients::client_id::registered_client;
use mcp_connector_oauth::web::redirect_uri::RedirectPolicy;

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    let Ok(id) = ClientId::new(text(input)) else { return false };
    assert!(
        registered_client(&id, &RedirectPolicy::default(), key_ring().client_id()).is_err(),
        "nobody guesses a MAC"
    );
    true
}
