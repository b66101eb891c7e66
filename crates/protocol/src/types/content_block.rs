//! Content of tool results and prompts: text, images, audio, links and embedded resources ("Content").

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::json_rpc::long_text;
use crate::types::annotations::Annotations;
use crate::types::resource_contents::ResourceContents;
use crate::types::version::ProtocolVersion;

/// A block of content: text, an image, audio, a link to a resource, or an embedded resource ("Tool Result", `PromptMessage`).
///
/// A revision that lacks a kind gets the nearest one that it has: 2024-11-05 gets audio as an embedded resource, and revisions
/// before 2025-06-18 get a link as text.
///
/// # Examples
///
/// ```
/// use mcp_connector::{ContentBlock, Context, ToolError};
///
/// async fn photo(_cx: Context) -> Result<Vec<ContentBlock>, ToolError> {
///     Ok(vec![
///         ContentBlock::text("The harbour at noon."),
///         ContentBlock::image(b"\x89PNG", "image/png"),
///         ContentBlock::resource_link("photo://harbour", "harbour").mime_type("image/tiff"),
///     ])
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContentBlock {
    #[serde(flatten)]
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Annotations>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Kind {
    Text {
        #[serde(serialize_with = "long_text::serialize")]
        text: String,
    },
    #[serde(rename_all = "camelCase")]
    Image {
        #[serde(serialize_with = "long_text::serialize")]
        data: String,
        mime_type: String,
    },
    #[serde(rename_all = "camelCase")]
    Audio {
        #[serde(serialize_with = "long_text::serialize")]
        data: String,
        mime_type: String,
    },
    #[serde(rename_all = "camelCase")]
    ResourceLink {
        uri: String,
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        mime_type: Option<String>,
    },
    Resource {
        resource: ResourceContents,
    },
}

impl ContentBlock {
    /// Creates plain text. A `String` or `&str` becomes the same with [`From`].
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::from(Kind::Text { text: text.into() })
    }

    /// Creates an image from its bytes and a media type such as `image/png`.
    #[must_use]
    pub fn image(bytes: &[u8], mime_type: impl Into<String>) -> Self {
        Self::from(Kind::Image { data: STANDARD.encode(bytes), mime_type: mime_type.into() })
    }

    /// Creates audio from its bytes and a media type such as `audio/wav`.
    #[must_use]
    pub fn audio(bytes: &[u8], mime_type: impl Into<String>) -> Self {
        Self::from(Kind::Audio { data: STANDARD.encode(bytes), mime_type: mime_type.into() })
    }

    /// Creates a link to a resource, which the client reads if it wants to ("Resource Links").
    #[must_use]
    pub fn resource_link(uri: impl Into<String>, name: impl Into<String>) -> Self {
        let (uri, name) = (uri.into(), name.into());
        Self::from(Kind::ResourceLink { uri, name, description: None, mime_type: None })
    }

    /// Creates an embedded resource: its contents are sent along ("Embedded Resources").
    #[must_use]
    pub fn resource(resource: ResourceContents) -> Self {
        Self::from(Kind::Resource { resource })
    }

    /// Sets the description of a link. Does nothing to other kinds, which have none.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        if let Kind::ResourceLink { description, .. } = &mut self.kind {
            *description = Some(text.into());
        }
        self
    }

    /// Sets the media type of a link. Does nothing to other kinds, which have it already or have none.
    #[must_use]
    pub fn mime_type(mut self, value: impl Into<String>) -> Self {
        if let Kind::ResourceLink { mime_type, .. } = &mut self.kind {
            *mime_type = Some(value.into());
        }
        self
    }

    /// Sets hints for the client.
    #[must_use]
    pub fn annotations(mut self, annotations: Annotations) -> Self {
        self.annotations = Some(annotations);
        self
    }

    /// Returns its text, if it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text { text } => Some(text),
            Kind::Image { .. } | Kind::Audio { .. } | Kind::ResourceLink { .. } | Kind::Resource { .. } => None,
        }
    }

    /// Returns the content in a form that `version` has.
    pub(crate) fn known_to(&self, version: ProtocolVersion) -> Cow<'_, Self> {
        let kind = self.kind.known_to(version);
        let annotations = self.annotations.as_ref().map(|annotations| annotations.known_to(version));
        if matches!(kind, Cow::Borrowed(_)) && !matches!(annotations, Some(Cow::Owned(_))) {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self { kind: kind.into_owned(), annotations: annotations.map(Cow::into_owned) })
    }
}

impl Kind {
    fn known_to(&self, version: ProtocolVersion) -> Cow<'_, Self> {
        match self {
            Self::Audio { data, mime_type } if !version.has_audio() => {
                let resource = ResourceContents::base64(digest_uri(data), mime_type.clone(), data.clone());
                Cow::Owned(Self::Resource { resource })
            }
            Self::ResourceLink { uri, name, .. } if !version.has_resource_links() => {
                Cow::Owned(Self::Text { text: format!("{name}: {uri}") })
            }
            Self::Resource { resource } => match resource.known_to(version) {
                Cow::Borrowed(_) => Cow::Borrowed(self),
                Cow::Owned(resource) => Cow::Owned(Self::Resource { resource }),
            },
            Self::Text { .. } | Self::Image { .. } | Self::Audio { .. } | Self::ResourceLink { .. } => {
                Cow::Borrowed(self)
            }
        }
    }
}

/// Returns a URI for content that has none: it names the bytes by their digest (RFC 6920). `base64` encodes them.
fn digest_uri(base64: &str) -> String {
    let bytes = STANDARD.decode(base64).unwrap_or_default();
    format!("ni:///sha-256;{}", URL_SAFE_NO_PAD.encode(Sha256::digest(bytes)))
}

impl From<String> for ContentBlock {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&str> for ContentBlock {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<Kind> for ContentBlock {
    fn from(kind: Kind) -> Self {
        Self { kind, annotations: None }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::types::role::Role;

    #[test]
    fn each_kind_has_the_form_of_the_schema() {
        let rows = [
            (ContentBlock::text("a"), json!({"type": "text", "text": "a"})),
            (
                ContentBlock::image(&[1, 2], "image/png"),
                json!({"type": "image", "data": "AQI=", "mimeType": "image/png"}),
            ),
            (ContentBlock::audio(&[3], "audio/wav"), json!({"type": "audio", "data": "Aw==", "mimeType": "audio/wav"})),
            (
                ContentBlock::resource_link("a://b", "b").mime_type("text/plain"),
                json!({"type": "resource_link", "uri": "a://b", "name": "b", "mimeType": "text/plain"}),
            ),
            (
                ContentBlock::resource(ResourceContents::text("a://b", "text/plain", "c")),
                json!({"type": "resource", "resource": {"uri": "a://b", "mimeType": "text/plain", "text": "c"}}),
            ),
            (
                ContentBlock::resource(ResourceContents::blob("a://b", "image/png", &[255])),
                json!({"type": "resource", "resource": {"uri": "a://b", "mimeType": "image/png", "blob": "/w=="}}),
            ),
            (
                ContentBlock::resource(
                    ResourceContents::text("a://b", "text/plain", "c").meta("a.example/x", json!(1)),
                ),
                json!({"type": "resource", "resource": {
                    "uri": "a://b", "mimeType": "text/plain", "text": "c", "_meta": {"a.example/x": 1},
                }}),
            ),
            (
                ContentBlock::text("a").annotations(Annotations::new().audience(Role::User).priority(7.0)),
                json!({"type": "text", "text": "a", "annotations": {"audience": ["user"], "priority": 1.0}}),
            ),
        ];
        for (content, expected) in rows {
            assert_eq!(serde_json::to_value(content).unwrap(), expected);
        }
    }

    #[test]
    fn content_holds_only_what_a_revision_knows() {
        use ProtocolVersion::{V2024_11_05, V2025_03_26, V2025_06_18, V2025_11_25, V2026_07_28};
        let audio = ContentBlock::audio(&[3], "audio/wav");
        // The digest is that of the byte 0x03.
        let as_resource = json!({"type": "resource", "resource": {
            "uri": "ni:///sha-256;CE_tCLl4r019GWp0RqhrWACeY2thHbFiEbZamq3_KcU", "mimeType": "audio/wav", "blob": "Aw==",
        }});
        let link =
            ContentBlock::resource_link("a://b", "b").annotations(Annotations::new().last_modified("2026-11-29"));
        let contents = ResourceContents::text("a://b", "text/plain", "c").meta("a.example/x", json!(1));
        let resource = ContentBlock::resource(contents);
        let plain = json!({"type": "resource", "resource": {"uri": "a://b", "mimeType": "text/plain", "text": "c"}});
        let text = json!({"type": "text", "text": "b: a://b", "annotations": {}});
        let whole = |content: &ContentBlock| serde_json::to_value(content).unwrap();
        let rows = [
            (V2024_11_05, [as_resource, text.clone(), plain.clone()]),
            (V2025_03_26, [whole(&audio), text, plain]),
            (V2025_06_18, [whole(&audio), whole(&link), whole(&resource)]),
            (V2025_11_25, [whole(&audio), whole(&link), whole(&resource)]),
            (V2026_07_28, [whole(&audio), whole(&link), whole(&resource)]),
        ];
        for (version, expected) in rows {
            let known = [&audio, &link, &resource].map(|content| whole(&content.known_to(version)));
            assert_eq!(known, expected, "{version:?}");
        }
    }
}
