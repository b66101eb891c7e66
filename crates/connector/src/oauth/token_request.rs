//! The body of a token request, which is carried out again if its answer is lost inside this server.

use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::GrantId;

/// A posted form, and the id of the grant that may come of it. Carried out a second time, it gives the answer of the first time; a
/// client that sends a code twice has two of these.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct TokenRequest {
    pub(crate) grant: GrantId,
    pub(crate) body: Vec<u8>,
}
