//! The authorization response (RFC 6749 §4.1.2 and §4.1.2.1, RFC 9207 §2): where it goes, and what it carries.

use serde::{Deserialize, Serialize};

use crate::authorize::authorization_request::error::AuthorizationError;
use crate::authorize::authorization_request::state::State;
use crate::web::form::with_query;
use crate::web::origin::Issuer;
use crate::web::redirect_uri::RedirectUri;

/// The redirect URI of a response, and the `state` that the response repeats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseTarget {
    redirect_uri: RedirectUri,
    state: Option<State>,
}

impl ResponseTarget {
    pub(crate) const fn new(redirect_uri: RedirectUri, state: Option<State>) -> Self {
        Self { redirect_uri, state }
    }

    /// Returns the redirect URI, without a response.
    #[must_use]
    pub const fn redirect_uri(&self) -> &RedirectUri {
        &self.redirect_uri
    }

    /// Returns the `Location` of the response with a code (RFC 6749 §4.1.2), for a 303.
    #[must_use]
    pub fn code_location(&self, code: &str, issuer: &Issuer) -> String {
        self.location(&[("code", code)], issuer)
    }

    /// Returns the `Location` of the response with an error (RFC 6749 §4.1.2.1), for a 303.
    #[must_use]
    pub fn error_location(&self, error: AuthorizationError, issuer: &Issuer) -> String {
        self.location(&[("error", error.code()), ("error_description", &error.to_string())], issuer)
    }

    fn location(&self, answer: &[(&str, &str)], issuer: &Issuer) -> String {
        let mut parameters = answer.to_vec();
        if let Some(state) = &self.state {
            parameters.push(("state", state.as_str()));
        }
        parameters.push(("iss", issuer.as_str()));
        with_query(self.redirect_uri.as_str(), &parameters)
    }
}

/// The response to an invalid request (RFC 6749 §4.1.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationErrorResponse {
    target: ResponseTarget,
    error: AuthorizationError,
}

impl AuthorizationErrorResponse {
    pub(crate) const fn new(target: ResponseTarget, error: AuthorizationError) -> Self {
        Self { target, error }
    }

    #[must_use]
    pub const fn error(&self) -> AuthorizationError {
        self.error
    }

    /// Returns the `Location` of the response.
    #[must_use]
    pub fn location(&self, issuer: &Issuer) -> String {
        self.target.error_location(self.error, issuer)
    }
}
