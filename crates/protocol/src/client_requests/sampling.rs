//! Asking the client's model ("Sampling"). Deprecated since 2026-07-28, and few clients offer it.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::author::tools::tool_error::ToolError;
use crate::call::context::Context;
use crate::client_requests::question::Question;
use crate::client_requests::sampling_tools::{ToolChoice, ToolResultContent, ToolUseContent};
use crate::host::bundle::Host;
use crate::tool_schema::published::{Direction, published};
use crate::tool_schema::schema_of::schema_of;
use crate::types::client_capabilities::ClientCapability;
use crate::types::content_block::ContentBlock;
use crate::types::role::Role;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// A question to the client's model ("Sampling", `sampling/createMessage`). [`Context::sample`] sends it.
///
/// Sampling is deprecated since revision 2026-07-28, and few clients offer it.
///
/// # Examples
///
/// ```
/// use mcp_connector::{Context, CreateMessageRequest, ToolError};
///
/// async fn summarize(text: String, cx: Context) -> Result<String, ToolError> {
///     let request = CreateMessageRequest::new(format!("Sum up in a sentence:\n\n{text}"), 200)
///         .system("You are brief.")
///         .temperature(0.2);
///     Ok(cx.sample("summary", request).await?.text)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct CreateMessageRequest {
    params: CreateMessageParams,
    messages: Vec<SamplingMessage>,
    /// Whether the model may use tools, or has used some in an earlier message.
    uses_tools: bool,
    /// Why the request cannot be sent.
    fault: Option<&'static str>,
}

/// The parameters that do not depend on the client's revision (`CreateMessageRequestParams`).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CreateMessageParams {
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_prompt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_sequences: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_preferences: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
}

/// A message with one content or several.
#[derive(Clone, Debug)]
struct SamplingMessage {
    role: Role,
    contents: Vec<Value>,
    /// Whether it holds the results of tools, and so nothing else ("Tool Result Messages").
    has_results: bool,
}

impl SamplingMessage {
    fn text(role: Role, text: impl Into<String>) -> Self {
        let text: String = text.into();
        Self { role, contents: vec![json!({ "type": "text", "text": text })], has_results: false }
    }
}

impl CreateMessageRequest {
    /// Creates a request with one message of the person. The answer has at most `max_tokens` tokens.
    #[must_use]
    pub fn new(prompt: impl Into<String>, max_tokens: u32) -> Self {
        let params = CreateMessageParams {
            max_tokens,
            system_prompt: None,
            temperature: None,
            stop_sequences: None,
            model_preferences: None,
            tools: Vec::new(),
            tool_choice: None,
        };
        Self { params, messages: vec![SamplingMessage::text(Role::User, prompt)], uses_tools: false, fault: None }
    }

    /// Adds a message of the model and the person's next one, as an example or as the conversation so far.
    #[must_use]
    pub fn then(mut self, assistant: impl Into<String>, user: impl Into<String>) -> Self {
        self.messages.push(SamplingMessage::text(Role::Assistant, assistant));
        self.messages.push(SamplingMessage::text(Role::User, user));
        self
    }

    /// Adds an image to the person's last message, of a media type such as `image/png`.
    #[must_use]
    pub fn image(self, bytes: &[u8], mime_type: &str) -> Self {
        self.with_content(&ContentBlock::image(bytes, mime_type))
    }

    /// Adds audio to the person's last message, of a media type such as `audio/wav`. A client of 2024-11-05 gets a text
    /// instead.
    #[must_use]
    pub fn audio(self, bytes: &[u8], mime_type: &str) -> Self {
        self.with_content(&ContentBlock::audio(bytes, mime_type))
    }

    /// Sets the system prompt.
    #[must_use]
    pub fn system(mut self, prompt: impl Into<String>) -> Self {
        self.params.system_prompt = Some(prompt.into());
        self
    }

    /// Sets the temperature: how much answers to the same question may differ, from 0.
    #[must_use]
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.params.temperature = Some(temperature);
        self
    }

    /// Ends the answer before any of these texts (`stopSequences`).
    #[must_use]
    pub fn stop_at(mut self, texts: &[&str]) -> Self {
        self.params.stop_sequences = Some(texts.iter().map(|text| (*text).to_owned()).collect());
        self
    }

    /// Asks for a model by a part of its name (`modelPreferences`). The client decides.
    #[must_use]
    pub fn prefer_model(mut self, name: &str) -> Self {
        self.params.model_preferences = Some(json!({ "hints": [{ "name": name }] }));
        self
    }

    /// Adds a tool that the model may use while it answers, with arguments of the type `T` ("Tools in Sampling").
    ///
    /// The tool belongs to the request, not to the connector: the handler does what the model asks for in
    /// [`CreateMessageResult::tool_uses`], and asks again with the results by [`answered`](Self::answered). Needs a client with
    /// [`ClientCapability::SamplingTools`].
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Context, CreateMessageRequest, ToolChoice, ToolError};
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize, JsonSchema)]
    /// struct Town {
    ///     name: String,
    /// }
    ///
    /// async fn advise(question: String, cx: Context) -> Result<String, ToolError> {
    ///     let mut request = CreateMessageRequest::new(question, 300).tool::<Town>("weather", "The weather in a town.");
    ///     for round in 0..4 {
    ///         let answer = cx.sample(&format!("round {round}"), request.clone()).await?;
    ///         if answer.tool_uses.is_empty() {
    ///             return Ok(answer.text);
    ///         }
    ///         let mut results = Vec::new();
    ///         for tool_use in &answer.tool_uses {
    ///             results.push(match tool_use.input::<Town>() {
    ///                 Ok(town) => tool_use.result(format!("It is sunny in {}.", town.name)),
    ///                 Err(error) => tool_use.result(error.to_string()).error(),
    ///             });
    ///         }
    ///         request = request.answered(answer, results);
    ///         if round == 2 {
    ///             request = request.tool_choice(ToolChoice::None);
    ///         }
    ///     }
    ///     Err(ToolError::new("The model did not come to an end."))
    /// }
    /// ```
    #[must_use]
    pub fn tool<T: JsonSchema>(mut self, name: &str, description: &str) -> Self {
        self.uses_tools = true;
        let schema = published(&schema_of::<T>(), Direction::Arguments);
        self.params.tools.push(json!({ "name": name, "description": description, "inputSchema": schema }));
        self
    }

    /// Sets whether the model uses the tools. [`ToolChoice::None`] on the last round makes it come to an end.
    #[must_use]
    pub fn tool_choice(mut self, choice: ToolChoice) -> Self {
        self.uses_tools = true;
        self.params.tool_choice = Some(json!({ "mode": choice }));
        self
    }

    /// Adds the model's answer, and the results of the tools that it wanted to use: one result for each use.
    ///
    /// If one is missing or belongs to no use, [`Context::sample`] fails and nothing is sent: the client would refuse it ("Tool
    /// Use and Result Balance").
    #[must_use]
    pub fn answered(
        mut self,
        answer: CreateMessageResult,
        results: impl IntoIterator<Item = ToolResultContent>,
    ) -> Self {
        let results: Vec<_> = results.into_iter().collect();
        self.uses_tools = true;
        let count = |tool_use: &ToolUseContent| results.iter().filter(|result| result.is_of(tool_use)).count();
        if answer.tool_uses.len() != results.len() || answer.tool_uses.iter().any(|tool_use| count(tool_use) != 1) {
            self.fault = Some("Each use of a tool that the model asks for needs one result, and nothing else has one.");
        } else if results.is_empty() {
            self.fault = Some("The model asked for no tool, so there is nothing to answer.");
        }
        self.messages.push(SamplingMessage { role: Role::Assistant, contents: answer.contents, has_results: false });
        let contents = results.iter().map(|result| json!(result)).collect();
        self.messages.push(SamplingMessage { role: Role::User, contents, has_results: true });
        self
    }

    fn with_content(mut self, content: &ContentBlock) -> Self {
        let content = json!(content);
        match self.messages.last_mut() {
            Some(message) if !message.has_results => message.contents.push(content),
            _ => self.messages.push(SamplingMessage { role: Role::User, contents: vec![content], has_results: false }),
        }
        self
    }

    /// Returns the parameters in a form that `version` has: until 2025-06-18 a message has one content, so several contents are
    /// several messages.
    fn known_to(self, version: ProtocolVersion) -> Value {
        let mut messages = Vec::new();
        for SamplingMessage { role, mut contents, .. } in self.messages {
            if !version.has_audio() {
                contents.iter_mut().for_each(replace_audio);
            }
            if contents.len() > 1 && version.has_several_contents() {
                messages.push(json!({ "role": role, "content": contents }));
            } else {
                messages.extend(contents.drain(..).map(|content| json!({ "role": role, "content": content })));
            }
        }
        json!(KnownParams { params: self.params, messages })
    }
}

/// The parameters in the form of one revision.
#[derive(Serialize)]
struct KnownParams {
    #[serde(flatten)]
    params: CreateMessageParams,
    messages: Vec<Value>,
}

/// Replaces audio by text: a message of 2024-11-05 holds text or an image.
fn replace_audio(content: &mut Value) {
    if content.get("type").and_then(Value::as_str) == Some("audio") {
        let mime_type = content.get("mimeType").and_then(Value::as_str).unwrap_or("audio");
        let text = format!("[Audio of type {mime_type}. This client's revision of the protocol cannot carry it.]");
        *content = json!({ "type": "text", "text": text });
    }
}

/// The answer of the client's model (`CreateMessageResult`).
///
/// # Examples
///
/// ```
/// use mcp_connector::CreateMessageResult;
///
/// fn is_complete(answer: &CreateMessageResult) -> bool {
///     answer.stop_reason.as_deref() != Some("maxTokens")
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateMessageResult {
    /// The text. Empty if the model answered with something else.
    pub text: String,
    /// The name of the model, as the client gives it.
    pub model: String,
    /// Why the model stopped, if the client says it: `endTurn`, `stopSequence`, `maxTokens`, `toolUse` or a reason of the
    /// model's maker.
    pub stop_reason: Option<String>,
    /// The tools that the model wants to use first. [`CreateMessageRequest::answered`] takes their results.
    pub tool_uses: Vec<ToolUseContent>,
    contents: Vec<Value>,
}

impl<H: Host> Context<H> {
    /// Asks the client's model ("Sampling"). `key` names the question among those of the handler, as in [`Context::elicit`].
    ///
    /// # Errors
    ///
    /// Leaves the handler where the client has no model to ask, where it refuses, and, with clients of 2026-07-28, until the
    /// answer is there: then the handler runs again from its beginning.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{ClientCapability, Context, CreateMessageRequest, ToolError};
    ///
    /// async fn greet(cx: Context) -> Result<String, ToolError> {
    ///     if !cx.can(ClientCapability::Sampling) {
    ///         return Ok("Hello!".to_owned());
    ///     }
    ///     Ok(cx.sample("greeting", CreateMessageRequest::new("Greet somebody.", 50)).await?.text)
    /// }
    /// ```
    pub async fn sample(&self, key: &str, request: CreateMessageRequest) -> Result<CreateMessageResult, ToolError> {
        let needs = if request.uses_tools { ClientCapability::SamplingTools } else { ClientCapability::Sampling };
        if let Some(fault) = request.fault {
            return Err(ToolError::new(fault));
        }
        let params = request.known_to(self.protocol_version());
        let question = Question { method: "sampling/createMessage", params, needs };
        let answer = self.ask(key, question).await?;
        read(answer).ok_or_else(|| self.unfit("The answer to a sampling request needs `role`, `content` and `model`."))
    }
}

fn read(mut answer: Object) -> Option<CreateMessageResult> {
    answer.get("role")?.as_str()?;
    let model = answer.get("model")?.as_str()?.to_owned();
    let stop_reason = answer.get("stopReason").and_then(Value::as_str).map(str::to_owned);
    let contents = match answer.remove("content")? {
        Value::Array(contents) => contents,
        content if content.is_object() => vec![content],
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => return None,
    };
    let (mut text, mut tool_uses) = (String::new(), Vec::new());
    for content in &contents {
        match content.get("type")?.as_str()? {
            "text" => text.push_str(content.get("text")?.as_str()?),
            "tool_use" => tool_uses.push(ToolUseContent::read(content, &tool_uses)?),
            _ => {}
        }
    }
    Some(CreateMessageResult { text, model, stop_reason, tool_uses, contents })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_contents_are_several_messages_where_a_message_has_one() {
        let roles_and_kinds = |version| -> Vec<(Value, usize)> {
            let asked = CreateMessageRequest::new("What is this?", 9)
                .image(b"1", "image/png")
                .audio(b"2", "audio/wav")
                .then("A cat.", "Sure?");
            let messages = asked.known_to(version)["messages"].as_array().unwrap().clone();
            messages
                .iter()
                .map(|message| (message["role"].clone(), message["content"].as_array().map_or(1, Vec::len)))
                .collect()
        };
        let (user, assistant) = (json!("user"), json!("assistant"));
        let whole = vec![(user.clone(), 3), (assistant.clone(), 1), (user.clone(), 1)];
        for version in [ProtocolVersion::V2026_07_28, ProtocolVersion::V2025_11_25] {
            assert_eq!(roles_and_kinds(version), whole, "{version:?}");
        }
        let split = vec![(user.clone(), 1), (user.clone(), 1), (user.clone(), 1), (assistant, 1), (user, 1)];
        assert_eq!(roles_and_kinds(ProtocolVersion::V2025_06_18), split);
    }

    #[test]
    fn a_client_without_audio_gets_a_text() {
        let kinds = |version| -> Vec<Value> {
            let asked = CreateMessageRequest::new("What is this?", 9).audio(b"2", "audio/wav").known_to(version);
            let messages = asked["messages"].as_array().unwrap().clone();
            messages.into_iter().map(|message| message["content"].clone()).collect()
        };
        let question = json!({"type": "text", "text": "What is this?"});
        let audio = json!({"type": "audio", "data": "Mg==", "mimeType": "audio/wav"});
        let text = "[Audio of type audio/wav. This client's revision of the protocol cannot carry it.]";
        assert_eq!(kinds(ProtocolVersion::V2025_03_26), [question.clone(), audio]);
        assert_eq!(kinds(ProtocolVersion::V2024_11_05), [question, json!({"type": "text", "text": text})]);
    }
}
