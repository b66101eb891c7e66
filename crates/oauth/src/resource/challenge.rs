//! The challenge of a refused request to the protected resource: the header `WWW-Authenticate` (RFC 6750 §3, RFC 9728 §5.1), and
//! the body.
//!
//! No value can break out of the quotes in the header, because each comes from a type without quotes and backslashes.

use std::sync::Arc;

use serde::Serialize;
use thiserror::Error;

use mcp_connector_base::scope::ScopeSet;

use crate::resource::bearer::BearerError;

/// Maximum length of the URL of a metadata document, in bytes.
const MAX_METADATA_URL: usize = 2048;

/// The absolute URL of Protected Resource Metadata (RFC 9728 §3), safe in a quoted string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataUrl(Arc<str>);

/// A text that is not the URL of a metadata document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the address of a metadata document is an absolute http or https URL")]
pub struct InvalidMetadataUrl;

impl MetadataUrl {
    /// Creates a URL from `https://…` or `http://…` in visible ASCII without quotes and backslashes.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidMetadataUrl`] if the text is not such a URL, has no host, or has more than 2048 bytes.
    pub fn new(url: &str) -> Result<Self, InvalidMetadataUrl> {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let has_host = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
        let quotable = url.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E));
        if !has_host || !quotable || url.len() > MAX_METADATA_URL {
            return Err(InvalidMetadataUrl);
        }
        Ok(Self(Arc::from(url)))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The refusal of a request to the protected resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    reason: Reason,
    metadata: MetadataUrl,
    scope: ScopeSet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    SignIn,
    InvalidToken,
    InsufficientScope,
    KeyWithoutScope,
    Role,
    Group,
    Header(BearerError),
}

/// An error response, as RFC 6749 §5.2, RFC 6750 and RFC 7591 define it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct OAuthErrorResponse {
    /// The code, for programs.
    pub error: &'static str,
    /// The description, for people. It never repeats the request.
    pub error_description: &'static str,
}

impl Challenge {
    /// Creates the challenge for a request without a token that needs one with `scope` (401). With an empty `scope`, the client
    /// takes the scopes from the metadata.
    #[must_use]
    pub fn sign_in(metadata: MetadataUrl, scope: ScopeSet) -> Self {
        Self { reason: Reason::SignIn, metadata, scope }
    }

    /// Creates the challenge for a token that is not, or no longer, valid (401).
    #[must_use]
    pub fn invalid_token(metadata: MetadataUrl, scope: ScopeSet) -> Self {
        Self { reason: Reason::InvalidToken, metadata, scope }
    }

    /// Creates the challenge for a valid token without sufficient scopes (403). `scope` is everything the operation needs, not
    /// only what is missing: some clients ask for exactly these scopes, others add them to their own.
    #[must_use]
    pub fn insufficient_scope(metadata: MetadataUrl, scope: ScopeSet) -> Self {
        Self { reason: Reason::InsufficientScope, metadata, scope }
    }

    /// Creates the refusal of an access key without sufficient scopes (403). It names neither metadata nor scopes: a sign-in would
    /// not change the key, and clients start one where they find those.
    #[must_use]
    pub fn insufficient_scope_of_key(metadata: MetadataUrl) -> Self {
        Self { reason: Reason::KeyWithoutScope, metadata, scope: ScopeSet::empty() }
    }

    /// Creates the refusal of a person whose roles do not allow what was asked for (403). It names neither metadata nor scopes: a
    /// sign-in would not change the roles, and clients would begin one again and again.
    #[must_use]
    pub fn not_allowed_by_roles(metadata: MetadataUrl) -> Self {
        Self { reason: Reason::Role, metadata, scope: ScopeSet::empty() }
    }

    /// Creates the refusal of a person who has none of the groups that the endpoint requires (403), where another server has issued the
    /// token. As with roles, a sign-in would not help.
    #[must_use]
    pub fn not_in_group(metadata: MetadataUrl) -> Self {
        Self { reason: Reason::Group, metadata, scope: ScopeSet::empty() }
    }

    /// Creates the challenge for an `Authorization` header with no token, or with more than one (401 or 400).
    #[must_use]
    pub fn bad_header(metadata: MetadataUrl, scope: ScopeSet, error: BearerError) -> Self {
        Self { reason: Reason::Header(error), metadata, scope }
    }

    /// Returns the same challenge with more scopes.
    #[must_use]
    pub fn and_for(self, scope: &ScopeSet) -> Self {
        Self { scope: self.scope.union(scope), ..self }
    }

    #[must_use]
    pub const fn status(&self) -> u16 {
        match self.reason {
            Reason::SignIn | Reason::InvalidToken => 401,
            Reason::InsufficientScope | Reason::KeyWithoutScope | Reason::Role | Reason::Group => 403,
            Reason::Header(error) => error.status(),
        }
    }

    /// Returns the body of the response.
    #[must_use]
    pub const fn body(&self) -> OAuthErrorResponse {
        let (error, error_description) = match self.reason {
            // RFC 6750 §3.1 omits the code if nothing was sent. Anthropic's documentation of sign-in on demand requires it, and
            // no known client rejects it.
            Reason::SignIn => ("invalid_token", "sign in to continue"),
            Reason::InvalidToken => ("invalid_token", "the access token is expired, revoked or not valid here"),
            Reason::InsufficientScope => ("insufficient_scope", "more permissions are needed"),
            Reason::KeyWithoutScope => (
                "insufficient_scope",
                "this access key lacks a permission and cannot get more: make another key at /account",
            ),
            Reason::Role => (
                "insufficient_scope",
                "your role on this server does not allow this, and signing in again will not help: ask the owner",
            ),
            Reason::Group => (
                "insufficient_scope",
                "you are in none of the groups that this endpoint requires, and signing in again will not help: ask the owner",
            ),
            Reason::Header(error) => (error.code(), error.description()),
        };
        OAuthErrorResponse { error, error_description }
    }

    /// Returns the value of `WWW-Authenticate`.
    #[must_use]
    pub fn header_value(&self) -> String {
        let OAuthErrorResponse { error, error_description } = self.body();
        if matches!(self.reason, Reason::KeyWithoutScope | Reason::Role | Reason::Group) {
            return format!("Bearer error=\"{error}\", error_description=\"{error_description}\"");
        }
        let mut value = format!(
            "Bearer error=\"{error}\", error_description=\"{error_description}\", resource_metadata=\"{}\"",
            self.metadata.as_str()
        );
        if !self.scope.is_empty() {
            value.push_str(", scope=\"");
            value.push_str(self.scope.as_str());
            value.push('"');
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata() -> MetadataUrl {
        MetadataUrl::new("https://host.example/.well-known/oauth-protected-resource/mcp").unwrap()
    }

    fn scope(text: &str) -> ScopeSet {
        ScopeSet::parse(text).unwrap()
    }

    #[test]
    fn a_request_without_a_token_gets_a_challenge_with_metadata_url_and_scope() {
        let challenge = Challenge::sign_in(metadata(), scope("profile notes:read"));
        assert_eq!(challenge.status(), 401);
        assert_eq!(
            challenge.header_value(),
            "Bearer error=\"invalid_token\", error_description=\"sign in to continue\", \
             resource_metadata=\"https://host.example/.well-known/oauth-protected-resource/mcp\", \
             scope=\"notes:read profile\""
        );
    }

    #[test]
    fn each_challenge_has_its_status_and_error_code() {
        for (name, challenge, status, code) in [
            ("sign in", Challenge::sign_in(metadata(), scope("a")), 401, "invalid_token"),
            ("bad token", Challenge::invalid_token(metadata(), scope("a")), 401, "invalid_token"),
            ("step up", Challenge::insufficient_scope(metadata(), scope("a b")), 403, "insufficient_scope"),
            (
                "two headers",
                Challenge::bad_header(metadata(), scope("a"), BearerError::Repeated),
                400,
                "invalid_request",
            ),
            ("basic", Challenge::bad_header(metadata(), scope("a"), BearerError::OtherScheme), 401, "invalid_token"),
        ] {
            assert_eq!((challenge.status(), challenge.body().error), (status, code), "{name}");
            let header = challenge.header_value();
            assert!(header.starts_with(&format!("Bearer error=\"{code}\"")), "{name}: {header}");
            assert!(header.contains("scope=\"a"), "{name}: {header}");
            assert!(!challenge.body().error_description.contains(['"', '\\']), "{name}");
        }
    }

    #[test]
    fn the_refusal_of_an_access_key_leads_to_no_sign_in() {
        let refusal = Challenge::insufficient_scope_of_key(metadata());
        assert_eq!((refusal.status(), refusal.body().error), (403, "insufficient_scope"));
        let header = refusal.and_for(&scope("a")).header_value();
        assert!(
            header.contains("make another key") && !header.contains("scope=\"") && !header.contains("metadata"),
            "{header}"
        );
    }

    #[test]
    fn the_refusal_of_a_role_or_a_group_says_that_a_sign_in_will_not_help_and_leads_to_none() {
        for refusal in [Challenge::not_allowed_by_roles(metadata()), Challenge::not_in_group(metadata())] {
            assert_eq!((refusal.status(), refusal.body().error), (403, "insufficient_scope"));
            let header = refusal.and_for(&scope("a")).header_value();
            assert!(header.contains("signing in again will not help"), "{header}");
            assert!(!header.contains("scope=\"") && !header.contains("metadata"), "{header}");
        }
    }

    #[test]
    fn a_challenge_without_scopes_has_no_scope_parameter() {
        assert!(!Challenge::invalid_token(metadata(), ScopeSet::empty()).header_value().contains("scope"));
    }

    #[test]
    fn a_metadata_url_that_could_break_the_challenge_header_is_refused() {
        for url in [
            "",
            "https://",
            "https:///x",
            "//host",
            "/x",
            "ftp://host",
            "https://h/\"",
            "https://h/\\",
            "https://h/ x",
            "https://h/\r\n",
            "https://h/\u{e9}",
        ] {
            assert_eq!(MetadataUrl::new(url), Err(InvalidMetadataUrl), "{url:?}");
        }
        assert!(MetadataUrl::new("http://127.0.0.1:8787/.well-known/oauth-protected-resource").is_ok());
        assert!(MetadataUrl::new("http://[::1]:8787/.well-known/oauth-protected-resource").is_ok());
    }

    #[test]
    fn the_body_of_a_challenge_has_error_and_error_description() {
        let body = Challenge::insufficient_scope(metadata(), scope("a")).body();
        assert_eq!(
            serde_json::to_string(&body).unwrap(),
            "{\"error\":\"insufficient_scope\",\"error_description\":\"more permissions are needed\"}"
        );
    }
}
