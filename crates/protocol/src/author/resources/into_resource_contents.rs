//! What the handler of a resource may return ("Reading Resources").

use schemars::JsonSchema;
use serde::Serialize;

use crate::author::tools::json::Json;
use crate::author::tools::tool_error::ToolError;
use crate::types::resource_contents::ResourceContents;

/// The contents of a resource, or `None` if it does not exist.
pub(crate) type Contents = Option<Vec<ResourceContents>>;

/// A resource that is read: its URI, and the media type that its author declared.
pub struct ReadRequest {
    pub(crate) uri: String,
    pub(crate) mime_type: Option<String>,
}

impl ReadRequest {
    fn text(self, text: impl Into<String>, default_type: &str) -> ResourceContents {
        ResourceContents::text(self.uri, self.mime_type.unwrap_or_else(|| default_type.to_owned()), text)
    }
}

/// A value that the handler of a resource may return.
///
/// You should not have to implement this trait. It is implemented for:
///
/// - `String` and `&'static str`: text, `text/plain` unless the resource declares another type,
/// - `Vec<u8>`: bytes, `application/octet-stream` unless the resource declares another type,
/// - [`Json<T>`]: `application/json` unless the resource declares another type,
/// - [`ResourceContents`] and `Vec<ResourceContents>`: contents with a URI and a type of their own,
/// - `Option` of these: `None` says that nothing exists at this URI.
///
/// # Examples
///
/// ```
/// use mcp_connector::{ResourceTemplate, ToolError};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Page {
///     number: u32,
/// }
///
/// async fn page(page: Page) -> Result<Option<String>, ToolError> {
///     Ok(match page.number {
///         1 => Some("The beginning.".to_owned()),
///         _ => None,
///     })
/// }
///
/// let pages = ResourceTemplate::new("book://page/{number}", "page", "A page of the book.", page).title("Page");
/// ```
#[diagnostic::on_unimplemented(
    message = "a resource cannot return `{Self}`",
    label = "the handler of this resource returns `{Self}`",
    note = "a handler returns `Result<T, ToolError>`, where `T` is a `String`, a `Vec<u8>`, a `Json<_>`, a `ResourceContents`, or an `Option` of one",
    note = "to return a value of your own, return `Json(value)` and derive `Serialize` and `JsonSchema` for its type"
)]
pub trait IntoResourceContents {
    /// Converts the value into contents.
    ///
    /// # Errors
    ///
    /// Fails if the value cannot be written as JSON.
    fn into_resource_contents(self, request: ReadRequest) -> Result<Option<Vec<ResourceContents>>, ToolError>;
}

impl IntoResourceContents for String {
    fn into_resource_contents(self, request: ReadRequest) -> Result<Contents, ToolError> {
        Ok(Some(vec![request.text(self, "text/plain")]))
    }
}

impl IntoResourceContents for &'static str {
    fn into_resource_contents(self, request: ReadRequest) -> Result<Contents, ToolError> {
        Ok(Some(vec![request.text(self, "text/plain")]))
    }
}

impl IntoResourceContents for Vec<u8> {
    fn into_resource_contents(self, request: ReadRequest) -> Result<Contents, ToolError> {
        let mime_type = request.mime_type.unwrap_or_else(|| "application/octet-stream".to_owned());
        Ok(Some(vec![ResourceContents::blob(request.uri, mime_type, &self)]))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema> IntoResourceContents for Json<T> {
    fn into_resource_contents(self, request: ReadRequest) -> Result<Contents, ToolError> {
        Ok(Some(vec![request.text(serde_json::to_string(&self.0)?, "application/json")]))
    }
}

impl IntoResourceContents for ResourceContents {
    fn into_resource_contents(self, _request: ReadRequest) -> Result<Contents, ToolError> {
        Ok(Some(vec![self]))
    }
}

impl IntoResourceContents for Vec<ResourceContents> {
    fn into_resource_contents(self, _request: ReadRequest) -> Result<Contents, ToolError> {
        Ok(Some(self))
    }
}

impl<R: IntoResourceContents> IntoResourceContents for Option<R> {
    fn into_resource_contents(self, request: ReadRequest) -> Result<Contents, ToolError> {
        self.map_or(Ok(None), |contents| contents.into_resource_contents(request))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(contents: impl IntoResourceContents, mime_type: Option<&str>) -> Value {
        let request = ReadRequest { uri: "a:b".to_owned(), mime_type: mime_type.map(str::to_owned) };
        json!(contents.into_resource_contents(request).unwrap())
    }

    #[test]
    fn contents_have_the_declared_type_or_the_default() {
        let text = |mime_type: &str| json!([{"uri": "a:b", "mimeType": mime_type, "text": "c"}]);
        assert_eq!(read("c", None), text("text/plain"));
        assert_eq!(read("c".to_owned(), Some("text/markdown")), text("text/markdown"));
        let blob = json!([{"uri": "a:b", "mimeType": "application/octet-stream", "blob": "/w=="}]);
        assert_eq!(read(vec![255_u8], None), blob);
        assert_eq!(read(Json(1), None)[0]["mimeType"], "application/json");
        assert_eq!(read(Some("c"), None), text("text/plain"));
    }

    #[test]
    fn none_has_no_contents() {
        assert_eq!(read(None::<String>, None), Value::Null);
    }
}
