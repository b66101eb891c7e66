//! Client authentication at the token and revocation endpoints (RFC 6749 §2.3): by a secret in the header, by a secret in the
//! body, by a signed assertion ([`client_assertion`](crate::clients::client_assertion)), or, for a public client, by `client_id`
//! alone.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use mcp_connector_base::identifier::ClientId;

use crate::clients::client::Client;
use crate::clients::client_assertion::{CLIENT_ASSERTION_TYPE, ClientAssertion, ClientAssertionError};
use crate::clients::client_keys::ClientProof;
use crate::external_issuer::signed_jwt::JwtError;
use crate::web::form::{FormError, Parameters, decode};

/// Maximum length of an `Authorization` header, in bytes.
const MAX_HEADER: usize = 8 * 1024;
/// Maximum length of a secret, in bytes.
const MAX_SECRET: usize = 1024;

/// The credentials of a request. They prove nothing until [`PresentedClient::authenticate`] compares them with the client.
#[derive(Clone)]
pub struct PresentedClient {
    id: ClientId,
    secret: Option<String>,
    /// The secret in the header as it was sent, if decoding changes it: not every client encodes it.
    verbatim: Option<String>,
    in_header: bool,
    /// `client_assertion`, of which nothing is checked.
    assertion: Option<String>,
}

/// Why client authentication failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ClientAuthenticationError {
    /// The client uses more than one method in a request, which RFC 6749 §2.3 forbids.
    #[error("the client authenticates in more than one way")]
    SeveralMethods,
    #[error(transparent)]
    Form(#[from] FormError),
    /// There is neither an `Authorization` header nor a `client_id`.
    #[error("the request does not say which client it comes from")]
    Missing,
    /// The scheme is not Basic, or the header is malformed.
    #[error("this way to authenticate is not supported")]
    Unsupported {
        /// Whether the client used the header.
        in_header: bool,
    },
    /// The client is unknown, or its secret is wrong, missing or superfluous. There is one error for all of them.
    #[error("the client is unknown or did not authenticate")]
    Failed { in_header: bool },
    /// The assertion of the client is not accepted.
    #[error("client_assertion: {0}")]
    Assertion(#[from] ClientAssertionError),
    /// The client has to authenticate with its private key, and has not.
    #[error("this client authenticates by private_key_jwt, and the request has no client_assertion")]
    NoAssertion,
}

impl ClientAuthenticationError {
    /// Returns the value of `error` (RFC 6749 §5.2).
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::SeveralMethods | Self::Form(_) => "invalid_request",
            Self::Missing | Self::Unsupported { .. } | Self::Failed { .. } | Self::Assertion(_) | Self::NoAssertion => {
                "invalid_client"
            }
        }
    }

    /// Returns the HTTP status (RFC 6749 §5.2).
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::SeveralMethods | Self::Form(_) => 400,
            Self::Missing | Self::Unsupported { .. } | Self::Failed { .. } | Self::Assertion(_) | Self::NoAssertion => {
                401
            }
        }
    }

    /// Returns whether the response must have `WWW-Authenticate: Basic`: if the client used the header (RFC 6749 §5.2).
    #[must_use]
    pub const fn asks_for_basic(self) -> bool {
        match self {
            Self::Unsupported { in_header } | Self::Failed { in_header } => in_header,
            Self::SeveralMethods | Self::Form(_) | Self::Missing | Self::Assertion(_) | Self::NoAssertion => false,
        }
    }
}

impl PresentedClient {
    /// Reads the credentials of a request from its `Authorization` header and its body.
    ///
    /// # Errors
    ///
    /// Returns [`ClientAuthenticationError::Missing`] if the request names no client,
    /// [`ClientAuthenticationError::SeveralMethods`] if it uses more than one method,
    /// [`ClientAuthenticationError::Unsupported`] if the header is not a well-formed one of Basic,
    /// [`ClientAuthenticationError::Failed`] if the identifier or the secret cannot be that of a client,
    /// [`ClientAuthenticationError::Assertion`] if the assertion is malformed or of another type, and
    /// [`ClientAuthenticationError::Form`] if a parameter is repeated.
    pub fn parse(authorization: Option<&str>, body: &Parameters) -> Result<Self, ClientAuthenticationError> {
        use ClientAuthenticationError::{Failed, Missing, SeveralMethods, Unsupported};
        let in_body = body.get("client_id")?;
        let secret_in_body = body.get("client_secret")?;
        let (assertion, assertion_type) = (body.get("client_assertion")?, body.get("client_assertion_type")?);
        let has_assertion = assertion.is_some() || assertion_type.is_some();
        if let Some(header) = authorization {
            if secret_in_body.is_some() || has_assertion {
                return Err(SeveralMethods);
            }
            let presented = Self::from_header(header).ok_or(Unsupported { in_header: true })?;
            // RFC 6749 §2.3.1 does not allow `client_id` in the body beside the header, but clients send the same one there.
            if in_body.is_some_and(|id| id != presented.id.as_str()) {
                return Err(SeveralMethods);
            }
            return Ok(presented);
        }
        if has_assertion {
            if secret_in_body.is_some() {
                return Err(SeveralMethods);
            }
            return Self::from_assertion(in_body, assertion, assertion_type);
        }
        if secret_in_body.is_some_and(|secret| secret.len() > MAX_SECRET) {
            return Err(Failed { in_header: false });
        }
        let id = ClientId::new(in_body.ok_or(Missing)?).map_err(|_| Failed { in_header: false })?;
        Ok(Self { id, secret: secret_in_body.map(str::to_owned), verbatim: None, in_header: false, assertion: None })
    }

    /// Reads an assertion (RFC 7521 §4.2). `client_id` may be missing, because the assertion names the client, too.
    fn from_assertion(
        client_id: Option<&str>,
        assertion: Option<&str>,
        assertion_type: Option<&str>,
    ) -> Result<Self, ClientAuthenticationError> {
        if assertion_type != Some(CLIENT_ASSERTION_TYPE) {
            return Err(ClientAssertionError::Type.into());
        }
        let assertion = assertion.ok_or(ClientAssertionError::Jwt(JwtError::Malformed))?;
        let id = match client_id {
            Some(id) => ClientId::new(id).map_err(|_| ClientAuthenticationError::Failed { in_header: false })?,
            None => ClientAssertion::client_id(assertion)?,
        };
        Ok(Self { id, secret: None, verbatim: None, in_header: false, assertion: Some(assertion.to_owned()) })
    }

    /// Reads a header (RFC 7617). Identifier and secret are form-urlencoded before they are joined and encoded (RFC 6749 §2.3.1).
    fn from_header(header: &str) -> Option<Self> {
        let (scheme, encoded) = header.split_once(' ')?;
        if header.len() > MAX_HEADER || !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        // The separator is spaces, not a tab (`1*SP`, RFC 9110 §11.4).
        let joined = STANDARD.decode(encoded.trim_matches(' ')).ok()?;
        let mut halves = joined.splitn(2, |byte| *byte == b':');
        let id = decode(halves.next()?).ok()?;
        let secret = halves.next()?;
        if secret.len() > MAX_SECRET {
            return None;
        }
        let as_sent = str::from_utf8(secret).ok().filter(|secret| !secret.is_empty());
        let decoded = decode(secret).ok().filter(|secret| !secret.is_empty());
        let verbatim = as_sent.filter(|secret| decoded.as_deref() != Some(*secret)).map(str::to_owned);
        if decoded.is_none() && verbatim.is_none() && !secret.is_empty() {
            return None;
        }
        Some(Self { id: ClientId::new(&id).ok()?, secret: decoded, verbatim, in_header: true, assertion: None })
    }

    /// Returns the identifier that the request names.
    #[must_use]
    pub const fn id(&self) -> &ClientId {
        &self.id
    }

    /// Returns the assertion, if the client authenticates by one. Then the secret is not what has to be checked.
    #[must_use]
    pub fn assertion(&self) -> Option<&str> {
        self.assertion.as_deref()
    }

    /// Returns the error for a client that does not exist.
    #[must_use]
    pub const fn unknown(&self) -> ClientAuthenticationError {
        ClientAuthenticationError::Failed { in_header: self.in_header }
    }

    /// Checks that the credentials are those of `client`.
    ///
    /// A confidential client may send its secret in the header or in the body, whichever method it registered: clients confuse
    /// the two, and neither is weaker. A public client must not send a secret, and one with keys must sign.
    ///
    /// # Errors
    ///
    /// Returns [`ClientAuthenticationError::NoAssertion`] if the client must sign, and
    /// [`ClientAuthenticationError::Failed`] if the identifier is that of another client, or if the secret is wrong,
    /// missing or superfluous.
    pub fn authenticate(&self, client: &Client) -> Result<(), ClientAuthenticationError> {
        if client.proof() == ClientProof::PrivateKeyJwt {
            return Err(ClientAuthenticationError::NoAssertion);
        }
        let proven = match (&self.secret, &self.verbatim) {
            (None, None) => !client.is_confidential(),
            (decoded, verbatim) => decoded.iter().chain(verbatim).any(|secret| client.has_secret(secret)),
        };
        if proven && self.id == client.id { Ok(()) } else { Err(self.unknown()) }
    }
}

impl fmt::Debug for PresentedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresentedClient").field("in_header", &self.in_header).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use mcp_connector_base::scope::ScopeSet;

    use super::*;
    use crate::clients::client::{ClientKind, ClientSecretHash};
    use crate::clients::client_keys::{ClientKeySource, ClientKeys, JwksUri};

    fn client(secret: Option<&str>) -> Client {
        Client {
            id: ClientId::new("c:1 e").unwrap(),
            kind: ClientKind::PreRegistered,
            name: None,
            redirect_uris: Vec::new(),
            secrets: secret.map(ClientSecretHash::of).into_iter().collect(),
            keys: None,
            own_scopes: ScopeSet::empty(),
        }
    }

    fn basic(joined: &str) -> String {
        format!("Basic {}", STANDARD.encode(joined))
    }

    fn check(header: Option<&str>, body: &str, secret: Option<&str>) -> Result<(), ClientAuthenticationError> {
        let body = Parameters::parse(body.as_bytes()).unwrap();
        PresentedClient::parse(header, &body)?.authenticate(&client(secret))
    }

    #[test]
    fn a_basic_secret_that_was_not_form_urlencoded_is_accepted_too() {
        for secret in ["a+b/c==", "100%", "100%zz", "%41"] {
            assert_eq!(check(Some(&basic(&format!("c%3A1+e:{secret}"))), "", Some(secret)), Ok(()), "{secret}");
        }
        let wrong = check(Some(&basic("c%3A1+e:a+c")), "", Some("a+b"));
        assert_eq!(wrong, Err(ClientAuthenticationError::Failed { in_header: true }));
    }

    #[test]
    fn a_client_authenticates_by_basic_by_post_or_as_a_public_client() {
        assert_eq!(check(None, "client_id=c:1+e", None), Ok(()), "none");
        assert_eq!(check(None, "client_id=c:1+e&client_secret=s%26%2B", Some("s&+")), Ok(()), "post");
        for header in [basic("c%3A1+e:s%26%2B"), basic("c%3A1%20e:s%26%2B").replace("Basic", "bAsIc")] {
            assert_eq!(check(Some(&header), "", Some("s&+")), Ok(()), "{header}");
            assert_eq!(check(Some(&header), "client_id=c:1+e", Some("s&+")), Ok(()), "with the same client_id");
        }
        assert_eq!(check(Some(&basic("c%3A1+e:a:b")), "", Some("a:b")), Ok(()), "a colon in the secret");
        assert_eq!(check(Some(&basic("c%3A1+e:")), "", None), Ok(()), "a public client that uses the header");
    }

    #[test]
    fn two_client_authentication_methods_at_once_are_refused() {
        let header = basic("c%3A1+e:s");
        for body in ["client_secret=s", "client_id=c:1+e&client_secret=s", "client_id=other", "client_assertion=x"] {
            let error = check(Some(&header), body, Some("s")).unwrap_err();
            assert_eq!(error, ClientAuthenticationError::SeveralMethods, "{body}");
            assert_eq!((error.code(), error.status(), error.asks_for_basic()), ("invalid_request", 400, false));
        }
        let error = check(None, "client_id=c:1+e&client_secret=s&client_assertion=x", Some("s")).unwrap_err();
        assert_eq!(error, ClientAuthenticationError::SeveralMethods);
    }

    #[test]
    fn a_wrong_missing_or_superfluous_client_secret_is_the_same_error() {
        for (name, header, body, secret) in [
            ("wrong", None, "client_id=c:1+e&client_secret=x", Some("s")),
            ("missing", None, "client_id=c:1+e", Some("s")),
            ("empty", None, "client_id=c:1+e&client_secret=", Some("s")),
            ("superfluous", None, "client_id=c:1+e&client_secret=s", None),
            ("other client", None, "client_id=c:2&client_secret=s", Some("s")),
            ("wrong in the header", Some(basic("c%3A1+e:x")), "", Some("s")),
            ("not an identifier", None, "client_id=%0a", None),
        ] {
            let error = check(header.as_deref(), body, secret).unwrap_err();
            let in_header = header.is_some();
            assert_eq!(error, ClientAuthenticationError::Failed { in_header }, "{name}");
            assert_eq!(
                (error.code(), error.status(), error.asks_for_basic()),
                ("invalid_client", 401, in_header),
                "{name}"
            );
        }
    }

    #[test]
    fn a_malformed_authorization_header_is_not_taken_for_a_public_client() {
        for header in [
            "",
            "Basic",
            "Basic ",
            "Basic !!!",
            "Bearer x",
            "Digest a=b",
            &basic("c%3A1+e"),
            &basic("%zz:s"),
            &basic("%0a:s"),
        ] {
            let error = check(Some(header), "client_id=c:1+e", None).unwrap_err();
            assert_eq!(error, ClientAuthenticationError::Unsupported { in_header: true }, "{header:?}");
            assert_eq!((error.code(), error.status(), error.asks_for_basic()), ("invalid_client", 401, true));
        }
        let long = basic(&format!("c%3A1+e:{}", "s".repeat(MAX_HEADER)));
        assert!(check(Some(&long), "", Some("s")).is_err());
    }

    #[test]
    fn a_token_request_without_a_client_is_refused() {
        assert_eq!(check(None, "grant_type=x", None), Err(ClientAuthenticationError::Missing));
        let error = check(None, "client_id=a&client_id=a", None).unwrap_err();
        assert_eq!(error, ClientAuthenticationError::Form(FormError::Repeated("client_id")));
    }

    #[test]
    fn a_client_assertion_names_its_type_and_may_name_the_client_alone() {
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let assertion = format!("{}.{}.c2ln", encode(r#"{"alg":"ES256"}"#), encode(r#"{"sub":"c:1 e"}"#));
        let of_type = format!("client_assertion_type={}", CLIENT_ASSERTION_TYPE.replace(':', "%3A"));
        let parse = |body: &str| PresentedClient::parse(None, &Parameters::parse(body.as_bytes()).unwrap());
        for body in [
            format!("{of_type}&client_assertion={assertion}"),
            format!("{of_type}&client_assertion={assertion}&client_id=c:1+e"),
        ] {
            let presented = parse(&body).unwrap();
            assert_eq!(presented.id().as_str(), "c:1 e", "{body}");
            assert_eq!(presented.assertion(), Some(&*assertion), "{body}");
        }
        for (body, error) in [
            (format!("client_assertion={assertion}"), ClientAssertionError::Type),
            (format!("client_assertion={assertion}&client_assertion_type=x"), ClientAssertionError::Type),
            (of_type.clone(), ClientAssertionError::Jwt(JwtError::Malformed)),
            (format!("{of_type}&client_assertion=x"), ClientAssertionError::Jwt(JwtError::Malformed)),
        ] {
            let refused = parse(&body).unwrap_err();
            assert_eq!(refused, ClientAuthenticationError::Assertion(error), "{body}");
            assert_eq!((refused.code(), refused.status(), refused.asks_for_basic()), ("invalid_client", 401, false));
        }
    }

    #[test]
    fn a_client_that_has_to_sign_cannot_send_a_secret_or_nothing() {
        let keys = ClientKeys {
            source: ClientKeySource::JwksUri(JwksUri::parse("https://app.example/jwks").unwrap()),
            algorithm: None,
            proof: ClientProof::PrivateKeyJwt,
        };
        for proof in [ClientProof::PrivateKeyJwt, ClientProof::SecretOrNone] {
            let client = Client { keys: Some(ClientKeys { proof, ..keys.clone() }), ..client(None) };
            let body = Parameters::parse(b"client_id=c:1+e").unwrap();
            let answer = PresentedClient::parse(None, &body).unwrap().authenticate(&client);
            let expected = match proof {
                ClientProof::PrivateKeyJwt => Err(ClientAuthenticationError::NoAssertion),
                ClientProof::SecretOrNone => Ok(()),
            };
            assert_eq!(answer, expected, "{proof:?}");
        }
    }

    #[test]
    fn debug_output_hides_a_client_secret() {
        let body = Parameters::parse(b"client_id=c&client_secret=hunter2").unwrap();
        assert!(!format!("{:?}", PresentedClient::parse(None, &body).unwrap()).contains("hunter2"));
    }
}
