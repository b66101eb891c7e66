//! What a tool answers, and how it fails ("Tool Result", "Error Handling").
//!
//! A failure of the work itself is a result with `isError`, so that the model reads it and can do better. Only a mistake
//! in the protocol becomes a JSON-RPC error.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::json_rpc::message::{ErrorCode, RpcError};
use crate::tool_schema::schema_of::schema_of_result;
use crate::tool_schema::tool_schemas::AbsentMembers;
use crate::types::content::ContentBlock;
use crate::types::result::ResultFields;
use crate::types::version::ProtocolVersion;

/// What a tool answers.
#[derive(Debug, Default)]
pub struct CallToolResult {
    content: Vec<ContentBlock>,
    structured: Option<Structured>,
    is_error: bool,
    meta: serde_json::Map<String, Value>,
}

/// What clients get as `structuredContent`, and all of them as text too, before the other content.
#[derive(Debug)]
struct Structured {
    json: Box<RawValue>,
    /// Revisions before 2026-07-28 allow nothing else in `structuredContent`.
    is_object: bool,
}

impl CallToolResult {
    /// An answer without content yet.
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

    /// Marks the answer as a failure that the model should read.
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

    /// A failure, in words for the model.
    pub(crate) fn failed(text: impl Into<String>) -> Self {
        Self::new().content(ContentBlock::text(text)).error()
    }

    pub(crate) const fn is_error(&self) -> bool {
        self.is_error
    }

    /// The result without those members that are null because an `Option` is `None`.
    pub(crate) fn without(mut self, absent: &AbsentMembers) -> Result<Self, ToolError> {
        if let Some(structured) = &mut self.structured {
            let mut value = serde_json::from_str(structured.json.get())?;
            absent.leave_out_of(&mut value);
            structured.json = to_raw_value(&value)?;
        }
        Ok(self)
    }

    /// The result as `version` defines it.
    pub(crate) fn on_the_wire(&self, version: ProtocolVersion) -> impl ResultFields + '_ {
        WireToolResult { result: self, version }
    }
}

struct WireToolResult<'a> {
    result: &'a CallToolResult,
    version: ProtocolVersion,
}

impl ResultFields for WireToolResult<'_> {
    fn fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let structured = self.result.structured.iter().map(|structured| Block::Json(structured.json.get()));
        let others = self.result.content.iter().map(|content| Block::Content(content.known_to(self.version)));
        map.serialize_entry("content", &structured.chain(others).collect::<Vec<_>>())?;
        if let Some(structured) = &self.result.structured
            && self.version.has_structured_content()
            && (structured.is_object || self.version.has_any_structured_content())
        {
            map.serialize_entry("structuredContent", &structured.json)?;
        }
        if self.result.is_error {
            map.serialize_entry("isError", &true)?;
        }
        Ok(())
    }

    fn meta(&self) -> Option<&serde_json::Map<String, Value>> {
        (!self.result.meta.is_empty()).then_some(&self.result.meta)
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

fn as_text<S: Serializer>(json: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let mut block = serializer.serialize_struct("TextContent", 2)?;
    block.serialize_field("type", "text")?;
    block.serialize_field("text", json)?;
    block.end()
}

/// Structured output: `structuredContent`, the same as text for clients without it, and an `outputSchema`.
///
/// A field that is an `Option` and `None` is left out, and the schema says that it may be absent: clients refuse `null` among
/// the types of a value. What a `serde_json::Value` holds stays as it is.
pub struct Json<T>(pub T);

/// What a handler may return.
///
/// You should not have to implement this: return a `String`, a [`Content`] or several, a [`Json`] or a [`CallToolResult`].
pub trait IntoToolResult {
    /// Turns the value into a result. Fails where it cannot be written as JSON.
    fn into_tool_result(self) -> Result<CallToolResult, ToolError>;

    /// The JSON Schema of `structuredContent`, where there is any.
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
        Ok(CallToolResult { content: self, ..CallToolResult::default() })
    }
}

impl<T: Serialize + JsonSchema> IntoToolResult for Json<T> {
    fn into_tool_result(self) -> Result<CallToolResult, ToolError> {
        let json = to_raw_value(&self.0)?;
        let structured = Structured { is_object: json.get().starts_with('{'), json };
        Ok(CallToolResult { structured: Some(structured), ..CallToolResult::default() })
    }

    fn output_schema() -> Option<Value> {
        Some(schema_of_result::<T>())
    }
}

/// Why a tool did not answer. Any error becomes one by `?`; its text, with its causes, is what the model reads.
#[derive(Debug)]
pub struct ToolError(Failure);

#[derive(Debug)]
enum Failure {
    /// The work failed: a result with `isError`.
    Work(String),
    /// The arguments passed the schema, and still were not what the handler takes.
    Arguments(String),
    /// The protocol was not kept: a JSON-RPC error.
    Protocol(RpcError),
    /// A question is open; the client answers it with its next try.
    InputRequired,
    /// The call goes on as a task.
    AsTask,
}

/// Why a call ends without its result.
#[derive(Debug, PartialEq)]
pub(crate) enum Unfinished {
    /// With an error.
    Error(RpcError),
    /// With questions, which wait in the exchange.
    InputRequired,
    /// To go on as a task.
    AsTask,
}

impl From<RpcError> for Unfinished {
    fn from(error: RpcError) -> Self {
        Self::Error(error)
    }
}

impl ToolError {
    /// A failure in your own words. Say what was wrong and what would work.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self(Failure::Work(message.into()))
    }

    /// Ends the call with a JSON-RPC error instead of a result. Rarely right: the model does not see it.
    #[must_use]
    pub fn protocol(error: RpcError) -> Self {
        Self(Failure::Protocol(error))
    }

    /// What was wrong with the arguments, without the arguments.
    pub(crate) fn arguments(message: impl Into<String>) -> Self {
        Self(Failure::Arguments(message.into()))
    }

    /// A question is open.
    pub(crate) fn input_required() -> Self {
        Self(Failure::InputRequired)
    }

    /// From here on it is a task.
    pub(crate) fn as_task() -> Self {
        Self(Failure::AsTask)
    }

    /// The end of a request where no result can say that the work failed: resources, prompts and completion.
    pub(crate) fn unfinished(self, version: ProtocolVersion) -> Unfinished {
        Unfinished::Error(match self.0 {
            Failure::InputRequired => return Unfinished::InputRequired,
            Failure::AsTask => return Unfinished::AsTask,
            Failure::Work(text) => RpcError::internal(text),
            Failure::Arguments(text) => RpcError::invalid_params(text),
            // Earlier revisions do not know the code.
            Failure::Protocol(error)
                if error.code() == ErrorCode::MissingRequiredClientCapability && !version.is_modern() =>
            {
                RpcError::internal(error.message())
            }
            Failure::Protocol(error) => error,
        })
    }

    /// The result or the error that goes to a client of `version`.
    pub(crate) fn into_answer(self, version: ProtocolVersion) -> Result<CallToolResult, Unfinished> {
        match self.0 {
            Failure::InputRequired => Err(Unfinished::InputRequired),
            Failure::AsTask => Err(Unfinished::AsTask),
            Failure::Work(text) | Failure::Arguments(text) => Ok(CallToolResult::failed(text)),
            // Earlier revisions do not know the code, and a client that does would take the server for a modern one.
            Failure::Protocol(error)
                if error.code() == ErrorCode::MissingRequiredClientCapability && !version.is_modern() =>
            {
                Ok(CallToolResult::failed(error.message()))
            }
            Failure::Protocol(error) => Err(error.into()),
        }
    }
}

impl<E: Error> From<E> for ToolError {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let _ = write!(text, ": {error}");
            cause = error.source();
        }
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::types::client_capabilities::ClientCapability;
    use crate::types::result::tests::to_value;

    #[derive(Debug, thiserror::Error)]
    #[error("the shelf is empty")]
    struct Outer(#[source] std::fmt::Error);

    #[test]
    fn an_error_is_told_with_its_causes() {
        let answer = ToolError::from(Outer(std::fmt::Error)).into_answer(ProtocolVersion::V2025_11_25).unwrap();
        let text = "the shelf is empty: an error occurred when formatting an argument";
        assert_eq!(
            to_value(answer.on_the_wire(ProtocolVersion::V2025_11_25)),
            json!({"content": [{"type": "text", "text": text}], "isError": true})
        );
    }

    #[test]
    fn structured_output_follows_the_revision() {
        let object = Json(json!({"a": 1})).into_tool_result().unwrap();
        let array = Json(json!([1])).into_tool_result().unwrap();
        for (version, has_object, has_array) in [
            (ProtocolVersion::V2024_11_05, false, false),
            (ProtocolVersion::V2025_03_26, false, false),
            (ProtocolVersion::V2025_06_18, true, false),
            (ProtocolVersion::V2025_11_25, true, false),
            (ProtocolVersion::V2026_07_28, true, true),
        ] {
            let structured =
                |result: &CallToolResult| to_value(result.on_the_wire(version)).get("structuredContent").cloned();
            assert_eq!(structured(&object), has_object.then(|| json!({"a": 1})), "{version:?}");
            assert_eq!(structured(&array), has_array.then(|| json!([1])), "{version:?}");
        }
        assert_eq!(
            to_value(array.on_the_wire(ProtocolVersion::V2025_03_26)),
            json!({"content": [{"type": "text", "text": "[1]"}]})
        );
    }

    #[test]
    fn a_modern_error_code_does_not_leave_on_a_legacy_answer() {
        let missing = || ToolError::protocol(RpcError::missing_client_capability(ClientCapability::Sampling));
        assert!(missing().into_answer(ProtocolVersion::V2025_11_25).unwrap().is_error);
        assert!(missing().into_answer(ProtocolVersion::V2026_07_28).is_err());
    }
}
