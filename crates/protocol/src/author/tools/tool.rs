//! Tools as the author declares them ("Tools").

use serde_json::{Value, json};

use crate::author::handler::{self, Handler, HandlerArguments, HandlerContext, HandlerFuture, HandlerOutput};
use crate::author::tools::background::Background;
use crate::author::tools::call_tool_result::CallToolResult;
use crate::author::tools::callers::Callers;
use crate::author::tools::into_tool_result::IntoToolResult;
use crate::author::visibility::audience::Audience;
use crate::call::context::Context;
use crate::tool_schema::refused::mentions_null;
use crate::tool_schema::tool_schemas::{InputSchema, OutputSchema};
use crate::types::icon::Icon;
use crate::types::tool_annotations::ToolAnnotations;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::json::Object;
use mcp_connector_base::scope::{IntoScope, Scope};

/// A tool: an async function that a model can call, with what it says about itself ("Tools").
///
/// Each tool says what it changes with [`read_only`](Self::read_only), [`additive`](Self::additive) or
/// [`destructive`](Self::destructive), and has a [`title`](Self::title); the connector's own test reports one that does not. A
/// tool without a [`scope`](Self::scope) is public.
///
/// # Examples
///
/// ```
/// use mcp_connector::{Connector, Context, Scope, Tool, ToolError};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// const LIGHTS: Scope = Scope::new("lights", "Switch your lights");
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Switch {
///     /// The name of the room.
///     room: String,
///     /// Whether the light is to be on.
///     on: bool,
/// }
///
/// async fn switch_light(args: Switch, cx: Context) -> Result<String, ToolError> {
///     let owner = cx.subject()?;
///     Ok(format!("The light in the {} of {owner} is {}.", args.room, if args.on { "on" } else { "off" }))
/// }
///
/// let tool = Tool::new("switch_light", "Switch a light on or off.", switch_light)
///     .title("Switch light")
///     .scope(LIGHTS)
///     .additive()
///     .idempotent();
/// let connector = Connector::new("lights", "1.0.0").sign_in([LIGHTS]).tool(tool);
/// assert_eq!(connector.check(), []);
/// ```
pub struct Tool<H> {
    pub name: String,
    pub title: Option<String>,
    pub description: String,
    pub(crate) input: InputSchema,
    pub(crate) output: Option<OutputSchema>,
    pub annotations: ToolAnnotations,
    pub(crate) icons: Vec<Icon>,
    /// The scopes that a caller needs; without any, everybody may call.
    pub(crate) scopes: Vec<Scope>,
    /// The people whom it is shown to.
    pub(crate) audience: Option<Audience>,
    /// Whether a revoked sign-in ends here at once.
    pub(crate) checks_revocation: bool,
    /// The URI of the view that shows its results.
    pub(crate) view: Option<String>,
    pub(crate) callers: Callers,
    /// Whether it may continue as a task, and how.
    pub(crate) background: Option<Background>,
    pub(crate) meta: Object,
    pub(crate) handler: ToolHandler<H>,
}

/// Carries out the tool with arguments that have passed its schema.
type ToolHandler<H> = Box<dyn Fn(Value, Context<H>) -> HandlerFuture<CallToolResult>>;

impl<H: 'static> Tool<H> {
    /// Creates a public tool from an async function; see [`Handler`] for its forms.
    ///
    /// `name` is 1 to 64 characters of `A-Z a-z 0-9 _ -`: every client takes those. `description` is what the model reads to
    /// decide whether to call the tool. The schemas of arguments and result are derived from the types of the function.
    #[must_use]
    pub fn new<Form, F>(name: impl Into<String>, description: impl Into<String>, handler: F) -> Self
    where
        F: Handler<Form>,
        F::Arguments: HandlerArguments<H>,
        F::Context: HandlerContext<H>,
        F::Output: HandlerOutput<Success: IntoToolResult>,
    {
        let input = InputSchema::derived(handler::input_schema::<H, _, _>(&handler));
        let output = <F::Output as HandlerOutput>::Success::output_schema().map(OutputSchema::derived);
        let absent = output.as_ref().and_then(OutputSchema::absent_members);
        Self {
            name: name.into(),
            title: None,
            description: description.into(),
            input,
            output,
            annotations: ToolAnnotations::default(),
            icons: Vec::new(),
            scopes: Vec::new(),
            audience: None,
            checks_revocation: false,
            view: None,
            callers: Callers::Both,
            background: None,
            meta: Object::new(),
            handler: Box::new(move |arguments, cx| {
                let work = handler::call(&handler, arguments, cx);
                let absent = absent.clone();
                Box::pin(async move {
                    let result = work.await?.into_tool_result()?;
                    match &absent {
                        Some(absent) => Ok(result.without(absent)?),
                        None => Ok(result),
                    }
                })
            }),
        }
    }

    /// Sets the title that people see.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Requires a sign-in with `scope`. Call it several times to require several scopes.
    ///
    /// A client without a token gets 401, and one whose token lacks the scope gets 403, each with what to ask for.
    ///
    /// # Examples
    ///
    /// ```
    /// # use mcp_connector::{Connector, Context, Scope, Tool, ToolError};
    /// const PROFILE: Scope = Scope::new("profile", "See who you are");
    ///
    /// async fn whoami(cx: Context) -> Result<String, ToolError> {
    ///     Ok(cx.subject()?.to_string())
    /// }
    ///
    /// let tool = Tool::new("whoami", "Tell who is signed in.", whoami).scope(PROFILE).read_only();
    /// # let _ = Connector::new("a", "1").tool(tool);
    /// ```
    #[must_use]
    pub fn scope(mut self, scope: impl IntoScope) -> Self {
        self.scopes.push(scope.into_scope());
        self
    }

    /// Shows the tool only to callers for whom `is_shown` returns true. Call it several times to add conditions.
    ///
    /// For everybody else the tool does not exist: it is in no list, and a call of it is answered as if nothing had that
    /// name.
    ///
    /// `is_shown` decides about people who have signed in, so the tool takes a sign-in even without a [`scope`](Self::scope).
    /// A client without a token sees it and is challenged, because only a sign-in tells who its person is. `is_shown` runs
    /// for each list and each request, and knows the [`Caller`] alone.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Connector, Context, Scope, Tool, ToolError};
    ///
    /// const NOTES_WRITE: Scope = Scope::new("notes:write", "Save and delete your notes");
    ///
    /// async fn empty_trash(_cx: Context) -> Result<&'static str, ToolError> {
    ///     Ok("The trash is empty.")
    /// }
    ///
    /// let tool = Tool::new("empty_trash", "Delete everybody's old notes.", empty_trash)
    ///     .title("Empty trash")
    ///     .scope(NOTES_WRITE)
    ///     .visible_to(|caller| caller.subject.as_str() == "owner")
    ///     .destructive();
    /// assert_eq!(Connector::new("notes", "1.0.0").sign_in([NOTES_WRITE]).tool(tool).check(), []);
    /// ```
    ///
    /// [`Caller`]: mcp_connector_base::caller::Caller
    #[must_use]
    pub fn visible_to(mut self, is_shown: impl Fn(&Caller) -> bool + 'static) -> Self {
        self.audience = Some(Audience::narrowed(self.audience.take(), is_shown));
        self
    }

    /// Says that the tool changes nothing (`readOnlyHint`).
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.annotations.read_only = Some(true);
        // By default a tool counts as destructive, and some directories want each hint written out.
        self.annotations.destructive = Some(false);
        self
    }

    /// Says that the tool changes something and takes nothing away: it adds, or makes another version (`destructiveHint` is
    /// false).
    #[must_use]
    pub fn additive(mut self) -> Self {
        self.annotations.read_only = Some(false);
        self.annotations.destructive = Some(false);
        self
    }

    /// Says that the tool may delete or overwrite (`destructiveHint`).
    #[must_use]
    pub fn destructive(mut self) -> Self {
        self.annotations.read_only = Some(false);
        self.annotations.destructive = Some(true);
        self
    }

    /// Checks before each call that the sign-in was not revoked, so that a revocation holds at once instead of within a minute.
    ///
    /// This costs one request to a Durable Object for each call.
    #[must_use]
    pub fn check_revocation(mut self) -> Self {
        self.checks_revocation = true;
        self
    }

    /// Lets the tool continue as a task (`io.modelcontextprotocol/tasks`, 2026-07-28), because it may take long.
    ///
    /// A client that takes tasks gets one and asks for the outcome; the handler runs in the background, over restarts of the
    /// Worker. Every other client waits for the result.
    ///
    /// The work is done at least once: a handler that was interrupted, or that has asked something, runs again from its
    /// beginning. A handler whose work must not happen twice checks its own storage first.
    #[must_use]
    pub fn long_running(mut self) -> Self {
        self.background.get_or_insert_default();
        self
    }

    /// Like [`Tool::long_running`], but clients that do not take tasks cannot call the tool.
    #[must_use]
    pub fn task_only(mut self) -> Self {
        self.background.get_or_insert_default().only = true;
        self
    }

    /// Like [`Tool::long_running`], but the task begins at [`Context::continue_as_task`]. What the handler asks before it is
    /// asked in the call itself, while the person waits anyway.
    #[must_use]
    pub fn asks_first(mut self) -> Self {
        self.background.get_or_insert_default().asks_first = true;
        self
    }

    /// Says that a second call with the same arguments changes nothing more (`idempotentHint`).
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.annotations.idempotent = Some(true);
        self
    }

    /// Says that the tool works on this connector's own data only (`openWorldHint` is false).
    #[must_use]
    pub fn closed_world(mut self) -> Self {
        self.annotations.open_world = Some(false);
        self
    }

    /// Adds an icon.
    #[must_use]
    pub fn icon(mut self, icon: Icon) -> Self {
        self.icons.push(icon);
        self
    }

    /// Shows the results in the [`View`](crate::author::resources::view::View) at `uri`, in hosts that show views. Models and other hosts
    /// read the result itself.
    #[must_use]
    pub fn shows(mut self, uri: impl Into<String>) -> Self {
        self.view = Some(uri.into());
        self
    }

    /// Lets only views of this connector call the tool. Hosts that show views hide it from the model; other hosts ignore this.
    #[must_use]
    pub fn for_views_only(mut self) -> Self {
        self.callers = Callers::Views;
        self
    }

    /// Lets only the model call the tool, and no view.
    #[must_use]
    pub fn for_models_only(mut self) -> Self {
        self.callers = Callers::Models;
        self
    }

    /// Names the argument of a handler that takes one plain value instead of a struct.
    ///
    /// `name` is the name on the wire, `description` what the model reads of it. An `Option` may be left out.
    ///
    /// # Examples
    ///
    /// ```
    /// # use mcp_connector::{Connector, Tool, ToolError};
    /// async fn echo(text: String) -> Result<String, ToolError> {
    ///     Ok(text)
    /// }
    ///
    /// let tool = Tool::new("echo", "Say something back.", echo).argument("text", "What to say back.");
    /// # let _ = Connector::new("a", "1").tool(tool);
    /// ```
    #[must_use]
    pub fn argument(mut self, name: impl Into<String>, description: impl Into<String>) -> Self {
        let name = name.into();
        let mut schema = self.input.exact;
        if schema == Value::Bool(true) {
            // The same, with room for the description.
            schema = json!({});
        }
        let mut root = Object::from_iter([("type".to_owned(), "object".into())]);
        if let Some(members) = schema.as_object_mut() {
            members.insert("description".to_owned(), description.into().into());
            // References in it count from the root.
            if let Some(definitions) = members.remove("$defs") {
                root.insert("$defs".to_owned(), definitions);
            }
        }
        if !mentions_null(&schema) {
            root.insert("required".to_owned(), json!([name]));
        }
        root.insert("properties".to_owned(), json!({ &name: schema }));
        self.input = InputSchema::derived(root.into());
        let handler = self.handler;
        self.handler = Box::new(move |mut arguments, cx| {
            handler(arguments.get_mut(&name).map(Value::take).unwrap_or_default(), cx)
        });
        self
    }

    /// Replaces the schema of the arguments: JSON Schema 2020-12, with an object at its root.
    ///
    /// It is published as it is; [`Connector::warnings`](crate::author::connector::Connector::warnings) says what released
    /// clients refuse in it. Arguments are validated against it before the handler reads them.
    #[must_use]
    pub fn input_schema(mut self, schema: Value) -> Self {
        self.input = InputSchema::written(schema);
        self
    }

    /// Adds a member to the tool's `_meta`. The name needs a prefix of your own, for example `example.com/group`.
    #[must_use]
    pub fn meta(mut self, name: impl Into<String>, value: Value) -> Self {
        self.meta.insert(name.into(), value);
        self
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;

    use super::*;
    use crate::author::connector::Connector;
    use crate::author::tools::tool_error::ToolError;
    use crate::testing::test_client::TestClient;
    use crate::testing::test_host::TestHost;

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Size {
        Small,
        Large,
    }

    async fn greet(name: String) -> Result<String, ToolError> {
        Ok(format!("Hello, {name}!"))
    }

    async fn cut(size: Option<Size>, _cx: Context<TestHost>) -> Result<&'static str, ToolError> {
        Ok(match size {
            None => "whole",
            Some(Size::Small) => "small",
            Some(Size::Large) => "large",
        })
    }

    #[test]
    fn a_plain_value_becomes_a_named_argument() {
        let greet: Tool<TestHost> = Tool::new("greet", "Greet.", greet).argument("name", "Who.");
        let schema = json!({"type": "object", "required": ["name"],
            "properties": {"name": {"type": "string", "description": "Who."}}});
        assert_eq!(greet.input.published, schema);
        let cut = Tool::new("cut", "Cut.", cut).argument("size", "How large.");
        assert_eq!(cut.input.published.get("required"), None);
        let client = TestClient::of(Connector::new("test", "1").tool(greet).tool(cut));
        for (name, arguments, text) in [
            ("greet", json!({"name": "Ada"}), "Hello, Ada!"),
            ("cut", json!({"size": "small"}), "small"),
            ("cut", json!({"size": "large"}), "large"),
            ("cut", json!({}), "whole"),
            ("cut", json!({"size": null}), "whole"),
        ] {
            let answer = client.legacy("tools/call", &json!({"name": name, "arguments": arguments}), None);
            assert_eq!(answer["result"]["content"][0]["text"], text, "{arguments}");
        }
        for arguments in [json!({}), json!({"name": 7}), json!({"name": null}), json!({"nome": "Ada"})] {
            let answer = client.legacy("tools/call", &json!({"name": "greet", "arguments": arguments}), None);
            assert_eq!(answer["result"]["isError"], true, "{arguments}");
        }
    }
}
