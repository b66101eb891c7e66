//! What the handler of a tool may return.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::author::tools::call_tool_result::CallToolResult;
use crate::author::tools::json::Json;
use crate::author::tools::tool_error::ToolError;
use crate::tool_schema::schema_of::schema_of_result;
use crate::types::content_block::ContentBlock;

/// A value that the handler of a tool may return.
///
/// You should not have to implement this trait. It is implemented for:
///
/// - `String` and `&'static str`: text,
/// - [`ContentBlock`] and `Vec<ContentBlock>`: text, images, audio, links and embedded resources,
/// - [`Json<T>`]: structured content, where `T` derives `Serialize` and `JsonSchema`,
/// - [`CallToolResult`]: several of these, `_meta`, or a failure with content.
///
/// # Examples
///
/// ```
/// use mcp_connector::{ContentBlock, Context, ToolError};
///
/// async fn as_text(_cx: Context) -> Result<&'static str, ToolError> {
///     Ok("Twelve degrees.")
/// }
///
/// async fn as_image(_cx: Context) -> Result<ContentBlock, ToolError> {
///     Ok(ContentBlock::image(b"\x89PNG", "image/png"))
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a tool cannot return `{Self}`",
    label = "the handler of this tool returns `{Self}`",
    note = "a handler returns `Result<T, ToolError>`, where `T` is a `String`, a `ContentBlock`, a `Vec<ContentBlock>`, a `Json<_>` or a `CallToolResult`",
    note = "to return a value of your own, return `Json(value)` and derive `Serialize` and `JsonSchema` for its type"
)]
pub trait IntoToolResult {
    /// Converts the value into a result.
    ///
    /// # Errors
    ///
    /// Fails if the value cannot be written as JSON.
    fn into_tool_result(self) -> Result<CallToolResult, ToolError>;

    /// Returns the JSON Schema of `structuredContent`, or `None` if the result has none.
    #[must_use]
    fn output_schema() -> Option<Value> {
        None
    }
}

impl IntoToolResult for CallToolResult {
    fn into_tool_result(self) -> Result<CallToolResult, ToolError> {
        Ok(self)
    }
}

impl IntoToolResult for String {
    fn into_tool_result(self) -> Result<CallToolResult, ToolError> {
        Ok(CallToolResult::new().content(ContentBlock::text(self)))
    }
}

impl IntoToolResult for &'static str {
    fn into_tool_result(self) -> Result<CallToolResult, ToolError> {
        Ok(CallToolResult::new().content(ContentBlock::text(self)))
    }
}

impl IntoToolResult for ContentBlock {
    fn into_tool_result(self) -> Result<CallToolResult, ToolError> {
        Ok(CallToolResult::new().content(self))
    }
}

impl IntoToolResult for Vec<ContentBlock> {
    fn into_tool_result(self) -> Result<CallToolResult, ToolError> {
        Ok(self.into_iter().fold(CallToolResult::new(), CallToolResult::content))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema> IntoToolResult for Json<T> {
    fn into_tool_result(self) -> Result<CallToolResult, ToolError> {
        Ok(CallToolResult::structured(&self.0)?)
    }

    fn output_schema() -> Option<Value> {
        Some(schema_of_result::<T>())
    }
}
