//! What the token endpoint of an upstream service answers (RFC 6749 §5.1).

use std::fmt;

use serde_json::Value;

use mcp_connector_base::random::Random;

use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::at_rest::EncryptedSecret;
use crate::crypto::keys::cipher::CipherKeys;
use crate::login::provider::error::LoginError;
use crate::login::provider::response::ProviderResponse;
use crate::upstream::connection::{Refresh, TokenSet};

/// Maximum length of a token or a key, in bytes.
const MAX_SECRET: usize = 8 * 1024;
/// Maximum length of the list of scopes, in bytes.
const MAX_SCOPE: usize = 2 * 1024;
/// Maximum length of the name of an account, in characters.
const MAX_ACCOUNT: usize = 100;

/// A token of an upstream service, or a key for it. It is never printed, and stored encrypted.
#[derive(Clone, PartialEq, Eq)]
pub struct UpstreamSecret(String);

impl UpstreamSecret {
    /// Takes a token or a key, if it can be in a header: 1 to 8192 characters of ASCII without white space.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let is_valid = !text.is_empty() && text.len() <= MAX_SECRET && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_valid.then(|| Self(text.to_owned()))
    }

    /// Returns the token, for the hosts of its service and nobody else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UpstreamSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UpstreamSecret(…)")
    }
}

/// The tokens of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamTokens {
    pub access_token: UpstreamSecret,
    /// Lifetime in seconds, if the service says it.
    pub expires_in: Option<u64>,
    pub refresh_token: Option<UpstreamSecret>,
    /// The scopes that were granted, if the service says it: it must where they are not those that were asked for.
    pub scope: Option<String>,
}

impl UpstreamTokens {
    /// Reads an answer.
    ///
    /// # Errors
    ///
    /// Fails if there is no access token that can be sent as a bearer token (RFC 6750 §2.1).
    pub fn read(answer: &ProviderResponse) -> Result<Self, LoginError> {
        let kind = answer.text("token_type");
        if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err(LoginError::InvalidResponse("tokens that are not bearer tokens"));
        }
        let access_token = answer.text("access_token").and_then(UpstreamSecret::new);
        Ok(Self {
            access_token: access_token.ok_or(LoginError::InvalidResponse("no access token"))?,
            expires_in: answer.member("expires_in").and_then(seconds).filter(|seconds| *seconds > 0),
            refresh_token: answer.text("refresh_token").and_then(UpstreamSecret::new),
            scope: answer.text("scope").and_then(scope),
        })
    }

    /// Encrypts the tokens for storage. `binding` names the person, the service and this server as its client.
    #[must_use]
    pub fn encrypted(
        &self,
        binding: &[u8],
        keys: &CipherKeys,
        random: &impl Random,
        now: Timestamp,
    ) -> Option<TokenSet> {
        let encrypt = |secret: &UpstreamSecret| EncryptedSecret::new(secret.expose(), binding, keys, random);
        let refresh = match &self.refresh_token {
            Some(token) => Refresh::Token(encrypt(token)?),
            None => Refresh::None,
        };
        Some(TokenSet::new(encrypt(&self.access_token)?, refresh, self.expires_in, self.scope.clone(), now))
    }
}

/// Reads a number of seconds. Some services send it as text.
fn seconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// Reads the scopes that were granted. GitHub separates them by commas.
fn scope(text: &str) -> Option<String> {
    let is_valid = text.len() <= MAX_SCOPE && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    let names: Vec<&str> = text.split([' ', ',']).filter(|name| !name.is_empty()).collect();
    (is_valid && !names.is_empty()).then(|| names.join(" "))
}

/// Returns the name of an account at a service as it is stored: at most 100 characters in one line.
#[must_use]
pub fn account_name(text: &str) -> Option<String> {
    let name: String = text.trim().chars().filter(|character| !character.is_control()).take(MAX_ACCOUNT).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(answer: &Value) -> Result<UpstreamTokens, LoginError> {
        UpstreamTokens::read(&ProviderResponse::read(answer.to_string().as_bytes()).unwrap())
    }

    #[test]
    fn the_tokens_of_an_answer_are_read_as_rfc_6749_writes_them() {
        let answer = json!({
            "access_token": "at", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "rt", "scope": "repo user",
        });
        let tokens = read(&answer).unwrap();
        assert_eq!((tokens.access_token.expose(), tokens.expires_in), ("at", Some(3600)));
        assert_eq!(tokens.refresh_token.as_ref().map(UpstreamSecret::expose), Some("rt"));
        assert_eq!(tokens.scope.as_deref(), Some("repo user"));
        let printed = format!("{tokens:?}");
        assert!(!printed.contains("\"at\"") && !printed.contains("\"rt\""), "{printed}");
        // GitHub, with commas and without a lifetime.
        let github =
            read(&json!({"access_token": "gho_x", "token_type": "bearer", "scope": "repo,user:email"})).unwrap();
        assert_eq!((github.scope.as_deref(), github.expires_in), (Some("repo user:email"), None));
    }

    #[test]
    fn an_answer_without_a_bearer_token_that_fits_into_a_header_is_refused() {
        let long = "x".repeat(MAX_SECRET + 1);
        for answer in [
            json!({}),
            json!({"access_token": ""}),
            json!({"access_token": "a b"}),
            json!({"access_token": "a\r\nx: y"}),
            json!({"access_token": 1}),
            json!({"access_token": long}),
            json!({"access_token": "at", "token_type": "DPoP"}),
        ] {
            assert!(read(&answer).is_err(), "{answer}");
        }
    }

    #[test]
    fn odd_lifetimes_and_scopes_are_left_out() {
        for (member, value, expires_in) in [
            ("expires_in", json!("3600"), Some(3600)),
            ("expires_in", json!(0), None),
            ("expires_in", json!(-1), None),
            ("expires_in", json!("soon"), None),
            ("scope", json!("a\nb"), None),
            ("scope", json!(""), None),
            ("scope", json!(7), None),
        ] {
            let mut answer = json!({"access_token": "at"});
            answer[member] = value;
            let tokens = read(&answer).unwrap();
            assert_eq!((tokens.expires_in, tokens.scope), (expires_in, None), "{answer}");
        }
    }

    #[test]
    fn the_name_of_an_account_is_one_short_line() {
        assert_eq!(account_name(" octo\r\ncat ").as_deref(), Some("octocat"));
        assert_eq!(account_name("\n"), None);
        assert_eq!(account_name(&"ö".repeat(500)).unwrap().chars().count(), MAX_ACCOUNT);
    }
}
