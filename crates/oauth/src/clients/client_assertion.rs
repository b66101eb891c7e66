//! Client authentication by a signed assertion (`private_key_jwt`: RFC 7521 §4.2, RFC 7523 §2.2 and §3, OpenID Connect Core §9).
//!
//! The audience is the issuer identifier of this server and nothing else, as draft-ietf-oauth-rfc7523bis §4 requires. RFC 7523 names
//! the token endpoint, and clients that follow it are accepted, too: their assertions have no type of their own. One with the type
//! `client-authentication+jwt` follows the draft, and must name the issuer.
//!
//! An assertion is used once ([`AssertionId`]), by the object of its client.

use thiserror::Error;

use mcp_connector_base::identifier::ClientId;
use mcp_connector_base::timestamp::Timestamp;

use crate::clients::client_keys::ClientKeys;
use crate::external_issuer::assertion_id::AssertionId;
use crate::external_issuer::signed_jwt::{JwtError, SignedJwt};
use crate::resource::metadata::path;
use crate::web::json_object::Unexpected;
use crate::web::origin::Issuer;

/// The value of `client_assertion_type`.
pub const CLIENT_ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The type that draft-ietf-oauth-rfc7523bis gives these assertions.
const MEDIA_TYPE: &str = "client-authentication+jwt";
/// The longest life of an assertion, in seconds.
const MAX_LIFETIME: u64 = 300;
/// Why an assertion does not authenticate a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ClientAssertionError {
    #[error(transparent)]
    Jwt(#[from] JwtError),
    #[error("client_assertion_type must be {CLIENT_ASSERTION_TYPE}")]
    Type,
    /// `iss` and `sub` have to be the `client_id` (RFC 7523 §3).
    #[error("iss and sub must both be the client_id")]
    OtherClient,
    #[error("aud must be the issuer identifier of this server, and nothing else")]
    Audience,
    /// The client has no keys here.
    #[error("the client has published no keys")]
    NoKeys,
    #[error("it is signed with a key that the client has not published")]
    UnknownKey,
    #[error("its signature is wrong")]
    Signature,
    /// The same assertion came before, or too many came at once.
    #[error("it was used before")]
    Used,
}

/// An assertion whose claims are right. Its signature is not verified, and nobody has looked whether it was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientAssertion {
    pub id: AssertionId,
    /// The time from which it is no longer accepted.
    pub expires: Timestamp,
}

impl ClientAssertion {
    /// Returns the client that an assertion names, for a request without `client_id` (RFC 7521 §4.2).
    pub(crate) fn client_id(text: &str) -> Result<ClientId, ClientAssertionError> {
        let jwt = SignedJwt::parse_assertion(text)?;
        ClientId::new(jwt.claims().required("sub")?).map_err(|_| ClientAssertionError::OtherClient)
    }

    /// Checks the claims of an assertion by which `client` wants to authenticate at the server `issuer`.
    ///
    /// # Errors
    ///
    /// Returns [`ClientAssertionError::OtherClient`] or [`ClientAssertionError::Audience`] if it is of another client
    /// or for another server, and [`ClientAssertionError::Jwt`] if it is of another type, if a claim is missing or
    /// malformed, or if it is not valid now or is valid for too long.
    pub fn check(
        jwt: &SignedJwt<'_>,
        client: &ClientId,
        issuer: &Issuer,
        now: Timestamp,
    ) -> Result<Self, ClientAssertionError> {
        let claims = jwt.claims();
        for name in ["iss", "sub"] {
            if claims.required(name)? != client.as_str() {
                return Err(ClientAssertionError::OtherClient);
            }
        }
        let is_typed = match jwt.media_type() {
            Some(MEDIA_TYPE) => true,
            None | Some("jwt") => false,
            // An access token, an ID token or an assertion about a person is not one of these (RFC 8725 §3.12).
            Some(_) => return Err(ClientAssertionError::Jwt(JwtError::Malformed)),
        };
        let token_endpoint = issuer.at(path::TOKEN);
        match claims.texts("aud")?.as_deref() {
            Some([audience]) if *audience == issuer.as_str() => {}
            Some([audience]) if !is_typed && *audience == token_endpoint => {}
            Some(_) | None => return Err(ClientAssertionError::Audience),
        }
        let expires = jwt.check_times(MAX_LIFETIME, now)?;
        Ok(Self { id: AssertionId::of(client.as_str(), claims.required("jti")?)?, expires })
    }

    /// Checks that `keys` admit the algorithm of an assertion.
    ///
    /// # Errors
    ///
    /// Returns [`ClientAssertionError::Jwt`] with [`JwtError::Algorithm`] if the client has chosen another one.
    pub fn check_algorithm(jwt: &SignedJwt<'_>, keys: &ClientKeys) -> Result<(), ClientAssertionError> {
        if keys.algorithm.is_none_or(|only| only == jwt.algorithm()) {
            Ok(())
        } else {
            Err(ClientAssertionError::Jwt(JwtError::Algorithm))
        }
    }
}

impl From<Unexpected> for ClientAssertionError {
    fn from(unexpected: Unexpected) -> Self {
        Self::Jwt(unexpected.into())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const N: u64 = 1_800_000_000;

    fn issuer() -> Issuer {
        Issuer::parse("https://host.example").unwrap()
    }

    fn check(header: &Value, changes: &Value) -> Result<ClientAssertion, ClientAssertionError> {
        let mut all = json!({"alg": "ES256"});
        for (name, value) in header.as_object().unwrap() {
            all[name] = value.clone();
        }
        let mut claims =
            json!({"iss": "app", "sub": "app", "aud": "https://host.example", "exp": N + 60, "iat": N, "jti": "1"});
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}.c2ln", encode(&all), encode(&claims));
        ClientAssertion::check(&SignedJwt::parse_assertion(&text)?, &ClientId::new("app").unwrap(), &issuer(), NOW)
    }

    #[test]
    fn an_assertion_names_its_client_twice_and_this_server_once() {
        use ClientAssertionError as E;
        let typed = json!({"typ": "client-authentication+jwt"});
        for (name, header, changes, error) in [
            ("usual", json!({}), json!({}), None),
            ("JWT", json!({"typ": "JWT"}), json!({}), None),
            ("the type of the draft", typed.clone(), json!({}), None),
            ("one audience in a list", json!({}), json!({"aud": ["https://host.example"]}), None),
            ("the token endpoint", json!({}), json!({"aud": "https://host.example/token"}), None),
            (
                "the token endpoint, by the draft",
                typed,
                json!({"aud": "https://host.example/token"}),
                Some(E::Audience),
            ),
            (
                "two audiences",
                json!({}),
                json!({"aud": ["https://host.example", "https://evil.example"]}),
                Some(E::Audience),
            ),
            (
                "issuer and endpoint",
                json!({}),
                json!({"aud": ["https://host.example", "https://host.example/token"]}),
                Some(E::Audience),
            ),
            ("another server", json!({}), json!({"aud": "https://evil.example"}), Some(E::Audience)),
            ("a slash more", json!({}), json!({"aud": "https://host.example/"}), Some(E::Audience)),
            ("the revocation endpoint", json!({}), json!({"aud": "https://host.example/revoke"}), Some(E::Audience)),
            ("no audience", json!({}), json!({"aud": null}), Some(E::Audience)),
            ("an empty list", json!({}), json!({"aud": []}), Some(E::Audience)),
            ("another issuer", json!({}), json!({"iss": "other"}), Some(E::OtherClient)),
            ("another subject", json!({}), json!({"sub": "other"}), Some(E::OtherClient)),
            ("no issuer", json!({}), json!({"iss": null}), Some(E::Jwt(JwtError::Malformed))),
            ("an access token", json!({"typ": "at+jwt"}), json!({}), Some(E::Jwt(JwtError::Malformed))),
            (
                "an assertion about a person",
                json!({"typ": "oauth-id-jag+jwt"}),
                json!({}),
                Some(E::Jwt(JwtError::Malformed)),
            ),
            ("no jti", json!({}), json!({"jti": null}), Some(E::Jwt(JwtError::Malformed))),
            ("an empty jti", json!({}), json!({"jti": ""}), Some(E::Jwt(JwtError::Malformed))),
            ("a long jti", json!({}), json!({"jti": "x".repeat(257)}), Some(E::Jwt(JwtError::Malformed))),
            ("no end", json!({}), json!({"exp": null}), Some(E::Jwt(JwtError::Malformed))),
            ("over", json!({}), json!({"exp": N - 30, "iat": N - 90}), Some(E::Jwt(JwtError::Expired))),
            ("later", json!({}), json!({"nbf": N + 31}), Some(E::Jwt(JwtError::NotYetValid))),
            ("five minutes", json!({}), json!({"exp": N + 300}), None),
            ("more", json!({}), json!({"exp": N + 301}), Some(E::Jwt(JwtError::TooLong))),
        ] {
            assert_eq!(check(&header, &changes).err(), error, "{name}");
        }
    }
}
