//! The renewal of what an identity provider says about a person, before a refresh token of ours is used, and now and then before an
//! access key is.
//!
//! The store says whether a renewal is due and notes its begin. The caller exchanges the provider's refresh token, and the store keeps
//! the next one before anything else is asked: a provider that rotates takes the old one for stolen. Then the caller asks about the
//! person. An invalid refresh token of ours never reaches the provider.

use mcp_connector_base::identifier::{GrantId, Subject};
use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::at_rest::EncryptedSecret;
use crate::grants::access_keys::commands::UseAccessKey;
use crate::grants::access_keys::stored_key::StoredKey;
use crate::grants::commands::CheckGrants;
use crate::grants::ended::EndReason;
use crate::grants::grant_store::GrantStore;
use crate::grants::identity::stored_identity::{StoredIdentity, TokenRefresh, TokenRefreshAnswer};
use crate::grants::refresh::request::RefreshRequest;
use crate::grants::refresh::rotation::Retry;
use crate::grants::revoked::Revoked;
use crate::grants::rows::GrantRows;
use crate::login::account_session::SESSION_LIFETIME;
use crate::login::admission::Admission;

/// How long what the provider has said counts where only access keys are used, in seconds. Also how long a failed question counts.
const KEYS_ASK_AFTER: u64 = 3600;

/// A renewal that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueRenewal {
    pub subject: Subject,
    /// The grant that is refreshed; none if an access key is used.
    pub grant: Option<GrantId>,
    /// What is stored, with the refresh token of the provider.
    pub identity: StoredIdentity,
}

/// What became of the exchange of the provider's refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenRefreshOutcome {
    /// The provider has taken it, and perhaps given the next one.
    Redeemed(Option<EncryptedSecret>),
    /// The provider does not accept it: the person was disabled there, or has withdrawn, or the token was used before.
    Refused,
    /// It was sent, and no answer was read.
    Lost,
    /// It was not sent, or the provider has refused for another reason.
    Unused,
}

/// What the provider has said about the person, after an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RenewalOutcome {
    /// This.
    Renewed(Box<RenewedPerson>),
    /// Something by which the person may not sign in: their address is not on the list any more.
    NotAllowed,
    /// Nothing. What is stored stays valid.
    Unknown,
}

/// A person of whom the provider has spoken again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewedPerson {
    /// What is said. The refresh token is stored already.
    pub identity: StoredIdentity,
    pub display_name: Option<String>,
    pub admission: Admission,
}

impl<R: GrantRows> GrantStore<R> {
    /// Returns the renewal that belongs before a refresh, if one does: the request will rotate a refresh token of ours, and the
    /// provider has given one of its own. One that was renewed since `asked_at` is not renewed again.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if the grant cannot be read, or what is known of the person cannot be looked up.
    pub fn due_renewal(
        &self,
        request: &RefreshRequest,
        asked_at: Timestamp,
        now: Timestamp,
    ) -> Result<Option<DueRenewal>, R::Error> {
        let Some(identity) = self.rows.identity()? else { return Ok(None) };
        if identity.refresh_token.is_none() || identity.renewed_at > asked_at {
            return Ok(None);
        }
        let Some(grant) = self.rows.grant(request.grant)? else { return Ok(None) };
        let rotates =
            grant.refresh(request, &self.limits, now).answer.is_ok_and(|renewal| renewal.retry == Retry::First);
        let subject = grant.authorization().subject.clone();
        Ok(rotates.then_some(DueRenewal { subject, grant: Some(request.grant), identity }))
    }

    /// Returns the renewal that belongs before a client's use of an access key, if one does: at most one an hour begins for keys.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if the access key cannot be read, or what is known of the person cannot be looked
    /// up.
    pub fn due_renewal_of_key(&self, key: &UseAccessKey, now: Timestamp) -> Result<Option<DueRenewal>, R::Error> {
        let Some(identity) = self.identity_to_renew_for_keys(now)? else { return Ok(None) };
        let known = self.rows.access_key(key.id)?;
        let used = known.filter(|known| known.has_digest(&key.digest) && known.is_valid(&key.policy, now));
        Ok(used.map(|used| due_for(&used, identity)))
    }

    /// Returns the renewal that belongs before a look at access keys, likewise. Grants are renewed when they are refreshed.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if an access key cannot be read, or what is known of the person cannot be looked
    /// up.
    pub fn due_renewal_of_keys(&self, check: &CheckGrants, now: Timestamp) -> Result<Option<DueRenewal>, R::Error> {
        let Some(identity) = self.identity_to_renew_for_keys(now)? else { return Ok(None) };
        for id in &check.grants {
            if let Some(key) = self.rows.access_key(*id)?.filter(|key| key.is_valid(&check.policy, now)) {
                return Ok(Some(due_for(&key, identity)));
            }
        }
        Ok(None)
    }

    fn identity_to_renew_for_keys(&self, now: Timestamp) -> Result<Option<StoredIdentity>, R::Error> {
        let is_over = |since: Timestamp| now.seconds_since(since) >= KEYS_ASK_AFTER;
        Ok(self.rows.identity()?.filter(|identity| {
            identity.refresh_token.is_some()
                && is_over(identity.renewed_at)
                && identity.token_refresh.is_none_or(|token_refresh| is_over(token_refresh.began_at))
        }))
    }

    /// Notes that an exchange begins. If its answer is lost, a refusal that follows may only mean that the provider has rotated.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if what is known of the person cannot be looked up or stored.
    pub fn begin_token_refresh(&mut self, due: &DueRenewal, now: Timestamp) -> Result<(), R::Error> {
        let token_refresh = Some(TokenRefresh { began_at: now, answer: TokenRefreshAnswer::Missing });
        self.put_token_refresh(due, |stored| StoredIdentity { token_refresh, ..stored })
    }

    /// Takes the outcome of an exchange. The next refresh token of the provider is stored whatever it says about the person.
    ///
    /// A refusal ends everything of the person, which is returned. If the answer to an earlier exchange is missing, it may come from that, so that it ends
    /// the sign-ins, which the person can repeat, and spares the access keys, which would be lost.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if the outcome cannot be stored, or a code that a refusal ends cannot be read.
    pub fn take_token_refresh(
        &mut self,
        due: &DueRenewal,
        outcome: TokenRefreshOutcome,
        now: Timestamp,
    ) -> Result<Revoked, R::Error> {
        let answered = |answer| move |token_refresh: TokenRefresh| TokenRefresh { answer, ..token_refresh };
        match outcome {
            TokenRefreshOutcome::Lost => {}
            TokenRefreshOutcome::Unused => self.put_token_refresh(due, |stored| StoredIdentity {
                token_refresh: stored.token_refresh.map(answered(due.identity.last_answer())),
                ..stored
            })?,
            TokenRefreshOutcome::Redeemed(next) => self.put_token_refresh(due, |stored| StoredIdentity {
                refresh_token: next.or(stored.refresh_token),
                token_refresh: stored.token_refresh.map(answered(TokenRefreshAnswer::Read)),
                ..stored
            })?,
            TokenRefreshOutcome::Refused => {
                if self.exchanged(due)?.is_none() {
                    return Ok(Revoked::default());
                }
                self.put_token_refresh(due, |stored| StoredIdentity {
                    refresh_token: None,
                    token_refresh: None,
                    ..stored
                })?;
                self.rows.put_signed_out_at(now, now.plus(SESSION_LIFETIME))?;
                return match due.identity.last_answer() {
                    TokenRefreshAnswer::Read => self.end_person(EndReason::CredentialsChanged, now),
                    TokenRefreshAnswer::Missing => self.end_all_grants(EndReason::CredentialsChanged, now),
                };
            }
        }
        Ok(Revoked::default())
    }

    /// Takes what the provider has said about the person.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if the grant cannot be read or stored, what is known of the person cannot be
    /// stored, or an access key cannot be deleted.
    pub fn take_renewal(&mut self, due: &DueRenewal, outcome: RenewalOutcome, now: Timestamp) -> Result<(), R::Error> {
        let grant = due.grant.map_or(Ok(None), |grant| self.rows.grant(grant))?;
        match outcome {
            RenewalOutcome::Unknown => Ok(()),
            RenewalOutcome::Renewed(person) => {
                let RenewedPerson { identity, display_name, admission } = *person;
                self.store_identity(identity)?;
                let Some(mut known) = grant else { return Ok(()) };
                let agreed = &mut known.authorization;
                if agreed.admission == admission && agreed.display_name == display_name {
                    return Ok(());
                }
                agreed.admission = admission;
                agreed.display_name = display_name;
                self.rows.put_grant(&known, known.forget_at(&self.limits))
            }
            RenewalOutcome::NotAllowed => {
                self.end_all_keys(EndReason::CredentialsChanged, now)?;
                let Some(known) = grant else { return Ok(()) };
                let ended = known.end(EndReason::CredentialsChanged, now);
                self.rows.put_grant(&ended, ended.forget_at(&self.limits))
            }
        }
    }

    /// Returns what is stored, if it still has the refresh token that is exchanged: a sign-in may have brought another one meanwhile.
    fn exchanged(&self, due: &DueRenewal) -> Result<Option<StoredIdentity>, R::Error> {
        Ok(self.rows.identity()?.filter(|stored| stored.refresh_token == due.identity.refresh_token))
    }

    fn put_token_refresh(
        &mut self,
        due: &DueRenewal,
        change: impl FnOnce(StoredIdentity) -> StoredIdentity,
    ) -> Result<(), R::Error> {
        self.exchanged(due)?.map_or(Ok(()), |stored| self.rows.put_identity(&change(stored)))
    }
}

fn due_for(key: &StoredKey, identity: StoredIdentity) -> DueRenewal {
    DueRenewal { subject: key.subject().clone(), grant: None, identity }
}
