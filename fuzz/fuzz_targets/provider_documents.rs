//! The documents of an identity provider: metadata, keys, and GitHub's user.
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_oauth::external_issuer::keys::{Algorithm, ExternalKeys};
use mcp_connector_oauth::login::provider::metadata::ProviderMetadata;
use mcp_connector_oauth::login::provider::profile::UserProfile;
use mcp_connector_oauth::web::discovery::{Discovery, ExternalIssuer};
use mcp_connector_oauth::web::origin::Origin;

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    let Ok(issuer) = ExternalIssuer::parse("https://id.example") else { return false };
    if let Ok(metadata) = ProviderMetadata::parse(input, &issuer) {
        for endpoint in [&metadata.authorization_endpoint, &metadata.token_endpoint] {
            let is_local = Origin::of(endpoint).is_ok_and(|origin| origin.is_loopback());
            assert!(endpoint.starts_with("https://") || is_local, "{endpoint}");
        }
    }
    if let Ok(keys) = ExternalKeys::parse(input) {
        let _ = keys.select(Some("k"), Algorithm::Rs256).map(|key| key.material().to_jwk());
    }
    let _ = Discovery::parse(input, &issuer).map(|discovery| discovery.jwks_uri().to_owned());
    let _ = UserProfile::of_github(input, &issuer);
    true
}
