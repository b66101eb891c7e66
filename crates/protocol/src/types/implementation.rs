//! The name and version of a server ("Implementation").

use serde::Serialize;

use crate::types::icon::Icon;
use crate::types::version::ProtocolVersion;

/// How a server names and describes itself.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Implementation {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    pub version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Icon>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) website_url: Option<String>,
}

impl Implementation {
    /// Returns the members that `version` has.
    pub(crate) fn known_to(&self, version: ProtocolVersion) -> Self {
        let mut info = Self { name: self.name.clone(), version: self.version.clone(), ..Self::default() };
        if version.has_titles() {
            info.title.clone_from(&self.title);
        }
        if version.has_icons() {
            info.description.clone_from(&self.description);
            info.icons.clone_from(&self.icons);
            info.website_url.clone_from(&self.website_url);
        }
        info
    }
}
