//! The identifier of an external issuer, the URLs of its metadata (RFC 8414), and what a resource needs of the metadata.

use thiserror::Error;

use crate::web::json_object::{Object, Unexpected};
use crate::web::origin::Origin;
use crate::web::web_url::WebUrl;

/// Maximum size of a metadata document, in bytes.
pub const MAX_METADATA: usize = 64 * 1024;
/// Maximum length of an issuer identifier, in bytes.
const MAX_ISSUER: usize = 1024;

/// The one external issuer whose tokens are accepted, spelled as it spells itself. Some identifiers end in a slash and some do
/// not; both are valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalIssuer(String);

/// A text that is not an issuer identifier (RFC 8414 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an issuer is an https URL without query and fragment")]
pub struct InvalidExternalIssuer;

impl ExternalIssuer {
    /// Parses the configured identifier. Plain http is accepted for loopback only.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidExternalIssuer`] if the text is not an https URL, or has a query, a fragment or more than 1024
    /// bytes.
    pub fn parse(text: &str) -> Result<Self, InvalidExternalIssuer> {
        let text = text.trim();
        let fits = text.len() <= MAX_ISSUER && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !fits || text.contains(['?', '#']) || !is_safe(text) {
            return Err(InvalidExternalIssuer);
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the identifier, as `authorization_servers` of the resource metadata names it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the URLs of the metadata, in the order in which to try them: RFC 8414 §3, OpenID Connect Discovery §4, RFC 8414
    /// §5.
    #[must_use]
    pub fn metadata_urls(&self) -> Vec<String> {
        let base = self.0.trim_end_matches('/');
        // The identifier was parsed before, and has neither a query nor a fragment.
        let path = WebUrl::parse(base).map_or("", |url| url.path);
        let origin = base.strip_suffix(path).unwrap_or(base);
        let mut urls = vec![
            format!("{origin}/.well-known/oauth-authorization-server{path}"),
            format!("{base}/.well-known/openid-configuration"),
        ];
        if !path.is_empty() {
            urls.push(format!("{origin}/.well-known/openid-configuration{path}"));
        }
        urls
    }
}

/// The metadata of an external issuer, as far as a resource needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    jwks_uri: String,
}

/// Why a metadata document is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DiscoveryError {
    /// The document is not JSON, too large, or lacks a required member.
    #[error("the metadata of the issuer is not usable")]
    Malformed,
    /// The document describes another issuer (RFC 8414 §3.3).
    #[error("the metadata is not that of the configured issuer")]
    OtherIssuer,
    /// `jwks_uri` is not https, so anybody on the way could replace the keys.
    #[error("the keys of the issuer are not served by https")]
    InsecureKeys,
}

impl Discovery {
    /// Parses a metadata document of `issuer`.
    ///
    /// # Errors
    ///
    /// Returns [`DiscoveryError::Malformed`] if the document is longer than [`MAX_METADATA`], is not a JSON object, or
    /// lacks `issuer` or `jwks_uri`, [`DiscoveryError::OtherIssuer`] if it is that of another issuer, and
    /// [`DiscoveryError::InsecureKeys`] if `jwks_uri` is neither https nor on loopback.
    pub fn parse(document: &[u8], issuer: &ExternalIssuer) -> Result<Self, DiscoveryError> {
        if document.len() > MAX_METADATA {
            return Err(DiscoveryError::Malformed);
        }
        let metadata = Object::parse(document)?;
        let (named, jwks_uri) = (metadata.required("issuer")?, metadata.required("jwks_uri")?);
        if named != issuer.0 {
            return Err(DiscoveryError::OtherIssuer);
        }
        if !is_safe(jwks_uri) {
            return Err(DiscoveryError::InsecureKeys);
        }
        Ok(Self { jwks_uri: jwks_uri.to_owned() })
    }

    #[must_use]
    pub fn jwks_uri(&self) -> &str {
        &self.jwks_uri
    }
}

impl From<Unexpected> for DiscoveryError {
    fn from(Unexpected: Unexpected) -> Self {
        Self::Malformed
    }
}

/// Returns whether a URL is https, or http on loopback.
pub(crate) fn is_safe(url: &str) -> bool {
    Origin::of(url)
        .is_ok_and(|origin| url.starts_with("https://") || (url.starts_with("http://") && origin.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer(text: &str) -> ExternalIssuer {
        ExternalIssuer::parse(text).unwrap()
    }

    #[test]
    fn the_metadata_urls_are_those_of_rfc_8414_rfc_9728_and_openid_discovery() {
        for (text, want) in [
            (
                "https://id.example",
                vec![
                    "https://id.example/.well-known/oauth-authorization-server",
                    "https://id.example/.well-known/openid-configuration",
                ],
            ),
            (
                "https://tenant.eu.auth0.example/",
                vec![
                    "https://tenant.eu.auth0.example/.well-known/oauth-authorization-server",
                    "https://tenant.eu.auth0.example/.well-known/openid-configuration",
                ],
            ),
            (
                "https://id.example/realms/x",
                vec![
                    "https://id.example/.well-known/oauth-authorization-server/realms/x",
                    "https://id.example/realms/x/.well-known/openid-configuration",
                    "https://id.example/.well-known/openid-configuration/realms/x",
                ],
            ),
        ] {
            assert_eq!(issuer(text).metadata_urls(), want, "{text}");
            assert_eq!(issuer(text).as_str(), text, "spelled as it spells itself");
        }
    }

    #[test]
    fn an_issuer_is_an_https_url() {
        for text in [
            "",
            "id.example",
            "http://id.example",
            "https://id.example?x",
            "https://id.example/#x",
            "ftp://id.example",
            "https://a b",
            "https://u:p@id.example",
            "javascript:x",
        ] {
            assert_eq!(ExternalIssuer::parse(text), Err(InvalidExternalIssuer), "{text}");
        }
        assert!(ExternalIssuer::parse("http://127.0.0.1:3000").is_ok());
    }

    #[test]
    fn the_issuer_in_metadata_is_compared_byte_for_byte() {
        let ours = issuer("https://id.example/");
        for (document, want) in [
            (r#"{"issuer":"https://id.example/","jwks_uri":"https://id.example/k","x":1}"#, Ok("https://id.example/k")),
            (r#"{"issuer":"https://id.example/","jwks_uri":"https://cdn.example/k"}"#, Ok("https://cdn.example/k")),
            (r#"{"issuer":"https://id.example","jwks_uri":"https://id.example/k"}"#, Err(DiscoveryError::OtherIssuer)),
            (
                r#"{"issuer":"https://evil.example/","jwks_uri":"https://id.example/k"}"#,
                Err(DiscoveryError::OtherIssuer),
            ),
            (r#"{"issuer":"https://id.example/","jwks_uri":"http://id.example/k"}"#, Err(DiscoveryError::InsecureKeys)),
            (r#"{"issuer":"https://id.example/","jwks_uri":"/k"}"#, Err(DiscoveryError::InsecureKeys)),
            (r#"{"issuer":"https://id.example/"}"#, Err(DiscoveryError::Malformed)),
            (
                r#"{"issuer":"https://id.example/","issuer":"https://id.example/","jwks_uri":"https://id.example/k"}"#,
                Err(DiscoveryError::Malformed),
            ),
            ("<html>", Err(DiscoveryError::Malformed)),
            ("", Err(DiscoveryError::Malformed)),
        ] {
            let discovery = Discovery::parse(document.as_bytes(), &ours);
            assert_eq!(discovery.as_ref().map(Discovery::jwks_uri).map_err(|error| *error), want, "{document}");
        }
        let large = format!(
            r#"{{"issuer":"https://id.example/","jwks_uri":"https://id.example/k","x":"{}"}}"#,
            "x".repeat(MAX_METADATA)
        );
        assert_eq!(Discovery::parse(large.as_bytes(), &ours), Err(DiscoveryError::Malformed));
    }
}
