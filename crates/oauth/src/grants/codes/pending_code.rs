//! The stored state of an authorization code: it waits, is redeemed, or has expired.

use std::ops::RangeInclusive;

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
use crate::grants::version_2::PendingCodeOfVersion2;

/// How long a redeemed code is remembered after it has expired, in seconds, to detect a replay.
const MEMORY: u64 = 600;

/// An authorization code in the store.
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
    const VERSION: u8 = 3;

    fn from_older(version: u8, encoded: &[u8]) -> Result<Self, DecodeError> {
        match version {
            1 => Ok(decode_body::<PendingCodeOfVersion1>(encoded)?.into()),
            2 => Ok(decode_body::<PendingCodeOfVersion2>(encoded)?.into()),
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

impl From<PendingCodeOfVersion2> for PendingCode {
    fn from(old: PendingCodeOfVersion2) -> Self {
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
    /// Creates a code that waits, for what a person has just allowed.
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

    /// Checks everything about a request except whether the code was redeemed or has expired.
    ///
    /// The verifier is checked before anybody looks whether the code was used. Otherwise an attacker who only has the code could
    /// use it up, or end its grant (OAuth 2.1 §7.5.3).
    ///
    /// # Errors
    ///
    /// Returns the first [`RedemptionMismatch`] of these: the secret, the client, its proof, the issuer, the redirect
    /// URI, the verifier, the resource, and whether the person may still sign in.
    pub fn check(&self, request: &Redemption) -> Result<(), RedemptionMismatch> {
        let agreed = &self.authorization;
        if request.digest != self.digest {
            return Err(RedemptionMismatch::Secret);
        }
        if request.client_id != agreed.client_id {
            return Err(RedemptionMismatch::Client);
        }
        if request.client_proof < agreed.client_proof {
            return Err(RedemptionMismatch::ClientProof);
        }
        if !agreed.resource.is_under(&request.issuer, &request.connectors) {
            return Err(RedemptionMismatch::Issuer);
        }
        if request.redirect_uri.as_ref().is_some_and(|uri| *uri != agreed.redirect_uri) {
            return Err(RedemptionMismatch::RedirectUri);
        }
        if request.code_challenge != Some(self.challenge) {
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

    /// Returns the grant for which the code was redeemed.
    #[must_use]
    pub const fn redeemed(&self) -> Option<GrantId> {
        self.redeemed
    }

    /// Returns whether the code has expired.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        now >= self.expires
    }

    /// Returns whether the code can still be redeemed.
    #[must_use]
    pub fn is_waiting(&self, now: Timestamp) -> bool {
        self.redeemed.is_none() && !self.has_expired(now)
    }

    /// Returns the values of [`forget_at`](Self::forget_at) that a code has as long as it waits. One that was redeemed minutes ago may
    /// have such a value, too.
    #[must_use]
    pub fn may_wait_until(now: Timestamp) -> RangeInclusive<Timestamp> {
        now.plus(1)..=now.plus(CODE_LIFETIME)
    }

    /// Returns when the row may be deleted.
    #[must_use]
    pub fn forget_at(&self) -> Timestamp {
        if self.redeemed.is_some() { self.expires.plus(MEMORY) } else { self.expires }
    }
}
