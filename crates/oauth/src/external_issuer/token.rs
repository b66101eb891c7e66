//! Verifies an access token of an external issuer: its form, its claims, its signature, in the order of cost.

use sha2::Digest as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::Sha256;
use thiserror::Error;

use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::{ClientId, Subject};
use mcp_connector_base::outage::Outage;
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::Timestamp;

use crate::external_issuer::identity_claims::{EmailClaim, IdentityClaims};
use crate::external_issuer::keys::{Algorithm, ExternalKey, ExternalKeys};
use crate::resource::access_token::VerifiedToken;
use crate::resource::bearer::BearerToken;
use crate::web::discovery::ExternalIssuer;
use crate::web::json_object::{Object, Unexpected};

/// How much the clock of an external issuer may differ, in seconds.
const LEEWAY: u64 = 60;
/// Maximum number of audiences of a token.
const MAX_AUDIENCES: usize = 32;
/// Maximum length of a person's name, in bytes.
const MAX_NAME: usize = 128;

/// Verifies signatures. The Worker implements it by WebCrypto.
#[allow(async_fn_in_trait, reason = "a Worker has one thread; nobody needs these futures to be Send")]
pub trait SignatureVerifier {
    /// Returns whether `signature` is a signature of `message` by this key, which fits the algorithm.
    async fn verify(
        &self,
        algorithm: Algorithm,
        key: &ExternalKey,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, Outage>;
}

/// What is expected of a token.
#[derive(Clone, Debug)]
pub struct ExternalPolicy<'a> {
    /// The issuer of the token.
    pub issuer: &'a ExternalIssuer,
    /// The audiences that are accepted: the canonical resource, and other configured names of it. Some issuers know a resource by
    /// a number.
    pub audiences: &'a [&'a str],
    /// Whether `typ` may be `JWT` or missing. Several products do not support `at+jwt`. In that case only the audience prevents that an
    /// ID token is taken for an access token.
    pub accept_plain_jwt: bool,
    /// Which claims are kept.
    pub claims: &'a IdentityClaims,
    pub email: EmailClaim,
}

/// Why a token is refused. The client gets `invalid_token` for all of them; the text is for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ExternalTokenError {
    #[error("malformed")]
    Malformed,
    #[error("wrong_type")]
    WrongType,
    /// The algorithm is not accepted.
    #[error("wrong_algorithm")]
    WrongAlgorithm,
    /// The key is not among the issuer's. They may be fetched again.
    #[error("unknown_key")]
    UnknownKey,
    #[error("bad_signature")]
    BadSignature,
    #[error("wrong_issuer")]
    WrongIssuer,
    #[error("wrong_audience")]
    WrongAudience,
    /// The token is an ID token.
    #[error("identity_token")]
    IdentityToken,
    #[error("expired")]
    Expired,
    #[error("not_yet_valid")]
    NotYetValid,
    /// The signature cannot be verified now.
    #[error("outage: {0}")]
    Outage(#[from] Outage),
}

/// Verifies a token at the resource.
pub async fn verify_external(
    bearer: &BearerToken,
    keys: &ExternalKeys,
    verifier: &impl SignatureVerifier,
    policy: &ExternalPolicy<'_>,
    now: Timestamp,
) -> Result<VerifiedToken, ExternalTokenError> {
    let token = SignedToken::parse(bearer.as_str(), policy)?;
    let key = keys.select(token.key_id.as_deref(), token.algorithm).ok_or(ExternalTokenError::UnknownKey)?;
    // Claims that are wrong in any case need no signature. They are not trusted before the signature is verified.
    let if_genuine = check(&Object::parse(&token.claims)?, policy, now)?;
    if !verifier.verify(token.algorithm, key, token.message.as_bytes(), &token.signature).await? {
        return Err(ExternalTokenError::BadSignature);
    }
    Ok(if_genuine)
}

/// The parts of a compact JWS (RFC 7515 §7.1), not verified.
struct SignedToken<'a> {
    algorithm: Algorithm,
    key_id: Option<String>,
    message: &'a str,
    claims: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> SignedToken<'a> {
    fn parse(text: &'a str, policy: &ExternalPolicy<'_>) -> Result<Self, ExternalTokenError> {
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| ExternalTokenError::Malformed);
        let (message, signature) = text.rsplit_once('.').ok_or(ExternalTokenError::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(ExternalTokenError::Malformed)?;
        let header = Object::parse(&decode(header)?)?;
        if header.get("crit").is_some() {
            return Err(ExternalTokenError::Malformed);
        }
        let key_id = header.text("kid")?.map(str::to_owned);
        let algorithm = Algorithm::parse(header.required("alg")?).ok_or(ExternalTokenError::WrongAlgorithm)?;
        if !is_access_token_type(header.text("typ")?, policy.accept_plain_jwt) {
            return Err(ExternalTokenError::WrongType);
        }
        Ok(Self { algorithm, key_id, message, claims: decode(claims)?, signature: decode(signature)? })
    }
}

/// Returns whether `typ` is that of an access token (RFC 9068 §4). A media type is case-insensitive (RFC 7515 §4.1.9).
fn is_access_token_type(typ: Option<&str>, accept_plain: bool) -> bool {
    let Some(typ) = typ else {
        return accept_plain;
    };
    let typ = typ.to_ascii_lowercase();
    let typ = typ.strip_prefix("application/").unwrap_or(&typ);
    typ == "at+jwt" || (accept_plain && typ == "jwt")
}

/// Checks the claims (RFC 9068 §2.2).
fn check(claims: &Object, policy: &ExternalPolicy<'_>, now: Timestamp) -> Result<VerifiedToken, ExternalTokenError> {
    if claims.required("iss")? != policy.issuer.as_str() {
        return Err(ExternalTokenError::WrongIssuer);
    }
    let audiences = claims.texts("aud")?.ok_or(Unexpected)?;
    let is_for_us = audiences.iter().any(|audience| policy.audiences.contains(audience));
    if audiences.len() > MAX_AUDIENCES || !is_for_us {
        return Err(ExternalTokenError::WrongAudience);
    }
    for of_identity_tokens in ["nonce", "at_hash", "c_hash"] {
        if claims.get(of_identity_tokens).is_some() {
            return Err(ExternalTokenError::IdentityToken);
        }
    }
    let moment = |name| claims.get(name).map(|date| numeric_date(date).ok_or(Unexpected)).transpose();
    let expires = moment("exp")?.ok_or(Unexpected)?.plus(LEEWAY);
    if now >= expires {
        return Err(ExternalTokenError::Expired);
    }
    for date in [moment("nbf")?, moment("iat")?].into_iter().flatten() {
        if date > now.plus(LEEWAY) {
            return Err(ExternalTokenError::NotYetValid);
        }
    }
    let (scope, scp) = (claims.texts("scope")?, claims.texts("scp")?);
    let scopes = scope.or(scp).unwrap_or_default().join(" ");
    let (client_id, party) = (claims.text("client_id")?, claims.text("azp")?);
    let caller = Caller {
        display_name: claims.text("name")?.map(shorten).map(Arc::from),
        profile: Some(Arc::new(policy.claims.verified_profile(claims.members(), policy.email))),
        ..Caller::new(
            subject_of(policy.issuer, claims.required("sub")?)?,
            ClientId::new(client_id.or(party).unwrap_or("unknown")).map_err(|_| ExternalTokenError::Malformed)?,
            ScopeSet::parse(&scopes).map_err(|_| ExternalTokenError::Malformed)?,
        )
    };
    Ok(VerifiedToken::new(caller, expires, claims.text("jti")?.map(shorten).unwrap_or_default()))
}

impl From<Unexpected> for ExternalTokenError {
    fn from(Unexpected: Unexpected) -> Self {
        Self::Malformed
    }
}

/// Returns the subject for a person of an issuer. It is stable, unique among issuers, and never an e-mail address, whatever the
/// issuer uses as `sub`.
pub(crate) fn subject_of(issuer: &ExternalIssuer, sub: &str) -> Result<Subject, ExternalTokenError> {
    if sub.is_empty() {
        return Err(ExternalTokenError::Malformed);
    }
    let digest = Sha256::new().chain_update(issuer.as_str()).chain_update(b"\0").chain_update(sub).finalize();
    Subject::new(&URL_SAFE_NO_PAD.encode(digest)).map_err(|_| ExternalTokenError::Malformed)
}

/// Reads a `NumericDate` (RFC 7519 §2), which may have a fraction.
fn numeric_date(date: &Value) -> Option<Timestamp> {
    date.as_u64().or_else(|| whole_seconds(date.as_f64()?)).map(Timestamp::from_seconds)
}

/// Returns the whole seconds of a time before the year 10000.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the range that is checked")]
fn whole_seconds(seconds: f64) -> Option<u64> {
    (0.0..253_402_300_800.0).contains(&seconds).then_some(seconds as u64)
}

fn shorten(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_NAME)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
