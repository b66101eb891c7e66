//! What was posted to the token endpoint, so that it can be carried out again after its answer was lost inside this server.

use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::GrantId;

/// A posted form, and the id of the grant that may come of it. Carried out a second time, it gives the answer of the first time; a
/// client that sends a code twice has two of these.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct TokenRequest {
    pub(crate) grant: GrantId,
    pub(crate) body: Vec<u8>,
}
