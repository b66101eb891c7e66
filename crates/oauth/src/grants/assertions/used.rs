//! The row of an assertion that was used.

use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::row::Row;

/// The use of an assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedAssertion {
    /// The number of the token request that has used it.
    pub request: GrantId,
}

impl Row for UsedAssertion {
    const VERSION: u8 = 1;
}
