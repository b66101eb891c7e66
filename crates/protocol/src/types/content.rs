//! What a tool or a prompt hands back: text, images, audio, links and embedded resources ("Tool Result", "Annotations").

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// One block of content.
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
        text: String,
    },
    #[serde(rename_all = "camelCase")]
    Image {
        data: String,
        mime_type: String,
    },
    #[serde(rename_all = "camelCase")]
    Audio {
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
    /// Plain text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::from(Kind::Text { text: text.into() })
    }

    /// An image, for example `image/png`.
    #[must_use]
    pub fn image(bytes: &[u8], mime_type: impl Into<String>) -> Self {
        Self::from(Kind::Image { data: STANDARD.encode(bytes), mime_type: mime_type.into() })
    }

    /// A sound, for example `audio/wav`. Clients of 2024-11-05 get it as an embedded resource.
    #[must_use]
    pub fn audio(bytes: &[u8], mime_type: impl Into<String>) -> Self {
        Self::from(Kind::Audio { data: STANDARD.encode(bytes), mime_type: mime_type.into() })
    }

    /// A resource that the client may read if it wants to (from revision 2025-06-18 on).
    #[must_use]
    pub fn resource_link(uri: impl Into<String>, name: impl Into<String>) -> Self {
        let (uri, name) = (uri.into(), name.into());
        Self::from(Kind::ResourceLink { uri, name, description: None, mime_type: None })
    }

    /// A resource with its contents.
    #[must_use]
    pub fn resource(resource: ResourceContents) -> Self {
        Self::from(Kind::Resource { resource })
    }

    /// Says what a linked resource is. Other kinds have no description and stay as they are.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        if let Kind::ResourceLink { description, .. } = &mut self.kind {
            *description = Some(text.into());
        }
        self
    }

    /// Says of what type a linked resource is. Other kinds stay as they are.
    #[must_use]
    pub fn mime_type(mut self, value: impl Into<String>) -> Self {
        if let Kind::ResourceLink { mime_type, .. } = &mut self.kind {
            *mime_type = Some(value.into());
        }
        self
    }

    /// Adds hints for the client.
    #[must_use]
    pub fn annotations(mut self, annotations: Annotations) -> Self {
        self.annotations = Some(annotations);
        self
    }
}

impl ContentBlock {
    /// The content in the terms of `version`. A kind that the revision lacks becomes the nearest one that it has: audio an
    /// embedded resource, a link text.
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
                let body = ResourceBody::Blob(data.clone());
                Cow::Owned(Self::Resource { resource: ResourceContents::of(digest_uri(data), mime_type.clone(), body) })
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

/// Returns a URI for content that has none: it names the bytes by their digest (RFC 6920). `base64` is our own encoding of
/// them.
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

/// The contents of a resource: text, or bytes of a type that is not text.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceContents {
    uri: String,
    mime_type: String,
    #[serde(flatten)]
    body: ResourceBody,
    #[serde(rename = "_meta", skip_serializing_if = "Object::is_empty")]
    meta: Object,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
enum ResourceBody {
    Text(String),
    Blob(String),
}

impl ResourceContents {
    /// Text contents, for example `text/markdown`.
    #[must_use]
    pub fn text(uri: impl Into<String>, mime_type: impl Into<String>, text: impl Into<String>) -> Self {
        Self::of(uri.into(), mime_type.into(), ResourceBody::Text(text.into()))
    }

    /// Binary contents.
    #[must_use]
    pub fn blob(uri: impl Into<String>, mime_type: impl Into<String>, bytes: &[u8]) -> Self {
        Self::of(uri.into(), mime_type.into(), ResourceBody::Blob(STANDARD.encode(bytes)))
    }

    /// Adds a member to `_meta`.
    #[must_use]
    pub fn meta(mut self, name: impl Into<String>, value: Value) -> Self {
        self.meta.insert(name.into(), value);
        self
    }

    fn of(uri: String, mime_type: String, body: ResourceBody) -> Self {
        Self { uri, mime_type, body, meta: Object::new() }
    }

    /// The contents in the terms of `version`: `_meta` came with 2025-06-18.
    pub(crate) fn known_to(&self, version: ProtocolVersion) -> Cow<'_, Self> {
        if self.meta.is_empty() || version.has_titles() {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self::of(self.uri.clone(), self.mime_type.clone(), self.body.clone()))
    }
}

/// Hints about content: for whom it is, how much it matters, when it changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Annotations {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    audience: Vec<Role>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_modified: Option<String>,
}

/// Who is meant to see a content block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The person.
    User,
    /// The model.
    Assistant,
}

impl Annotations {
    /// No hints yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds someone the content is for.
    #[must_use]
    pub fn audience(mut self, audience: Role) -> Self {
        self.audience.push(audience);
        self
    }

    /// How much the content matters, from 0 (least) to 1 (most); taken to the nearer end if outside.
    #[must_use]
    pub fn priority(mut self, priority: f64) -> Self {
        self.priority = Some(priority.clamp(0.0, 1.0));
        self
    }

    /// When the content last changed, as an ISO 8601 time (from revision 2025-06-18 on).
    #[must_use]
    pub fn last_modified(mut self, time: impl Into<String>) -> Self {
        self.last_modified = Some(time.into());
        self
    }

    /// The hints in the terms of `version`.
    pub(crate) fn known_to(&self, version: ProtocolVersion) -> Cow<'_, Self> {
        if self.last_modified.is_none() || version.has_last_modified() {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self { last_modified: None, ..self.clone() })
    }
}

/// A picture that a client may show beside a name (from revision 2025-11-25 on).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Icon {
    src: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sizes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    theme: Option<Theme>,
}

/// The background an icon is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// A light background.
    Light,
    /// A dark background.
    Dark,
}

impl Icon {
    /// An `https:` or `data:` URI.
    #[must_use]
    pub fn new(src: impl Into<String>) -> Self {
        Self { src: src.into(), mime_type: None, sizes: Vec::new(), theme: None }
    }

    /// Creates an icon from an SVG document, for any size. It travels in the answers to clients: a few kilobytes at most.
    #[must_use]
    pub fn svg(document: &str) -> Self {
        Self::embedded(document.as_bytes(), "image/svg+xml").size("any")
    }

    /// Creates an icon from the bytes of a PNG file. It travels in the answers to clients: a few kilobytes at most.
    #[must_use]
    pub fn png(bytes: &[u8]) -> Self {
        Self::embedded(bytes, "image/png")
    }

    fn embedded(bytes: &[u8], mime_type: &str) -> Self {
        Self::new(format!("data:{mime_type};base64,{}", STANDARD.encode(bytes))).mime_type(mime_type)
    }

    /// Returns where the picture is: an `https:` or `data:` URI.
    #[must_use]
    pub fn src(&self) -> &str {
        &self.src
    }

    /// Returns the background that the icon is drawn for.
    #[must_use]
    pub fn drawn_for(&self) -> Option<Theme> {
        self.theme
    }

    /// Its type, for example `image/svg+xml`.
    #[must_use]
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.mime_type = Some(mime_type.into());
        self
    }

    /// Adds a size it can be shown at: `48x48`, or `any`.
    #[must_use]
    pub fn size(mut self, size: impl Into<String>) -> Self {
        self.sizes.push(size.into());
        self
    }

    /// For which background.
    #[must_use]
    pub fn theme(mut self, theme: Theme) -> Self {
        self.theme = Some(theme);
        self
    }

    /// Clients load nothing else (specification, "Icons").
    pub(crate) fn is_loadable(&self) -> bool {
        self.src.starts_with("https://") || self.src.starts_with("data:")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
        let sound = json!({"type": "resource", "resource": {
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
            (V2024_11_05, [sound, text.clone(), plain.clone()]),
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
