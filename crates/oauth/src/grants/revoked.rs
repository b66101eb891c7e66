//! What a revocation ended.

use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::GrantId;

/// What a revocation ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    /// Grants that are over now, also if they had ended before.
    pub ended: Vec<GrantId>,
}
