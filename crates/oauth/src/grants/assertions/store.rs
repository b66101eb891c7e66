//! Assertions and the grants that they give, as rows of one subject. Each function is one transaction, so that an assertion that
//! arrives at several places at once is used by one of them.

use mcp_connector_base::random::Random;

use mcp_connector_base::timestamp::Timestamp;

use crate::grants::assertions::commands::{AssertedGrant, AssertionRefused, CheckedAssertion, RedeemAssertion};
use crate::grants::assertions::ends::AssertionEnds;
use crate::grants::assertions::used::UsedAssertion;
use crate::grants::grant::Grant;
use crate::grants::grant_store::GrantStore;
use crate::grants::identity::stored_identity::StoredIdentity;
use crate::grants::rows::GrantRows;

/// How much longer than an assertion is accepted its use is remembered, in seconds: the clocks of two machines differ.
const MARGIN: u64 = 60;
/// The time at which a row is deleted that never is: the last second of the year 9999.
const NEVER: Timestamp = Timestamp::from_seconds(253_402_300_799);

impl<R: GrantRows> GrantStore<R> {
    /// Uses an assertion, exactly once.
    pub(in crate::grants) fn use_assertion(
        &mut self,
        assertion: &CheckedAssertion,
        now: Timestamp,
    ) -> Result<Result<(), AssertionRefused>, R::Error> {
        match self.rows.used_assertion(&assertion.id)? {
            // The answer was lost, and the same request is carried out again.
            Some(used) if used.request == assertion.request => return Ok(Ok(())),
            Some(_) => return Ok(Err(AssertionRefused::Used)),
            None => {}
        }
        if self.rows.count_assertions(now)? >= self.limits.assertions {
            return Ok(Err(AssertionRefused::TooMany));
        }
        let used = UsedAssertion { request: assertion.request };
        self.rows.put_assertion(&assertion.id, &used, assertion.expires.plus(MARGIN))?;
        Ok(Ok(()))
    }

    /// Uses an assertion of a trusted issuer. There is one grant for each client, resource and issuer, however many assertions come,
    /// so that the owner sees one and ends one.
    pub(in crate::grants) fn redeem_assertion(
        &mut self,
        command: RedeemAssertion,
        now: Timestamp,
        random: &impl Random,
    ) -> Result<Result<AssertedGrant, AssertionRefused>, R::Error> {
        let RedeemAssertion { assertion, authorization, identity, policy } = command;
        if !authorization.is_admitted(&policy) {
            return Ok(Err(AssertionRefused::NotAdmitted));
        }
        if self.assertion_ends()?.includes(&authorization.client_id) {
            return Ok(Err(AssertionRefused::Ended));
        }
        let counts = self.asserted_identity_counts(now)?;
        let profile = if counts {
            Some(policy.trusted(identity.clone().profile_by(self.claims)))
        } else {
            self.profile(Some(&authorization.admission), &policy)?
        };
        if !authorization.is_admitted_for(&policy, profile.as_ref()) {
            return Ok(Err(AssertionRefused::Group));
        }
        if let Err(refused) = self.use_assertion(&assertion, now)? {
            return Ok(Err(refused));
        }
        if counts {
            self.store_asserted_identity(&identity)?;
        }
        let admission = authorization.admission.clone();
        let known = self.live(now)?.into_iter().find(|grant| {
            let agreed = grant.authorization();
            agreed.admission == admission && agreed.resource == authorization.resource
        });
        let grant = if let Some(known) = known {
            known.asserted_again(authorization, now)
        } else {
            self.make_room(&authorization.client_id, now)?;
            Grant::begin(assertion.request, authorization, now, random)
        };
        self.put(&grant)?;
        Ok(Ok(AssertedGrant { grant: grant.id(), profile, use_is_recorded: false }))
    }

    /// Returns whether what a trusted issuer says about the person counts. If the person has signed in here, what the provider of the
    /// sign-in has said counts, which may be more.
    fn asserted_identity_counts(&self, now: Timestamp) -> Result<bool, R::Error> {
        if self.rows.identity()?.is_none() {
            return Ok(true);
        }
        let has_signed_in = self.live(now)?.iter().any(|grant| !grant.authorization().is_asserted());
        Ok(!has_signed_in && self.rows.access_key_ids()?.is_empty())
    }

    /// Stores what a trusted issuer says about the person, unless it is what is stored.
    fn store_asserted_identity(&mut self, identity: &StoredIdentity) -> Result<(), R::Error> {
        let earlier = self.rows.identity()?;
        if earlier.is_some_and(|earlier| earlier.profile == identity.profile && earlier.claims == identity.claims) {
            return Ok(());
        }
        self.rows.put_identity(identity)
    }

    /// Returns what the owner has ended of the person.
    pub(in crate::grants) fn assertion_ends(&self) -> Result<AssertionEnds, R::Error> {
        Ok(self.rows.assertion_ends()?.unwrap_or_default())
    }

    /// Changes what the owner has ended of the person.
    pub(in crate::grants) fn change_assertion_ends(
        &mut self,
        change: impl FnOnce(AssertionEnds) -> AssertionEnds,
        now: Timestamp,
    ) -> Result<(), R::Error> {
        let before = self.rows.assertion_ends()?;
        let after = change(before.clone().unwrap_or_default());
        if before.unwrap_or_default() == after {
            return Ok(());
        }
        let forget_at = if after.is_empty() { now } else { NEVER };
        self.rows.put_assertion_ends(&after, forget_at)
    }
}
