//! The claims of an ID token, and an ID token.
#![cfg_attr(feature = "libfuzzer", no_main)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_connector_fuzz::{NOW, text};
use mcp_connector_oauth::login::disallowed_user::EmailTrust;
use mcp_connector_oauth::login::provider::profile::UserProfile;
use mcp_connector_oauth::web::discovery::ExternalIssuer;
use serde_json::Value;

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    let Ok(issuer) = ExternalIssuer::parse("https://id.example") else { return false };
    let token = format!("e30.{}.AA", URL_SAFE_NO_PAD.encode(input));
    let _ = UserProfile::of_id_token(text(input), &issuer, "us", Some("n"), EmailTrust::VerifiedOnly, NOW);
    if UserProfile::of_id_token(&token, &issuer, "us", Some("n"), EmailTrust::VerifiedOnly, NOW).is_err() {
        return false;
    }
    let claims: Value = serde_json::from_slice(input).unwrap_or_default();
    assert!(claims.get("iss").is_some_and(|iss| iss == "https://id.example"), "of this issuer");
    assert!(claims.get("nonce").is_some_and(|nonce| nonce == "n"), "for this sign-in");
    true
}
