//! A grant as a state machine: what a person allowed, and the refresh tokens that come of it.
//!
//! [`Rotation`] decides what the use of a refresh token means. This module checks the request and decides what is stored.

use hmac::Mac as _;
use serde::{Deserialize, Serialize};

use mcp_connector_base::codec::{DecodeError, decode_body};
use mcp_connector_base::identifier::{ClientId, GrantId};
use mcp_connector_base::random::Random;
use mcp_connector_base::row::Row;
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::keys::mac::hmac;
use crate::crypto::opaque::Secret;
use crate::grants::authorization::Authorization;
use crate::grants::ended::{EndReason, Ended};
use crate::grants::limits::Limits;
use crate::grants::refresh::refresh_token::Generation;
use crate::grants::refresh::request::{RefreshError, RefreshRequest, Renewal};
use crate::grants::refresh::rotation::{Retry, Rotation, Use};
use crate::grants::version_1::GrantOfVersion1;
use crate::grants::version_2::GrantOfVersion2;
use crate::resource::access_token::{ACCESS_TOKEN_LIFETIME, LEEWAY};

/// A grant that ended because there were too many and it was idle longest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Displaced {
    pub client_id: ClientId,
    /// The name that the client gave itself. It is not verified.
    pub client_name: Option<String>,
    /// When it was last refreshed.
    pub used_at: Timestamp,
}

impl From<&Grant> for Displaced {
    fn from(grant: &Grant) -> Self {
        let agreed = grant.authorization();
        Self { client_id: agreed.client_id.clone(), client_name: agreed.client_name.clone(), used_at: grant.used_at() }
    }
}

/// What a person allowed, and the state of the refresh tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub(crate) id: GrantId,
    pub(crate) authorization: Authorization,
    pub(crate) secret: Secret,
    pub(crate) rotation: Rotation,
    pub(crate) created_at: Timestamp,
    pub(crate) used_at: Timestamp,
    pub(crate) ended: Option<Ended>,
    /// The grants that ended to make room for this one.
    pub(crate) displaced: Vec<Displaced>,
}

impl Row for Grant {
    const VERSION: u8 = 3;

    fn from_older(version: u8, encoded: &[u8]) -> Result<Self, DecodeError> {
        match version {
            1 => Ok(decode_body::<GrantOfVersion1>(encoded)?.into()),
            2 => Ok(decode_body::<GrantOfVersion2<Displaced>>(encoded)?.into()),
            _ => Err(DecodeError),
        }
    }
}

impl From<GrantOfVersion1> for Grant {
    fn from(old: GrantOfVersion1) -> Self {
        Self {
            id: old.id,
            authorization: old.authorization.into(),
            secret: old.secret,
            rotation: Rotation::of_version_1(old.generation, old.rotated_at, old.late_retries),
            created_at: old.created_at,
            used_at: old.used_at,
            ended: old.ended,
            displaced: Vec::new(),
        }
    }
}

impl From<GrantOfVersion2<Displaced>> for Grant {
    fn from(old: GrantOfVersion2<Displaced>) -> Self {
        Self {
            id: old.id,
            authorization: old.authorization.into(),
            secret: old.secret,
            rotation: old.rotation,
            created_at: old.created_at,
            used_at: old.used_at,
            ended: old.ended,
            displaced: old.displaced,
        }
    }
}

/// The result of a refresh: what to store, and what to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshDecision {
    /// The row to write, or `None` if nothing changes.
    pub change: Option<Grant>,
    pub answer: Result<Renewal, RefreshError>,
}

impl RefreshDecision {
    const fn refuse(reason: RefreshError) -> Self {
        Self { change: None, answer: Err(reason) }
    }
}

impl Grant {
    /// Creates a grant with its first refresh token.
    #[must_use]
    pub const fn new(id: GrantId, authorization: Authorization, secret: Secret, now: Timestamp) -> Self {
        Self {
            id,
            authorization,
            secret,
            rotation: Rotation::begin(now),
            created_at: now,
            used_at: now,
            ended: None,
            displaced: Vec::new(),
        }
    }

    /// Creates a grant with a new secret.
    #[must_use]
    pub(crate) fn begin(id: GrantId, authorization: Authorization, now: Timestamp, random: &impl Random) -> Self {
        let mut secret = [0; 32];
        random.fill(&mut secret);
        Self::new(id, authorization, Secret::from_bytes(secret), now)
    }

    /// Returns the grant with the others that ended to make room for it.
    #[must_use]
    pub fn displacing(self, displaced: Vec<Displaced>) -> Self {
        Self { displaced, ..self }
    }

    /// Decides about one use of a refresh token. Nothing changes unless the request passes all checks.
    #[must_use]
    pub fn refresh(&self, request: &RefreshRequest, limits: &Limits, now: Timestamp) -> RefreshDecision {
        let scope = match self.check(request, limits, now) {
            Ok(scope) => scope,
            Err(RefreshError::CredentialsChanged) => {
                return self.end_and_refuse(EndReason::CredentialsChanged, RefreshError::CredentialsChanged, now);
            }
            Err(reason) => return RefreshDecision::refuse(reason),
        };
        match self.rotation.decide(request.generation, request.from, limits, now) {
            Use::Rotate(rotation) => {
                let mut next = Self { rotation, used_at: now, ..self.clone() };
                // Stored in its current form, so that an old master key can be removed later.
                next.authorization.admission = request.policy.renewed(&self.authorization.admission);
                next.answer(scope, Retry::First)
            }
            // Nothing has changed, so nothing is written.
            Use::Repeat(Retry::Soon, _) => {
                RefreshDecision { change: None, answer: Ok(self.renewal(scope, Retry::Soon)) }
            }
            Use::Repeat(retry, rotation) => Self { rotation, used_at: now, ..self.clone() }.answer(scope, retry),
            Use::Refuse => RefreshDecision::refuse(RefreshError::Outdated),
            Use::End => self.end_and_refuse(EndReason::TokenReplayed, RefreshError::Replayed, now),
        }
    }

    /// Checks everything that does not depend on which of the grant's refresh tokens is used. Returns the scopes of the new
    /// access token.
    fn check(&self, request: &RefreshRequest, limits: &Limits, now: Timestamp) -> Result<ScopeSet, RefreshError> {
        if request.grant != self.id || !self.recognises(request.generation, &request.proof) {
            return Err(RefreshError::Unknown);
        }
        if self.ended.is_some() {
            return Err(RefreshError::Ended);
        }
        if now >= self.expires(limits) {
            return Err(RefreshError::Expired);
        }
        if request.client_id != self.authorization.client_id {
            return Err(RefreshError::OtherClient);
        }
        if request.client_proof < self.authorization.client_proof {
            return Err(RefreshError::ClientProof);
        }
        if !self.authorization.resource.is_under(&request.issuer, &request.connectors) {
            return Err(RefreshError::OtherIssuer);
        }
        if request.resource.as_ref().is_some_and(|resource| *resource != self.authorization.resource) {
            return Err(RefreshError::OtherResource);
        }
        // A client may ask for fewer scopes (RFC 6749 §6). One that asks for more gets those that were granted, and the response
        // lists them: some clients always send all scopes of the metadata.
        let granted = &self.authorization.scope;
        let scope = match request.scope.as_ref().filter(|asked| !asked.is_empty()) {
            Some(asked) => asked.intersection(granted),
            None => granted.clone(),
        };
        if scope.is_empty() && !granted.is_empty() {
            return Err(RefreshError::Scope);
        }
        // Last, because a failure ends the grant.
        if !self.authorization.is_admitted(&request.policy) {
            return Err(RefreshError::CredentialsChanged);
        }
        Ok(scope)
    }

    /// Stores this row, and answers with its live token.
    fn answer(self, scope: ScopeSet, retry: Retry) -> RefreshDecision {
        let answer = Ok(self.renewal(scope, retry));
        RefreshDecision { change: Some(self), answer }
    }

    fn renewal(&self, scope: ScopeSet, retry: Retry) -> Renewal {
        Renewal {
            authorization: self.authorization.clone(),
            scope,
            generation: self.generation(),
            proof: self.proof(),
            retry,
            profile: None,
        }
    }

    pub(crate) fn end_and_refuse(&self, end: EndReason, refusal: RefreshError, now: Timestamp) -> RefreshDecision {
        RefreshDecision { change: Some(self.end(end, now)), answer: Err(refusal) }
    }

    /// Returns the grant, ended. An earlier reason is not replaced.
    #[must_use]
    pub fn end(&self, reason: EndReason, now: Timestamp) -> Self {
        let ended = self.ended.or(Some(Ended { at: now, reason }));
        Self { ended, ..self.clone() }
    }

    /// Returns the proof of one of the grant's tokens, which only this row can compute.
    fn proof_of(&self, generation: Generation) -> Secret {
        let proof = hmac(self.secret.as_bytes())
            .chain_update(self.id.to_bytes())
            .chain_update(generation.number().to_be_bytes())
            .finalize();
        Secret::from_bytes(proof.into_bytes().into())
    }

    /// Returns the generation of the live refresh token.
    #[must_use]
    pub const fn generation(&self) -> Generation {
        self.rotation.live()
    }

    /// Returns the proof of the live refresh token.
    #[must_use]
    pub fn proof(&self) -> Secret {
        self.proof_of(self.generation())
    }

    /// Returns whether a token belongs to this grant, of whatever generation.
    #[must_use]
    pub fn recognises(&self, generation: Generation, proof: &Secret) -> bool {
        self.rotation.has_given(generation) && *proof == self.proof_of(generation)
    }

    #[must_use]
    pub const fn id(&self) -> GrantId {
        self.id
    }

    #[must_use]
    pub const fn authorization(&self) -> &Authorization {
        &self.authorization
    }

    #[must_use]
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// Returns when it was last refreshed.
    #[must_use]
    pub const fn used_at(&self) -> Timestamp {
        self.used_at
    }

    /// Returns when and why the grant ended, if it ended before it expired.
    #[must_use]
    pub const fn ended(&self) -> Option<Ended> {
        self.ended
    }

    /// Returns the grants that ended to make room for this one.
    #[must_use]
    pub fn displaced(&self) -> &[Displaced] {
        &self.displaced
    }

    /// Returns when the grant expires unless it is used.
    #[must_use]
    pub fn expires(&self, limits: &Limits) -> Timestamp {
        let idle = if self.authorization.is_asserted() { limits.asserted } else { limits.idle };
        self.used_at.plus(idle).min(self.created_at.plus(limits.absolute))
    }

    /// Returns the grant after another assertion for the same client and resource.
    #[must_use]
    pub(crate) fn asserted_again(&self, authorization: Authorization, now: Timestamp) -> Self {
        Self { authorization, used_at: now, ..self.clone() }
    }

    /// Returns whether the grant has neither ended nor expired.
    #[must_use]
    pub fn is_live(&self, limits: &Limits, now: Timestamp) -> bool {
        self.ended.is_none() && now < self.expires(limits)
    }

    /// Returns whether the grant is live and its first refresh token was not used yet.
    pub(crate) fn is_fresh(&self, limits: &Limits, now: Timestamp) -> bool {
        self.is_live(limits, now) && self.generation().number() == 1
    }

    /// Returns when the row may be deleted. The row of an ended grant stays for about an hour, so that the log can name the
    /// reason. Without a row the grant is refused just as well.
    #[must_use]
    pub fn forget_at(&self, limits: &Limits) -> Timestamp {
        match self.ended {
            Some(ended) => ended.at.plus(ACCESS_TOKEN_LIFETIME).plus(2 * LEEWAY),
            None => self.expires(limits),
        }
    }
}
