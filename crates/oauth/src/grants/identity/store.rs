//! What the store does with what an identity provider says.

use mcp_connector_base::profile::Profile;

use crate::grants::grant_store::GrantStore;
use crate::grants::identity::stored_identity::StoredIdentity;
use crate::grants::rows::GrantRows;
use crate::login::admission::{Admission, AdmissionPolicy};

impl<R: GrantRows> GrantStore<R> {
    /// Stores what the identity provider has just said about the person.
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
}
