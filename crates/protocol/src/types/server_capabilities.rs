//! What a server can do (`ServerCapabilities`).

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use mcp_connector_base::json::Object;

/// The capabilities that a server declares at `initialize` or `server/discover`.
#[derive(Debug, Serialize)]
pub(crate) struct ServerCapabilities {
    pub(crate) logging: Object,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tools: Option<ListCapability>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resources: Option<ResourcesCapability>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prompts: Option<ListCapability>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) completions: Option<Object>,
    /// By the identifier of each extension.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) extensions: BTreeMap<&'static str, Value>,
}

/// A list of tools or prompts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListCapability {
    /// Whether changes of the list are announced.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) list_changed: bool,
}

/// Resources.
#[derive(Debug, Serialize)]
pub(crate) struct ResourcesCapability {
    /// Whether clients can subscribe to a resource.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) subscribe: bool,
    #[serde(flatten)]
    pub(crate) list: ListCapability,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}
