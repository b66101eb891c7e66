//! What resources, resource templates and prompts say about themselves in a list (`BaseMetadata`, "Icons", "Annotations").

use serde::Serialize;

use crate::types::annotations::Annotations;
use crate::types::icon::Icon;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// The members that these list entries share.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BaseMetadata {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    /// Empty where there is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mime_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) annotations: Option<Annotations>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) icons: Vec<Icon>,
    #[serde(rename = "_meta", skip_serializing_if = "Object::is_empty")]
    pub(crate) meta: Object,
}

impl BaseMetadata {
    pub(crate) fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self { name: name.into(), description: description.into(), ..Self::default() }
    }

    /// Returns the members that `version` has.
    pub(crate) fn known_to(&self, version: ProtocolVersion) -> Self {
        let mut known = self.clone();
        known.annotations = self.annotations.as_ref().map(|annotations| annotations.known_to(version).into_owned());
        if !version.has_titles() {
            known.title = None;
            known.meta.clear();
        }
        if !version.has_icons() {
            known.icons.clear();
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_entry_has_only_the_members_of_its_revision() {
        let mut metadata = BaseMetadata::new("n", "d");
        metadata.title = Some("N".to_owned());
        metadata.mime_type = Some("text/plain".to_owned());
        metadata.icons.push(Icon::new("https://a.example/i.png"));
        metadata.meta.insert("a.example/x".to_owned(), json!(1));
        let base = ["description", "mimeType", "name"];
        for (version, more) in [
            (ProtocolVersion::V2024_11_05, &[][..]),
            (ProtocolVersion::V2025_03_26, &[]),
            (ProtocolVersion::V2025_06_18, &["title", "_meta"]),
            (ProtocolVersion::V2025_11_25, &["title", "_meta", "icons"]),
            (ProtocolVersion::V2026_07_28, &["title", "_meta", "icons"]),
        ] {
            let entry = json!(metadata.known_to(version));
            let mut expected = [&base[..], more].concat();
            let mut names: Vec<_> = entry.as_object().unwrap().keys().map(String::as_str).collect();
            names.sort_unstable();
            expected.sort_unstable();
            assert_eq!(names, expected, "{version:?}");
        }
    }
}
