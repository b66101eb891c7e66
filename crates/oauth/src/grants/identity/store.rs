//! What the store does with what an identity provider says.

use mcp_connector_base::profile::Profile;

use crate::grants::access_keys::stored_key::StoredKey;
use crate::grants::authorization::Authorization;
use crate::grants::grant_store::GrantStore;
use crate::grants::identity::stored_identity::StoredIdentity;
use crate::grants::rows::GrantRows;
use crate::login::admission::{Admission, AdmissionPolicy};

impl<R: GrantRows> GrantStore<R> {
    /// Stores what the identity provider has just said about the person.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if what is known of the person cannot be looked up or stored.
    pub fn store_identity(&mut self, identity: StoredIdentity) -> Result<(), R::Error> {
        let earlier = self.rows.identity()?;
        self.rows.put_identity(&identity.replacing(earlier))
    }

    /// Returns what is known of the person. Where nothing is stored, it is what `admission` says, which a sign-in of an earlier version
    /// stored.
    pub(in crate::grants) fn profile(
        &self,
        admission: Option<&Admission>,
        policy: &AdmissionPolicy,
    ) -> Result<Option<Profile>, R::Error> {
        let stored = self.rows.identity()?.map(|identity| identity.profile_by(self.claims));
        let profile = stored.or_else(|| admission.and_then(Admission::profile));
        Ok(profile.map(|profile| policy.trusted(profile)))
    }

    /// Returns whether what a person allowed a client is still admitted. Where no endpoint needs a group, what is known of the person is
    /// not read.
    pub(in crate::grants) fn is_admitted(
        &self,
        agreed: &Authorization,
        policy: &AdmissionPolicy,
    ) -> Result<bool, R::Error> {
        if policy.rules().groups.is_empty() {
            return Ok(agreed.is_admitted(policy));
        }
        let profile = self.profile(Some(&agreed.admission), policy)?;
        Ok(agreed.is_admitted_for(policy, profile.as_ref()))
    }

    /// Returns whether the person of an access key has a group that its endpoint needs.
    pub(in crate::grants) fn has_group_for(&self, key: &StoredKey, policy: &AdmissionPolicy) -> Result<bool, R::Error> {
        let groups = &policy.rules().groups;
        Ok(groups.is_empty() || groups.admits(key.resource(), self.profile(None, policy)?.as_ref()))
    }
}
