//! The result of a tool ("Tool Result").

use std::borrow::Cow;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::json_rpc::long_text;
use crate::tool_schema::tool_schemas::AbsentMembers;
use crate::types::content_block::ContentBlock;
use crate::types::result::ServerResult;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;
use mcp_connector_schema::Violations;

/// The result of a tool, for what a `String`, a [`ContentBlock`] or a [`Json`](crate::author::tools::json::Json) cannot say: `_meta`,
/// or a failure with content ("Tool Result").
///
/// # Examples
///
/// ```
/// use mcp_connector::{CallToolResult, ContentBlock, Context, ToolError};
///
/// async fn scan(_cx: Context) -> Result<CallToolResult, ToolError> {
///     Ok(CallToolResult::new()
///         .content(ContentBlock::text("The page is blank. Put the sheet face down."))
///         .content(ContentBlock::image(b"\x89PNG", "image/png"))
///         .error())
/// }
/// ```
#[derive(Debug, Default)]
pub struct CallToolResult {
    content: Vec<ContentBlock>,
    structured: Option<StructuredContent>,
    is_error: bool,
    meta: Object,
}

/// What clients get as `structuredContent`, and all of them as text too, before the other content.
#[derive(Debug)]
struct StructuredContent {
    json: Box<RawValue>,
    /// Revisions before 2026-07-28 allow nothing else.
    is_object: bool,
}

impl CallToolResult {
    /// Creates a result without content.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a block of content.
    #[must_use]
    pub fn content(mut self, content: ContentBlock) -> Self {
        self.content.push(content);
        self
    }

    /// Marks the result as a failure (`isError`), which the model reads and can correct.
    ///
    /// A failure without content of its own is shorter as a [`ToolError`](crate::author::tools::tool_error::ToolError).
    #[must_use]
    pub fn error(mut self) -> Self {
        self.is_error = true;
        self
    }

    /// Adds a member to `_meta`. The name needs a prefix of your own, for example `example.com/trace`.
    #[must_use]
    pub fn meta(mut self, name: impl Into<String>, value: Value) -> Self {
        self.meta.insert(name.into(), value);
        self
    }

    /// Creates a result with `value` as its structured content.
    pub(crate) fn structured(value: &impl Serialize) -> serde_json::Result<Self> {
        let json = to_raw_value(value)?;
        let structured = StructuredContent { is_object: json.get().starts_with('{'), json };
        Ok(Self { structured: Some(structured), ..Self::default() })
    }

    /// Returns the structured content of a success, if something in it may be null.
    pub(crate) fn structured_with_null(&self) -> Option<Value> {
        let json = self.structured.as_ref().filter(|_| !self.is_error)?.json.get();
        let has_null = || [":null", "[null", ",null"].iter().any(|null| json.contains(null));
        // In a development build, all of it is looked at: a type may be written differently than its schema says.
        (cfg!(debug_assertions) || has_null()).then(|| serde_json::from_str(json).ok())?
    }

    /// Creates a failure with a text for the model.
    pub(crate) fn failed(text: impl Into<String>) -> Self {
        Self::new().content(ContentBlock::text(text)).error()
    }

    pub(crate) const fn is_error(&self) -> bool {
        self.is_error
    }

    /// Returns the texts of a failure, or `None` of a success.
    pub(crate) fn failure(&self) -> Option<String> {
        self.is_error.then(|| self.content.iter().filter_map(ContentBlock::as_text).collect::<Vec<_>>().join("\n"))
    }

    /// Leaves out those members of the structured content that are null because an `Option` is `None`.
    pub(crate) fn without(mut self, absent: &AbsentMembers) -> serde_json::Result<Self> {
        if let Some(structured) = &mut self.structured {
            let mut value = serde_json::from_str(structured.json.get())?;
            absent.leave_out_of(&mut value);
            structured.json = to_raw_value(&value)?;
        }
        Ok(self)
    }

    /// Creates the result of a call whose arguments break the tool's schema.
    pub(crate) fn invalid_arguments(violations: &Violations) -> Self {
        Self::failed(format!("The arguments do not fit the tool's input schema.\n{violations}"))
    }

    /// Creates the result of a call that has returned what the tool's schema does not admit.
    pub(crate) fn invalid_result(violations: &Violations) -> Self {
        Self::failed(format!(
            "The tool has returned what does not fit its output schema. It may have done its work: do not repeat the call. \
             The author of the connector can correct that.\n{violations}"
        ))
    }

    /// Returns the result with the members that `version` has.
    pub(crate) fn known_to(&self, version: ProtocolVersion) -> impl ServerResult + '_ {
        let structured = self.structured.iter().map(|structured| Block::Json(structured.json.get()));
        let others = self.content.iter().map(|content| Block::Content(content.known_to(version)));
        let is_known = |structured: &&StructuredContent| {
            version.has_structured_content() && (structured.is_object || version.has_any_structured_content())
        };
        WireCallToolResult {
            content: structured.chain(others).collect(),
            structured_content: self.structured.as_ref().filter(is_known).map(|structured| &*structured.json),
            is_error: self.is_error,
            meta: (!self.meta.is_empty()).then_some(&self.meta),
        }
    }
}

/// The result in the form of one revision.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireCallToolResult<'a> {
    content: Vec<Block<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    structured_content: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_error: bool,
    #[serde(skip)]
    meta: Option<&'a Object>,
}

impl ServerResult for WireCallToolResult<'_> {
    fn meta(&self) -> Option<&Object> {
        self.meta
    }
}

/// A block of content.
#[derive(Serialize)]
#[serde(untagged)]
enum Block<'a> {
    #[serde(serialize_with = "as_text")]
    Json(&'a str),
    Content(Cow<'a, ContentBlock>),
}

/// A text of any length.
#[derive(Serialize)]
struct Text<'a>(#[serde(serialize_with = "long_text::serialize")] &'a str);

fn as_text<S: Serializer>(json: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let mut block = serializer.serialize_struct("TextContent", 2)?;
    block.serialize_field("type", "text")?;
    block.serialize_field("text", &Text(json))?;
    block.end()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::types::result::tests::to_value;

    #[test]
    fn structured_content_follows_the_revision() {
        let object = CallToolResult::structured(&json!({"a": 1})).unwrap();
        let array = CallToolResult::structured(&json!([1])).unwrap();
        for (version, has_object, has_array) in [
            (ProtocolVersion::V2024_11_05, false, false),
            (ProtocolVersion::V2025_03_26, false, false),
            (ProtocolVersion::V2025_06_18, true, false),
            (ProtocolVersion::V2025_11_25, true, false),
            (ProtocolVersion::V2026_07_28, true, true),
        ] {
            let structured =
                |result: &CallToolResult| to_value(result.known_to(version)).get("structuredContent").cloned();
            assert_eq!(structured(&object), has_object.then(|| json!({"a": 1})), "{version:?}");
            assert_eq!(structured(&array), has_array.then(|| json!([1])), "{version:?}");
        }
        assert_eq!(
            to_value(array.known_to(ProtocolVersion::V2025_03_26)),
            json!({"content": [{"type": "text", "text": "[1]"}]})
        );
    }
}
