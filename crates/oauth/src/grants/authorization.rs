//! What a person allowed a client.

use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::{ClientId, Subject};
use mcp_connector_base::profile::Profile;
use mcp_connector_base::scope::ScopeSet;

use crate::clients::client_keys::ClientProof;
use crate::login::admission::{Admission, AdmissionPolicy};
use crate::resource::protected_resource::Resource;

/// What a person allowed a client: the content of a code and of a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    pub subject: Subject,
    pub display_name: Option<String>,
    pub client_id: ClientId,
    /// The name that the client gave itself. It is not verified.
    pub client_name: Option<String>,
    /// The redirect URI to which the code was sent, as the client wrote it.
    ///
    /// It is empty if nobody was redirected: an identity provider has admitted the client.
    pub redirect_uri: String,
    pub resource: Resource,
    pub scope: ScopeSet,
    /// What admitted the person. The grant ends when that no longer admits them.
    pub admission: Admission,
    /// What the client has to prove itself with, whenever it uses what it was allowed. It never becomes weaker.
    pub client_proof: ClientProof,
}

impl Authorization {
    /// Returns whether an identity provider has admitted the client, and nobody was asked.
    #[must_use]
    pub const fn is_asserted(&self) -> bool {
        matches!(self.admission, Admission::Assertion(_))
    }

    /// Returns the trusted issuer that has admitted the client.
    #[must_use]
    pub fn asserted_by(&self) -> Option<&str> {
        if let Admission::Assertion(admission) = &self.admission { Some(&admission.issuer) } else { None }
    }

    /// Returns whether it was given to a client that has proven itself with this.
    #[must_use]
    pub fn is_of(&self, client: &ClientId, proof: ClientProof) -> bool {
        self.client_id == *client && proof >= self.client_proof
    }

    /// Returns whether the person may still sign in, and the client may still be connected. The clients of a trusted issuer are named
    /// one by one, so that their hosts do not matter.
    #[must_use]
    pub fn is_admitted(&self, policy: &AdmissionPolicy) -> bool {
        let is_allowed = self.is_asserted() || policy.rules().clients.admits(&self.client_id, &self.redirect_uri);
        is_allowed && policy.admits(&self.subject, &self.admission)
    }

    /// Returns whether it is admitted for a person of whom this is known.
    #[must_use]
    pub fn is_admitted_for(&self, policy: &AdmissionPolicy, profile: Option<&Profile>) -> bool {
        self.is_admitted(policy) && policy.rules().groups.admits(&self.resource, profile)
    }
}
