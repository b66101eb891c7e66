//! What a person agreed to.

use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::{ClientId, Subject};
use mcp_connector_base::scope::ScopeSet;

use crate::login::admission::{Admission, AdmissionPolicy};
use crate::resource::protected_resource::Resource;

/// What a person agreed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    pub subject: Subject,
    pub display_name: Option<String>,
    /// Which client may act for them.
    pub client_id: ClientId,
    /// What that client calls itself; unverified.
    pub client_name: Option<String>,
    /// Where the code was sent, as the client wrote it.
    pub redirect_uri: String,
    pub resource: Resource,
    pub scope: ScopeSet,
    /// What admitted them. The grant ends when that admits them no longer.
    pub admission: Admission,
}

impl Authorization {
    /// Returns whether the person may still enter.
    #[must_use]
    pub fn is_admitted(&self, policy: &AdmissionPolicy) -> bool {
        policy.admits(&self.subject, &self.admission)
    }
}
