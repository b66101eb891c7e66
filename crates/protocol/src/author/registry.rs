//! A connector as it is served: its features are checked, are found by their names, and have the scopes that a caller needs.

use std::collections::HashSet;
use std::rc::Rc;

use serde_json::json;
use serde_json::value::RawValue;

use crate::author::config_error::{ConfigError, ErrorKind};
use crate::author::connector::{AnonymousState, Connector};
use crate::author::events::event_handlers::EventHandlers;
use crate::author::feature::{Feature as _, Validated, validated, with_somebody_to_see};
use crate::author::features::Features;
use crate::author::hosts::Hosts;
use crate::author::page_settings::PageSettings;
use crate::author::prompts::prompt::Prompt;
use crate::author::resources::resource::Resource;
use crate::author::resources::resource_template::ResourceTemplate;
use crate::author::resources::uri_template::Uri;
use crate::author::skills::skill_catalogue::SkillCatalogue;
use crate::author::tools::tool::Tool;
use crate::author::tools::validated_tool::ValidatedTool;
use crate::author::upstreams::upstream::Upstream;
use crate::author::visibility::audience::Access;
use crate::call::around::Hooks;
use crate::discovery::server_name::ServerName;
use crate::subscriptions::change::{Change, Reach, Topic, Topics};
use crate::tasks;
use crate::types::implementation::Implementation;
use crate::types::per_version::PerVersion;
use crate::types::server_capabilities::{ListCapability, ResourcesCapability, ServerCapabilities};
use crate::types::version::ProtocolVersion;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::json::Object;
use mcp_connector_base::scope::{Scope, ScopeSet};

pub(crate) type ValidatedResource<H> = Validated<Resource<H>>;
pub(crate) type ValidatedTemplate<H> = Validated<ResourceTemplate<H>>;
pub(crate) type ValidatedPrompt<H> = Validated<Prompt<H>>;

/// A connector as it is served. A feature with a mistake is rejected, so that the others work.
pub struct Registry<H> {
    info: Implementation,
    /// The name and version for the `_meta` of each modern result.
    pub(crate) server_info: Box<RawValue>,
    pub(crate) instructions: Option<String>,
    server_name: Option<ServerName>,
    page_settings: PageSettings,
    /// The extensions of the authorization server that this deployment supports.
    authorization_extensions: Vec<&'static str>,
    scopes: Vec<Scope>,
    sign_in: ScopeSet,
    hosts: Hosts,
    announces: Topics,
    anonymous_state: AnonymousState,
    files: Option<String>,
    events: EventHandlers<H>,
    pub(crate) tools: Features<ValidatedTool<H>>,
    pub(crate) resources: Features<ValidatedResource<H>>,
    pub(crate) templates: Features<ValidatedTemplate<H>>,
    pub(crate) prompts: Features<ValidatedPrompt<H>>,
    has_tasks: bool,
    has_views: bool,
    pub(crate) skills: SkillCatalogue,
    pub upstreams: Vec<Rc<Upstream<H>>>,
    hooks: Rc<Hooks<H>>,
    /// The results of `initialize`, which are the same for everybody.
    pub(crate) initialize_results: PerVersion<Box<RawValue>>,
}

impl<H: 'static> Registry<H> {
    /// Checks each feature. Also returns why features were rejected, for the log.
    #[must_use]
    pub fn new(connector: Connector<H>) -> (Self, Vec<ConfigError>) {
        let mut rejected = Vec::new();
        let mut scopes: Vec<Scope> = connector.sign_in.iter().copied().chain(connector.needed_scopes()).collect();
        let mut seen = HashSet::new();
        scopes.retain(|scope| seen.insert(*scope));
        rejected.extend(ConfigError::of_page_settings(&connector.info.name, &connector.page_settings));
        rejected.extend(ConfigError::of_hosts(&connector.info.name, &connector.hosts));
        let server_name =
            connector.registry_name.as_deref().map(ServerName::parse).transpose().unwrap_or_else(|error| {
                rejected.push(ConfigError::new("connector", &connector.info.name, ErrorKind::RegistryName(error)));
                None
            });
        let signs_in = !scopes.is_empty();
        let mut resources = with_somebody_to_see(connector.resources, signs_in, &mut rejected);
        let views = with_somebody_to_see(connector.views, signs_in, &mut rejected);
        for view in validated(views, &mut rejected).into_iter().filter_map(Rc::into_inner) {
            resources.push(view.feature.into_resource());
        }
        let skills = with_somebody_to_see(connector.skills, signs_in, &mut rejected);
        let skills = SkillCatalogue::new(skills, &mut resources, &mut rejected);
        let resources = validated(resources, &mut rejected);
        let uris: HashSet<&str> = resources.iter().map(|resource| resource.feature.entry.uri.as_str()).collect();
        let mut tools: Vec<Rc<ValidatedTool<H>>> = Vec::new();
        let mut names = HashSet::new();
        for mut tool in with_somebody_to_see(connector.tools, signs_in, &mut rejected) {
            // A host would ask for what does not exist, and show nothing.
            if let Some(uri) = tool.view.take_if(|uri| !uris.contains(uri.as_str())) {
                rejected.push(ConfigError::new(Tool::<H>::KIND, &tool.name, ErrorKind::NoView(uri)));
            }
            let kind = match tool.check() {
                Ok(_) if names.contains(&tool.name) => ErrorKind::NameTaken,
                Ok(checked) => {
                    names.insert(tool.name.clone());
                    tools.push(Rc::new(ValidatedTool::new(tool, checked)));
                    continue;
                }
                Err(kind) => kind,
            };
            rejected.push(ConfigError::new(Tool::<H>::KIND, &tool.name, kind));
        }
        let templates = with_somebody_to_see(connector.templates, signs_in, &mut rejected);
        let prompts = with_somebody_to_see(connector.prompts, signs_in, &mut rejected);
        rejected.extend(ConfigError::of_upstreams(&connector.upstreams, signs_in));
        let mut upstreams: Vec<Rc<Upstream<H>>> = Vec::new();
        for upstream in connector.upstreams.into_iter().filter(|upstream| signs_in && upstream.errors().is_empty()) {
            if !upstreams.iter().any(|earlier| earlier.name == upstream.name) {
                upstreams.push(Rc::new(upstream));
            }
        }
        let mut events = connector.events;
        rejected.extend(events.errors());
        events.drop_invalid();
        let server_info = json!({ "name": connector.info.name, "version": connector.info.version });
        let registry = Self {
            server_info: serde_json::value::to_raw_value(&server_info).unwrap_or_else(|_| RawValue::NULL.to_owned()),
            info: connector.info,
            instructions: connector.instructions,
            server_name,
            page_settings: connector.page_settings,
            authorization_extensions: Vec::new(),
            scopes,
            sign_in: connector.sign_in.into_iter().collect(),
            hosts: connector.hosts,
            announces: connector.announces,
            anonymous_state: connector.anonymous_state,
            files: connector.files,
            events,
            has_tasks: tools.iter().any(|tool| tool.tool.background.is_some()),
            has_views: tools.iter().any(|tool| tool.tool.view.is_some()),
            tools: Features::new(tools),
            resources: Features::new(resources),
            templates: Features::new(validated(templates, &mut rejected)),
            prompts: Features::new(validated(prompts, &mut rejected)),
            skills,
            upstreams,
            hooks: Rc::new(connector.hooks),
            initialize_results: PerVersion::default(),
        };
        (registry, rejected)
    }

    /// Returns the tools, in their order.
    #[must_use]
    pub fn tools(&self) -> &[Rc<ValidatedTool<H>>] {
        &self.tools
    }

    /// Returns every scope that a feature needs.
    #[must_use]
    pub fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// Returns the scopes that a first sign-in asks for.
    #[must_use]
    pub fn sign_in(&self) -> &ScopeSet {
        &self.sign_in
    }

    /// Returns the name, version and description of the connector.
    #[must_use]
    pub fn info(&self) -> &Implementation {
        &self.info
    }

    /// Returns the name by which registries and catalogs know the connector: the one that its author has chosen, or one that is
    /// derived from the host and port where it is served.
    #[must_use]
    pub fn server_name(&self, authority: &str) -> ServerName {
        self.server_name.clone().unwrap_or_else(|| ServerName::derived(authority, &self.info.name))
    }

    /// Returns the hosts that handlers may send requests to.
    #[must_use]
    pub fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// Declares that its authorization server supports an extension, such as
    /// `io.modelcontextprotocol/oauth-client-credentials`. Clients see it among the capabilities.
    pub fn declare_authorization_extension(&mut self, identifier: &'static str) {
        self.authorization_extensions.push(identifier);
    }

    /// Returns what the pages for people show beside the title and the icons.
    #[must_use]
    pub fn page_settings(&self) -> &PageSettings {
        &self.page_settings
    }

    /// Returns the name that people see.
    #[must_use]
    pub fn display_name(&self) -> &str {
        self.info.title.as_deref().unwrap_or(&self.info.name)
    }

    /// Returns the functions around calls, if there are any.
    pub(crate) fn hooks(&self) -> Option<&Rc<Hooks<H>>> {
        Some(&self.hooks).filter(|hooks| !hooks.are_none())
    }

    /// Returns whether a tool can continue as a task.
    #[must_use]
    pub fn has_tasks(&self) -> bool {
        self.has_tasks
    }

    pub(crate) fn has_resources(&self) -> bool {
        !self.resources.is_empty() || !self.templates.is_empty()
    }

    pub(crate) fn has_completions(&self) -> bool {
        self.prompts.iter().any(|prompt| !prompt.feature.completers.is_empty())
            || self.templates.iter().any(|template| !template.feature.completers.is_empty())
    }

    /// Returns whether handlers can announce changes of this kind: the author declares it, and the connector has such features.
    #[must_use]
    pub fn announces(&self, topic: Topic) -> bool {
        self.announces.has(topic)
            && match topic {
                Topic::ToolList => !self.tools.is_empty(),
                Topic::PromptList => !self.prompts.is_empty(),
                Topic::ResourceList | Topic::ResourceUpdates => self.has_resources(),
            }
    }

    /// Returns whether handlers can announce any change.
    #[must_use]
    pub fn announces_anything(&self) -> bool {
        !self.announces.is_empty()
    }

    /// Returns whether a session, a task or a stream of changes may store anything for `caller`. For a caller without a token,
    /// only if the connector allows it.
    #[must_use]
    pub fn keeps_state_for(&self, caller: Option<&Caller>) -> bool {
        caller.is_some() || self.anonymous_state == AnonymousState::Kept
    }

    /// Returns the handlers of events.
    #[must_use]
    pub fn events(&self) -> &EventHandlers<H> {
        &self.events
    }

    /// Returns the name of the binding of the bucket for files, if the connector takes files.
    #[must_use]
    pub fn files(&self) -> Option<&str> {
        self.files.as_deref()
    }

    /// Returns whether clients can listen to anything: announcements, and from 2026-07-28 on tasks.
    #[must_use]
    pub fn has_streams(&self) -> bool {
        self.announces_anything() || self.has_tasks()
    }

    /// Returns whether every resource that a template lists needs a sign-in. Then an announcement concerns only the list of the
    /// person who is calling.
    pub(crate) fn resource_lists_are_own(&self) -> bool {
        let mut lists = self.templates.iter().filter(|template| template.feature.list.is_some()).peekable();
        lists.peek().is_some() && lists.all(|template| template.access.needs_sign_in())
    }

    /// Returns the people whom `change` concerns.
    #[must_use]
    pub fn reach(&self, change: &Change) -> Reach {
        let is_own = match change {
            Change::Tools | Change::Prompts => false,
            Change::Resources => self.resource_lists_are_own(),
            Change::Resource(uri) => self.is_own(uri),
        };
        if is_own { Reach::SignedIn } else { Reach::Everybody }
    }

    /// Returns the scopes that a token needs for what has changed: all that is at a URI may be what has.
    #[must_use]
    pub fn scopes_of(&self, change: &Change) -> ScopeSet {
        let Change::Resource(uri) = change else { return ScopeSet::empty() };
        let Ok(uri) = Uri::parse(uri) else { return ScopeSet::empty() };
        self.access_to(&uri).fold(ScopeSet::empty(), |all, access| all.union(&access.required))
    }

    /// Returns whether everything that may be at `uri` needs a sign-in.
    fn is_own(&self, uri: &str) -> bool {
        let Ok(uri) = Uri::parse(uri) else { return false };
        let mut found = self.access_to(&uri).peekable();
        found.peek().is_some() && found.all(Access::needs_sign_in)
    }

    fn access_to(&self, uri: &Uri) -> impl Iterator<Item = &Access> {
        let resources = self.resources.iter().filter(move |resource| resource.checked == *uri);
        let templates = self.templates.iter().filter(move |template| template.checked.uri.matches(uri).is_some());
        resources.map(|it| &it.access).chain(templates.map(|it| &it.access))
    }

    /// Returns the capabilities of the server with the members that `version` has.
    pub(crate) fn capabilities(&self, version: ProtocolVersion) -> ServerCapabilities {
        let list = |topic| ListCapability { list_changed: self.announces(topic) };
        let extensions = [
            ("io.modelcontextprotocol/ui", json!({}), self.has_views),
            (
                "io.modelcontextprotocol/skills",
                json!({ "directoryRead": true }),
                version.is_modern() && !self.skills.is_empty(),
            ),
            (tasks::EXTENSION, json!({}), version.is_modern() && self.has_tasks()),
        ];
        let declared = extensions.into_iter().filter(|(.., is_there)| *is_there).map(|(name, value, _)| (name, value));
        let authorization = self.authorization_extensions.iter().map(|name| (*name, json!({})));
        ServerCapabilities {
            logging: Object::new(),
            tools: (!self.tools.is_empty()).then(|| list(Topic::ToolList)),
            resources: self.has_resources().then(|| ResourcesCapability {
                subscribe: self.announces(Topic::ResourceUpdates),
                list: list(Topic::ResourceList),
            }),
            prompts: (!self.prompts.is_empty()).then(|| list(Topic::PromptList)),
            completions: self.has_completions().then(Object::new),
            extensions: declared.chain(authorization).collect(),
        }
    }

    /// Returns the name and version of the server with the members that `version` has.
    pub(crate) fn implementation(&self, version: ProtocolVersion) -> Implementation {
        self.info.known_to(version)
    }
}
