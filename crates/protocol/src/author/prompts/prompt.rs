//! Prompts as the author declares them: messages that a person asks for by name ("Prompts").

use std::future::Future;

use serde::Serialize;
use serde_json::Value;

use crate::author::completers::{Completers, Partial};
use crate::author::config_error::ErrorKind;
use crate::author::feature::Feature;
use crate::author::handler::{self, Handler, HandlerArguments, HandlerContext, HandlerFuture, HandlerOutput};
use crate::author::name::is_name;
use crate::author::prompts::into_messages::IntoMessages;
use crate::author::tools::tool_error::ToolError;
use crate::author::visibility::audience::Audience;
use crate::call::context::Context;
use crate::tool_schema::string_arguments::{StringArguments, names, property, required};
use crate::types::base_metadata::BaseMetadata;
use crate::types::icon::Icon;
use crate::types::prompt_message::PromptMessage;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::scope::{IntoScope, Scope};

/// A prompt: messages that a person asks for by name, usually from a menu of the client ("Prompts").
///
/// # Examples
///
/// ```
/// use mcp_connector::{Connector, Context, Partial, Prompt, ToolError};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Review {
///     /// What to review.
///     text: String,
///     /// How to answer: `kind` or `strict`.
///     tone: Option<String>,
/// }
///
/// async fn review(args: Review) -> Result<String, ToolError> {
///     Ok(format!("Review this text in a {} tone:\n\n{}", args.tone.as_deref().unwrap_or("kind"), args.text))
/// }
///
/// async fn tones(partial: Partial, _cx: Context) -> Result<Vec<String>, ToolError> {
///     Ok(partial.matching(["kind", "strict"]))
/// }
///
/// let prompt = Prompt::new("review", "Review a text.", review).title("Review").complete("tone", tones);
/// let connector = Connector::new("reviewer", "1.0.0").prompt(prompt);
/// assert_eq!(connector.check(), []);
/// ```
pub struct Prompt<H> {
    pub(crate) metadata: BaseMetadata,
    /// The schema of the handler's argument type. Arguments are strings on the wire.
    pub(crate) arguments: Value,
    scopes: Vec<Scope>,
    audience: Option<Audience>,
    pub(crate) completers: Completers<H>,
    fill: Filler<H>,
}

/// Returns the messages for some arguments.
type Filler<H> = Box<dyn Fn(Value, Context<H>) -> HandlerFuture<Vec<PromptMessage>>>;

impl<H: 'static> Prompt<H> {
    /// Creates a public prompt from an async function; see [`Handler`] for its forms.
    ///
    /// `name` is 1 to 128 characters of `A-Z a-z 0-9 _ - .`. `description` tells the person what the prompt is good for. The
    /// fields of the handler's argument type are what the person fills in; each is a string, a number or a boolean, because
    /// clients send strings only.
    #[must_use]
    pub fn new<Form, F>(name: impl Into<String>, description: impl Into<String>, handler: F) -> Self
    where
        F: Handler<Form>,
        F::Arguments: HandlerArguments<H>,
        F::Context: HandlerContext<H>,
        F::Output: HandlerOutput<Success: IntoMessages>,
    {
        Self {
            metadata: BaseMetadata::new(name, description),
            arguments: handler::input_schema::<H, _, _>(&handler),
            scopes: Vec::new(),
            audience: None,
            completers: Completers::new(),
            fill: Box::new(move |arguments, cx| {
                let work = handler::call(&handler, arguments, cx);
                Box::pin(async move { Ok(work.await?.into_messages()) })
            }),
        }
    }

    /// Sets the title that people see.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.metadata.title = Some(title.into());
        self
    }

    /// Adds an icon.
    #[must_use]
    pub fn icon(mut self, icon: Icon) -> Self {
        self.metadata.icons.push(icon);
        self
    }

    /// Adds a member to the prompt's `_meta` in the list. The name needs a prefix of your own, for example `example.com/group`.
    #[must_use]
    pub fn meta(mut self, name: impl Into<String>, value: Value) -> Self {
        self.metadata.meta.insert(name.into(), value);
        self
    }

    /// Requires a sign-in with `scope`. Call it several times to require several scopes.
    #[must_use]
    pub fn scope(mut self, scope: impl IntoScope) -> Self {
        self.scopes.push(scope.into_scope());
        self
    }

    /// Shows the prompt only to callers for whom `is_shown` returns true. Call it several times to add conditions.
    ///
    /// For everybody else the prompt does not exist: it is in no list, and a request for it is answered as if nothing had
    /// that name.
    ///
    /// `is_shown` decides about people who have signed in, so the prompt takes a sign-in even without a
    /// [`scope`](Self::scope). A client without a token sees it and is challenged, because only a sign-in tells who its
    /// person is. `is_shown` runs for each list and each request, and knows the [`Caller`] alone.
    ///
    /// [`Caller`]: mcp_connector_base::caller::Caller
    #[must_use]
    pub fn visible_to(mut self, is_shown: impl Fn(&Caller) -> bool + 'static) -> Self {
        self.audience = Some(Audience::narrowed(self.audience.take(), is_shown));
        self
    }

    /// Suggests values for `argument` while a person types it ("Completion"). A client gets at most [`Partial::MAX_VALUES`].
    #[must_use]
    pub fn complete<F, Cx, Fut>(mut self, argument: impl Into<String>, suggest: F) -> Self
    where
        F: Fn(Partial, Cx) -> Fut + 'static,
        Cx: HandlerContext<H>,
        Fut: Future<Output = Result<Vec<String>, ToolError>> + 'static,
    {
        self.completers.add(argument, suggest);
        self
    }

    /// Starts the work. `arguments` have passed the schema.
    pub(crate) fn fill(&self, arguments: Value, cx: Context<H>) -> HandlerFuture<Vec<PromptMessage>> {
        (self.fill)(arguments, cx)
    }
}

impl<H> Prompt<H> {
    /// Returns the entry of the list as JSON with the members that `version` has.
    pub(crate) fn listed(&self, version: ProtocolVersion) -> Value {
        let required = required(&self.arguments);
        let argument = |name: &str| {
            let text = |member: &str| property(&self.arguments, name)?.get(member)?.as_str().map(str::to_owned);
            PromptArgument {
                name: name.to_owned(),
                required: required.contains(&name),
                description: text("description"),
                title: text("title").filter(|_| version.has_titles()),
            }
        };
        let entry = ListedPrompt {
            metadata: self.metadata.known_to(version),
            arguments: names(&self.arguments).into_iter().map(argument).collect(),
        };
        serde_json::to_value(entry).unwrap_or_default()
    }
}

/// A prompt in a list ("Prompt").
#[derive(Serialize)]
struct ListedPrompt {
    #[serde(flatten)]
    metadata: BaseMetadata,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    arguments: Vec<PromptArgument>,
}

#[derive(Serialize)]
struct PromptArgument {
    name: String,
    required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
}

impl<H> Feature for Prompt<H> {
    const KIND: &'static str = "prompt";
    type Checked = StringArguments;

    fn key(&self) -> &str {
        &self.metadata.name
    }

    fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    fn audience(&self) -> Option<&Audience> {
        self.audience.as_ref()
    }

    fn check(&self) -> Result<StringArguments, ErrorKind> {
        if !is_name(&self.metadata.name) {
            return Err(ErrorKind::Name);
        }
        self.completers.check(&self.arguments)?;
        StringArguments::of(&self.arguments)
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;

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
}
