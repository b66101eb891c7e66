//! A bearer token nobody has signed: it never verifies.
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_fuzz::{NOW, key_ring, text};
use mcp_connector_oauth::resource::access_token::{ExpectedClaims, verify};
use mcp_connector_oauth::resource::bearer::BearerToken;
use mcp_connector_oauth::resource::protected_resource::Resource;
use mcp_connector_oauth::web::origin::Issuer;

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    let (Ok(issuer), Ok(resource)) =
        (Issuer::parse("https://mcp.example.com"), Resource::parse("https://mcp.example.com/mcp"))
    else {
        return false;
    };
    let keys = key_ring().signing(NOW);
    let expected = ExpectedClaims { issuer: &issuer, resource: &resource, credential_versions: &[] };
    let header = format!("Bearer {}", text(input));
    let Ok(Some(bearer)) = BearerToken::from_authorization([header.as_str()]) else { return false };
    assert!(verify(&bearer, &keys, &expected, NOW).is_err(), "nobody guesses a signature");
    true
}
