//! A signed JWT of another party in compact form (RFC 7515 §7.1, RFC 7519): its parts, its times, and the check of its signature
//! with the keys of that party. Nothing of it is trusted before [`SignedJwt::verify`].

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use thiserror::Error;

use mcp_connector_base::outage::Outage;
use mcp_connector_base::timestamp::Timestamp;

use crate::external_issuer::keys::{Algorithm, ExternalKey, ExternalKeys};
use crate::web::json_object::{Object, Unexpected};

/// How much the clock of the party that signs an assertion may differ, in seconds.
pub(crate) const ASSERTION_LEEWAY: u64 = 30;

/// Verifies signatures. The Worker implements it by WebCrypto.
#[allow(async_fn_in_trait, reason = "a Worker has one thread; nobody needs these futures to be Send")]
pub trait SignatureVerifier {
    /// Returns whether `signature` is a signature of `message` by this key, which fits the algorithm.
    ///
    /// # Errors
    ///
    /// Returns an [`Outage`] if the signature cannot be verified now.
    async fn verify(
        &self,
        algorithm: Algorithm,
        key: &ExternalKey,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, Outage>;
}

/// Why a text is not a signed JWT that this server reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidJwt {
    /// The text is not three parts in base64url with two JSON objects, or has a critical extension, or another JWT inside.
    #[error("malformed")]
    Malformed,
    /// The algorithm is not accepted: `none`, HMAC, or one that is not known.
    #[error("wrong_algorithm")]
    WrongAlgorithm,
}

/// Why a signature is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// The key is not among those of the party. They may be fetched again.
    #[error("unknown_key")]
    UnknownKey,
    #[error("bad_signature")]
    BadSignature,
    /// The keys were not fetched: they are those of a client that anybody can publish, and there were too many such fetches.
    #[error("too_many_fetches")]
    TooManyFetches,
    /// The signature cannot be verified now.
    #[error("outage: {0}")]
    Outage(#[from] Outage),
}

/// Why a text is not an assertion that this server takes now, whoever signs it and whatever it asserts (RFC 7523 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum JwtError {
    /// It is not a signed JWT, or a claim is missing or has another form.
    #[error("it is not a signed JWT with the claims that this server needs")]
    Malformed,
    #[error("its algorithm is not accepted")]
    Algorithm,
    #[error("it has expired")]
    Expired,
    #[error("it is not valid yet")]
    NotYetValid,
    #[error("it is valid for longer than this server accepts")]
    TooLong,
}

impl From<InvalidJwt> for JwtError {
    fn from(invalid: InvalidJwt) -> Self {
        match invalid {
            InvalidJwt::Malformed => Self::Malformed,
            InvalidJwt::WrongAlgorithm => Self::Algorithm,
        }
    }
}

impl From<Unexpected> for JwtError {
    fn from(Unexpected: Unexpected) -> Self {
        Self::Malformed
    }
}

/// The parts of a signed JWT.
#[derive(Clone, Debug)]
pub struct SignedJwt<'a> {
    algorithm: Algorithm,
    key_id: Option<String>,
    /// `typ` in lower case, without `application/`. A media type is case-insensitive (RFC 7515 §4.1.9).
    media_type: Option<String>,
    message: &'a str,
    claims: Object,
    signature: Vec<u8>,
}

impl<'a> SignedJwt<'a> {
    /// Reads the parts. Keys and addresses of keys in the header are never used.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidJwt::WrongAlgorithm`] if the algorithm is not accepted, and [`InvalidJwt::Malformed`] if the
    /// text is not three parts in base64url with two JSON objects. A header with `crit` is refused, too, because no
    /// extension is understood, and so is one with `cty`, which says that another JWT is inside (RFC 7519 §5.2).
    pub fn parse(text: &'a str) -> Result<Self, InvalidJwt> {
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| InvalidJwt::Malformed);
        let (message, signature) = text.rsplit_once('.').ok_or(InvalidJwt::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(InvalidJwt::Malformed)?;
        let header = Object::parse(&decode(header)?)?;
        if header.get("crit").is_some() || header.get("cty").is_some() {
            return Err(InvalidJwt::Malformed);
        }
        let key_id = header.text("kid")?.map(str::to_owned);
        let algorithm = Algorithm::parse(header.required("alg")?).ok_or(InvalidJwt::WrongAlgorithm)?;
        let media_type = header.text("typ")?.map(|typ| {
            let typ = typ.to_ascii_lowercase();
            typ.strip_prefix("application/").map(str::to_owned).unwrap_or(typ)
        });
        let claims = Object::parse(&decode(claims)?)?;
        Ok(Self { algorithm, key_id, media_type, message, claims, signature: decode(signature)? })
    }

    /// Reads the parts of an assertion.
    ///
    /// # Errors
    ///
    /// Returns [`JwtError::Algorithm`] if the algorithm is not accepted, and [`JwtError::Malformed`] if
    /// [`parse`](Self::parse) refuses the text for another reason.
    pub fn parse_assertion(text: &'a str) -> Result<Self, JwtError> {
        Self::parse(text).map_err(JwtError::from)
    }

    /// Returns `typ` in lower case, without `application/`.
    #[must_use]
    pub fn media_type(&self) -> Option<&str> {
        self.media_type.as_deref()
    }

    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns the claims, which nothing has proven yet.
    pub(crate) const fn claims(&self) -> &Object {
        &self.claims
    }

    /// Verifies the signature with the key that the header names or, if it names none, the only one that fits the algorithm.
    ///
    /// # Errors
    ///
    /// Returns [`SignatureError::UnknownKey`] if there is no such key, [`SignatureError::BadSignature`] if the
    /// signature is wrong, and [`SignatureError::Outage`] if `verifier` cannot tell now.
    pub async fn verify(&self, keys: &ExternalKeys, verifier: &impl SignatureVerifier) -> Result<(), SignatureError> {
        let key = self.key_in(keys).ok_or(SignatureError::UnknownKey)?;
        let is_genuine = verifier.verify(self.algorithm, key, self.message.as_bytes(), &self.signature).await?;
        if is_genuine { Ok(()) } else { Err(SignatureError::BadSignature) }
    }

    /// Returns the key that has signed, if it is among these.
    pub(crate) fn key_in<'k>(&self, keys: &'k ExternalKeys) -> Option<&'k ExternalKey> {
        keys.select(self.key_id.as_deref(), self.algorithm)
    }

    /// Checks the times of an assertion, which may be valid for `longest` seconds. Returns the time from which it is no longer
    /// accepted.
    pub(crate) fn check_times(&self, longest: u64, now: Timestamp) -> Result<Timestamp, JwtError> {
        let moment = |name| self.claims.get(name).map(|date| numeric_date(date).ok_or(JwtError::Malformed)).transpose();
        let (expires, issued_at) = (moment("exp")?.ok_or(JwtError::Malformed)?, moment("iat")?);
        let refused_from = expires.plus(ASSERTION_LEEWAY);
        if now >= refused_from {
            return Err(JwtError::Expired);
        }
        for date in [moment("nbf")?, issued_at].into_iter().flatten() {
            if date > now.plus(ASSERTION_LEEWAY) {
                return Err(JwtError::NotYetValid);
            }
        }
        // Without `iat`, the longest life is counted from now.
        let is_too_long = expires > now.plus(longest).plus(ASSERTION_LEEWAY)
            || issued_at.is_some_and(|issued_at| expires.seconds_since(issued_at) > longest);
        if is_too_long { Err(JwtError::TooLong) } else { Ok(refused_from) }
    }
}

impl From<Unexpected> for InvalidJwt {
    fn from(Unexpected: Unexpected) -> Self {
        Self::Malformed
    }
}

/// Reads a `NumericDate` (RFC 7519 §2), which may have a fraction.
pub(crate) fn numeric_date(date: &Value) -> Option<Timestamp> {
    date.as_u64().or_else(|| whole_seconds(date.as_f64()?)).map(Timestamp::from_seconds)
}

/// Returns the whole seconds of a time before the year 10000.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the range that is checked")]
fn whole_seconds(seconds: f64) -> Option<u64> {
    (0.0..253_402_300_800.0).contains(&seconds).then_some(seconds as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const N: u64 = 1_800_000_000;

    fn compact(header: &Value, claims: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2ln", encode(header), encode(claims))
    }

    #[test]
    fn a_jwt_that_is_encrypted_nested_unsigned_or_has_critical_extensions_is_refused() {
        use InvalidJwt::{Malformed, WrongAlgorithm};
        for (name, header, error) in [
            ("none", json!({"alg": "none"}), WrongAlgorithm),
            ("None", json!({"alg": "None"}), WrongAlgorithm),
            ("HS256", json!({"alg": "HS256"}), WrongAlgorithm),
            ("HS512", json!({"alg": "HS512"}), WrongAlgorithm),
            ("RSA1_5", json!({"alg": "RSA1_5"}), WrongAlgorithm),
            ("ES512", json!({"alg": "ES512"}), WrongAlgorithm),
            ("lower case", json!({"alg": "rs256"}), WrongAlgorithm),
            ("no algorithm", json!({"typ": "JWT"}), Malformed),
            ("a list of algorithms", json!({"alg": ["RS256"]}), Malformed),
            ("crit", json!({"alg": "RS256", "crit": ["exp"]}), Malformed),
            ("empty crit", json!({"alg": "RS256", "crit": []}), Malformed),
            ("b64", json!({"alg": "RS256", "b64": false, "crit": ["b64"]}), Malformed),
            ("nested", json!({"alg": "RS256", "cty": "JWT"}), Malformed),
            ("kid is a number", json!({"alg": "RS256", "kid": 1}), Malformed),
            ("typ is a list", json!({"alg": "RS256", "typ": ["JWT"]}), Malformed),
        ] {
            assert_eq!(SignedJwt::parse(&compact(&header, &json!({}))).err(), Some(error), "{name}");
        }
        let good = compact(&json!({"alg": "RS256"}), &json!({}));
        for text in
            ["", ".", "..", "a.b.c", &good[1..], &format!("{good}.{good}"), &format!("{good}="), &good.replace('.', "")]
        {
            assert_eq!(SignedJwt::parse(text).err(), Some(Malformed), "{text}");
        }
        let twice = format!(
            "{}.{}.c2ln",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","alg":"none"}"#),
            URL_SAFE_NO_PAD.encode("{}")
        );
        assert_eq!(SignedJwt::parse(&twice).err(), Some(Malformed), "a repeated member");
        assert!(SignedJwt::parse(&good).is_ok());
    }

    #[test]
    fn a_media_type_is_compared_without_case_and_prefix() {
        for (typ, read) in
            [("oauth-id-jag+jwt", "oauth-id-jag+jwt"), ("application/OAuth-ID-JAG+JWT", "oauth-id-jag+jwt")]
        {
            let text = compact(&json!({"alg": "ES256", "typ": typ}), &json!({}));
            assert_eq!(SignedJwt::parse(&text).unwrap().media_type(), Some(read));
        }
    }

    #[test]
    fn an_assertion_is_valid_between_its_times_with_half_a_minute_of_leeway() {
        use JwtError::{Expired, Malformed, NotYetValid, TooLong};
        for (name, claims, expected) in [
            ("usual", json!({"iat": N, "exp": N + 300}), Ok(N + 330)),
            ("a fraction", json!({"iat": 1_800_000_000.5, "exp": 1_800_000_300.5}), Ok(N + 330)),
            ("without iat", json!({"exp": N + 300}), Ok(N + 330)),
            ("ended a moment ago", json!({"iat": N - 300, "exp": N - 29}), Ok(N + 1)),
            ("ended", json!({"iat": N - 300, "exp": N - 30}), Err(Expired)),
            ("begins in a moment", json!({"iat": N + 30, "exp": N + 330}), Ok(N + 360)),
            ("begins later", json!({"iat": N + 31, "exp": N + 331}), Err(NotYetValid)),
            ("not before later", json!({"iat": N, "nbf": N + 31, "exp": N + 300}), Err(NotYetValid)),
            ("too long", json!({"iat": N, "exp": N + 301}), Err(TooLong)),
            ("too long already over in part", json!({"iat": N - 200, "exp": N + 101}), Err(TooLong)),
            ("too long without iat", json!({"exp": N + 331}), Err(TooLong)),
            ("no end", json!({"iat": N}), Err(Malformed)),
            ("an end in words", json!({"iat": N, "exp": "tomorrow"}), Err(Malformed)),
            ("a negative end", json!({"iat": N, "exp": -1}), Err(Malformed)),
            ("a beginning in words", json!({"iat": "now", "exp": N + 300}), Err(Malformed)),
            ("for ever", json!({"iat": N, "exp": u64::MAX}), Err(TooLong)),
        ] {
            let text = compact(&json!({"alg": "ES256"}), &claims);
            let checked = SignedJwt::parse(&text).unwrap().check_times(300, NOW);
            assert_eq!(checked, expected.map(Timestamp::from_seconds), "{name}");
        }
    }
}
