//! The result of a look at some grants.

use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::profile::Profile;

/// The grants that are valid, and what is known of their person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedGrants {
    pub active: Vec<GrantId>,
    /// What the identity provider last said.
    pub profile: Option<Profile>,
}
