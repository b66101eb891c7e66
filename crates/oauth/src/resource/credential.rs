//! Where the credential of a request may be: in `Authorization`, or, for an access key, in the header that the deployment has named.
//! Never in the URL (RFC 6750 §2.3, MCP "Token Requirements"), and never in both headers with different values (RFC 6750 §2).

use crate::resource::bearer::{BearerError, BearerToken};

/// The beginning of every access key. No other credential begins with it.
pub(crate) const ACCESS_KEY_PREFIX: &str = "mck_";

/// Returns whether a credential is an access key, by its beginning.
#[must_use]
pub fn is_access_key(credential: &str) -> bool {
    credential.starts_with(ACCESS_KEY_PREFIX)
}

/// The places of one request, as they were sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct CredentialPlaces<'a> {
    /// The header `Authorization`.
    pub authorization: Option<&'a str>,
    /// The header for access keys.
    pub key_header: Option<&'a str>,
    /// The query, without its question mark.
    pub query: &'a str,
}

impl CredentialPlaces<'_> {
    /// Returns whether there is anything that counts as a credential, in whatever form and place.
    #[must_use]
    pub fn has_any(&self) -> bool {
        self.authorization.is_some() || self.key_header.is_some_and(names_a_key) || self.has_key_in_query()
    }

    /// Returns the credential. Without one the request is anonymous.
    ///
    /// # Errors
    ///
    /// There is more than one, or one that is malformed or in the wrong place.
    pub fn read(&self) -> Result<Option<BearerToken>, BearerError> {
        if self.has_key_in_query() {
            return Err(BearerError::InQuery);
        }
        let in_authorization = BearerToken::from_authorization(self.authorization);
        // The header has a common name, so another program may use it for something else.
        let Some(key) = self.key_header.filter(|value| names_a_key(value)) else { return in_authorization };
        let key = access_key(key)?;
        match in_authorization {
            Ok(None) => Ok(Some(key)),
            Ok(Some(bearer)) if bearer == key => Ok(Some(key)),
            Ok(Some(_)) | Err(_) => Err(BearerError::Repeated),
        }
    }

    /// Returns whether a value of the query begins as an access key does.
    fn has_key_in_query(&self) -> bool {
        let values = self.query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value));
        // Some clients send `Bearer%20mck_…`.
        values.map(|value| value.rsplit_once("%20").map_or(value, |(_, last)| last)).any(|value| {
            value.get(..ACCESS_KEY_PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(ACCESS_KEY_PREFIX))
        })
    }
}

fn names_a_key(value: &str) -> bool {
    value.contains(ACCESS_KEY_PREFIX)
}

/// Returns the one key of a header, with or without `Bearer` before it.
fn access_key(value: &str) -> Result<BearerToken, BearerError> {
    let value = value.trim_matches([' ', '\t']);
    if value.contains(',') {
        return Err(BearerError::Repeated);
    }
    let with_scheme = if is_access_key(value) { format!("Bearer {value}") } else { value.to_owned() };
    let token = BearerToken::from_authorization([with_scheme.as_str()]).ok().flatten();
    token.filter(|token| is_access_key(token.as_str())).ok_or(BearerError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(authorization: Option<&str>, key_header: Option<&str>, query: &str) -> Result<Option<String>, BearerError> {
        let places = CredentialPlaces { authorization, key_header, query };
        let read = places.read();
        assert_eq!(places.has_any(), read != Ok(None), "{places:?}");
        read.map(|token| token.map(|token| token.as_str().to_owned()))
    }

    #[test]
    fn a_credential_is_in_one_of_two_headers() {
        for (name, authorization, key_header, found) in [
            ("none", None, None, None),
            ("a token", Some("Bearer eyJ.a.b"), None, Some("eyJ.a.b")),
            ("a key as a token", Some("Bearer mck_1"), None, Some("mck_1")),
            ("a key in its header", None, Some("mck_1"), Some("mck_1")),
            ("with spaces", None, Some(" mck_1\t"), Some("mck_1")),
            ("with a scheme", None, Some("Bearer mck_1"), Some("mck_1")),
            ("the same in both", Some("Bearer mck_1"), Some("mck_1"), Some("mck_1")),
            ("something else in the key header", None, Some("sk-other"), None),
            ("an empty key header", None, Some(""), None),
            ("a token, and something else", Some("Bearer eyJ.a.b"), Some("sk-other"), Some("eyJ.a.b")),
        ] {
            assert_eq!(read(authorization, key_header, "").unwrap().as_deref(), found, "{name}");
        }
    }

    #[test]
    fn two_credentials_and_malformed_ones_are_refused() {
        for (name, authorization, key_header, error) in [
            ("a token and a key", Some("Bearer eyJ.a.b"), Some("mck_1"), BearerError::Repeated),
            ("two keys", Some("Bearer mck_1"), Some("mck_2"), BearerError::Repeated),
            ("another scheme and a key", Some("Basic YTpi"), Some("mck_1"), BearerError::Repeated),
            ("two key headers, joined", None, Some("mck_1, mck_1"), BearerError::Repeated),
            ("something and a key, joined", None, Some("sk-other, mck_1"), BearerError::Repeated),
            ("a key behind something", None, Some("key mck_1"), BearerError::Malformed),
            ("a key with a space", None, Some("mck_1 2"), BearerError::Malformed),
            ("only a broken token", Some("Bearer a b"), None, BearerError::Malformed),
        ] {
            assert_eq!(read(authorization, key_header, ""), Err(error), "{name}");
        }
    }

    #[test]
    fn a_key_in_the_url_is_refused_whatever_else_is_sent() {
        for query in ["mck_1", "key=mck_1", "a=b&access_token=mck_1", "authorization=Bearer%20mck_1", "k=MCK_1"] {
            assert_eq!(read(None, None, query), Err(BearerError::InQuery), "{query}");
            assert_eq!(read(Some("Bearer mck_1"), None, query), Err(BearerError::InQuery), "{query}");
        }
        // The random part of a session id may have these characters.
        for query in ["", "session=h1-xmck_y", "a=b"] {
            assert_eq!(read(None, None, query), Ok(None), "{query}");
        }
    }
}
