//! Tools that the client's model may use while it answers a question of the server ("Tools in Sampling", SEP-1577, from
//! revision 2025-11-25 on). They belong to the question, not to the connector: what the model wants of them comes back as its
//! answer, the handler does it, and asks again with the results.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::client_requests::sampling::{CreateMessageRequest, CreateMessageResult, SamplingMessage};
use crate::json_rpc::object::object;
use crate::tool_schema::published::{Direction, published};
use crate::tool_schema::schema_of::schema_of;
use crate::types::content::ContentBlock;
use mcp_connector_base::json::Object;

/// Whether the model uses tools ("Tool Choice Modes").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolChoice {
    /// As it likes. So it is where nothing is said.
    Auto,
    /// At least one, before it is done.
    Required,
    /// None: it must come to an end now.
    None,
}

/// The model wants to use a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolUseContent {
    id: String,
    /// The tool's name. It is what the model says; it need not be one of yours.
    pub name: String,
    input: Value,
}

/// What the use of a tool gave. [`ToolUseContent::result`] begins one.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolResultContent {
    tool_use_id: String,
    contents: Vec<Value>,
    members: Object,
}

impl CreateMessageRequest {
    /// Adds a tool that the model may use, with arguments of the type `T`. For clients that say so:
    /// [`ClientCapability::SamplingTools`](crate::types::client_capabilities::ClientCapability::SamplingTools).
    #[must_use]
    pub fn tool<T: JsonSchema>(mut self, name: &str, description: &str) -> Self {
        self.uses_tools = true;
        let schema = published(&schema_of::<T>(), Direction::Arguments);
        let tool = json!({ "name": name, "description": description, "inputSchema": schema });
        if let Some(tools) = self.list("tools") {
            tools.push(tool);
        }
        self
    }

    /// Whether the model uses the tools. On the last round, [`ToolChoice::None`] makes it come to an end.
    #[must_use]
    pub fn tool_choice(mut self, choice: ToolChoice) -> Self {
        self.uses_tools = true;
        let mode = match choice {
            ToolChoice::Auto => "auto",
            ToolChoice::Required => "required",
            ToolChoice::None => "none",
        };
        self.with("toolChoice", json!({ "mode": mode }))
    }

    /// Adds what the model has said, and what the tools gave that it wanted to use: one result for each use. Where one is
    /// missing or is nobody's, [`Context::sample`](crate::call::context::Context::sample) fails and nothing is sent: the client would
    /// refuse it ("Tool Use and Result Balance").
    #[must_use]
    pub fn answered(
        mut self,
        sampled: CreateMessageResult,
        results: impl IntoIterator<Item = ToolResultContent>,
    ) -> Self {
        let results: Vec<_> = results.into_iter().collect();
        self.add(sampled, results);
        self
    }

    fn add(&mut self, sampled: CreateMessageResult, results: Vec<ToolResultContent>) {
        self.uses_tools = true;
        let of = |id: &str| results.iter().filter(|result| result.tool_use_id == id).count();
        if sampled.tool_uses.len() != results.len() || sampled.tool_uses.iter().any(|asked| of(&asked.id) != 1) {
            self.fault = Some("Each use of a tool that the model asks for needs one result, and nothing else has one.");
        } else if results.is_empty() {
            self.fault = Some("The model asked for no tool, so there is nothing to answer.");
        }
        self.push(SamplingMessage { role: "assistant", contents: sampled.contents, has_results: false });
        let contents = results.into_iter().map(ToolResultContent::on_the_wire).collect();
        self.push(SamplingMessage { role: "user", contents, has_results: true });
    }
}

impl ToolUseContent {
    /// None where it has a wrong form, or an id that one of `others` has.
    pub(crate) fn read(content: &Value, others: &[Self]) -> Option<Self> {
        let text = |member: &str| content.get(member)?.as_str().map(str::to_owned);
        let input = content.get("input").filter(|input| input.is_object())?.clone();
        let asked = Self { id: text("id")?, name: text("name")?, input };
        others.iter().all(|other| other.id != asked.id).then_some(asked)
    }

    /// The arguments, as the type that the tool was declared with. What does not fit is worth telling the model: with
    /// [`Self::result`] and [`ToolResultContent::error`].
    pub fn input<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(&self.input)
    }

    /// What the tool gave.
    #[must_use]
    pub fn result(&self, content: impl Into<ContentBlock>) -> ToolResultContent {
        let result = ToolResultContent { tool_use_id: self.id.clone(), contents: Vec::new(), members: Object::new() };
        result.content(content)
    }
}

impl ToolResultContent {
    /// Adds more of what the tool gave.
    #[must_use]
    pub fn content(mut self, content: impl Into<ContentBlock>) -> Self {
        self.contents.push(serde_json::to_value(content.into()).unwrap_or_default());
        self
    }

    /// Adds what it gave as a value.
    #[must_use]
    pub fn structured(self, value: Value) -> Self {
        self.with("structuredContent", value)
    }

    /// Says that the tool failed; the content says why.
    #[must_use]
    pub fn error(self) -> Self {
        self.with("isError", true.into())
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        self.members.insert(name.to_owned(), value);
        self
    }

    fn on_the_wire(self) -> Value {
        let mut members = object(vec![
            ("type", "tool_result".into()),
            ("toolUseId", self.tool_use_id.into()),
            ("content", self.contents.into()),
        ]);
        for (name, value) in self.members {
            members.insert(name, value);
        }
        members.into()
    }
}
