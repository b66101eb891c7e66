//! An authorization code that waits to be redeemed, or was, as a state machine of three states: waiting, redeemed, gone.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::authorize::pkce::CodeChallenge;
use crate::crypto::opaque::Secret;
use crate::grants::authorization_code::{AuthorizationCode, CODE_LIFETIME, CodeId};
use crate::grants::grant::Authorization;
use crate::grants::version_1::PendingCodeOfVersion1;
use crate::login::admission::AdmissionPolicy;
use crate::resource::protected_resource::Resource;
use crate::web::origin::Issuer;
use mcp_connector_base::codec::Unreadable;
use mcp_connector_base::identifier::{ClientId, GrantId};
use mcp_connector_base::row::Row;
use mcp_connector_base::timestamp::Timestamp;

/// How long a redeemed code is remembered after it has expired, in seconds, to recognise a replay.
const MEMORY: u64 = 600;

/// What a code stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingCode {
    pub(crate) id: CodeId,
    pub(crate) digest: Secret,
    pub(crate) challenge: CodeChallenge,
    pub(crate) authorization: Authorization,
    pub(crate) expires: Timestamp,
    pub(crate) redeemed: Option<GrantId>,
}

impl Row for PendingCode {
    const VERSION: u8 = 2;

    fn from_older(version: u8, encoded: &[u8]) -> Result<Self, Unreadable> {
        match version {
            1 => PendingCodeOfVersion1::read(encoded),
            _ => Err(Unreadable),
        }
    }
}

/// A token request whose code has been read and whose client is authenticated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redemption {
    /// Which code,
    pub code: CodeId,
    /// and the digest of its secret.
    pub digest: Secret,
    /// The id of the grant that it becomes. A second redemption with the same id is the same request, whose answer was lost
    /// inside this server.
    pub grant: GrantId,
    /// Who asks.
    pub client_id: ClientId,
    /// The name of this server under which it was given.
    pub issuer: Issuer,
    /// `redirect_uri`, if said. OAuth 2.1 no longer asks for it; clients still send it.
    pub redirect_uri: Option<String>,
    /// The challenge that the request's `code_verifier` answers; none if it has no verifier, or a malformed one.
    pub answers: Option<CodeChallenge>,
    /// The resource, if said; it cannot change.
    pub resource: Option<Resource>,
    /// Who may sign in, by the current settings.
    pub policy: AdmissionPolicy,
}

impl Redemption {
    /// From the code and the other parameters.
    #[must_use]
    pub fn new(
        code: &AuthorizationCode,
        grant: GrantId,
        client_id: ClientId,
        issuer: Issuer,
        policy: AdmissionPolicy,
    ) -> Self {
        Self {
            code: code.id(),
            digest: code.digest(),
            grant,
            client_id,
            issuer,
            redirect_uri: None,
            answers: None,
            resource: None,
            policy,
        }
    }
}

/// What about a redemption does not fit the code. All are `invalid_grant` but the resource, which is `invalid_target`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum Mismatch {
    /// The secret part.
    #[error("secret")]
    Secret,
    /// It was given to another client.
    #[error("client")]
    Client,
    /// It was given under another name of this server, whose tokens are good there only.
    #[error("issuer")]
    Issuer,
    /// It was sent elsewhere.
    #[error("redirect_uri")]
    RedirectUri,
    /// The verifier is missing or wrong.
    #[error("verifier")]
    Verifier,
    /// It is for another resource.
    #[error("resource")]
    Resource,
    /// The person may no longer enter.
    #[error("credentials_changed")]
    Credentials,
}

impl PendingCode {
    /// A code that was just made, for what a person just agreed to.
    #[must_use]
    pub fn new(
        code: &AuthorizationCode,
        challenge: CodeChallenge,
        authorization: Authorization,
        now: Timestamp,
    ) -> Self {
        Self {
            id: code.id(),
            digest: code.digest(),
            challenge,
            authorization,
            expires: now.plus(CODE_LIFETIME),
            redeemed: None,
        }
    }

    /// Whether everything about a request fits, whatever has become of the code. The verifier is checked before anybody looks
    /// whether the code was used: otherwise somebody who only saw the code could burn it, or end the grant that came of it
    /// (OAuth 2.1 §7.5.3).
    pub fn check(&self, request: &Redemption) -> Result<(), Mismatch> {
        let agreed = &self.authorization;
        if request.digest != self.digest {
            return Err(Mismatch::Secret);
        }
        if request.client_id != agreed.client_id {
            return Err(Mismatch::Client);
        }
        if !agreed.resource.is_of(&request.issuer) {
            return Err(Mismatch::Issuer);
        }
        if request.redirect_uri.as_ref().is_some_and(|uri| *uri != agreed.redirect_uri) {
            return Err(Mismatch::RedirectUri);
        }
        if request.answers != Some(self.challenge) {
            return Err(Mismatch::Verifier);
        }
        if request.resource.as_ref().is_some_and(|resource| *resource != agreed.resource) {
            return Err(Mismatch::Resource);
        }
        if !agreed.is_admitted(&request.policy) {
            return Err(Mismatch::Credentials);
        }
        Ok(())
    }

    /// The same code, redeemed.
    #[must_use]
    pub fn redeem(&self, grant: GrantId) -> Self {
        Self { redeemed: Some(grant), ..self.clone() }
    }

    /// Its name.
    #[must_use]
    pub const fn id(&self) -> CodeId {
        self.id
    }

    /// What was agreed to.
    #[must_use]
    pub const fn authorization(&self) -> &Authorization {
        &self.authorization
    }

    /// The grant that came of it.
    #[must_use]
    pub const fn redeemed(&self) -> Option<GrantId> {
        self.redeemed
    }

    /// Whether it is too late to redeem it.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        now >= self.expires
    }

    /// Whether it still waits.
    #[must_use]
    pub fn is_waiting(&self, now: Timestamp) -> bool {
        self.redeemed.is_none() && !self.has_expired(now)
    }

    /// When the row may be deleted.
    #[must_use]
    pub fn forget_at(&self) -> Timestamp {
        if self.redeemed.is_some() { self.expires.plus(MEMORY) } else { self.expires }
    }
}
