//! What a connector offers, as its author declares it.

use crate::author::events::event_handlers::EventHandlers;
use crate::author::feature::Feature;
use crate::author::hosts::Hosts;
use crate::author::page_settings::PageSettings;
use crate::author::prompts::prompt::Prompt;
use crate::author::resources::resource::Resource;
use crate::author::resources::resource_template::ResourceTemplate;
use crate::author::resources::view::View;
use crate::author::skills::skill::Skill;
use crate::author::tools::tool::Tool;
use crate::author::tools::tool_error::ToolError;
use crate::author::upstreams::upstream::Upstream;
use crate::call::around::{Call, CallOutcome, Hooks, Next};
use crate::subscriptions::change::{Topic, Topics};
use crate::types::icon::Icon;
use crate::types::implementation::Implementation;
use mcp_connector_base::scope::{IntoScope, Scope};

/// A connector as its author declares it: its name, its words for people and for the model, and its tools, resources, prompts,
/// views and skills.
///
/// # Examples
///
/// ```
/// use mcp_connector::{Connector, Tool, ToolError};
///
/// async fn echo(text: String) -> Result<String, ToolError> {
///     Ok(text)
/// }
///
/// let connector = Connector::new("echo", "1.0.0")
///     .title("Echo")
///     .description("Says things back.")
///     .tool(Tool::new("echo", "Say something back.", echo).argument("text", "What to say.").title("Echo").read_only());
/// assert_eq!(connector.check(), []);
/// ```
pub struct Connector<H> {
    pub(crate) info: Implementation,
    pub(crate) instructions: Option<String>,
    pub(crate) registry_name: Option<String>,
    pub(crate) page_settings: PageSettings,
    pub(crate) sign_in: Vec<Scope>,
    pub(crate) hosts: Hosts,
    pub(crate) announces: Topics,
    pub(crate) anonymous_state: AnonymousState,
    pub(crate) files: Option<String>,
    pub(crate) events: EventHandlers<H>,
    pub(crate) tools: Vec<Tool<H>>,
    pub(crate) resources: Vec<Resource<H>>,
    pub(crate) templates: Vec<ResourceTemplate<H>>,
    pub(crate) prompts: Vec<Prompt<H>>,
    pub(crate) views: Vec<View>,
    pub(crate) skills: Vec<Skill>,
    pub(crate) upstreams: Vec<Upstream<H>>,
    pub(crate) hooks: Hooks<H>,
}

/// Whether sessions and tasks are stored for clients without a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AnonymousState {
    /// Nothing is stored: such a client causes no write and holds no Durable Object awake.
    #[default]
    Refused,
    /// The same is stored as for clients with a token, within limits.
    Kept,
}

impl<H: 'static> Connector<H> {
    /// Creates a connector that offers nothing yet. Clients see `name` and `version` ("Implementation").
    #[must_use]
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        let info = Implementation { name: name.into(), version: version.into(), ..Implementation::default() };
        Self {
            info,
            instructions: None,
            registry_name: None,
            page_settings: PageSettings::default(),
            sign_in: Vec::new(),
            hosts: Hosts::default(),
            announces: Topics::default(),
            anonymous_state: AnonymousState::default(),
            files: None,
            events: EventHandlers::default(),
            tools: Vec::new(),
            resources: Vec::new(),
            templates: Vec::new(),
            prompts: Vec::new(),
            views: Vec::new(),
            skills: Vec::new(),
            upstreams: Vec::new(),
            hooks: Hooks::new(),
        }
    }

    /// Sets the name that people see, in clients and on the pages of the Worker.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.info.title = Some(title.into());
        self
    }

    /// Sets a sentence for people that says what the connector is for.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.info.description = Some(text.into());
        self
    }

    /// Sets the URL of a page about the connector (`websiteUrl`, sent from revision 2025-11-25 on).
    #[must_use]
    pub fn website(mut self, url: impl Into<String>) -> Self {
        self.info.website_url = Some(url.into());
        self
    }

    /// Sets the name by which registries and catalogs know the connector: a domain of yours in reverse order, a slash and a
    /// name (SEP-2127, `name`). The server card and `npm run registry` use it.
    ///
    /// Without it, the name is the host of the Worker in reverse order and the connector's name, such as
    /// `dev.workers.ada.notes/notes`. A name of your own stays the same when the Worker moves to another domain.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::Connector;
    ///
    /// let connector = Connector::new("notes", "1.0.0").registry_name("com.example/notes");
    /// assert_eq!(connector.check(), []);
    /// ```
    #[must_use]
    pub fn registry_name(mut self, name: impl Into<String>) -> Self {
        self.registry_name = Some(name.into());
        self
    }

    /// Adds an icon of the connector. An icon that is part of the Worker, by [`Icon::svg`] or [`Icon::png`], is also what
    /// browsers show for its pages (`/favicon.ico`).
    #[must_use]
    pub fn icon(mut self, icon: Icon) -> Self {
        self.info.icons.push(icon);
        self
    }

    /// Sets the accent colour of the pages for people: `#rgb` or `#rrggbb`.
    ///
    /// Buttons, links and marks have this colour, on light and on dark pages a shade of it that can be read there.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::Connector;
    ///
    /// let connector = Connector::new("notes", "1.0.0").accent_color("#0a7");
    /// assert_eq!(connector.check(), []);
    /// ```
    #[must_use]
    pub fn accent_color(mut self, color: impl Into<String>) -> Self {
        self.page_settings.accent = Some(color.into());
        self
    }

    /// Sets the name of the person or organization that operates the connector. Each page for people ends with it.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::Connector;
    ///
    /// let connector = Connector::new("notes", "1.0.0").operated_by("Ada Lovelace").operator_url("https://ada.example");
    /// assert_eq!(connector.check(), []);
    /// ```
    #[must_use]
    pub fn operated_by(mut self, name: impl Into<String>) -> Self {
        self.page_settings.operator = Some(name.into());
        self
    }

    /// Sets where the name of the operator links to: an `https://` page, or a `mailto:` address. Needs
    /// [`operated_by`](Connector::operated_by).
    #[must_use]
    pub fn operator_url(mut self, url: impl Into<String>) -> Self {
        self.page_settings.operator_url = Some(url.into());
        self
    }

    /// Sets what the model should know about the connector as a whole (`instructions`).
    #[must_use]
    pub fn instructions(mut self, text: impl Into<String>) -> Self {
        self.instructions = Some(text.into());
        self
    }

    /// Sets the scopes that a first sign-in asks for. Other scopes are asked for when a tool needs them.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Connector, Scope};
    ///
    /// const PROFILE: Scope = Scope::new("profile", "See who you are");
    /// const NOTES_READ: Scope = Scope::new("notes:read", "Read your notes");
    ///
    /// let connector = Connector::new("notes", "1.0.0").sign_in([PROFILE, NOTES_READ]);
    /// ```
    #[must_use]
    pub fn sign_in(mut self, scopes: impl IntoIterator<Item = impl IntoScope>) -> Self {
        self.sign_in.extend(scopes.into_iter().map(IntoScope::into_scope));
        self
    }

    /// Declares the hosts that handlers send requests to with `cx.http()`. A request to any other host fails before it is sent.
    ///
    /// A host is a name, such as `api.example.com`, or `*.example.com` for every name below that domain. It is reached by https
    /// at port 443; another port follows the name (`api.example.com:8443`). `localhost` and other loopback hosts, for
    /// development, are also reached by http, at any port unless one follows. Other IP addresses and names without a dot are not
    /// hosts of an API on the internet.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::Connector;
    ///
    /// let connector = Connector::new("weather", "1.0.0").hosts(["api.weather.example", "*.maps.example"]);
    /// assert_eq!(connector.check(), []);
    /// ```
    #[must_use]
    pub fn hosts(mut self, hosts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        for host in hosts {
            self.hosts.add(&host.into());
        }
        self
    }

    /// Declares which changes handlers announce while the connector runs, with [`Context::tools_changed`] and its like
    /// ("Subscriptions").
    ///
    /// Clients can then listen for them. Each client that listens keeps a stream open, and with it a Durable Object awake. A
    /// change that is not declared here is not sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Connector, Topic};
    ///
    /// let connector = Connector::new("notes", "1.0.0").announces([Topic::ResourceList, Topic::ResourceUpdates]);
    /// ```
    ///
    /// [`Context::tools_changed`]: crate::call::context::Context::tools_changed
    #[must_use]
    pub fn announces(mut self, topics: impl IntoIterator<Item = Topic>) -> Self {
        self.announces = topics.into_iter().fold(self.announces, Topics::with);
        self
    }

    /// Stores sessions and tasks for clients that have not signed in, for connectors without any sign-in.
    ///
    /// Such a client can then be asked, come back to a lost stream, set a log level, subscribe and get a task. Each of these
    /// uses a Durable Object, and anybody can cause it: so their number is limited for each network and in all, and each
    /// expires.
    ///
    /// Without this, a client without a sign-in can use every public tool, resource and prompt, and nothing is stored for it.
    #[must_use]
    pub fn anonymous_sessions(mut self) -> Self {
        self.anonymous_state = AnonymousState::Kept;
        self
    }

    /// Names the binding of the R2 bucket where files of people are kept, for [`Context::upload_url`],
    /// [`Context::download_url`] and [`Context::file`].
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::Connector;
    ///
    /// let connector = Connector::new("imports", "1.0.0").files("FILES");
    /// ```
    ///
    /// [`Context::upload_url`]: crate::call::context::Context::upload_url
    /// [`Context::download_url`]: crate::call::context::Context::download_url
    /// [`Context::file`]: crate::call::context::Context::file
    #[must_use]
    pub fn files(mut self, binding: impl Into<String>) -> Self {
        self.files = Some(binding.into());
        self
    }

    /// Adds a function that runs around every call of a tool, every reading of a resource and every prompt. It is where quotas,
    /// audits and flags go.
    ///
    /// What it does before [`Next::run`] happens before the call, and the rest after it. To refuse the call, it returns a
    /// [`ToolError`], whose text the model reads. Of several functions, the one that was added first is the outermost.
    ///
    /// It sees what is about to be carried out: the caller has the scopes, and the name is one that the caller sees. It runs once
    /// for each request, so from 2026-07-28 on again when a client comes back with an answer; and once for the call that begins a
    /// task, then for each run of the task in the background. [`CallOutcome::continues`] tells these from the end. It runs to its
    /// end, too, if the call is cancelled, its client leaves, or its time is over. Only a handler that panics ends its hooks.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Call, CallOutcome, Connector, Next, ToolError, worker};
    ///
    /// async fn audit(call: Call, next: Next) -> Result<CallOutcome, ToolError> {
    ///     let outcome = next.run().await;
    ///     let person = call.caller().map_or("nobody", |caller| caller.subject.as_str());
    ///     worker::console_log!("{person} {} {}: {}", call.kind().as_str(), call.name(), outcome.as_str());
    ///     Ok(outcome)
    /// }
    ///
    /// let connector = Connector::new("notes", "1.0.0").around(audit);
    /// assert_eq!(connector.check(), []);
    /// ```
    #[must_use]
    pub fn around<F, C, Fut>(mut self, hook: F) -> Self
    where
        F: Fn(C, Next<H>) -> Fut + 'static,
        C: From<Call<H>>,
        Fut: Future<Output = Result<CallOutcome, ToolError>> + 'static,
    {
        self.hooks.add(hook);
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

    /// Adds a resource template. Where two match a URI, the one that was added first reads it.
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

    /// Adds a service that tools use in the name of each person, with the account that they have there.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Connector, Scope, Upstream};
    ///
    /// const FILES: Scope = Scope::new("files", "Read your files");
    ///
    /// let connector = Connector::new("files", "1.0.0").sign_in([FILES]).upstream(
    ///     Upstream::oauth("box", "https://account.box.com/api/oauth2/authorize", "https://api.box.com/oauth2/token")
    ///         .revocation("https://api.box.com/oauth2/revoke")
    ///         .client("BOX_ID", "BOX_SECRET")
    ///         .hosts(["api.box.com"]),
    /// );
    /// assert_eq!(connector.check(), []);
    /// ```
    #[must_use]
    pub fn upstream(mut self, upstream: Upstream<H>) -> Self {
        self.upstreams.push(upstream);
        self
    }

    /// Returns every scope that a feature needs, as often as one needs it.
    pub(crate) fn needed_scopes(&self) -> impl Iterator<Item = Scope> {
        let tools = self.tools.iter().flat_map(|tool| &tool.scopes);
        let resources = self.resources.iter().flat_map(Feature::scopes);
        let templates = self.templates.iter().flat_map(Feature::scopes);
        let prompts = self.prompts.iter().flat_map(Feature::scopes);
        let skills = self.skills.iter().flat_map(Feature::scopes);
        tools.chain(resources).chain(templates).chain(prompts).chain(skills).copied()
    }
}
