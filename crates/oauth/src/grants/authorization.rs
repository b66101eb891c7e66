//! What a person allowed a client.

use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::{ClientId, Subject};
use mcp_connector_base::scope::ScopeSet;

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
    pub redirect_uri: String,
    pub resource: Resource,
    pub scope: ScopeSet,
    /// What admitted the person. The grant ends when that no longer admits them.
    pub admission: Admission,
}

impl Authorization {
    /// Returns whether the person may still sign in.
    #[must_use]
    pub fn is_admitted(&self, policy: &AdmissionPolicy) -> bool {
        policy.admits(&self.subject, &self.admission)
    }
}
