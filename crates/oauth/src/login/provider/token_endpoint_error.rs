//! The errors of an identity provider's token endpoint (RFC 6749 §5.2).

use thiserror::Error;

/// An error of a provider's token endpoint (RFC 6749 §5.2). The usual cause is a wrong setting. It is logged for the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{}", .0.unwrap_or("an error that is not registered"))]
pub struct TokenEndpointError(Option<&'static str>);

/// The errors of RFC 6749 §5.2, and those that GitHub documents ("Troubleshooting OAuth app access token request errors").
const TOKEN_ENDPOINT: [&str; 11] = [
    "bad_refresh_token",
    "bad_verification_code",
    "incorrect_client_credentials",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "redirect_uri_mismatch",
    "unauthorized_client",
    "unsupported_grant_type",
    "unverified_user_email",
];

impl TokenEndpointError {
    /// Returns whether a refresh token is not, or no longer, valid: the person was disabled, has withdrawn, or must sign in again.
    /// GitHub has a name of its own for it.
    #[must_use]
    pub fn ends_refresh_token(self) -> bool {
        matches!(self.0, Some("invalid_grant" | "bad_refresh_token"))
    }

    /// Takes the value of `error`, if there is one.
    #[must_use]
    pub fn of(error: Option<&str>) -> Self {
        Self(error.and_then(|error| TOKEN_ENDPOINT.into_iter().find(|name| *name == error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_invalid_grant_ends_a_refresh_token() {
        for name in TOKEN_ENDPOINT {
            let ends = matches!(name, "invalid_grant" | "bad_refresh_token");
            assert_eq!(TokenEndpointError::of(Some(name)).ends_refresh_token(), ends, "{name}");
        }
        assert!(!TokenEndpointError::of(None).ends_refresh_token());
    }

    #[test]
    fn only_registered_error_codes_of_the_token_endpoint_are_taken_over() {
        for name in TOKEN_ENDPOINT {
            assert_eq!(TokenEndpointError::of(Some(name)).to_string(), name);
        }
        for text in [None, Some(""), Some("Invalid_Client"), Some("jane@example.com"), Some("access_denied")] {
            assert_eq!(TokenEndpointError::of(text).to_string(), "an error that is not registered", "{text:?}");
        }
    }
}
