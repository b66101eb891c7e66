//! Prompts as the author describes them: messages that a person asks for by name ("Prompts").

use std::future::Future;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::author::completion::{Completers, Partial};
use crate::author::handler::{Answer, Handler};
use crate::author::tool_result::ToolError;
use crate::call::context::Context;
use crate::json_rpc::object::object;
use crate::tool_schema::text_arguments::{names, property, required};
use crate::types::base_metadata::BaseMetadata;
use crate::types::content::{ContentBlock, Icon, Role};
use crate::types::version::ProtocolVersion;
use mcp_connector_base::scope::Scope;

/// A prompt.
pub struct Prompt<H> {
    pub(crate) about: BaseMetadata,
    /// The schema of the handler's argument type. Arguments are texts on the wire.
    pub(crate) arguments: Value,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) completers: Completers<H>,
    fill: Filler<H>,
}

/// Gives the messages for some arguments.
type Filler<H> = Box<dyn Fn(Value, Context<H>) -> Answer<Vec<PromptMessage>>>;

impl<H: 'static> Prompt<H> {
    /// A public prompt. `description` says to the person what it is good for; the fields of the handler's argument type are
    /// what the person fills in, each a text, a number, or yes or no.
    #[must_use]
    pub fn new<Form>(
        name: impl Into<String>,
        description: impl Into<String>,
        handler: impl Handler<H, Form, Output: IntoMessages>,
    ) -> Self {
        fn arguments<H, Form, F: Handler<H, Form>>(_: &F) -> Value {
            F::input_schema()
        }
        Self {
            about: BaseMetadata::new(name, description),
            arguments: arguments(&handler),
            scopes: Vec::new(),
            completers: Completers::new(),
            fill: Box::new(move |arguments, cx| {
                let work = handler.call(arguments, cx);
                Box::pin(async move { Ok(work.await?.into_messages()) })
            }),
        }
    }

    /// The name a person sees.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.about.title = Some(title.into());
        self
    }

    /// Adds a picture.
    #[must_use]
    pub fn icon(mut self, icon: Icon) -> Self {
        self.about.icons.push(icon);
        self
    }

    /// Adds a member to the prompt's `_meta` in the list.
    #[must_use]
    pub fn meta(mut self, name: impl Into<String>, value: Value) -> Self {
        self.about.meta.insert(name.into(), value);
        self
    }

    /// Only for who signed in and was given `scope`. Several calls ask for several scopes.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scopes.push(scope);
        self
    }

    /// Suggests values for `argument` while a person types one.
    #[must_use]
    pub fn complete<F, Fut>(mut self, argument: impl Into<String>, suggest: F) -> Self
    where
        F: Fn(Partial, Context<H>) -> Fut + 'static,
        Fut: Future<Output = Result<Vec<String>, ToolError>> + 'static,
    {
        self.completers.add(argument, suggest);
        self
    }

    /// Starts the work. `arguments` have passed the schema.
    pub(crate) fn fill(&self, arguments: Value, cx: Context<H>) -> Answer<Vec<PromptMessage>> {
        (self.fill)(arguments, cx)
    }

    pub(crate) fn listed(&self, version: ProtocolVersion) -> Value {
        let required = required(&self.arguments);
        let arguments: Vec<_> = names(&self.arguments)
            .into_iter()
            .map(|name| argument(name, property(&self.arguments, name), required.contains(&name), version))
            .collect();
        let own = if arguments.is_empty() { vec![] } else { vec![("arguments", Value::Array(arguments))] };
        self.about.listed(version, own)
    }
}

fn argument(name: &str, schema: Option<&Value>, is_required: bool, version: ProtocolVersion) -> Value {
    let text = |member: &str| schema.and_then(|schema| schema.get(member)).filter(|text| text.is_string()).cloned();
    let mut members = vec![("name", json!(name)), ("required", json!(is_required))];
    members.extend(text("description").map(|text| ("description", text)));
    members.extend(text("title").filter(|_| version.has_titles()).map(|text| ("title", text)));
    object(members).into()
}

/// One message of a prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct PromptMessage {
    role: Role,
    pub(crate) content: ContentBlock,
}

impl PromptMessage {
    /// What the person says.
    #[must_use]
    pub fn user(content: impl Into<ContentBlock>) -> Self {
        Self { role: Role::User, content: content.into() }
    }

    /// What the model says.
    #[must_use]
    pub fn assistant(content: impl Into<ContentBlock>) -> Self {
        Self { role: Role::Assistant, content: content.into() }
    }

    /// The message in a form that `version` knows.
    pub(crate) fn known_to(&self, version: ProtocolVersion) -> impl Serialize + '_ {
        KnownMessage { message: self, version }
    }
}

struct KnownMessage<'a> {
    message: &'a PromptMessage,
    version: ProtocolVersion,
}

impl Serialize for KnownMessage<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut message = serializer.serialize_struct("PromptMessage", 2)?;
        message.serialize_field("role", &self.message.role)?;
        message.serialize_field("content", &self.message.content.known_to(self.version))?;
        message.end()
    }
}

/// What a prompt's handler may return.
///
/// You should not have to implement this: return a text, which the person says, or one or several [`PromptMessage`]s.
pub trait IntoMessages {
    /// Turns the value into messages.
    fn into_messages(self) -> Vec<PromptMessage>;
}

impl IntoMessages for String {
    fn into_messages(self) -> Vec<PromptMessage> {
        vec![PromptMessage::user(self)]
    }
}

impl IntoMessages for &'static str {
    fn into_messages(self) -> Vec<PromptMessage> {
        vec![PromptMessage::user(self)]
    }
}

impl IntoMessages for PromptMessage {
    fn into_messages(self) -> Vec<PromptMessage> {
        vec![self]
    }
}

impl IntoMessages for Vec<PromptMessage> {
    fn into_messages(self) -> Vec<PromptMessage> {
        self
    }
}

impl<const N: usize> IntoMessages for [PromptMessage; N] {
    fn into_messages(self) -> Vec<PromptMessage> {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, JsonSchema)]
    struct Review {
        /// The text.
        text: String,
        #[schemars(title = "Tone of voice")]
        tone: Option<String>,
    }

    async fn review(args: Review) -> Result<[PromptMessage; 2], ToolError> {
        Ok([PromptMessage::user(args.text), PromptMessage::assistant(args.tone.unwrap_or_default())])
    }

    #[test]
    fn arguments_are_listed_as_the_type_says() {
        let prompt = Prompt::<()>::new("review", "Review a text.", review);
        let arguments = |version| prompt.listed(version)["arguments"].clone();
        let text = json!({"name": "text", "required": true, "description": "The text."});
        assert_eq!(
            arguments(ProtocolVersion::V2026_07_28),
            json!([text, {"name": "tone", "required": false, "title": "Tone of voice"}])
        );
        assert_eq!(arguments(ProtocolVersion::V2025_03_26), json!([text, {"name": "tone", "required": false}]));
    }

    #[test]
    fn a_message_has_a_role_and_one_block() {
        let messages = [PromptMessage::user("a"), PromptMessage::assistant(ContentBlock::text("b"))];
        let written: Vec<_> = messages.iter().map(|message| message.known_to(ProtocolVersion::V2026_07_28)).collect();
        assert_eq!(
            json!(written),
            json!([
                {"role": "user", "content": {"type": "text", "text": "a"}},
                {"role": "assistant", "content": {"type": "text", "text": "b"}},
            ])
        );
    }
}
