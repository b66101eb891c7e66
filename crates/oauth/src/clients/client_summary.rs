//! What the owner's list shows of a client: the metadata of its record in KV.

use serde::{Deserialize, Serialize};

use mcp_connector_base::timestamp::Timestamp;

use crate::clients::client::{ClientKind, ClientName};

/// What a list shows of a client. It is the metadata of the record in KV, so that one `list` is a page: at most 1,024 bytes of
/// JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSummary {
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<ClientName>,
    /// The host of its document, or else the host of its redirect URI, or the scheme of an application with its colon.
    #[serde(rename = "h")]
    pub host: String,
    #[serde(rename = "k")]
    pub kind: ClientKind,
    /// When a person allowed it first.
    #[serde(rename = "f")]
    pub first_allowed_at: Timestamp,
    /// When it was last used, up to thirty days before it really was.
    #[serde(rename = "l")]
    pub last_used_at: Timestamp,
    /// When the owner ended it.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}
