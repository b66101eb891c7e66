//! The line for a client in the owner's list: the metadata of its record in KV.

use serde::{Deserialize, Serialize};

use mcp_connector_base::timestamp::Timestamp;

use crate::clients::client::{ClientKind, ClientName};

/// The summary of a client. It is the metadata of the record in KV, so that one `list` gives a page of the list. It has at most
/// 1,024 bytes of JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSummary {
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<ClientName>,
    /// The host of its metadata document, or else of its redirect URI, or the scheme of an application with a colon.
    #[serde(rename = "h")]
    pub host: String,
    #[serde(rename = "k")]
    pub kind: ClientKind,
    /// When a person first allowed the client.
    #[serde(rename = "f")]
    pub first_allowed_at: Timestamp,
    /// The last use. The client may have been used up to thirty days later.
    #[serde(rename = "l")]
    pub last_used_at: Timestamp,
    /// When the owner ended the client.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}
