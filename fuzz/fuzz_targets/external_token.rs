//! An external issuer's access token: header and claims as JSON with a dot between them. Every signature is taken for good.
#![cfg_attr(feature = "libfuzzer", no_main)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::FutureExt;
use mcp_connector_fuzz::{AnySignature, NOW, text};
use mcp_connector_oauth::external_issuer::identity_claims::{EmailClaim, IdentityClaims};
use mcp_connector_oauth::external_issuer::keys::ExternalKeys;
use mcp_connector_oauth::external_issuer::token::{ExternalPolicy, verify_external};
use mcp_connector_oauth::resource::bearer::BearerToken;
use mcp_connector_oauth::web::discovery::ExternalIssuer;
use serde_json::Value;

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    // RFC 8037, appendix A.2.
    let keys =
        br#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"k"}]}"#;
    let (Ok(issuer), Ok(keys)) = (ExternalIssuer::parse("https://id.example"), ExternalKeys::parse(keys)) else {
        return false;
    };
    let (header, claims) = text(input).split_once('.').unwrap_or_default();
    let encode = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let header = format!("Bearer {}.{}.{}", encode(header), encode(claims), encode(&"s".repeat(64)));
    let Ok(Some(bearer)) = BearerToken::from_authorization([header.as_str()]) else { return false };
    let policy = ExternalPolicy {
        issuer: &issuer,
        audiences: &["https://mcp.example.com/mcp"],
        accept_plain_jwt: true,
        claims: &IdentityClaims::default(),
        email: EmailClaim::IfVerified,
    };
    let Some(Ok(verified)) = verify_external(&bearer, &keys, &AnySignature, &policy, NOW).now_or_never() else {
        return false;
    };
    assert!(verified.expires() > NOW.minus(600), "it has not expired");
    let claims: Value = serde_json::from_str(claims).unwrap_or_default();
    assert!(claims.get("iss").is_some_and(|iss| iss == "https://id.example"));
    let ours = "https://mcp.example.com/mcp";
    let is_ours = |aud: &Value| aud == ours || aud.as_array().is_some_and(|all| all.iter().any(|one| one == ours));
    assert!(claims.get("aud").is_some_and(is_ours), "for us");
    true
}
