//! All codes and grants of one subject. Its access keys are in [`key_store`](crate::grants::access_keys::key_store).
//!
//! Each function is one transaction: it reads rows, decides, writes rows, and never waits in between. Run one after the other,
//! they do everything exactly once.

use mcp_connector_base::identifier::{ClientId, GrantId};
use mcp_connector_base::random::Random;
use mcp_connector_base::timestamp::Timestamp;

use std::cmp::Reverse;

use crate::clients::client_hash::ClientHash;
use crate::clients::client_keys::ClientProof;
use crate::crypto::opaque::Secret;
use crate::external_issuer::identity_claims::ClaimsVersion;
use crate::grants::authorization::Authorization;
use crate::grants::checked::CheckedGrants;
use crate::grants::codes::pending_code::PendingCode;
use crate::grants::codes::redemption::{RedeemError, Redeemed, Redemption, RedemptionMismatch, StoreCodeError};
use crate::grants::ended::EndReason;
use crate::grants::grant::{Displaced, Grant};
use crate::grants::identity::stored_identity::StoredIdentity;
use crate::grants::limits::Limits;
use crate::grants::refresh::refresh_token::Generation;
use crate::grants::refresh::request::{RefreshError, RefreshRequest, Refreshed};
use crate::grants::revoked::Revoked;
use crate::grants::room::{Room, room_beside};
use crate::grants::rows::GrantRows;
use crate::grants::summary::GrantSummary;
use crate::login::account_session::SESSION_LIFETIME;
use crate::login::admission::AdmissionPolicy;

/// A use of a client, to be recorded in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientUseToRecord {
    /// What was allowed, and with it the person and the client.
    pub authorization: Authorization,
    /// When the person signed in for the grant.
    pub signed_in_at: Timestamp,
    /// The address that the identity provider last called verified.
    pub email: Option<String>,
}

/// Minimum time between two records of one grant's use, in seconds.
const RECORD_AFTER: u64 = 24 * 3600;

/// The rows of a subject, and the rules that apply to them.
pub struct GrantStore<R> {
    pub(crate) rows: R,
    pub(in crate::grants) limits: Limits,
    /// The current setting `IDENTITY_CLAIMS`.
    pub(in crate::grants) claims: ClaimsVersion,
    room: Room,
}

impl<R: GrantRows> GrantStore<R> {
    /// Creates a store over `rows`.
    pub fn new(rows: R, limits: Limits) -> Self {
        Self { rows, limits, claims: ClaimsVersion::default(), room: Room::default() }
    }

    /// Returns the store of a server with this setting `IDENTITY_CLAIMS`.
    #[must_use]
    pub fn with_claims(self, claims: ClaimsVersion) -> Self {
        Self { claims, ..self }
    }

    /// Returns the store of an object that knows how much room there is.
    #[must_use]
    pub fn with_room(self, room: Room) -> Self {
        Self { room, ..self }
    }

    pub const fn rows(&self) -> &R {
        &self.rows
    }

    /// Stores a code until it is redeemed. A code that is stored already, because its form was sent again, now has the content of
    /// the last form.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if a code cannot be read, or the code or the identity cannot be stored.
    ///
    /// The inner error is [`StoreCodeError::Redeemed`] if the code is stored already and was redeemed, and
    /// [`StoreCodeError::TooMany`] if the person has too many codes that wait.
    pub fn store_code(
        &mut self,
        code: &PendingCode,
        identity: Option<StoredIdentity>,
        now: Timestamp,
    ) -> Result<Result<(), StoreCodeError>, R::Error> {
        if self.rows.code(code.id())?.is_some_and(|known| known.redeemed().is_some()) {
            return Ok(Err(StoreCodeError::Redeemed));
        }
        let waiting = self.rows.codes_that_may_wait(now)?;
        let others = waiting.iter().filter(|known| known.id() != code.id() && known.is_waiting(now));
        if others.count() >= self.limits.codes {
            return Ok(Err(StoreCodeError::TooMany));
        }
        self.rows.put_code(code, code.forget_at())?;
        if let Some(identity) = identity {
            self.store_identity(identity)?;
        }
        Ok(Ok(()))
    }

    /// Redeems a code, exactly once.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if the code or a grant cannot be read or stored.
    ///
    /// The inner error says why the code is not redeemed. Only [`RedeemError::Replayed`] changes something: it ends the
    /// grant of the code.
    pub fn redeem(
        &mut self,
        request: &Redemption,
        now: Timestamp,
        random: &impl Random,
    ) -> Result<Result<Redeemed, RedeemError>, R::Error> {
        let Some(code) = self.rows.code(request.code)? else {
            return Ok(Err(RedeemError::Unknown));
        };
        if let Err(mismatch) = code.check(request) {
            return Ok(Err(RedeemError::ParameterMismatch(mismatch)));
        }
        let profile = self.profile(Some(&code.authorization().admission), &request.policy)?;
        if !code.authorization().is_admitted_for(&request.policy, profile.as_ref()) {
            return Ok(Err(RedeemError::ParameterMismatch(RedemptionMismatch::Credentials)));
        }
        if let Some(grant) = code.redeemed() {
            if grant == request.grant
                && let Some(first) = self.rows.grant(grant)?.filter(|grant| grant.is_fresh(&self.limits, now))
            {
                return Ok(Ok(Redeemed::first_of(&first, profile)));
            }
            self.end(grant, EndReason::CodeReplayed, now)?;
            return Ok(Err(RedeemError::Replayed(grant)));
        }
        if code.has_expired(now) {
            return Ok(Err(RedeemError::Expired));
        }
        let displaced = self.make_room(&code.authorization().client_id, now)?;
        let mut authorization = code.authorization().clone();
        authorization.client_proof = authorization.client_proof.max(request.client_proof);
        let grant = Grant::begin(request.grant, authorization, now, random)
            .displacing(displaced.iter().map(Displaced::from).collect());
        let used = code.redeem(grant.id());
        self.rows.put_code(&used, used.forget_at())?;
        self.put(&grant)?;
        Ok(Ok(Redeemed::first_of(&grant, profile)))
    }

    /// Uses a refresh token.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if the grant cannot be read or stored. Why a refresh is refused is in
    /// [`Refreshed::answer`].
    pub fn refresh(&mut self, request: &RefreshRequest, now: Timestamp) -> Result<Refreshed, R::Error> {
        let Some(grant) = self.rows.grant(request.grant)? else {
            return Ok(Refreshed { answer: Err(RefreshError::Unknown), use_is_recorded: false });
        };
        let mut decision = grant.refresh(request, &self.limits, now);
        if let Ok(renewal) = &mut decision.answer {
            renewal.profile = self.profile(Some(&renewal.authorization.admission), &request.policy)?;
            if !renewal.authorization.is_admitted_for(&request.policy, renewal.profile.as_ref()) {
                decision = grant.end_and_refuse(EndReason::CredentialsChanged, RefreshError::CredentialsChanged, now);
            }
        }
        if let Some(grant) = &decision.change {
            self.put(grant)?;
        }
        Ok(Refreshed { answer: decision.answer, use_is_recorded: false })
    }

    /// Returns the use of a grant that has just been refreshed, if the directory has no use of the last day. The sign-in counts
    /// as a use.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if the grant cannot be read, or what is known of its use or its person cannot be
    /// looked up.
    pub fn client_use_to_record(&self, grant: GrantId, now: Timestamp) -> Result<Option<ClientUseToRecord>, R::Error> {
        let Some(found) = self.rows.grant(grant)? else { return Ok(None) };
        let heard_at = self.rows.recorded_at(grant)?;
        // An assertion is no sign-in, so its first use is recorded, too.
        let heard_at = heard_at.or_else(|| (!found.authorization().is_asserted()).then(|| found.created_at()));
        let is_overdue = heard_at.is_none_or(|heard_at| now.seconds_since(heard_at) >= RECORD_AFTER);
        let is_due = found.ended().is_none() && is_overdue;
        let (authorization, signed_in_at) = (found.authorization().clone(), found.created_at());
        if !is_due {
            return Ok(None);
        }
        let email = self.rows.identity()?.and_then(|identity| identity.profile.email().map(str::to_owned));
        Ok(Some(ClientUseToRecord { authorization, signed_in_at, email }))
    }

    /// Remembers that the use of a grant was recorded in the directory.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if the time cannot be stored.
    pub fn set_use_recorded(&mut self, grant: GrantId, now: Timestamp) -> Result<(), R::Error> {
        self.rows.put_recorded_at(grant, now)
    }

    /// Ends the grant of a refresh token, of any generation, for its client.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if the grant cannot be read or stored. A grant that is unknown, or not of this
    /// client and secret, is no error: nothing ends.
    pub fn revoke_token(
        &mut self,
        grant: GrantId,
        (generation, secret): (Generation, &Secret),
        (client, proof): (&ClientId, ClientProof),
        now: Timestamp,
    ) -> Result<Revoked, R::Error> {
        self.revoke_if(grant, EndReason::Client, now, |grant| {
            grant.authorization().is_of(client, proof) && grant.recognises(generation, secret)
        })
    }

    /// Ends the grant of an access token for its client.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if the grant cannot be read or stored. A grant that is unknown, or not of this
    /// client, is no error: nothing ends.
    pub fn revoke_for_client(
        &mut self,
        grant: GrantId,
        (client, proof): (&ClientId, ClientProof),
        now: Timestamp,
    ) -> Result<Revoked, R::Error> {
        self.revoke_if(grant, EndReason::Client, now, |grant| grant.authorization().is_of(client, proof))
    }

    /// Returns whether the person has signed out everywhere since `signed_in_at`. A sign-in in the second of the sign-out has
    /// ended, too, because their order is unknown.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if the time of the last sign-out cannot be looked up.
    pub fn has_signed_out_since(&self, signed_in_at: Timestamp) -> Result<bool, R::Error> {
        Ok(self.rows.signed_out_at()?.is_some_and(|signed_out_at| signed_in_at <= signed_out_at))
    }

    /// Ends all grants and access keys of the person, and all their sign-ins in any browser. No browser is remembered after that, and no
    /// upstream account is connected.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if a code cannot be read, or something cannot be looked up, stored or deleted.
    /// Other rows that cannot be read do not keep the rest from ending.
    pub fn sign_out(&mut self, now: Timestamp) -> Result<Revoked, R::Error> {
        self.rows.put_signed_out_at(now, now.plus(SESSION_LIFETIME))?;
        self.forget_all_browsers()?;
        self.disallow_all_redirects()?;
        self.end_person(EndReason::Person, now)
    }

    /// Ends a grant for the person who gave it, or an access key for the person who made it.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if the grant cannot be read or stored, or the access key cannot be deleted.
    pub fn revoke(&mut self, grant: GrantId, now: Timestamp) -> Result<Revoked, R::Error> {
        if self.end_key(grant, EndReason::Person, now)? {
            return Ok(Revoked { ended: vec![grant], ..Revoked::default() });
        }
        if let Some(grant) = self.rows.grant(grant)? {
            self.disallow_redirects_of(&[&grant])?;
        }
        self.revoke_if(grant, EndReason::Person, now, |_| true)
    }

    /// Ends several grants for the person who gave them.
    ///
    /// # Errors
    ///
    /// As [`revoke`](Self::revoke).
    pub fn revoke_several(&mut self, grants: &[GrantId], now: Timestamp) -> Result<Revoked, R::Error> {
        let mut ended = Vec::new();
        for grant in grants {
            ended.extend(self.revoke(*grant, now)?.ended);
        }
        Ok(Revoked { ended, ..Revoked::default() })
    }

    /// Ends all grants and access keys for the person who gave them, and invalidates the codes that wait.
    ///
    /// # Errors
    ///
    /// As [`sign_out`](Self::sign_out).
    pub fn revoke_all(&mut self, now: Timestamp) -> Result<Revoked, R::Error> {
        // A row that cannot be read gives no access, and must not keep the other grants alive.
        self.disallow_all_redirects()?;
        self.end_everything(EndReason::Person, now)
    }

    /// Ends everything that a person has connected: all grants, access keys and upstream accounts. Invalidates the codes that wait.
    pub(in crate::grants) fn end_person(&mut self, reason: EndReason, now: Timestamp) -> Result<Revoked, R::Error> {
        // A row that cannot be read is deleted, too.
        let upstreams = self.rows.upstreams().unwrap_or_default();
        self.rows.delete_all_upstreams()?;
        Ok(Revoked { upstreams, ..self.end_everything(reason, now)? })
    }

    /// Ends all grants and access keys, and invalidates the codes that wait.
    fn end_everything(&mut self, reason: EndReason, now: Timestamp) -> Result<Revoked, R::Error> {
        let mut revoked = self.end_all_grants(reason, now)?;
        revoked.ended.extend(self.end_all_keys(reason, now)?);
        Ok(revoked)
    }

    /// Ends all grants, and invalidates the codes that wait.
    pub(in crate::grants) fn end_all_grants(&mut self, reason: EndReason, now: Timestamp) -> Result<Revoked, R::Error> {
        let grants = self.rows.readable_grants()?;
        self.revoke_every(&grants, reason, now, |_| true)
    }

    /// Ends all grants of a client that the owner of this server has ended, and invalidates its codes that wait.
    ///
    /// # Errors
    ///
    /// As [`sign_out`](Self::sign_out).
    pub fn end_client(&mut self, client: &ClientHash, now: Timestamp) -> Result<Revoked, R::Error> {
        // One row that cannot be read must not keep the other grants alive.
        let grants = self.rows.readable_grants()?;
        let is_of_client = |agreed: &Authorization| ClientHash::of(&agreed.client_id) == *client;
        let ended: Vec<&Grant> = grants.iter().filter(|grant| is_of_client(grant.authorization())).collect();
        self.disallow_redirects_of(&ended)?;
        self.revoke_every(&grants, EndReason::Owner, now, is_of_client)
    }

    fn revoke_every(
        &mut self,
        grants: &[Grant],
        reason: EndReason,
        now: Timestamp,
        may: impl Fn(&Authorization) -> bool,
    ) -> Result<Revoked, R::Error> {
        let mut ended = Vec::new();
        for grant in grants.iter().filter(|grant| may(grant.authorization())) {
            ended.extend(self.end(grant.id(), reason, now)?);
        }
        let codes = self.rows.codes()?;
        for code in codes.iter().filter(|code| code.is_waiting(now) && may(code.authorization())) {
            // The code becomes one that was redeemed for a grant that has ended.
            let used = code.redeem(GrantId::from_bytes([0; 8]));
            self.rows.put_code(&used, used.forget_at())?;
        }
        Ok(Revoked { ended, ..Revoked::default() })
    }

    /// Returns those of `grants`, grants or access keys, that are live and whose person may still sign in, and what is known of the
    /// person.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if a grant or an access key cannot be read, or the use of a key cannot be stored.
    pub fn check_grants(
        &mut self,
        grants: Vec<GrantId>,
        policy: &AdmissionPolicy,
        now: Timestamp,
    ) -> Result<CheckedGrants, R::Error> {
        let mut checked = CheckedGrants::default();
        for id in grants {
            let admission = match self.rows.grant(id)? {
                Some(grant)
                    if grant.is_live(&self.limits, now) && self.is_admitted(grant.authorization(), policy)? =>
                {
                    Some(grant.authorization().admission.clone())
                }
                None if self.is_active_key(id, policy, now)? => None,
                Some(_) | None => continue,
            };
            checked.active.push(id);
            if checked.profile.is_none() {
                checked.profile = self.profile(admission.as_ref(), policy)?;
            }
        }
        Ok(checked)
    }

    /// Returns the live grants, last used first.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if a grant cannot be read.
    pub fn list(&self, policy: &AdmissionPolicy, now: Timestamp) -> Result<Vec<GrantSummary>, R::Error> {
        let mut live = Vec::new();
        for grant in self.live(now)? {
            if self.is_admitted(grant.authorization(), policy)? {
                live.push(grant);
            }
        }
        live.sort_unstable_by_key(|grant| Reverse((grant.used_at(), grant.id())));
        Ok(live.iter().map(|grant| GrantSummary::of(grant, &self.limits)).collect())
    }

    /// Deletes rows that are no longer needed. Returns when to call it again.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if they cannot be looked up or deleted.
    pub fn sweep(&mut self, now: Timestamp) -> Result<Option<Timestamp>, R::Error> {
        self.remember_forgotten(now)?;
        self.rows.forget(now)
    }

    /// Ends the grants that were idle longest until there is room for one more. Returns them.
    pub(in crate::grants) fn make_room(&mut self, client: &ClientId, now: Timestamp) -> Result<Vec<Grant>, R::Error> {
        // A sign-in that read all grants would cost more with each one before it.
        if self.room.take_one() {
            return Ok(Vec::new());
        }
        let number = self.rows.number_of_grants()?;
        let fewest = self.limits.grants_per_client.min(self.limits.grants);
        if let Some(room) = fewest.checked_sub(number + 1) {
            self.room.set(room);
            return Ok(Vec::new());
        }
        let mut live = self.live(now)?;
        live.sort_unstable_by_key(|grant| (grant.used_at(), grant.id()));
        let is_same = |grant: &Grant| grant.authorization().client_id == *client;
        let same = live.iter().filter(|grant| is_same(grant)).count();
        let mut surplus_of_client = (same + 1).saturating_sub(self.limits.grants_per_client);
        let mut idle: Vec<Grant> = live
            .extract_if(.., |grant| {
                let is_surplus = surplus_of_client > 0 && is_same(grant);
                surplus_of_client -= usize::from(is_surplus);
                is_surplus
            })
            .collect();
        let surplus = (live.len() + 1).saturating_sub(self.limits.grants);
        idle.extend(live.drain(..surplus.min(live.len())));
        for grant in &idle {
            self.end(grant.id(), EndReason::LimitReached, now)?;
        }
        self.room.set(room_beside(&live, client, &self.limits));
        Ok(idle)
    }

    pub(in crate::grants) fn live(&self, now: Timestamp) -> Result<Vec<Grant>, R::Error> {
        let mut grants = self.rows.grants()?;
        grants.retain(|grant| grant.is_live(&self.limits, now));
        Ok(grants)
    }

    pub(in crate::grants) fn revoke_if(
        &mut self,
        id: GrantId,
        reason: EndReason,
        now: Timestamp,
        may: impl FnOnce(&Grant) -> bool,
    ) -> Result<Revoked, R::Error> {
        match self.rows.grant(id)? {
            Some(grant) if may(&grant) => {
                Ok(Revoked { ended: self.end(id, reason, now)?.into_iter().collect(), ..Revoked::default() })
            }
            _ => Ok(Revoked::default()),
        }
    }

    /// Ends a grant, if there is one.
    fn end(&mut self, id: GrantId, reason: EndReason, now: Timestamp) -> Result<Option<GrantId>, R::Error> {
        let Some(grant) = self.rows.grant(id)? else {
            return Ok(None);
        };
        if grant.ended().is_none() {
            self.put(&grant.end(reason, now))?;
        }
        Ok(Some(id))
    }

    pub(in crate::grants) fn put(&mut self, grant: &Grant) -> Result<(), R::Error> {
        self.rows.put_grant(grant, grant.forget_at(&self.limits))
    }
}
