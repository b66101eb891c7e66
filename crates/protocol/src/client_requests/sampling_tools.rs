//! Tools that the client's model may use while it answers a question of the server ("Tools in Sampling", SEP-1577, from
//! revision 2025-11-25 on): what the model wants of them, and what they returned.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::types::content_block::ContentBlock;

/// Whether the model uses the tools of a [`CreateMessageRequest`](crate::client_requests::sampling::CreateMessageRequest)
/// ("Tool Choice Modes").
///
/// # Examples
///
/// ```
/// use mcp_connector::{CreateMessageRequest, ToolChoice};
///
/// let request = CreateMessageRequest::new("What is the weather in Oslo?", 100).tool_choice(ToolChoice::Required);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolChoice {
    /// The model decides. This is the default.
    Auto,
    /// The model uses at least one tool before it is done.
    Required,
    /// The model uses no tool.
    None,
}

/// A tool that the model wants to use (`ToolUseContent`), from
/// [`CreateMessageResult::tool_uses`](crate::client_requests::sampling::CreateMessageResult::tool_uses).
///
/// # Examples
///
/// ```
/// use mcp_connector::{ToolResultContent, ToolUseContent};
///
/// fn carry_out(tool_use: &ToolUseContent) -> ToolResultContent {
///     match tool_use.name.as_str() {
///         "weather" => tool_use.result("Sunny."),
///         _ => tool_use.result("There is no such tool.").error(),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolUseContent {
    id: String,
    /// The name of the tool. The model may name one that does not exist.
    pub name: String,
    input: Value,
}

/// The result of a tool that the model wanted to use (`ToolResultContent`). [`ToolUseContent::result`] creates one.
///
/// # Examples
///
/// ```
/// use mcp_connector::{ToolResultContent, ToolUseContent};
/// use serde_json::json;
///
/// fn weather(tool_use: &ToolUseContent) -> ToolResultContent {
///     tool_use.result("12 °C, sunny").structured(json!({"temperature": 12}))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename = "tool_result", rename_all = "camelCase")]
pub struct ToolResultContent {
    tool_use_id: String,
    content: Vec<ContentBlock>,
    #[serde(skip_serializing_if = "Option::is_none")]
    structured_content: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_error: Option<bool>,
}

impl ToolUseContent {
    /// Reads one. Returns `None` if it has a wrong form, or an id that one of `others` has.
    pub(crate) fn read(content: &Value, others: &[Self]) -> Option<Self> {
        let text = |member: &str| content.get(member)?.as_str().map(str::to_owned);
        let input = content.get("input").filter(|input| input.is_object())?.clone();
        let tool_use = Self { id: text("id")?, name: text("name")?, input };
        others.iter().all(|other| other.id != tool_use.id).then_some(tool_use)
    }

    /// Reads the arguments as the type that the tool was declared with.
    ///
    /// # Errors
    ///
    /// Fails if the arguments do not fit the type. Tell the model with [`Self::result`] and [`ToolResultContent::error`].
    pub fn input<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(&self.input)
    }

    /// Creates the result of this use, with its first block of content.
    #[must_use]
    pub fn result(&self, content: impl Into<ContentBlock>) -> ToolResultContent {
        ToolResultContent {
            tool_use_id: self.id.clone(),
            content: vec![content.into()],
            structured_content: None,
            is_error: None,
        }
    }
}

impl ToolResultContent {
    /// Adds a block of content.
    #[must_use]
    pub fn content(mut self, content: impl Into<ContentBlock>) -> Self {
        self.content.push(content.into());
        self
    }

    /// Sets the structured content.
    #[must_use]
    pub fn structured(mut self, value: Value) -> Self {
        self.structured_content = Some(value);
        self
    }

    /// Marks the result as a failure; the content says why.
    #[must_use]
    pub fn error(mut self) -> Self {
        self.is_error = Some(true);
        self
    }

    /// Whether it is the result of `tool_use`.
    pub(crate) fn is_of(&self, tool_use: &ToolUseContent) -> bool {
        self.tool_use_id == tool_use.id
    }
}
