//! A tool: its name, what it says about itself, and the function behind it ("Tools").

use std::cell::OnceCell;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::author::handler::{Answer, Handler};
use crate::author::tool_result::{CallToolResult, IntoToolResult};
use crate::author::view;
use crate::call::context::Context;
use crate::json_rpc::object::object;
use crate::tool_schema::header_params::HeaderParams;
use crate::tool_schema::refused::mentions_null;
use crate::tool_schema::scalar_texts::with_texts_read;
use crate::tool_schema::tool_schemas::{InputSchema, OutputSchema};
use crate::types::content::Icon;
use crate::types::version::{PerVersion, ProtocolVersion};
use mcp_connector_base::json::Object;
use mcp_connector_base::scope::{Scope, ScopeSet};
use mcp_connector_schema::{Schema, Violations};

/// A tool, as the author describes it.
pub struct Tool<H> {
    pub name: String,
    pub title: Option<String>,
    pub description: String,
    pub(crate) input: InputSchema,
    pub(crate) output: Option<OutputSchema>,
    pub annotations: ToolAnnotations,
    pub(crate) icons: Vec<Icon>,
    /// What a caller must have been given; none means that everybody may call.
    pub(crate) scopes: Vec<Scope>,
    /// Whether a revoked sign-in ends here at once.
    pub(crate) strict: bool,
    /// The URI of the view that shows its results.
    pub(crate) view: Option<String>,
    callers: Callers,
    /// Whether it may go on as a task, and how.
    pub(crate) background: Option<Background>,
    meta: Object,
    handler: Box<dyn Fn(Value, Context<H>) -> Answer<CallToolResult>>,
}

/// Who may call a tool, in a host that shows views.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Callers {
    Both,
    Models,
    Views,
}

impl Callers {
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Both => &["model", "app"],
            Self::Models => &["model"],
            Self::Views => &["app"],
        }
    }
}

/// How a tool becomes a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Background {
    /// Clients that do not take tasks cannot call it.
    pub(crate) only: bool,
    /// It becomes one at [`Context::continue_as_task`], not at its beginning.
    pub(crate) asks_first: bool,
}

/// What a tool does to the world, as far as its author says ("Tool Annotations").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolAnnotations {
    #[serde(rename = "readOnlyHint", skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    #[serde(rename = "destructiveHint", skip_serializing_if = "Option::is_none")]
    pub destructive: Option<bool>,
    #[serde(rename = "idempotentHint", skip_serializing_if = "Option::is_none")]
    pub(crate) idempotent: Option<bool>,
    #[serde(rename = "openWorldHint", skip_serializing_if = "Option::is_none")]
    pub(crate) open_world: Option<bool>,
}

impl<H: 'static> Tool<H> {
    /// A public tool. `name` is 1 to 64 characters of `A-Z a-z 0-9 _ -`; `description` is what the model reads to decide.
    #[must_use]
    pub fn new<Form>(
        name: impl Into<String>,
        description: impl Into<String>,
        handler: impl Handler<H, Form, Output: IntoToolResult>,
    ) -> Self {
        fn schemas<H, Form, F: Handler<H, Form, Output: IntoToolResult>>(_: &F) -> (Value, Option<Value>) {
            (F::input_schema(), F::Output::output_schema())
        }
        let (input, output) = schemas(&handler);
        let output = output.map(OutputSchema::derived);
        let absent = output.as_ref().and_then(OutputSchema::absent_members);
        Self {
            name: name.into(),
            title: None,
            description: description.into(),
            input: InputSchema::derived(input),
            output,
            annotations: ToolAnnotations::default(),
            icons: Vec::new(),
            scopes: Vec::new(),
            strict: false,
            view: None,
            callers: Callers::Both,
            background: None,
            meta: Object::new(),
            handler: Box::new(move |arguments, cx| {
                let work = handler.call(arguments, cx);
                let absent = absent.clone();
                Box::pin(async move {
                    let result = work.await?.into_tool_result()?;
                    match &absent {
                        Some(absent) => result.without(absent),
                        None => Ok(result),
                    }
                })
            }),
        }
    }

    /// The name a person sees.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Only for who signed in and was given `scope`. Several calls ask for several scopes.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scopes.push(scope);
        self
    }

    /// It changes nothing.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.annotations.read_only = Some(true);
        // By default a tool counts as destructive, and some directories want each hint spelled out.
        self.annotations.destructive = Some(false);
        self
    }

    /// It changes something, and takes nothing away: it adds, or makes another version.
    #[must_use]
    pub fn additive(mut self) -> Self {
        self.annotations.read_only = Some(false);
        self.annotations.destructive = Some(false);
        self
    }

    /// It may delete or overwrite.
    #[must_use]
    pub fn destructive(mut self) -> Self {
        self.annotations.read_only = Some(false);
        self.annotations.destructive = Some(true);
        self
    }

    /// Asks before each call whether the sign-in still stands, so that a revocation holds at once; otherwise it may take two
    /// minutes. Costs one request to a Durable Object for each call.
    #[must_use]
    pub fn check_revocation(mut self) -> Self {
        self.strict = true;
        self
    }

    /// It may take long. A client that takes tasks (`io.modelcontextprotocol/tasks`) gets one and asks for the outcome, and
    /// the handler runs in the background, over restarts of the server; every other client waits for the result.
    ///
    /// The work is done at least once: a handler that was interrupted, or that has asked something, runs again from its
    /// beginning. What must not happen twice looks first into what the connector keeps.
    #[must_use]
    pub fn long_running(mut self) -> Self {
        self.background.get_or_insert_default();
        self
    }

    /// Like [`Tool::long_running`], and clients that do not take tasks cannot call it.
    #[must_use]
    pub fn task_only(mut self) -> Self {
        self.background.get_or_insert_default().only = true;
        self
    }

    /// Like [`Tool::long_running`], and what the handler asks before [`Context::continue_as_task`] is asked in the call
    /// itself: while a person waits for it anyway. The task begins there.
    #[must_use]
    pub fn asks_first(mut self) -> Self {
        self.background.get_or_insert_default().asks_first = true;
        self
    }

    /// Calling it twice with the same arguments does no more than calling it once.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.annotations.idempotent = Some(true);
        self
    }

    /// It works on this connector's own things only, and does not reach out to the world.
    #[must_use]
    pub fn closed_world(mut self) -> Self {
        self.annotations.open_world = Some(false);
        self
    }

    /// Adds a picture.
    #[must_use]
    pub fn icon(mut self, icon: Icon) -> Self {
        self.icons.push(icon);
        self
    }

    /// Shows its results in the view at `uri`, in hosts that show views. Models and other hosts read the result itself.
    #[must_use]
    pub fn shows(mut self, uri: impl Into<String>) -> Self {
        self.view = Some(uri.into());
        self
    }

    /// Only views of this connector call it. Hosts that show views keep it from the model; others do not know the difference.
    #[must_use]
    pub fn for_views_only(mut self) -> Self {
        self.callers = Callers::Views;
        self
    }

    /// Only the model calls it, and no view.
    #[must_use]
    pub fn for_models_only(mut self) -> Self {
        self.callers = Callers::Models;
        self
    }

    /// For a handler that takes one plain value and no struct: `name` is what a client calls it, `description` what the model
    /// reads of it. An `Option` may be left out.
    #[must_use]
    pub fn argument(mut self, name: impl Into<String>, description: impl Into<String>) -> Self {
        let name = name.into();
        let mut schema = self.input.exact;
        if schema == Value::Bool(true) {
            // The same, with room for the description.
            schema = json!({});
        }
        let mut root = object(vec![("type", "object".into())]);
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
        root.insert("properties".to_owned(), object(vec![(&name, schema)]).into());
        self.input = InputSchema::derived(root.into());
        let handler = self.handler;
        self.handler = Box::new(move |mut arguments, cx| {
            handler(arguments.get_mut(&name).map(Value::take).unwrap_or_default(), cx)
        });
        self
    }

    /// Takes `schema` (JSON Schema 2020-12, an object at its root) instead of the one of the argument type. It is published as
    /// it is; [`Connector::warnings`](crate::author::connector::Connector::warnings) tells what released clients refuse in it.
    #[must_use]
    pub fn input_schema(mut self, schema: Value) -> Self {
        self.input = InputSchema::written(schema);
        self
    }

    /// Adds a member to the tool's `_meta`.
    #[must_use]
    pub fn meta(mut self, name: impl Into<String>, value: Value) -> Self {
        self.meta.insert(name.into(), value);
        self
    }
}

/// A tool that can be served: its schema compiles and its headers are well-formed.
pub struct ValidatedTool<H> {
    pub tool: Tool<H>,
    pub(crate) schema: Schema,
    pub(crate) header_params: HeaderParams,
    /// The names of the tool's scopes; empty means that it is public.
    pub required: ScopeSet,
    listed: PerVersion<OnceCell<Box<RawValue>>>,
}

impl<H> ValidatedTool<H> {
    pub(crate) fn new(tool: Tool<H>, schema: Schema, header_params: HeaderParams) -> Self {
        let required = tool.scopes.iter().copied().collect();
        Self { tool, schema, header_params, required, listed: PerVersion::default() }
    }

    /// Returns the arguments as the handler takes them. A text that stands for a number or a boolean is read as one where the
    /// schema wants that. Fails where they do not fit the schema.
    pub(crate) fn accept(&self, arguments: Value) -> Result<Value, Violations> {
        let Err(violations) = self.schema.validate(&arguments) else { return Ok(arguments) };
        let read = with_texts_read(&arguments, &self.tool.input.exact).ok_or(violations)?;
        self.schema.validate(&read).map(|()| read)
    }

    /// Starts the work. `arguments` have passed the schema.
    pub(crate) fn call(&self, arguments: Value, cx: Context<H>) -> Answer<CallToolResult> {
        (self.tool.handler)(arguments, cx)
    }

    /// Returns the list entry of the tool for `version`, serialized once per isolate. Fails if it cannot be serialized, because
    /// a list without it would look complete.
    pub(crate) fn listed(&self, version: ProtocolVersion) -> serde_json::Result<&RawValue> {
        let slot = self.listed.of(version);
        if let Some(json) = slot.get() {
            return Ok(json);
        }
        let json = serde_json::value::to_raw_value(&ListedTool { tool: &self.tool, version })?;
        Ok(slot.get_or_init(|| json))
    }
}

struct ListedTool<'a, H> {
    tool: &'a Tool<H>,
    version: ProtocolVersion,
}

impl<H> Serialize for ListedTool<'_, H> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { tool, version } = self;
        let since_2025_06_18 = version.has_structured_content();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &tool.name)?;
        if let Some(title) = tool.title.as_ref().filter(|_| since_2025_06_18) {
            map.serialize_entry("title", title)?;
        }
        map.serialize_entry("description", &tool.description)?;
        map.serialize_entry("inputSchema", &tool.input.published)?;
        if let Some(schema) = tool.output.as_ref().map(|output| &output.published)
            && since_2025_06_18
            && (version.has_any_structured_content() || describes_an_object(schema))
        {
            map.serialize_entry("outputSchema", schema)?;
        }
        if version.has_tool_annotations() {
            map.serialize_entry(
                "annotations",
                &ListedAnnotations { title: tool.title.as_deref(), annotations: tool.annotations },
            )?;
        }
        if version.has_icons() && !tool.icons.is_empty() {
            map.serialize_entry("icons", &tool.icons)?;
        }
        // ChatGPT reads it here or in `_meta`; it is not in the specification (SEP-1488). It never spoke 2024-11-05.
        let schemes = security_schemes(&tool.scopes);
        if version.has_tool_annotations() {
            map.serialize_entry("securitySchemes", &schemes)?;
        }
        if since_2025_06_18 {
            let mut meta = tool.meta.clone();
            meta.insert("securitySchemes".to_owned(), schemes);
            if let Some(uri) = &tool.view {
                meta.insert(view::META.to_owned(), json!({ "resourceUri": uri, "visibility": tool.callers.names() }));
                // The form of earlier hosts; deprecated.
                meta.insert("ui/resourceUri".to_owned(), json!(uri));
            } else if tool.callers != Callers::Both {
                meta.insert(view::META.to_owned(), json!({ "visibility": tool.callers.names() }));
            }
            map.serialize_entry("_meta", &meta)?;
        }
        map.end()
    }
}

/// 2025-03-26 knows a tool's title only here.
#[derive(Serialize)]
struct ListedAnnotations<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(flatten)]
    annotations: ToolAnnotations,
}

fn security_schemes(scopes: &[Scope]) -> Value {
    if scopes.is_empty() {
        return json!([{ "type": "noauth" }]);
    }
    json!([{ "type": "oauth2", "scopes": scopes.iter().map(Scope::name).collect::<Vec<_>>() }])
}

/// Whether a schema says that its values are objects.
pub(crate) fn describes_an_object(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("object")
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;

    use super::*;
    use crate::author::connector::Connector;
    use crate::author::tool_result::ToolError;
    use crate::testing::test_client::Trial;
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
        let trial = Trial::of(Connector::new("test", "1").tool(greet).tool(cut));
        for (name, arguments, text) in [
            ("greet", json!({"name": "Ada"}), "Hello, Ada!"),
            ("cut", json!({"size": "small"}), "small"),
            ("cut", json!({"size": "large"}), "large"),
            ("cut", json!({}), "whole"),
            ("cut", json!({"size": null}), "whole"),
        ] {
            let answer = trial.legacy("tools/call", &json!({"name": name, "arguments": arguments}), None);
            assert_eq!(answer["result"]["content"][0]["text"], text, "{arguments}");
        }
        for arguments in [json!({}), json!({"name": 7}), json!({"name": null}), json!({"nome": "Ada"})] {
            let answer = trial.legacy("tools/call", &json!({"name": "greet", "arguments": arguments}), None);
            assert_eq!(answer["result"]["isError"], true, "{arguments}");
        }
    }
}
