//! The errors of an identity provider's authorization endpoint. Only their codes are used, because a description is untrusted
//! text.

use thiserror::Error;

/// An error of a provider's authorization endpoint (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the identity provider answered with {code}")]
pub struct ProviderError {
    code: &'static str,
    is_registered: bool,
}

/// The errors that are registered for an authorization response (IANA, OAuth Extensions Error Registry).
const REGISTERED: [&str; 17] = [
    "access_denied",
    "account_selection_required",
    "consent_required",
    "interaction_required",
    "invalid_request",
    "invalid_request_object",
    "invalid_request_uri",
    "invalid_scope",
    "invalid_target",
    "login_required",
    "registration_not_supported",
    "request_not_supported",
    "request_uri_not_supported",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_response_type",
];

impl ProviderError {
    /// Takes the value of the parameter `error`. A value that is not registered becomes `server_error`.
    #[must_use]
    pub fn of(error: &str) -> Self {
        let known = REGISTERED.into_iter().find(|name| *name == error);
        Self { code: known.unwrap_or("server_error"), is_registered: known.is_some() }
    }

    /// Returns the name that the client gets.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.code
    }

    #[must_use]
    pub fn reason(self) -> String {
        if self.is_registered {
            self.to_string()
        } else {
            "the identity provider answered with an error that is not registered".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_registered_error_codes_of_a_provider_are_taken_over() {
        for name in REGISTERED {
            let error = ProviderError::of(name);
            assert_eq!(error.code(), name);
            assert_eq!(error.reason(), format!("the identity provider answered with {name}"));
        }
        for text in ["", "Access_Denied", "access_denied ", "redirect_uri_mismatch", "<script>", "jane@example.com"] {
            let error = ProviderError::of(text);
            assert_eq!(error.code(), "server_error", "{text}");
            assert!(text.is_empty() || !error.reason().contains(text), "{text}");
        }
    }
}
