//! What the owner of this server sees and ends of a person's grants, and what the account page shows of them.

use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::timestamp::Timestamp;

use crate::grants::account_overview::AccountOverview;
use crate::grants::assertions::ends::AssertionEnds;
use crate::grants::commands::OwnerAction;
use crate::grants::ended::EndReason;
use crate::grants::grant_store::GrantStore;
use crate::grants::revoked::Revoked;
use crate::grants::rows::GrantRows;
use crate::login::account_session::SESSION_LIFETIME;
use crate::login::admission::AdmissionPolicy;
use crate::upstream::summary::UpstreamSummary;

impl<R: GrantRows> GrantStore<R> {
    /// Returns everything that the person has connected.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if a grant, an access key or what the owner has ended cannot be read, or anything
    /// else cannot be looked up.
    pub fn overview(&mut self, policy: &AdmissionPolicy, now: Timestamp) -> Result<AccountOverview, R::Error> {
        let (grants, keys) = (self.list(policy, now)?, self.list_keys(policy, now)?);
        let versions = policy.versions();
        let (browsers, passkeys) = (self.browsers(versions, now)?, self.passkeys(versions, now)?);
        let (profile, assertion_ends) = (self.profile(None, policy)?, self.assertion_ends()?);
        let upstreams = self.rows.upstreams()?;
        let upstreams = upstreams.into_iter().map(|(name, connection)| UpstreamSummary::of(name, connection)).collect();
        Ok(AccountOverview { grants, keys, browsers, passkeys, upstreams, profile, assertion_ends })
    }

    /// Ends what the owner of this server wants to end. With trusted issuers, whose next assertion would admit the same again, the end
    /// is stored.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if the grant, a code or what the owner has ended cannot be read, or something
    /// cannot be looked up, stored or deleted.
    pub fn end_for_owner(
        &mut self,
        action: &OwnerAction,
        policy: &AdmissionPolicy,
        now: Timestamp,
    ) -> Result<Revoked, R::Error> {
        match action {
            OwnerAction::End { grant } => self.end_one(*grant, now),
            OwnerAction::EndPerson => {
                if policy.has_trusted_issuers() {
                    self.change_assertion_ends(|ends| ends.with_person(now), now)?;
                }
                self.rows.put_signed_out_at(now, now.plus(SESSION_LIFETIME))?;
                self.forget_all_browsers()?;
                self.end_person(EndReason::Owner, now)
            }
            OwnerAction::AdmitAgain => {
                self.change_assertion_ends(|_| AssertionEnds::default(), now)?;
                Ok(Revoked::default())
            }
        }
    }

    /// Ends a grant or an access key.
    fn end_one(&mut self, id: GrantId, now: Timestamp) -> Result<Revoked, R::Error> {
        if self.end_key(id, EndReason::Owner, now)? {
            return Ok(Revoked { ended: vec![id], ..Revoked::default() });
        }
        let Some(grant) = self.rows.grant(id)? else { return Ok(Revoked::default()) };
        if grant.authorization().is_asserted() {
            self.change_assertion_ends(|ends| ends.with_client(&grant.authorization().client_id, now), now)?;
        }
        self.disallow_redirects_of(&[&grant])?;
        self.revoke_if(id, EndReason::Owner, now, |_| true)
    }
}
