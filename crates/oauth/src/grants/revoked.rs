//! The result of a revocation.

use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::GrantId;

use crate::upstream::connection::UpstreamConnection;
use crate::upstream::name::UpstreamName;

/// The result of a revocation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    /// The grants that have ended, including those that had ended before.
    pub ended: Vec<GrantId>,
    /// The connections with upstream services that have ended with them. The object that has stored them has their tokens revoked there.
    pub upstreams: Vec<(UpstreamName, UpstreamConnection)>,
}
