//! What a handler that reads a resource may give, and how that becomes contents ("Reading Resources").

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::author::handler::{Answer, Handler};
use crate::author::tool_result::{Json, ToolError};
use crate::call::context::Context;
use crate::types::content::ResourceContents;

/// Contents; none where there is no such resource.
pub(crate) type Read = Option<Vec<ResourceContents>>;

/// Reads the resource at a place. The value holds the variables of a template.
pub(crate) type Reader<H> = Box<dyn Fn(Value, Context<H>, Place) -> Answer<Read>>;

/// What is read: its URI, and the type that its author declared.
pub struct Place {
    pub(crate) uri: String,
    pub(crate) mime_type: Option<String>,
}

impl Place {
    fn text(self, text: impl Into<String>, usual: &str) -> ResourceContents {
        ResourceContents::text(self.uri, self.mime_type.unwrap_or_else(|| usual.to_owned()), text)
    }
}

pub(crate) fn reader<H: 'static, Form>(handler: impl Handler<H, Form, Output: IntoResourceContents>) -> Reader<H> {
    Box::new(move |variables, cx, place| {
        let work = handler.call(variables, cx);
        Box::pin(async move { work.await?.into_resource_contents(place) })
    })
}

/// What a handler that reads a resource may return.
///
/// You should not have to implement this: return text as a `String`, bytes as a `Vec<u8>`, a [`Json`], or
/// [`ResourceContents`] of your own; in an `Option` where there may be nothing at that URI.
pub trait IntoResourceContents {
    /// Turns the value into contents. Fails where it cannot be written as JSON.
    fn into_resource_contents(self, place: Place) -> Result<Option<Vec<ResourceContents>>, ToolError>;
}

impl IntoResourceContents for String {
    fn into_resource_contents(self, place: Place) -> Result<Read, ToolError> {
        Ok(Some(vec![place.text(self, "text/plain")]))
    }
}

impl IntoResourceContents for &'static str {
    fn into_resource_contents(self, place: Place) -> Result<Read, ToolError> {
        Ok(Some(vec![place.text(self, "text/plain")]))
    }
}

impl IntoResourceContents for Vec<u8> {
    fn into_resource_contents(self, place: Place) -> Result<Read, ToolError> {
        let mime_type = place.mime_type.unwrap_or_else(|| "application/octet-stream".to_owned());
        Ok(Some(vec![ResourceContents::blob(place.uri, mime_type, &self)]))
    }
}

impl<T: Serialize + JsonSchema> IntoResourceContents for Json<T> {
    fn into_resource_contents(self, place: Place) -> Result<Read, ToolError> {
        Ok(Some(vec![place.text(serde_json::to_string(&self.0)?, "application/json")]))
    }
}

impl IntoResourceContents for ResourceContents {
    fn into_resource_contents(self, _place: Place) -> Result<Read, ToolError> {
        Ok(Some(vec![self]))
    }
}

impl IntoResourceContents for Vec<ResourceContents> {
    fn into_resource_contents(self, _place: Place) -> Result<Read, ToolError> {
        Ok(Some(self))
    }
}

impl<R: IntoResourceContents> IntoResourceContents for Option<R> {
    fn into_resource_contents(self, place: Place) -> Result<Read, ToolError> {
        self.map_or(Ok(None), |contents| contents.into_resource_contents(place))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(contents: impl IntoResourceContents, mime_type: Option<&str>) -> Value {
        let place = Place { uri: "a:b".to_owned(), mime_type: mime_type.map(str::to_owned) };
        json!(contents.into_resource_contents(place).unwrap())
    }

    #[test]
    fn contents_have_the_declared_type_or_the_usual_one() {
        let text = |mime_type: &str| json!([{"uri": "a:b", "mimeType": mime_type, "text": "c"}]);
        assert_eq!(read("c", None), text("text/plain"));
        assert_eq!(read("c".to_owned(), Some("text/markdown")), text("text/markdown"));
        let blob = json!([{"uri": "a:b", "mimeType": "application/octet-stream", "blob": "/w=="}]);
        assert_eq!(read(vec![255_u8], None), blob);
        assert_eq!(read(Json(1), None)[0]["mimeType"], "application/json");
        assert_eq!(read(Some("c"), None), text("text/plain"));
    }

    #[test]
    fn nothing_is_no_contents() {
        assert_eq!(read(None::<String>, None), Value::Null);
    }
}
