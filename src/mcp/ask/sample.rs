//! Asking the client's model ("Sampling"). Deprecated since 2026-07-28, and few clients offer it.

use serde_json::{Value, json};

use super::asking::Question;
use crate::mcp::client_capabilities::ClientCapability;
use crate::mcp::context::Context;
use crate::mcp::host::Host;
use crate::mcp::json::{Object, object};
use crate::mcp::tool_result::ToolError;

/// What the model is asked.
#[derive(Clone, Debug)]
pub struct Sampling(Object);

impl Sampling {
    /// One message of the person. The answer has at most `max_tokens` tokens.
    #[must_use]
    pub fn new(prompt: impl Into<String>, max_tokens: u32) -> Self {
        Self(object(vec![("messages", json!([message("user", &prompt.into())])), ("maxTokens", max_tokens.into())]))
    }

    /// Adds a message of the model and the person's next one, as an example or as what was said before.
    #[must_use]
    pub fn then(mut self, assistant: impl Into<String>, user: impl Into<String>) -> Self {
        if let Some(Value::Array(messages)) = self.0.get_mut("messages") {
            messages.push(message("assistant", &assistant.into()));
            messages.push(message("user", &user.into()));
        }
        self
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

    fn with(mut self, name: &str, value: Value) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }
}

fn message(role: &str, text: &str) -> Value {
    json!({ "role": role, "content": { "type": "text", "text": text } })
}

/// What the model said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampled {
    /// Its text. Empty where it answered with something else.
    pub text: String,
    /// The model's name, as the client gives it.
    pub model: String,
}

impl<H: Host> Context<H> {
    /// Asks the client's model. Leaves the handler by `?` like [`Context::elicit`].
    pub async fn sample(&self, key: &str, sampling: Sampling) -> Result<Sampled, ToolError> {
        let params = Value::Object(sampling.0);
        let question = Question { method: "sampling/createMessage", params, needs: ClientCapability::Sampling };
        let answer = self.ask(key, question).await?;
        read(&answer).ok_or_else(|| self.unfit("The answer to a sampling request needs `role`, `content` and `model`."))
    }
}

fn read(answer: &Object) -> Option<Sampled> {
    let model = answer.get("model")?.as_str()?.to_owned();
    answer.get("role")?.as_str()?;
    let text = |block: &Value| match block.get("type")?.as_str()? {
        "text" => block.get("text")?.as_str().map(str::to_owned),
        _ => Some(String::new()),
    };
    let content = answer.get("content")?;
    let text = match content.as_array() {
        Some(blocks) => blocks.iter().map(text).collect::<Option<Vec<_>>>()?.concat(),
        None => text(content)?,
    };
    Some(Sampled { text, model })
}
