//! Access tokens: `at+jwt` (RFC 9068), signed with Ed25519 and with nothing else, for exactly one resource, for one hour.
//! No storage is read to check one. That a grant was revoked is not in here: the edge looks for a marker now and then.
//!
//! Deviation from RFC 9068 §2.1, which wants RS256 on offer: verifying it in a Worker costs more than everything else in a
//! call, and MCP clients do not read tokens.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use thiserror::Error;

use super::bearer::{Bearer, MAX_BEARER_LENGTH};
use super::ed25519::Ed25519;
use super::keys::SigningKeys;
use super::object::{Object, Unexpected};
use super::origin::Issuer;
use super::outage::Outage;
use super::passphrase::Epoch;
use super::resource::Resource;
use super::{Random, Timestamp};
use crate::caller::{Caller, ClientId, GrantId, ScopeSet, Subject};

/// Lifetime in seconds. Shorter ones make the clients that lose refresh tokens ask for consent all day.
pub const ACCESS_TOKEN_LIFETIME: u64 = 3600;

/// How far the clocks of two machines may differ, in seconds.
pub const LEEWAY: u64 = 30;

/// Longest name of a person that is put into a token, in bytes.
const MAX_NAME: usize = 128;

/// What a new access token says.
#[derive(Clone, Debug)]
pub struct AccessTokenRequest<'a> {
    /// This authorization server.
    pub issuer: &'a Issuer,
    /// The one resource it is good for.
    pub resource: &'a Resource,
    /// On whose behalf.
    pub subject: &'a Subject,
    /// To which client.
    pub client_id: &'a ClientId,
    /// With which permissions.
    pub scope: &'a ScopeSet,
    /// The consent behind it; none for a client that acts for itself.
    pub grant: Option<GrantId>,
    /// What to call the person.
    pub display_name: Option<&'a str>,
    /// The credentials under which the person signed in.
    pub epoch: Option<Epoch>,
    /// How long it is good for, in seconds; [`ACCESS_TOKEN_LIFETIME`] unless configured.
    pub lifetime: u64,
}

/// A signed token on its way to the client.
pub struct AccessToken {
    text: String,
    expires_in: u64,
}

impl AccessToken {
    /// The token. Goes into the answer and nowhere else.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its lifetime in seconds.
    #[must_use]
    pub const fn expires_in(&self) -> u64 {
        self.expires_in
    }
}

/// Why no token was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unissuable {
    /// It would be too long to be accepted.
    #[error("the access token would be too long")]
    TooLong,
    /// The platform does not sign.
    #[error(transparent)]
    Outage(#[from] Outage),
}

/// Signs a token.
pub async fn issue(
    request: &AccessTokenRequest<'_>,
    keys: &SigningKeys,
    ed25519: &impl Ed25519,
    now: Timestamp,
    random: &impl Random,
) -> Result<AccessToken, Unissuable> {
    let mut id = [0; 16];
    random.fill(&mut id);
    let name = request.display_name.map(|name| name.get(..name.floor_char_boundary(MAX_NAME)).unwrap_or_default());
    let claims = AccessClaims {
        iss: request.issuer.as_str().to_owned(),
        sub: request.subject.clone(),
        aud: request.resource.as_str().to_owned(),
        client_id: request.client_id.clone(),
        scope: request.scope.clone(),
        iat: now,
        exp: now.plus(request.lifetime),
        jti: URL_SAFE_NO_PAD.encode(id),
        gid: request.grant,
        name: name.map(str::to_owned),
        epoch: request.epoch,
    };
    let (header, seed) = keys.current().ok_or(Outage::Storage)?;
    let claims = serde_json::to_vec(&claims).map_err(|_| Unissuable::TooLong)?;
    let mut text = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
    let signature = ed25519.sign(seed, text.as_bytes()).await?;
    text.push('.');
    text.push_str(&URL_SAFE_NO_PAD.encode(signature));
    if text.len() > MAX_BEARER_LENGTH {
        return Err(Unissuable::TooLong);
    }
    Ok(AccessToken { text, expires_in: request.lifetime })
}

/// What a token must fit.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The issuer: this server under the name it was asked by.
    pub issuer: &'a Issuer,
    /// The resource that was asked.
    pub resource: &'a Resource,
    /// The credentials of today (and, while a master key is being replaced, their other spellings).
    pub epochs: &'a [Epoch],
}

/// A token that has passed every check that needs no storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedToken {
    caller: Caller,
    expires: Timestamp,
    id: Arc<str>,
}

impl VerifiedToken {
    /// For those who have checked a token, here and in `external`.
    pub(super) fn new(caller: Caller, expires: Timestamp, id: &str) -> Self {
        Self { caller, expires, id: Arc::from(id) }
    }

    /// Who is calling.
    #[must_use]
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Who is calling.
    #[must_use]
    pub fn into_caller(self) -> Caller {
        self.caller
    }

    /// When it stops being accepted. Until then an isolate may remember that it verified this token.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// The name of this one token (`jti`), for a log line.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// Why a token is not accepted. To the client they are all `invalid_token`; the text is for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TokenRefused {
    /// Not signed with a key that is ours, of this type and with this algorithm; or not a token at all.
    #[error("not_ours")]
    NotOurs,
    /// Changed, or never signed.
    #[error("bad_signature")]
    BadSignature,
    /// Made by another server, or under another name of this one.
    #[error("wrong_issuer")]
    WrongIssuer,
    /// For another resource.
    #[error("wrong_audience")]
    WrongAudience,
    /// Too old.
    #[error("expired")]
    Expired,
    /// From the future.
    #[error("not_yet_valid")]
    NotYetValid,
    /// The passphrase under which the person signed in has been changed.
    #[error("credentials_changed")]
    CredentialsChanged,
    /// The platform does not check signatures. Not the token's fault: 503.
    #[error("outage: {0}")]
    Outage(#[from] Outage),
}

/// Checks a token at the resource.
pub async fn verify(
    bearer: &Bearer,
    keys: &SigningKeys,
    ed25519: &impl Ed25519,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<VerifiedToken, TokenRefused> {
    let token = authenticate(bearer.as_str(), keys, ed25519).await?;
    if token.iss != expected.issuer.as_str() {
        return Err(TokenRefused::WrongIssuer);
    }
    if token.aud != expected.resource.as_str() {
        return Err(TokenRefused::WrongAudience);
    }
    if now >= token.exp.plus(LEEWAY) {
        return Err(TokenRefused::Expired);
    }
    if now.plus(LEEWAY) < token.iat {
        return Err(TokenRefused::NotYetValid);
    }
    if token.epoch.is_some_and(|epoch| !expected.epochs.contains(&epoch)) {
        return Err(TokenRefused::CredentialsChanged);
    }
    let caller = Caller {
        subject: token.sub,
        client_id: token.client_id,
        scopes: token.scope,
        display_name: token.name.map(Arc::from),
        grant: token.gid,
    };
    Ok(VerifiedToken::new(caller, token.exp.plus(LEEWAY), &token.jti))
}

/// To whom a token was given, whatever it is still worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenOrigin {
    /// To which client.
    pub client_id: ClientId,
    /// On whose behalf.
    pub subject: Subject,
    /// On which grant; none for a client that acts for itself.
    pub grant: Option<GrantId>,
}

/// Whose token this is, however old: what a request for its revocation needs (RFC 7009). Not a permission to anything.
pub async fn identify(
    token: &str,
    issuer: &Issuer,
    keys: &SigningKeys,
    ed25519: &impl Ed25519,
) -> Result<TokenOrigin, TokenRefused> {
    let claims = authenticate(token, keys, ed25519).await?;
    if claims.iss != issuer.as_str() {
        return Err(TokenRefused::WrongIssuer);
    }
    Ok(TokenOrigin { client_id: claims.client_id, subject: claims.sub, grant: claims.gid })
}

/// Header and signature. The header is compared and not read: what is signed with our keys has exactly the header that we
/// write, so no algorithm, type, key or critical extension of somebody else's choice is ever looked at.
async fn authenticate(text: &str, keys: &SigningKeys, ed25519: &impl Ed25519) -> Result<AccessClaims, TokenRefused> {
    if text.len() > MAX_BEARER_LENGTH {
        return Err(TokenRefused::NotOurs);
    }
    let (message, signature) = text.rsplit_once('.').ok_or(TokenRefused::NotOurs)?;
    let (header, claims) = message.split_once('.').ok_or(TokenRefused::NotOurs)?;
    let key = keys.find(header).ok_or(TokenRefused::NotOurs)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok().and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
    let signature = signature.ok_or(TokenRefused::BadSignature)?;
    if !ed25519.verify(key.key(), message.as_bytes(), &signature).await? {
        return Err(TokenRefused::BadSignature);
    }
    let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|_| TokenRefused::NotOurs)?;
    AccessClaims::read(&claims).map_err(|_| TokenRefused::NotOurs)
}

#[derive(Serialize)]
struct AccessClaims {
    iss: String,
    sub: Subject,
    /// A text: a token for several resources does not parse.
    aud: String,
    client_id: ClientId,
    scope: ScopeSet,
    iat: Timestamp,
    exp: Timestamp,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    gid: Option<GrantId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<Epoch>,
}

impl AccessClaims {
    fn read(json: &[u8]) -> Result<Self, Unexpected> {
        let claims = Object::parse(json)?;
        let moment = |name| claims.whole(name)?.map(Timestamp::from_seconds).ok_or(Unexpected);
        Ok(Self {
            iss: claims.required("iss")?.to_owned(),
            sub: claims.parsed("sub")?.ok_or(Unexpected)?,
            aud: claims.required("aud")?.to_owned(),
            client_id: claims.parsed("client_id")?.ok_or(Unexpected)?,
            scope: claims.parsed("scope")?.ok_or(Unexpected)?,
            iat: moment("iat")?,
            exp: moment("exp")?,
            jti: claims.required("jti")?.to_owned(),
            gid: claims.parsed("gid")?,
            name: claims.parsed("name")?,
            epoch: claims.parsed("epoch")?,
        })
    }
}

#[cfg(test)]
mod tests;
