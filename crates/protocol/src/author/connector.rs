//! What a connector offers, as its author declares it.

use crate::author::feature::Feature;
use crate::author::page_settings::PageSettings;
use crate::author::prompt::Prompt;
use crate::author::resource::Resource;
use crate::author::resource_template::ResourceTemplate;
use crate::author::skill::Skill;
use crate::author::tool::Tool;
use crate::author::view::View;
use crate::subscriptions::change::{Topic, Topics};
use crate::types::icon::Icon;
use crate::types::implementation::Implementation;
use mcp_connector_base::scope::{IntoScope, Scope};

/// A connector: its name, its words for the model, its tools, resources, prompts, views and skills.
pub struct Connector<H> {
    pub(crate) info: Implementation,
    pub(crate) instructions: Option<String>,
    pub(crate) page_settings: PageSettings,
    pub(crate) sign_in: Vec<Scope>,
    pub(crate) announces: Topics,
    pub(crate) anonymous_state: AnonymousState,
    pub(crate) tools: Vec<Tool<H>>,
    pub(crate) resources: Vec<Resource<H>>,
    pub(crate) templates: Vec<ResourceTemplate<H>>,
    pub(crate) prompts: Vec<Prompt<H>>,
    pub(crate) views: Vec<View>,
    pub(crate) skills: Vec<Skill>,
}

/// Whether anything is stored for a client without a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AnonymousState {
    /// Nothing: it causes no write and holds no object awake.
    #[default]
    Refused,
    /// What a signed-in client has, within limits.
    Kept,
}

impl<H: 'static> Connector<H> {
    /// A connector that offers nothing yet.
    #[must_use]
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        let info = Implementation { name: name.into(), version: version.into(), ..Implementation::default() };
        Self {
            info,
            instructions: None,
            page_settings: PageSettings::default(),
            sign_in: Vec::new(),
            announces: Topics::default(),
            anonymous_state: AnonymousState::default(),
            tools: Vec::new(),
            resources: Vec::new(),
            templates: Vec::new(),
            prompts: Vec::new(),
            views: Vec::new(),
            skills: Vec::new(),
        }
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

    /// Sets the accent colour of the pages that people see: `#rgb` or `#rrggbb`. It is used for buttons, links and marks; where
    /// it would be hard to read on a light or a dark page, a darker or lighter shade of it is used.
    #[must_use]
    pub fn accent_color(mut self, color: impl Into<String>) -> Self {
        self.page_settings.accent = Some(color.into());
        self
    }

    /// Says who operates the connector: a person or an organization. Each page that people see ends with it, so that
    /// they know whom they give access to.
    #[must_use]
    pub fn operated_by(mut self, name: impl Into<String>) -> Self {
        self.page_settings.operator = Some(name.into());
        self
    }

    /// Links the name of the operator: to an `https://` page, or to a `mailto:` address. Needs [`Self::operated_by`].
    #[must_use]
    pub fn operator_url(mut self, url: impl Into<String>) -> Self {
        self.page_settings.operator_url = Some(url.into());
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
    pub fn sign_in(mut self, scopes: impl IntoIterator<Item = impl IntoScope>) -> Self {
        self.sign_in.extend(scopes.into_iter().map(IntoScope::into_scope));
        self
    }

    /// What handlers announce while the connector runs, with `cx.tools_changed()` and its like. Clients can listen then; each
    /// that does keeps a stream open, which keeps a Durable Object awake. Without it nothing of that exists.
    #[must_use]
    pub fn announces(mut self, topics: impl IntoIterator<Item = Topic>) -> Self {
        self.announces = topics.into_iter().fold(self.announces, Topics::with);
        self
    }

    /// Serves clients that have not signed in with sessions and tasks: they can be asked, come back to a lost stream, set a log
    /// level, subscribe and get a task. For connectors without any sign-in. Each of these uses a Durable Object, and anybody
    /// can cause it. So the number for each network and in all is limited, and each expires.
    ///
    /// Without this, such clients can use every public tool, resource and prompt, and nothing is stored for them.
    #[must_use]
    pub fn anonymous_sessions(mut self) -> Self {
        self.anonymous_state = AnonymousState::Kept;
        self
    }

    /// Adds a tool. Tools are listed in the order in which they were added.
    #[must_use]
    pub fn tool(mut self, tool: Tool<H>) -> Self {
        self.tools.push(tool);
        self
    }

    /// Adds a resource.
    #[must_use]
    pub fn resource(mut self, resource: Resource<H>) -> Self {
        self.resources.push(resource);
        self
    }

    /// Adds a template for resources. Where two match a URI, the one that was added first reads it.
    #[must_use]
    pub fn template(mut self, template: ResourceTemplate<H>) -> Self {
        self.templates.push(template);
        self
    }

    /// Adds a prompt.
    #[must_use]
    pub fn prompt(mut self, prompt: Prompt<H>) -> Self {
        self.prompts.push(prompt);
        self
    }

    /// Adds a view, for the tools that show it.
    #[must_use]
    pub fn view(mut self, view: View) -> Self {
        self.views.push(view);
        self
    }

    /// Adds a skill. Skills are listed in the order in which they were added.
    #[must_use]
    pub fn skill(mut self, skill: Skill) -> Self {
        self.skills.push(skill);
        self
    }

    /// Every scope that something here needs, as often as it is needed.
    pub(crate) fn needed_scopes(&self) -> impl Iterator<Item = Scope> {
        let tools = self.tools.iter().flat_map(|tool| &tool.scopes);
        let resources = self.resources.iter().flat_map(Feature::scopes);
        let templates = self.templates.iter().flat_map(Feature::scopes);
        let prompts = self.prompts.iter().flat_map(Feature::scopes);
        let skills = self.skills.iter().flat_map(Feature::scopes);
        tools.chain(resources).chain(templates).chain(prompts).chain(skills).copied()
    }
}
