//! The result of a revocation.

use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::GrantId;

/// The result of a revocation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    /// The grants that have ended, including those that had ended before.
    pub ended: Vec<GrantId>,
}
