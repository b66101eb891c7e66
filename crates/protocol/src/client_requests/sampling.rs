//! Asking the client's model ("Sampling"). Deprecated since 2026-07-28, and few clients offer it.

use serde_json::{Value, json};

use crate::author::tool_result::ToolError;
use crate::call::context::Context;
use crate::client_requests::question::Question;
use crate::client_requests::sampling_tools::ToolUseContent;
use crate::json_rpc::object::object;
use crate::transport::host::Host;
use crate::types::client_capabilities::ClientCapability;
use crate::types::content::ContentBlock;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// What the model is asked.
#[derive(Clone, Debug)]
pub struct CreateMessageRequest {
    params: Object,
    messages: Vec<SamplingMessage>,
    /// There are tools, or were in what was said before.
    pub(crate) uses_tools: bool,
    /// Why it cannot be sent.
    pub(crate) fault: Option<&'static str>,
}

/// A message with one content or several.
#[derive(Clone, Debug)]
pub(crate) struct SamplingMessage {
    pub(crate) role: &'static str,
    pub(crate) contents: Vec<Value>,
    /// Holds the results of tools, and so nothing else ("Tool Result Messages").
    pub(crate) has_results: bool,
}

impl CreateMessageRequest {
    /// One message of the person. The answer has at most `max_tokens` tokens.
    #[must_use]
    pub fn new(prompt: impl Into<String>, max_tokens: u32) -> Self {
        let params = object(vec![("maxTokens", max_tokens.into())]);
        Self { params, messages: vec![message("user", prompt)], uses_tools: false, fault: None }
    }

    /// Adds a message of the model and the person's next one, as an example or as what was said before.
    #[must_use]
    pub fn then(mut self, assistant: impl Into<String>, user: impl Into<String>) -> Self {
        self.messages.push(message("assistant", assistant));
        self.messages.push(message("user", user));
        self
    }

    /// Shows the model an image with the person's last message, for example `image/png`.
    #[must_use]
    pub fn image(self, bytes: &[u8], mime_type: &str) -> Self {
        self.with_content(&ContentBlock::image(bytes, mime_type))
    }

    /// Lets the model hear a sound with the person's last message, for example `audio/wav` (from revision 2025-03-26 on).
    #[must_use]
    pub fn audio(self, bytes: &[u8], mime_type: &str) -> Self {
        self.with_content(&ContentBlock::audio(bytes, mime_type))
    }

    /// What the model should know first.
    #[must_use]
    pub fn system(self, prompt: impl Into<String>) -> Self {
        self.with("systemPrompt", prompt.into().into())
    }

    /// How free the answer may be, from 0.
    #[must_use]
    pub fn temperature(self, temperature: f64) -> Self {
        self.with("temperature", temperature.into())
    }

    /// Ends the answer before any of these texts.
    #[must_use]
    pub fn stop_at(self, texts: &[&str]) -> Self {
        self.with("stopSequences", json!(texts))
    }

    /// Which model would do, by a part of its name. A hint; the client decides.
    #[must_use]
    pub fn prefer_model(self, name: &str) -> Self {
        self.with("modelPreferences", json!({ "hints": [{ "name": name }] }))
    }

    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        self.params.insert(name.to_owned(), value);
        self
    }

    /// The member `name`, a list.
    pub(crate) fn list(&mut self, name: &str) -> Option<&mut Vec<Value>> {
        self.params.entry(name).or_insert_with(|| json!([])).as_array_mut()
    }

    pub(crate) fn push(&mut self, message: SamplingMessage) {
        self.messages.push(message);
    }

    fn with_content(mut self, content: &ContentBlock) -> Self {
        let content = serde_json::to_value(content).unwrap_or_default();
        match self.messages.last_mut() {
            Some(message) if !message.has_results => message.contents.push(content),
            _ => self.messages.push(SamplingMessage { role: "user", contents: vec![content], has_results: false }),
        }
        self
    }

    /// As a client of `version` takes it: until 2025-06-18 a message has one content, so several are several messages.
    fn on_the_wire(self, version: ProtocolVersion) -> Value {
        let mut messages = Vec::new();
        for SamplingMessage { role, mut contents, .. } in self.messages {
            if !version.has_audio() {
                contents.iter_mut().for_each(say_audio);
            }
            if contents.len() > 1 && version.has_several_contents() {
                messages.push(json!({ "role": role, "content": contents }));
            } else {
                messages.extend(contents.drain(..).map(|content| json!({ "role": role, "content": content })));
            }
        }
        let mut params = self.params;
        params.insert("messages".to_owned(), Value::Array(messages));
        params.into()
    }
}

/// Puts text in the place of audio: a message of 2024-11-05 holds text or an image.
fn say_audio(content: &mut Value) {
    if content.get("type").and_then(Value::as_str) == Some("audio") {
        let mime_type = content.get("mimeType").and_then(Value::as_str).unwrap_or("audio");
        let text = format!("[Audio of type {mime_type}. This client's revision of the protocol cannot carry it.]");
        *content = json!({ "type": "text", "text": text });
    }
}

fn message(role: &'static str, text: impl Into<String>) -> SamplingMessage {
    let text: String = text.into();
    SamplingMessage { role, contents: vec![json!({ "type": "text", "text": text })], has_results: false }
}

/// What the model said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateMessageResult {
    /// Its text. Empty where it answered with something else.
    pub text: String,
    /// The model's name, as the client gives it.
    pub model: String,
    /// Why it said no more, if that is known: `endTurn`, `stopSequence`, `maxTokens`, `toolUse` or something of its maker's.
    pub stop_reason: Option<String>,
    /// The tools that it wants to use before it goes on. [`CreateMessageRequest::answered`] takes what they gave.
    pub tool_uses: Vec<ToolUseContent>,
    pub(crate) contents: Vec<Value>,
}

impl<H: Host> Context<H> {
    /// Asks the client's model. Leaves the handler by `?` like [`Context::elicit`].
    pub async fn sample(&self, key: &str, sampling: CreateMessageRequest) -> Result<CreateMessageResult, ToolError> {
        let needs = if sampling.uses_tools { ClientCapability::SamplingTools } else { ClientCapability::Sampling };
        if let Some(fault) = sampling.fault {
            return Err(ToolError::new(fault));
        }
        let params = sampling.on_the_wire(self.protocol_version());
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
            let messages = asked.on_the_wire(version)["messages"].as_array().unwrap().clone();
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
    fn a_client_without_audio_is_told_of_it() {
        let kinds = |version| -> Vec<Value> {
            let asked = CreateMessageRequest::new("What is this?", 9).audio(b"2", "audio/wav").on_the_wire(version);
            let messages = asked["messages"].as_array().unwrap().clone();
            messages.into_iter().map(|message| message["content"].clone()).collect()
        };
        let question = json!({"type": "text", "text": "What is this?"});
        let audio = json!({"type": "audio", "data": "Mg==", "mimeType": "audio/wav"});
        let told = "[Audio of type audio/wav. This client's revision of the protocol cannot carry it.]";
        assert_eq!(kinds(ProtocolVersion::V2025_03_26), [question.clone(), audio]);
        assert_eq!(kinds(ProtocolVersion::V2024_11_05), [question, json!({"type": "text", "text": told})]);
    }
}
