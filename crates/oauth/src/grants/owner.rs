//! What the owner of this server sees and ends of a person's grants, and what the account page shows of them.

use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::timestamp::Timestamp;

use crate::grants::account_overview::AccountOverview;
use crate::grants::assertions::ends::AssertionEnds;
use crate::grants::commands::AccountAction;
use crate::grants::ended::EndReason;
use crate::grants::grant_store::GrantStore;
use crate::grants::revoked::Revoked;
use crate::grants::rows::GrantRows;
use crate::login::account_session::SESSION_LIFETIME;
use crate::login::admission::AdmissionPolicy;
use crate::upstream::summary::UpstreamSummary;

impl<R: GrantRows> GrantStore<R> {
    /// Returns everything that the person has connected.
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
    pub fn end_for_owner(
        &mut self,
        action: &AccountAction,
        policy: &AdmissionPolicy,
        now: Timestamp,
    ) -> Result<Revoked, R::Error> {
        match action {
            AccountAction::End { grant } => self.end_some(&[*grant], now),
            AccountAction::EndSeveral { grants } => self.end_some(grants, now),
            AccountAction::EndAll => {
                self.end_assertions(policy, now)?;
                self.end_person(EndReason::Owner, now)
            }
            AccountAction::SignOut => {
                self.end_assertions(policy, now)?;
                self.rows.put_signed_out_at(now, now.plus(SESSION_LIFETIME))?;
                self.forget_all_browsers()?;
                self.end_person(EndReason::Owner, now)
            }
            AccountAction::AdmitAgain => {
                self.change_assertion_ends(|_| AssertionEnds::default(), now)?;
                Ok(Revoked::default())
            }
        }
    }

    fn end_assertions(&mut self, policy: &AdmissionPolicy, now: Timestamp) -> Result<(), R::Error> {
        if policy.has_trusted_issuers() {
            self.change_assertion_ends(|ends| ends.with_person(now), now)?;
        }
        Ok(())
    }

    fn end_some(&mut self, grants: &[GrantId], now: Timestamp) -> Result<Revoked, R::Error> {
        let mut revoked = Revoked::default();
        for id in grants {
            if self.end_key(*id, EndReason::Owner, now)? {
                revoked.ended.push(*id);
            } else if let Some(grant) = self.rows.grant(*id)? {
                if grant.authorization().is_asserted() {
                    self.change_assertion_ends(|ends| ends.with_client(&grant.authorization().client_id, now), now)?;
                }
                self.disallow_redirects_of(&[&grant])?;
                revoked.ended.extend(self.revoke_if(*id, EndReason::Owner, now, |_| true)?.ended);
            }
        }
        Ok(revoked)
    }
}
