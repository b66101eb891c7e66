//! Verifies an access token of an external issuer: its form, its claims, its signature, in the order of cost.

use sha2::Digest as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::Sha256;
use thiserror::Error;

use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::{ClientId, Subject};
use mcp_connector_base::outage::Outage;
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::Timestamp;

use crate::external_issuer::identity_claims::{EmailClaim, IdentityClaims};
use crate::external_issuer::keys::ExternalKeys;
use crate::external_issuer::signed_jwt::{InvalidJwt, SignatureError, SignatureVerifier, SignedJwt, numeric_date};
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
///
/// # Errors
///
/// Returns the [`ExternalTokenError`] of the first check that failed, or [`ExternalTokenError::Outage`] if the
/// signature cannot be verified now.
pub async fn verify_external(
    bearer: &BearerToken,
    keys: &ExternalKeys,
    verifier: &impl SignatureVerifier,
    policy: &ExternalPolicy<'_>,
    now: Timestamp,
) -> Result<VerifiedToken, ExternalTokenError> {
    let token = SignedJwt::parse(bearer.as_str())?;
    if !is_access_token_type(token.media_type(), policy.accept_plain_jwt) {
        return Err(ExternalTokenError::WrongType);
    }
    token.key_in(keys).ok_or(ExternalTokenError::UnknownKey)?;
    // Claims that are wrong in any case need no signature. They are not trusted before the signature is verified.
    let if_genuine = check(token.claims(), policy, now)?;
    token.verify(keys, verifier).await?;
    Ok(if_genuine)
}

/// Returns whether `typ` is that of an access token (RFC 9068 §4).
fn is_access_token_type(typ: Option<&str>, accept_plain: bool) -> bool {
    typ.map_or(accept_plain, |typ| typ == "at+jwt" || (accept_plain && typ == "jwt"))
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

impl From<InvalidJwt> for ExternalTokenError {
    fn from(invalid: InvalidJwt) -> Self {
        match invalid {
            InvalidJwt::Malformed => Self::Malformed,
            InvalidJwt::WrongAlgorithm => Self::WrongAlgorithm,
        }
    }
}

impl From<SignatureError> for ExternalTokenError {
    fn from(refused: SignatureError) -> Self {
        match refused {
            SignatureError::UnknownKey => Self::UnknownKey,
            SignatureError::BadSignature => Self::BadSignature,
            SignatureError::Outage(outage) => Self::Outage(outage),
            // Only keys of clients are limited. Whatever the limit is, it is no fault of the token.
            SignatureError::TooManyFetches => Self::Outage(Outage::Remote),
        }
    }
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

fn shorten(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_NAME)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
