//! The renewal of what an identity provider says about a person, before a refresh token of ours is used.
//!
//! The store says whether a renewal is due, the caller asks the provider, and the store takes the outcome. An invalid refresh token of
//! ours never reaches the provider.

use mcp_connector_base::identifier::{GrantId, Subject};
use mcp_connector_base::timestamp::Timestamp;

use crate::grants::ended::EndReason;
use crate::grants::grant_store::GrantStore;
use crate::grants::identity::stored_identity::StoredIdentity;
use crate::grants::refresh::request::RefreshRequest;
use crate::grants::refresh::rotation::Retry;
use crate::grants::rows::GrantRows;
use crate::login::account_session::SESSION_LIFETIME;
use crate::login::admission::Admission;

/// A renewal that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueRenewal {
    pub subject: Subject,
    /// What is stored, with the refresh token of the provider.
    pub identity: StoredIdentity,
}

/// What became of a renewal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RenewalOutcome {
    /// The provider has said this.
    Renewed(Box<RenewedPerson>),
    /// The provider has said something by which the person may not sign in: its address is not on the list any more.
    NotAllowed,
    /// The provider no longer accepts its refresh token: the person was disabled there, or has withdrawn.
    Ended,
    /// The provider has said nothing. What is stored stays valid.
    Unknown,
}

/// A person of whom the provider has spoken again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewedPerson {
    pub identity: StoredIdentity,
    pub display_name: Option<String>,
    pub admission: Admission,
}

impl<R: GrantRows> GrantStore<R> {
    /// Returns the renewal that belongs before a refresh, if one does: the request will rotate a refresh token of ours, and the
    /// provider has given one of its own. One that was renewed since `asked_at` is not renewed again.
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
        Ok(rotates.then_some(DueRenewal { subject, identity }))
    }

    /// Takes the outcome of a renewal before the refresh of `grant`.
    pub fn take_renewal(&mut self, grant: GrantId, outcome: RenewalOutcome, now: Timestamp) -> Result<(), R::Error> {
        match outcome {
            RenewalOutcome::Unknown => Ok(()),
            RenewalOutcome::Renewed(person) => {
                let RenewedPerson { identity, display_name, admission } = *person;
                self.store_identity(identity)?;
                let Some(mut known) = self.rows.grant(grant)? else { return Ok(()) };
                let agreed = &mut known.authorization;
                if agreed.admission == admission && agreed.display_name == display_name {
                    return Ok(());
                }
                agreed.admission = admission;
                agreed.display_name = display_name;
                self.rows.put_grant(&known, known.forget_at(&self.limits))
            }
            RenewalOutcome::NotAllowed => {
                let Some(known) = self.rows.grant(grant)? else { return Ok(()) };
                let ended = known.end(EndReason::CredentialsChanged, now);
                self.rows.put_grant(&ended, ended.forget_at(&self.limits))
            }
            RenewalOutcome::Ended => {
                self.rows.put_signed_out_at(now, now.plus(SESSION_LIFETIME))?;
                self.end_everything(EndReason::CredentialsChanged, now).map(drop)
            }
        }
    }
}
