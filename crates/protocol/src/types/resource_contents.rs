//! The contents of a resource: text or bytes ("Resource Contents").

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;

use crate::json_rpc::long_text;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// The contents of a resource, with their own URI and media type: text, or bytes ("Resource Contents").
///
/// A handler that reads a resource usually returns a `String`, a `Vec<u8>` or a [`Json`](crate::author::tools::json::Json). It
/// returns `ResourceContents` to set another media type or `_meta`, or several of them to return what is inside a folder.
///
/// # Examples
///
/// ```
/// use mcp_connector::{Context, ResourceContents, ToolError};
///
/// async fn chart(_cx: Context) -> Result<Vec<ResourceContents>, ToolError> {
///     Ok(vec![
///         ResourceContents::text("chart://sales/data", "text/csv", "month,total\n1,20\n"),
///         ResourceContents::blob("chart://sales/image", "image/png", b"\x89PNG"),
///     ])
/// }
/// ```
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
    Text(#[serde(serialize_with = "long_text::serialize")] String),
    /// Base64 of the bytes.
    Blob(#[serde(serialize_with = "long_text::serialize")] String),
}

impl ResourceContents {
    /// Creates contents that are text, of a media type such as `text/markdown`.
    #[must_use]
    pub fn text(uri: impl Into<String>, mime_type: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(uri.into(), mime_type.into(), ResourceBody::Text(text.into()))
    }

    /// Creates contents that are bytes, of a media type such as `image/png`.
    #[must_use]
    pub fn blob(uri: impl Into<String>, mime_type: impl Into<String>, bytes: &[u8]) -> Self {
        Self::base64(uri.into(), mime_type.into(), STANDARD.encode(bytes))
    }

    /// Creates contents from bytes that are already encoded.
    pub(crate) fn base64(uri: String, mime_type: String, base64: String) -> Self {
        Self::new(uri, mime_type, ResourceBody::Blob(base64))
    }

    /// Adds a member to `_meta`. The name needs a prefix of your own, for example `example.com/page`. Sent from revision
    /// 2025-06-18 on.
    #[must_use]
    pub fn meta(mut self, name: impl Into<String>, value: Value) -> Self {
        self.meta.insert(name.into(), value);
        self
    }

    fn new(uri: String, mime_type: String, body: ResourceBody) -> Self {
        Self { uri, mime_type, body, meta: Object::new() }
    }

    /// Returns the members that `version` has.
    pub(crate) fn known_to(&self, version: ProtocolVersion) -> Cow<'_, Self> {
        if self.meta.is_empty() || version.has_titles() {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self::new(self.uri.clone(), self.mime_type.clone(), self.body.clone()))
    }
}
