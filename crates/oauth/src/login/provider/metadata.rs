//! The metadata of an OpenID provider (OpenID Connect Discovery §3, RFC 8414 §2).

use serde_json::Value;

use crate::login::provider::error::LoginError;
use crate::login::provider::response::ProviderResponse;
use crate::web::discovery::{ExternalIssuer, is_safe};

/// The metadata of a provider, as far as a sign-in needs it.
#[derive(Clone, Debug)]
pub struct ProviderMetadata {
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub userinfo_endpoint: Option<String>,
    /// Where tokens are revoked (RFC 7009).
    pub revocation_endpoint: Option<String>,
    /// Whether every authorization response has `iss` (RFC 9207 §3).
    pub sends_iss: bool,
    /// The supported values of `prompt`, if the provider announces them (Initiating User Registration via OpenID Connect §4.1).
    pub prompts: Option<Vec<String>>,
    /// Where the provider expects the client secret.
    pub secret_place: SecretPlace,
}

/// Where the client secret is in a token request (RFC 6749 §2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    /// In the `Authorization` header, the default.
    Header,
    Body,
}

impl ProviderMetadata {
    /// Parses the metadata of `issuer`.
    ///
    /// # Errors
    ///
    /// Returns [`LoginError::InvalidResponse`] if the document is not a JSON object, is that of another issuer, lacks
    /// the authorization or token endpoint, or has an endpoint that is neither https nor on loopback.
    pub fn parse(document: &[u8], issuer: &ExternalIssuer) -> Result<Self, LoginError> {
        let metadata = ProviderResponse::read(document)?;
        if metadata.text("issuer") != Some(issuer.as_str()) {
            return Err(LoginError::InvalidResponse("metadata of another issuer"));
        }
        let endpoint = |name: &str| match metadata.text(name) {
            Some(url) if !is_safe(url) => {
                Err(LoginError::InvalidResponse("metadata with an endpoint that is not on https"))
            }
            url => Ok(url.map(str::to_owned)),
        };
        let missing = || LoginError::InvalidResponse("metadata without its endpoints");
        let methods = metadata.texts("token_endpoint_auth_methods_supported");
        let only_body = methods.contains(&"client_secret_post") && !methods.contains(&"client_secret_basic");
        Ok(Self {
            authorization_endpoint: endpoint("authorization_endpoint")?.ok_or_else(missing)?,
            token_endpoint: endpoint("token_endpoint")?.ok_or_else(missing)?,
            userinfo_endpoint: endpoint("userinfo_endpoint")?,
            revocation_endpoint: endpoint("revocation_endpoint")?,
            sends_iss: metadata.0.get("authorization_response_iss_parameter_supported") == Some(&Value::Bool(true)),
            prompts: metadata
                .0
                .get("prompt_values_supported")
                .map(|_| metadata.texts("prompt_values_supported").into_iter().map(str::to_owned).collect()),
            secret_place: if only_body { SecretPlace::Body } else { SecretPlace::Header },
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn issuer() -> ExternalIssuer {
        ExternalIssuer::parse("https://id.example").unwrap()
    }

    #[test]
    fn provider_metadata_has_the_configured_issuer_and_safe_endpoints() {
        let document = |issuer: &str, token: &str| {
            json!({"issuer": issuer, "authorization_endpoint": "https://id.example/a", "token_endpoint": token})
                .to_string()
        };
        for (name, document, good) in [
            ("good", document("https://id.example", "https://id.example/t"), true),
            ("another", document("https://evil.example", "https://id.example/t"), false),
            ("http", document("https://id.example", "http://id.example/t"), false),
            ("none", "{}".to_owned(), false),
        ] {
            assert_eq!(ProviderMetadata::parse(document.as_bytes(), &issuer()).is_ok(), good, "{name}");
        }
    }

    #[test]
    fn only_true_in_provider_metadata_announces_the_iss_parameter() {
        for (announced, expected) in
            [(json!(true), true), (json!(false), false), (json!("true"), false), (json!(1), false)]
        {
            let document = json!({
                "issuer": "https://id.example", "authorization_endpoint": "https://id.example/a",
                "token_endpoint": "https://id.example/t", "authorization_response_iss_parameter_supported": announced,
            });
            let metadata = ProviderMetadata::parse(document.to_string().as_bytes(), &issuer()).unwrap();
            assert_eq!(metadata.sends_iss, expected, "{announced}");
        }
    }

    #[test]
    fn a_provider_supports_the_prompts_that_it_announces() {
        for (announced, known) in [
            (None, None),
            (Some(json!(["login", "none"])), Some(vec!["login".to_owned(), "none".to_owned()])),
            (Some(json!([])), Some(Vec::new())),
        ] {
            let mut document = json!({
                "issuer": "https://id.example", "authorization_endpoint": "https://id.example/a",
                "token_endpoint": "https://id.example/t",
            });
            if let Some(announced) = announced {
                document["prompt_values_supported"] = announced;
            }
            let metadata = ProviderMetadata::parse(document.to_string().as_bytes(), &issuer()).unwrap();
            assert_eq!(metadata.prompts, known);
        }
    }

    #[test]
    fn the_client_secret_is_sent_in_the_body_only_where_basic_is_not_supported() {
        for (methods, place) in [
            (json!(null), SecretPlace::Header),
            (json!(["client_secret_basic", "client_secret_post"]), SecretPlace::Header),
            (json!(["client_secret_post"]), SecretPlace::Body),
            (json!(["private_key_jwt"]), SecretPlace::Header),
        ] {
            let document = json!({
                "issuer": "https://id.example", "authorization_endpoint": "https://id.example/a",
                "token_endpoint": "https://id.example/t", "token_endpoint_auth_methods_supported": methods,
            });
            let metadata = ProviderMetadata::parse(document.to_string().as_bytes(), &issuer()).unwrap();
            assert_eq!(metadata.secret_place, place, "{methods}");
        }
    }
}
