//! The bearer token of a request: `Authorization: Bearer …` (RFC 6750 §2.1), the only place from which a token is taken (MCP
//! "Token Requirements"). An access key has a second one: [`credential`](crate::resource::credential).
//!
//! This module decides whether there is exactly one, of the right form. Whether it is valid is decided by
//! [`access_token`](crate::resource::access_token) and [`external_issuer`](crate::external_issuer).

use std::fmt;

/// Maximum length of a token, in bytes. Those of this server are below 1 KB; external issuers add lists of groups.
pub const MAX_BEARER_LENGTH: usize = 4096;

/// A text of the form of a bearer token (`b64token`, RFC 6750 §2.1). It has passed no other check.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerToken(Box<str>);

/// What is wrong with an `Authorization` header. It has nothing of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BearerError {
    /// There are two credentials in one request. A client uses one method, once (RFC 6750 §2).
    Repeated,
    /// The scheme is not `Bearer`.
    OtherScheme,
    /// The header is empty, or has no token after `Bearer`.
    Empty,
    /// Longer than [`MAX_BEARER_LENGTH`].
    TooLong,
    /// A character is not allowed in a token.
    Malformed,
    /// An access key is in the URL, where proxies and browsers store it.
    InQuery,
}

impl BearerError {
    /// Returns the HTTP status: 400 if the request is wrong, 401 if signing in would help.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Repeated => 400,
            Self::OtherScheme | Self::Empty | Self::TooLong | Self::Malformed | Self::InQuery => 401,
        }
    }

    /// Returns the value of `error` (RFC 6750 §3.1).
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Repeated => "invalid_request",
            Self::OtherScheme | Self::Empty | Self::TooLong | Self::Malformed | Self::InQuery => "invalid_token",
        }
    }

    /// Returns the value of `error_description`.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Repeated => "more than one set of credentials was sent",
            Self::OtherScheme => "the Authorization header does not use the Bearer scheme",
            Self::Empty => "the bearer token is empty",
            Self::TooLong => "the bearer token is too long",
            Self::Malformed => "the bearer token is malformed",
            Self::InQuery => {
                "an access key in a URL is not accepted, because URLs are logged: end this key and send another in a header"
            }
        }
    }
}

impl BearerToken {
    /// Reads the values of the `Authorization` header. Without a value the request is anonymous.
    ///
    /// A runtime that joins repeated headers passes them as one value with commas. Neither a token nor a scheme has a comma, so
    /// repeated headers are detected here, too.
    ///
    /// # Errors
    ///
    /// Returns a [`BearerError`] for every value that is not one well-formed token. A client with a broken token must
    /// learn that on every method, or it would never renew it.
    pub fn from_authorization<'a>(values: impl IntoIterator<Item = &'a str>) -> Result<Option<Self>, BearerError> {
        let mut values = values.into_iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(BearerError::Repeated);
        }
        Self::from_header(value).map(Some)
    }

    /// Returns the token as it was sent. It must not be logged.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn from_header(value: &str) -> Result<Self, BearerError> {
        let value = trim(value);
        if value.is_empty() {
            return Err(BearerError::Empty);
        }
        if is_joined(value) {
            return Err(BearerError::Repeated);
        }
        let token = after_bearer(value).ok_or(BearerError::OtherScheme)?;
        if token.is_empty() {
            return Err(BearerError::Empty);
        }
        if token.len() > MAX_BEARER_LENGTH {
            return Err(BearerError::TooLong);
        }
        if !is_token68(token) {
            return Err(BearerError::Malformed);
        }
        Ok(Self(Box::from(token)))
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(…)")
    }
}

/// Returns whether a value is two headers that a runtime joined: one part is a bearer token, and each part but the first has a
/// scheme. A single token with a comma is only malformed, and a `Digest` list is only another scheme.
fn is_joined(value: &str) -> bool {
    let parts = || value.split(',').map(trim);
    let is_credentials = |part: &str| after_bearer(part).is_some() || part.contains([' ', '\t']);
    parts().any(|part| after_bearer(part).is_some()) && parts().skip(1).any(is_credentials)
}

/// Returns the text after the scheme `Bearer`, in any case, and the spaces after it (`1*SP`, RFC 6750 §2.1, RFC 9110 §11.4), or
/// `None` for another scheme. A tab is not a separator, so it stays in the token and makes it malformed.
fn after_bearer(value: &str) -> Option<&str> {
    const SCHEME: &str = "bearer";
    let (scheme, rest) = value.split_at_checked(SCHEME.len())?;
    let separated = rest.is_empty() || rest.starts_with([' ', '\t']);
    (scheme.eq_ignore_ascii_case(SCHEME) && separated).then(|| rest.trim_start_matches(' '))
}

/// Returns whether a text is a `token68` of RFC 9110 §11.2: letters, digits and `-._~+/`, then any number of `=`.
fn is_token68(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty()
        && body.bytes().all(
            |byte| matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'+' | b'/'),
        )
}

/// Removes optional whitespace (RFC 9110 §5.6.3).
fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(value: &str) -> Result<String, BearerError> {
        BearerToken::from_authorization([value]).map(|bearer| bearer.unwrap().as_str().to_owned())
    }

    #[test]
    fn a_request_without_a_header_is_anonymous() {
        assert_eq!(BearerToken::from_authorization([]), Ok(None));
        assert_eq!(BearerToken::from_authorization(None), Ok(None));
    }

    #[test]
    fn the_bearer_scheme_is_case_insensitive() {
        for value in ["Bearer abc", "bearer abc", "BEARER abc", "bEaReR abc", " Bearer  abc ", "Bearer abc\t"] {
            assert_eq!(read(value).as_deref(), Ok("abc"), "{value:?}");
        }
    }

    #[test]
    fn a_bearer_token_consists_of_the_characters_of_token68() {
        assert_eq!(read("Bearer Az09-._~+/==").as_deref(), Ok("Az09-._~+/=="));
        for value in [
            "a b",
            "a=b",
            "===",
            "a\"",
            "a\\",
            "a;b",
            "a\u{e9}",
            "a\0",
            "a\u{a0}",
            "a%",
            "{\"a\":1}",
            "a\r\nX: y",
            "a,b",
            ",",
            "\tabc",
        ] {
            assert_eq!(read(&format!("Bearer {value}")), Err(BearerError::Malformed), "{value:?}");
        }
    }

    #[test]
    fn the_bearer_scheme_is_followed_by_spaces_and_by_no_tab() {
        for value in ["Bearer\tabc", "bearer\t abc", "Bearer \t abc", "Bearer\u{b}abc"] {
            let error = read(value).unwrap_err();
            assert_eq!((error.status(), error.code()), (401, "invalid_token"), "{value:?}");
        }
    }

    #[test]
    fn two_credentials_are_an_invalid_request() {
        for value in [
            "Bearer abc, Bearer def",
            "Bearer abc,Bearer def",
            "Basic abc, Bearer def",
            "Bearer abc, Basic def",
            "Bearer abc, Basic def, Bearer ghi",
            "bearer, bearer",
        ] {
            let error = read(value).unwrap_err();
            assert_eq!((error.status(), error.code()), (400, "invalid_request"), "{value:?}");
        }
        assert_eq!(BearerToken::from_authorization(["Bearer abc", "Bearer abc"]), Err(BearerError::Repeated));
    }

    #[test]
    fn another_authentication_scheme_is_a_401() {
        for value in [
            "Basic dXNlcjpwYXNz",
            "DPoP abc",
            "abc",
            "Bearerabc",
            "Bear",
            "Digest a=\"b\", c=\"d\"",
            "Bearer: abc",
            "\u{1f600}",
        ] {
            let error = read(value).unwrap_err();
            assert_eq!(
                (error, error.status(), error.code()),
                (BearerError::OtherScheme, 401, "invalid_token"),
                "{value:?}"
            );
        }
    }

    #[test]
    fn an_empty_token_is_a_401() {
        for value in ["", " ", "Bearer", "Bearer ", "bearer \t "] {
            let error = read(value).unwrap_err();
            assert_eq!((error, error.status()), (BearerError::Empty, 401), "{value:?}");
        }
    }

    #[test]
    fn a_token_has_at_most_4096_bytes() {
        let longest = "a".repeat(MAX_BEARER_LENGTH);
        assert_eq!(read(&format!("Bearer {longest}")).as_deref(), Ok(longest.as_str()));
        for value in [format!("Bearer {longest}a"), format!("Bearer {}", "a".repeat(64 * 1024))] {
            let error = read(&value).unwrap_err();
            assert_eq!((error, error.status(), error.code()), (BearerError::TooLong, 401, "invalid_token"));
        }
    }

    #[test]
    fn debug_output_hides_a_bearer_token() {
        let bearer = BearerToken::from_authorization(["Bearer secret"]).unwrap().unwrap();
        assert!(!format!("{bearer:?}").contains("secret"));
    }

    proptest! {
        #[test]
        fn reading_any_authorization_header_gives_a_valid_token_or_an_error(value in "\\PC{0,64}|[Bb]earer[ ,=a-zA-Z0-9./]{0,40}") {
            if let Ok(Some(bearer)) = BearerToken::from_authorization([value.as_str()]) {
                prop_assert!(is_token68(bearer.as_str()));
                prop_assert!(value.contains(bearer.as_str()));
            }
        }
    }
}
