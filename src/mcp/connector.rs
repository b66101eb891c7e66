//! What a connector offers, as its author declares it, and as it is served: the registry.

use std::rc::Rc;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::content::Icon;
use super::defect::{Defect, Problem};
use super::header_params::HeaderParams;
use super::json::Object;
use super::jsonrpc::Request;
use super::schema::Schema;
use super::tool::{ReadyTool, Tool, describes_an_object};
use super::version::ProtocolVersion;
use crate::caller::{Scope, ScopeSet};

/// A connector: its name, its words for the model, its tools.
pub struct Connector<H> {
    pub(crate) info: Implementation,
    instructions: Option<String>,
    pub(crate) sign_in: Vec<Scope>,
    pub(crate) tools: Vec<Tool<H>>,
}

/// How a server names itself ("Implementation").
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Implementation {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) icons: Vec<Icon>,
    #[serde(skip_serializing_if = "Option::is_none")]
    website_url: Option<String>,
}

impl<H: 'static> Connector<H> {
    /// A connector without tools yet.
    #[must_use]
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        let info = Implementation {
            name: name.into(),
            title: None,
            version: version.into(),
            description: None,
            icons: Vec::new(),
            website_url: None,
        };
        Self { info, instructions: None, sign_in: Vec::new(), tools: Vec::new() }
    }

    /// The name a person sees.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.info.title = Some(title.into());
        self
    }

    /// What it is, in a sentence, for people.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.info.description = Some(text.into());
        self
    }

    /// Where people read more.
    #[must_use]
    pub fn website(mut self, url: impl Into<String>) -> Self {
        self.info.website_url = Some(url.into());
        self
    }

    /// Adds a picture of the connector.
    #[must_use]
    pub fn icon(mut self, icon: Icon) -> Self {
        self.info.icons.push(icon);
        self
    }

    /// What the model should know about the connector as a whole.
    #[must_use]
    pub fn instructions(mut self, text: impl Into<String>) -> Self {
        self.instructions = Some(text.into());
        self
    }

    /// What a first sign-in asks for. Everything else comes when a tool needs it.
    #[must_use]
    pub fn sign_in(mut self, scopes: impl IntoIterator<Item = Scope>) -> Self {
        self.sign_in.extend(scopes);
        self
    }

    /// Adds a tool. Tools are listed in the order in which they were added.
    #[must_use]
    pub fn tool(mut self, tool: Tool<H>) -> Self {
        self.tools.push(tool);
        self
    }

    pub(crate) fn needs_sign_in(&self) -> bool {
        self.tools.iter().any(|tool| !tool.scopes.is_empty())
    }

    /// What a client, a reviewer or a model would stumble over. A connector's own test expects none.
    #[must_use]
    pub fn defects(&self) -> Vec<Defect> {
        Defect::of(self)
    }
}

/// A connector, checked and ready to be served. What is broken is left out, so that the rest works.
pub struct Registry<H> {
    info: Implementation,
    /// The name and version for the `_meta` of each modern result.
    pub(crate) server_info: Box<RawValue>,
    pub(crate) instructions: Option<String>,
    scopes: Vec<Scope>,
    sign_in: ScopeSet,
    pub(crate) tools: Vec<Rc<ReadyTool<H>>>,
}

/// What a request needs before it may be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: it is public.
    Nothing,
    /// A caller who was given these scopes.
    Scopes(ScopeSet),
}

impl<H: 'static> Registry<H> {
    /// Checks each part. Gives the parts that had to be left out, with the reason, for the log.
    #[must_use]
    pub fn new(connector: Connector<H>) -> (Self, Vec<Defect>) {
        let mut left_out = Vec::new();
        let mut scopes = connector.sign_in.clone();
        let mut tools: Vec<Rc<ReadyTool<H>>> = Vec::new();
        for tool in connector.tools {
            let name = tool.name.clone();
            match ready(&name, &tool.input_schema) {
                Ok(_) if tools.iter().any(|tool| tool.tool.name == name) => {
                    left_out.push(Defect::tool(&name, Problem::NameTaken));
                }
                Ok((schema, header_params)) => {
                    scopes.extend(&tool.scopes);
                    tools.push(Rc::new(ReadyTool::new(tool, schema, header_params)));
                }
                Err(problem) => left_out.push(Defect::tool(&name, problem)),
            }
        }
        let mut unique = Vec::new();
        for scope in scopes {
            if !unique.contains(&scope) {
                unique.push(scope);
            }
        }
        let server_info = json!({ "name": connector.info.name, "version": connector.info.version });
        let registry = Self {
            server_info: serde_json::value::to_raw_value(&server_info).unwrap_or_else(|_| RawValue::NULL.to_owned()),
            info: connector.info,
            instructions: connector.instructions,
            scopes: unique,
            sign_in: connector.sign_in.into_iter().collect(),
            tools,
        };
        (registry, left_out)
    }

    /// Every scope that something here needs.
    #[must_use]
    pub fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// What a first sign-in asks for.
    #[must_use]
    pub fn sign_in(&self) -> &ScopeSet {
        &self.sign_in
    }

    /// The name a person sees.
    #[must_use]
    pub fn display_name(&self) -> &str {
        self.info.title.as_deref().unwrap_or(&self.info.name)
    }

    pub(crate) fn tool(&self, name: &str) -> Option<&Rc<ReadyTool<H>>> {
        self.tools.iter().find(|tool| tool.tool.name == name)
    }

    /// What `request` needs, decided by its body alone.
    pub(crate) fn need(&self, request: &Request) -> Need {
        let required = match (request.method.as_str(), request.params.get("name")) {
            ("tools/call", Some(Value::String(name))) => self.tool(name).map(|tool| &tool.required),
            _ => None,
        };
        match required {
            Some(scopes) if !scopes.is_empty() => Need::Scopes(scopes.clone()),
            _ => Need::Nothing,
        }
    }

    /// What the server says it can do, in a form that both eras have.
    pub(crate) fn capabilities(&self) -> Value {
        let mut capabilities = Object::new();
        capabilities.insert("logging".to_owned(), json!({}));
        if !self.tools.is_empty() {
            capabilities.insert("tools".to_owned(), json!({}));
        }
        Value::Object(capabilities)
    }

    /// The server's name in the form of `version`.
    pub(crate) fn implementation(&self, version: ProtocolVersion) -> Value {
        let mut info = serde_json::to_value(&self.info).unwrap_or_default();
        if let Some(members) = info.as_object_mut() {
            if !version.has_icons() {
                members.retain(|name, _| matches!(name.as_str(), "name" | "version" | "title"));
            }
            if !version.has_structured_content() {
                members.remove("title");
            }
        }
        info
    }
}

/// What serving a tool needs of its declaration, or why it cannot be served.
pub(crate) fn ready(name: &str, input_schema: &Value) -> Result<(Schema, HeaderParams), Problem> {
    if !is_tool_name(name) {
        return Err(Problem::Name);
    }
    if !describes_an_object(input_schema) {
        return Err(Problem::InputNotAnObject);
    }
    let header_params = HeaderParams::of(input_schema).map_err(|error| Problem::HeaderParam(error.to_string()))?;
    let schema = Schema::compile(input_schema.clone()).map_err(|error| Problem::InputSchema(error.to_string()))?;
    Ok((schema, header_params))
}

/// The specification's own rule, up to the length that every client takes.
fn is_tool_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}
