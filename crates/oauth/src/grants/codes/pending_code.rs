//! An authorization code that waits to be redeemed, or was, as a state machine of three states: waiting, redeemed, gone.

use serde::{Deserialize, Serialize};

use mcp_connector_base::codec::{DecodeError, decode_body};
use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::row::Row;
use mcp_connector_base::timestamp::Timestamp;

use crate::authorize::pkce::CodeChallenge;
use crate::crypto::opaque::Secret;
use crate::grants::authorization::Authorization;
use crate::grants::codes::authorization_code::{AuthorizationCode, CODE_LIFETIME, CodeId};
use crate::grants::codes::redemption::{Redemption, RedemptionMismatch};
use crate::grants::version_1::PendingCodeOfVersion1;

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

    fn from_older(version: u8, encoded: &[u8]) -> Result<Self, DecodeError> {
        match version {
            1 => Ok(decode_body::<PendingCodeOfVersion1>(encoded)?.into()),
            _ => Err(DecodeError),
        }
    }
}

impl From<PendingCodeOfVersion1> for PendingCode {
    fn from(old: PendingCodeOfVersion1) -> Self {
        Self {
            id: old.id,
            digest: old.digest,
            challenge: old.challenge,
            authorization: old.authorization.into(),
            expires: old.expires,
            redeemed: old.redeemed,
        }
    }
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

    /// Returns whether everything about a request fits, whatever has become of the code. The verifier is checked before anybody
    /// looks whether the code was used: otherwise somebody who only saw the code could burn it, or end the grant that came of it
    /// (OAuth 2.1 §7.5.3).
    pub fn check(&self, request: &Redemption) -> Result<(), RedemptionMismatch> {
        let agreed = &self.authorization;
        if request.digest != self.digest {
            return Err(RedemptionMismatch::Secret);
        }
        if request.client_id != agreed.client_id {
            return Err(RedemptionMismatch::Client);
        }
        if !agreed.resource.is_of(&request.issuer) {
            return Err(RedemptionMismatch::Issuer);
        }
        if request.redirect_uri.as_ref().is_some_and(|uri| *uri != agreed.redirect_uri) {
            return Err(RedemptionMismatch::RedirectUri);
        }
        if request.answers != Some(self.challenge) {
            return Err(RedemptionMismatch::Verifier);
        }
        if request.resource.as_ref().is_some_and(|resource| *resource != agreed.resource) {
            return Err(RedemptionMismatch::Resource);
        }
        if !agreed.is_admitted(&request.policy) {
            return Err(RedemptionMismatch::Credentials);
        }
        Ok(())
    }

    /// Returns the same code, redeemed.
    #[must_use]
    pub fn redeem(&self, grant: GrantId) -> Self {
        Self { redeemed: Some(grant), ..self.clone() }
    }

    #[must_use]
    pub const fn id(&self) -> CodeId {
        self.id
    }

    #[must_use]
    pub const fn authorization(&self) -> &Authorization {
        &self.authorization
    }

    /// Returns the grant that came of it.
    #[must_use]
    pub const fn redeemed(&self) -> Option<GrantId> {
        self.redeemed
    }

    /// Returns whether it is too late to redeem it.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        now >= self.expires
    }

    /// Returns whether it still waits.
    #[must_use]
    pub fn is_waiting(&self, now: Timestamp) -> bool {
        self.redeemed.is_none() && !self.has_expired(now)
    }

    /// Returns when the row may be deleted.
    #[must_use]
    pub fn forget_at(&self) -> Timestamp {
        if self.redeemed.is_some() { self.expires.plus(MEMORY) } else { self.expires }
    }
}
