//! What resources, templates and prompts say about themselves in a list, in the form of each revision.

use serde_json::{Value, json};

use crate::json_rpc::object::{object, value_of};
use crate::types::content::{Annotations, Icon};
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// The members that the kinds of list entries share.
#[derive(Clone, Debug, Default)]
pub(crate) struct BaseMetadata {
    pub(crate) name: String,
    pub(crate) title: Option<String>,
    pub(crate) description: String,
    pub(crate) mime_type: Option<String>,
    pub(crate) annotations: Option<Annotations>,
    pub(crate) icons: Vec<Icon>,
    pub(crate) meta: Object,
}

impl BaseMetadata {
    pub(crate) fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self { name: name.into(), description: description.into(), ..Self::default() }
    }

    /// The members that `version` knows, together with `own`.
    pub(crate) fn listed(&self, version: ProtocolVersion, own: Vec<(&str, Value)>) -> Value {
        let mut members = object(own);
        let mut add = |name: &str, value: Value| members.insert(name.to_owned(), value);
        add("name", json!(self.name));
        if !self.description.is_empty() {
            add("description", json!(self.description));
        }
        if let Some(mime_type) = &self.mime_type {
            add("mimeType", json!(mime_type));
        }
        if let Some(annotations) = &self.annotations {
            add("annotations", value_of(&annotations.known_to(version)).unwrap_or_default());
        }
        if version.has_titles() {
            if let Some(title) = &self.title {
                add("title", json!(title));
            }
            if !self.meta.is_empty() {
                add("_meta", json!(self.meta));
            }
        }
        if version.has_icons() && !self.icons.is_empty() {
            add("icons", value_of(&self.icons).unwrap_or_default());
        }
        Value::Object(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_only_the_members_of_its_revision() {
        let mut about = BaseMetadata::new("n", "d");
        about.title = Some("N".to_owned());
        about.mime_type = Some("text/plain".to_owned());
        about.icons.push(Icon::new("https://a.example/i.png"));
        about.meta.insert("a.example/x".to_owned(), json!(1));
        let base = ["description", "mimeType", "name", "uri"];
        for (version, more) in [
            (ProtocolVersion::V2024_11_05, &[][..]),
            (ProtocolVersion::V2025_03_26, &[]),
            (ProtocolVersion::V2025_06_18, &["title", "_meta"]),
            (ProtocolVersion::V2025_11_25, &["title", "_meta", "icons"]),
            (ProtocolVersion::V2026_07_28, &["title", "_meta", "icons"]),
        ] {
            let entry = about.listed(version, vec![("uri", json!("a:b"))]);
            let mut expected = [&base[..], more].concat();
            let mut names: Vec<_> = entry.as_object().unwrap().keys().map(String::as_str).collect();
            names.sort_unstable();
            expected.sort_unstable();
            assert_eq!(names, expected, "{version:?}");
        }
    }
}
