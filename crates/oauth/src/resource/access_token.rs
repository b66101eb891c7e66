//! Access tokens of this server: `at+jwt` (RFC 9068) with HS256 by `jwt-compact`, for exactly one resource.
//!
//! Verification needs no storage. Whether the grant was revoked is checked by
//! [`verified_tokens`](crate::resource::verified_tokens).
//!
//! RFC 9068 §2.1 requires RS256 to be supported, and this module deviates from it: issuer and resource are the same Worker, so
//! nobody else needs a key to verify a token, and MCP clients do not read tokens. Tokens of an external issuer are verified in
//! [`external_issuer`](crate::external_issuer), because WebCrypto is asynchronous.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jwt_compact::alg::Hs256;
use jwt_compact::{AlgorithmExt as _, Claims, Header, UntrustedToken, ValidationError};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::{ClientId, GrantId, Subject};
use mcp_connector_base::random::Random;
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::credential_version::CredentialVersion;
use crate::crypto::keys::signing::SigningKeys;
use crate::resource::bearer::{BearerToken, MAX_BEARER_LENGTH};
use crate::resource::protected_resource::Resource;
use crate::web::origin::Issuer;

/// Lifetime of a token, in seconds. With a shorter one, clients that lose refresh tokens ask for consent all day.
pub const ACCESS_TOKEN_LIFETIME: u64 = 3600;

/// How much the clocks of two machines may differ, in seconds.
pub const LEEWAY: u64 = 30;

/// Maximum length of a person's name, in bytes.
const MAX_NAME: usize = 128;

/// The content of a new access token.
#[derive(Clone, Debug)]
pub struct AccessTokenRequest<'a> {
    pub issuer: &'a Issuer,
    /// The only resource where the token is valid.
    pub resource: &'a Resource,
    pub subject: &'a Subject,
    pub client_id: &'a ClientId,
    pub scope: &'a ScopeSet,
    /// The grant, or `None` for a client that acts for itself.
    pub grant: Option<GrantId>,
    /// The name of the person.
    pub display_name: Option<&'a str>,
    /// The version of the passphrase with which the person signed in.
    pub credential_version: Option<CredentialVersion>,
    /// Lifetime of the token, in seconds: [`ACCESS_TOKEN_LIFETIME`] unless configured.
    pub lifetime: u64,
}

/// A signed access token.
pub struct AccessToken {
    text: String,
    expires_in: u64,
}

impl AccessToken {
    /// Returns the token, for the response and nothing else.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub const fn expires_in(&self) -> u64 {
        self.expires_in
    }
}

/// A token that would be longer than a resource accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the access token would be too long")]
pub struct TooLong;

/// Issues a token.
///
/// # Errors
///
/// Returns [`TooLong`] if the token would exceed [`MAX_BEARER_LENGTH`], which only a long list of scopes can cause.
pub fn issue(
    request: &AccessTokenRequest<'_>,
    keys: &SigningKeys,
    now: Timestamp,
    random: &impl Random,
) -> Result<AccessToken, TooLong> {
    let mut id = [0; 16];
    random.fill(&mut id);
    let name = request.display_name.map(|name| name.get(..name.floor_char_boundary(MAX_NAME)).unwrap_or_default());
    let mut claims = Claims::new(AccessClaims {
        iss: request.issuer.as_str().to_owned(),
        sub: request.subject.clone(),
        aud: request.resource.as_str().to_owned(),
        client_id: request.client_id.clone(),
        scope: request.scope.clone(),
        jti: URL_SAFE_NO_PAD.encode(id),
        gid: request.grant,
        name: name.map(str::to_owned),
        credential_version: request.credential_version,
    });
    claims.issued_at = Some(date_time(now));
    claims.expiration = Some(date_time(now.plus(request.lifetime)));
    let key = keys.current();
    let header = Header::empty().with_key_id(key.id()).with_token_type("at+jwt");
    let text = Hs256.token(&header, &claims, key.secret()).map_err(|_| TooLong)?;
    if text.len() > MAX_BEARER_LENGTH {
        return Err(TooLong);
    }
    Ok(AccessToken { text, expires_in: request.lifetime })
}

/// Converts a time for `jwt-compact`. Its range covers every real time.
fn date_time(moment: Timestamp) -> DateTime<Utc> {
    let seconds = i64::try_from(moment.as_seconds()).ok();
    seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0)).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Converts a time from `jwt-compact`, or returns `None` for a time before 1970.
fn timestamp(moment: DateTime<Utc>) -> Option<Timestamp> {
    u64::try_from(moment.timestamp()).ok().map(Timestamp::from_seconds)
}

/// What is expected of a token.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedClaims<'a> {
    /// The issuer: this server, by the name of the request.
    pub issuer: &'a Issuer,
    /// The resource of the request.
    pub resource: &'a Resource,
    /// The current versions of the passphrase. There are several while a master key is being replaced.
    pub credential_versions: &'a [CredentialVersion],
}

/// A token that has passed every check that needs no storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedToken {
    caller: Caller,
    expires: Timestamp,
    id: Arc<str>,
}

impl VerifiedToken {
    /// Creates a token after all checks, here or in [`external_issuer`](crate::external_issuer).
    pub(crate) fn new(caller: Caller, expires: Timestamp, id: &str) -> Self {
        Self { caller, expires, id: Arc::from(id) }
    }

    #[must_use]
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    #[must_use]
    pub fn into_caller(self) -> Caller {
        self.caller
    }

    /// Returns when the token expires. Until then an isolate may remember that it is verified.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Returns the id of the token (`jti`), for the log.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// Why a token is refused. The client gets `invalid_token` for all of them; the text is for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AccessTokenError {
    /// The text is not a token, or not signed with a key of this server, of this type, with this algorithm.
    #[error("not_ours")]
    NotIssuedHere,
    #[error("bad_signature")]
    BadSignature,
    /// The issuer is another server, or this one by another name.
    #[error("wrong_issuer")]
    WrongIssuer,
    #[error("wrong_audience")]
    WrongAudience,
    #[error("expired")]
    Expired,
    #[error("not_yet_valid")]
    NotYetValid,
    /// The passphrase has been changed since the person signed in.
    #[error("credentials_changed")]
    CredentialsChanged,
}

/// Verifies a token at the resource (RFC 9068 §4).
///
/// # Errors
///
/// Returns the first check that failed.
pub fn verify(
    bearer: &BearerToken,
    keys: &SigningKeys,
    expected: &ExpectedClaims<'_>,
    now: Timestamp,
) -> Result<VerifiedToken, AccessTokenError> {
    let claims = authenticate(bearer.as_str(), keys)?;
    let (issued_at, expires) = (moment(claims.issued_at)?, moment(claims.expiration)?.plus(LEEWAY));
    let token = claims.custom;
    if token.iss != expected.issuer.as_str() {
        return Err(AccessTokenError::WrongIssuer);
    }
    if token.aud != expected.resource.as_str() {
        return Err(AccessTokenError::WrongAudience);
    }
    if now >= expires {
        return Err(AccessTokenError::Expired);
    }
    if now.plus(LEEWAY) < issued_at {
        return Err(AccessTokenError::NotYetValid);
    }
    if token
        .credential_version
        .is_some_and(|credential_version| !expected.credential_versions.contains(&credential_version))
    {
        return Err(AccessTokenError::CredentialsChanged);
    }
    let caller = Caller {
        display_name: token.name.map(Arc::from),
        grant: token.gid,
        ..Caller::new(token.sub, token.client_id, token.scope)
    };
    Ok(VerifiedToken::new(caller, expires, &token.jti))
}

/// Returns whether a token says that it is for a resource, by an issuer, and has not expired. Nothing is verified: a resource server
/// that cannot verify it asks nobody about a token that says something else.
#[must_use]
pub fn claims_to_be_for(bearer: &BearerToken, issuer: &Issuer, resource: &Resource, now: Timestamp) -> bool {
    /// The claims that are looked at.
    #[derive(Deserialize)]
    struct Claimed {
        iss: String,
        aud: String,
        exp: u64,
    }
    let mut parts = bearer.as_str().split('.');
    let (Some(_), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let claimed =
        URL_SAFE_NO_PAD.decode(claims).ok().and_then(|claims| serde_json::from_slice::<Claimed>(&claims).ok());
    claimed.is_some_and(|claimed| {
        let expires = Timestamp::from_seconds(claimed.exp).plus(LEEWAY);
        claimed.iss == issuer.as_str() && claimed.aud == resource.as_str() && now < expires
    })
}

/// The client and the grant of a token, whether or not the token is still valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenOrigin {
    pub client_id: ClientId,
    pub subject: Subject,
    /// The grant, or `None` for a client that acts for itself.
    pub grant: Option<GrantId>,
    /// When the token expires, or has expired.
    pub expires: Timestamp,
}

/// Returns to whom a token was issued, even if it has expired. A revocation needs that (RFC 7009); it permits nothing.
///
/// # Errors
///
/// Returns [`AccessTokenError::NotIssuedHere`] or [`AccessTokenError::BadSignature`] if the text is not a token that
/// was signed with one of these keys, and [`AccessTokenError::WrongIssuer`] if its issuer is another one.
pub fn token_origin(token: &str, issuer: &Issuer, keys: &SigningKeys) -> Result<TokenOrigin, AccessTokenError> {
    let claims = authenticate(token, keys)?;
    let expires = moment(claims.expiration)?.plus(LEEWAY);
    let claims = claims.custom;
    if claims.iss != issuer.as_str() {
        return Err(AccessTokenError::WrongIssuer);
    }
    Ok(TokenOrigin { client_id: claims.client_id, subject: claims.sub, grant: claims.gid, expires })
}

/// Reads a time that each token of this server has.
fn moment(claim: Option<DateTime<Utc>>) -> Result<Timestamp, AccessTokenError> {
    claim.and_then(timestamp).ok_or(AccessTokenError::NotIssuedHere)
}

/// Verifies header and signature.
///
/// `jwt-compact` does not check `typ` and `crit`, and takes the algorithm from its caller. So the encoded header is compared with
/// the only one that this server's keys write. That refuses every other algorithm, type, key and critical extension.
fn authenticate(text: &str, keys: &SigningKeys) -> Result<Claims<AccessClaims>, AccessTokenError> {
    if text.len() > MAX_BEARER_LENGTH {
        return Err(AccessTokenError::NotIssuedHere);
    }
    let (header, _) = text.split_once('.').ok_or(AccessTokenError::NotIssuedHere)?;
    let key = keys.find(header).ok_or(AccessTokenError::NotIssuedHere)?;
    let token = UntrustedToken::new(text).map_err(|_| AccessTokenError::NotIssuedHere)?;
    match Hs256.validator::<AccessClaims>(key.secret()).validate(&token) {
        Ok(token) => Ok(token.into_parts().1),
        Err(
            ValidationError::InvalidSignature
            | ValidationError::InvalidSignatureLen { .. }
            | ValidationError::MalformedSignature(_),
        ) => Err(AccessTokenError::BadSignature),
        Err(_) => Err(AccessTokenError::NotIssuedHere),
    }
}

/// The claims other than `iat` and `exp`, which `jwt-compact` reads.
#[derive(Clone, Serialize, Deserialize)]
struct AccessClaims {
    iss: String,
    sub: Subject,
    /// A string, so that a token for several resources is refused.
    aud: String,
    client_id: ClientId,
    scope: ScopeSet,
    jti: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gid: Option<GrantId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The name of the claim is that of the first release.
    #[serde(rename = "epoch", default, skip_serializing_if = "Option::is_none")]
    credential_version: Option<CredentialVersion>,
}

#[cfg(test)]
mod tests;
