//! What an API answered, as the result of a tool.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::openapi::cut::{MAX_ANSWER, cut, cut_text};
use crate::openapi::next_page::next_page;
use crate::openapi::parameters::Pairs;
use crate::outbound::HttpResponse;
use mcp_connector_protocol::{CallToolResult, ContentBlock, IntoToolResult, Json, ToolError};

/// The answer of an API to an [`ApiRequest`](crate::openapi::ApiRequest): a success.
#[derive(Debug)]
pub struct ApiResponse {
    body: Body,
    /// What the answer is not all of, and how to go on.
    more: Option<String>,
    paging: String,
}

#[derive(Debug)]
enum Body {
    Empty,
    Json(Value),
    Text(String),
    /// Neither JSON nor text.
    Bytes {
        content_type: String,
        size: usize,
    },
}

impl Body {
    /// Returns the body as a text of [`MAX_ANSWER`] bytes at most, and in words what is missing of it.
    fn into_text(self) -> (String, Option<String>) {
        match self {
            Self::Empty => ("Done.".to_owned(), None),
            Self::Json(mut value) => {
                let missing = cut(&mut value, MAX_ANSWER);
                let mut text = value.to_string();
                // An object of very many members is all that is left to cut.
                let is_long = cut_text(&mut text, MAX_ANSWER).is_some();
                (text, if is_long { Some("the rest of its JSON is missing".to_owned()) } else { missing })
            }
            Self::Text(mut text) => {
                let total = text.len();
                let kept = cut_text(&mut text, MAX_ANSWER);
                let missing = kept.map(|kept| format!("it shows the first {kept} of {total} bytes"));
                (text, missing)
            }
            Self::Bytes { content_type, size } => {
                let what = if content_type.is_empty() { "an unknown type".to_owned() } else { content_type };
                (format!("Done. The API answered with {size} bytes of {what}, which are not shown."), None)
            }
        }
    }
}

impl ApiResponse {
    /// Reads an answer. `sent` is the query of the request.
    pub(super) async fn read(response: HttpResponse, paging: String, sent: &Pairs) -> Result<Self, ToolError> {
        let content_type = response.header("content-type").unwrap_or_default();
        let more = response.header("link").and_then(|link| next_page(&link, sent.as_str()));
        Ok(Self::of(&content_type, response.bytes().await?, more, paging))
    }

    fn of(content_type: &str, bytes: Vec<u8>, next: Option<String>, paging: String) -> Self {
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_json = essence.is_empty() || essence.ends_with("json");
        let is_text = is_json
            || essence.starts_with("text/")
            || ["xml", "yaml", "csv", "javascript", "urlencoded"].iter().any(|kind| essence.ends_with(kind));
        let size = bytes.len();
        let body = if bytes.is_empty() {
            Body::Empty
        } else if let Some(value) = is_json.then(|| serde_json::from_slice(&bytes).ok()).flatten() {
            Body::Json(value)
        } else {
            match String::from_utf8(bytes) {
                Ok(text) if is_text => Body::Text(text),
                _ => Body::Bytes { content_type: essence, size },
            }
        };
        let more = next.map(|next| format!("There is more. For the next page, send {next}."));
        Self { body, more, paging }
    }

    /// Returns the answer as text: JSON or what the API sent, at most some 40 kB. What was cut is said, and how to go on.
    ///
    /// # Errors
    ///
    /// Never fails; the signature is that of a handler.
    pub fn into_result(self) -> Result<CallToolResult, ToolError> {
        let Self { body, more, paging } = self;
        let (text, missing) = body.into_text();
        let result = CallToolResult::new().content(ContentBlock::text(text));
        Ok(match note(missing.as_deref(), more, &paging) {
            Some(note) => result.content(ContentBlock::text(note)),
            None => result,
        })
    }

    /// Returns the answer as structured content. Lists that are too long are cut, and it is said how to go on.
    ///
    /// # Errors
    ///
    /// Fails if the answer is not what `T` describes, with the answer as far as there is room for it.
    pub fn structured<T: DeserializeOwned>(self) -> Result<Answer<T>, ToolError> {
        let Self { body, more, paging } = self;
        let mut value = match body {
            Body::Json(value) => value,
            Body::Empty => {
                return Err(ToolError::new(
                    "The API carried out the request, but answered without the object that its document describes. Do not repeat the call.",
                ));
            }
            Body::Text(_) | Body::Bytes { .. } => {
                return Err(ToolError::new(
                    "The API carried out the request, but its answer is not JSON. Do not repeat the call.",
                ));
            }
        };
        let missing = cut(&mut value, MAX_ANSWER);
        match serde_json::from_value(value.clone()) {
            Ok(value) => Ok(Answer { value, note: note(missing.as_deref(), more, &paging) }),
            Err(error) => {
                let mut text = value.to_string();
                let _ = cut_text(&mut text, MAX_ANSWER);
                Err(ToolError::new(format!(
                    "The API carried out the request, but its answer differs from its document ({error}). Do not repeat the call. \
                     The answer: {text}"
                )))
            }
        }
    }
}

/// Says what is missing and how to go on.
fn note(missing: Option<&str>, more: Option<String>, paging: &str) -> Option<String> {
    let mut said = Vec::new();
    if let Some(missing) = missing {
        said.push(format!("The answer was too large and is cut: {missing}."));
    }
    let is_paged = more.is_some();
    said.extend(more);
    if missing.is_some() && !is_paged {
        said.push(if paging.is_empty() {
            "Ask for less, if an argument can say so.".to_owned()
        } else {
            paging.to_owned()
        });
    }
    (!said.is_empty()).then(|| said.join(" "))
}

/// A structured answer of an API, with what was cut in words. Returned by [`ApiResponse::structured`].
#[derive(Debug)]
pub struct Answer<T> {
    value: T,
    note: Option<String>,
}

impl<T> Answer<T> {
    /// Returns the value.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T: Serialize + JsonSchema> IntoToolResult for Answer<T> {
    fn into_tool_result(self) -> Result<CallToolResult, ToolError> {
        let result = Json(self.value).into_tool_result()?;
        Ok(match self.note {
            Some(note) => result.content(ContentBlock::text(note)),
            None => result,
        })
    }

    fn output_schema() -> Option<Value> {
        Json::<T>::output_schema()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_in_any_language_is_cut_at_the_limit_and_its_size_is_said() {
        for (character, kept) in [("x", 40_000), ("ä", 40_000), ("語", 39_999)] {
            let body = character.repeat(40_001);
            let total = body.len();
            let (text, missing) =
                ApiResponse::of("text/plain", body.into_bytes(), None, String::new()).body.into_text();
            assert_eq!(text.len(), kept + '…'.len_utf8(), "{character}");
            assert_eq!(missing, Some(format!("it shows the first {kept} of {total} bytes")));
        }
    }
}
