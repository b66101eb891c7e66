//! What an isolate sets up once: the connector, its settings and its secrets.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;
use std::time::Duration;

use thiserror::Error;
use worker::js_sys::Object;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::{Env, console_error, console_warn};

use mcp_connector_base::scope::ScopeSet;
use mcp_connector_oauth::resource::audiences::Audiences;
use mcp_connector_oauth::resource::connectors::OtherConnector;
use mcp_connector_oauth::resource::protected_resource::Resource;
use mcp_connector_oauth::resource::scope_catalogue::ScopeCatalogue;
use mcp_connector_protocol::{Connector, Endpoint, Registry, Settings, Unavailable};

use crate::config::bindings;
use crate::config::bindings::Needs;
use crate::config::configuration::{Configuration, PrivateSignIn};
use crate::config::shared_sign_in::SharedAuthorizationServer;
use crate::config::variables;
use crate::files::bucket::{Bucket, not_bound};
use crate::host::Workers;
use crate::http::limit::Limit;
use crate::http::route::McpEndpoint;
use crate::http::site::{LastSite, Site};
use crate::log::metrics;
use crate::oauth::access::grant_source::GrantSource;
use crate::oauth::secrets::{LazySecrets, Secrets};
use crate::oauth::upstream::services::UpstreamServices;
use crate::pages::frame::page_frame::{AccountLink, Frame};
use crate::platform::js;

/// A call that has not answered after this long becomes a stream, so that proxies and clients keep waiting.
const PATIENCE: Duration = Duration::from_secs(5);

/// The extension of MCP for programs that call without a person ("OAuth Client Credentials").
const CLIENT_CREDENTIALS: &str = "io.modelcontextprotocol/oauth-client-credentials";
/// The extension of MCP for people whom an identity provider admits ("Enterprise-Managed Authorization").
const ENTERPRISE_MANAGED_AUTHORIZATION: &str = "io.modelcontextprotocol/enterprise-managed-authorization";

/// A connector with its settings.
pub(crate) struct App {
    pub(crate) endpoint: Endpoint<Workers>,
    pub(crate) configuration: Rc<Configuration>,
    /// The scopes of the connector.
    pub(crate) catalogue: ScopeCatalogue,
    /// The same, and those of all other connectors for which tokens are issued here.
    pub(crate) all_scopes: ScopeCatalogue,
    pub(crate) secrets: Rc<LazySecrets>,
    /// The services that the connector uses in the name of each person.
    pub(crate) upstreams: Rc<UpstreamServices>,
    pub(crate) last_site: LastSite,
    /// The dataset that gets a data point for each request.
    pub(crate) metrics: Option<JsValue>,
    /// What all pages show of the connector.
    pub(crate) frame: Frame,
    /// Whether calls are counted.
    pub(crate) limits_calls: bool,
}

/// A line for the log about the connector or its settings.
pub(crate) enum Report {
    Error(String),
    Warning(String),
}

/// Makes the connector of this Worker.
type Author = fn() -> Connector<Workers>;

/// An app that was made before there was a request.
struct Prepared {
    /// The members that the environment had then. The environment of a module is another one in each request.
    members: Object,
    app: Rc<App>,
    reports: Vec<Report>,
}

/// [`start`] was not called.
#[derive(Clone, Copy, Debug, Error)]
#[error("the Worker does not say what it serves: call mcp_connector::serve! in src/lib.rs")]
pub(crate) struct NoConnector;

thread_local! {
    /// A Worker's code and variables never change under a running isolate.
    static CONNECTOR: Cell<Option<Author>> = const { Cell::new(None) };
    static PREPARED: Cell<Option<Prepared>> = const { Cell::new(None) };
    static APP: OnceCell<Rc<App>> = const { OnceCell::new() };
}

/// Says what this Worker serves. This is its `start`: an isolate that holds a Durable Object may never see a request.
pub fn start(connector: fn() -> Connector<Workers>) {
    CONNECTOR.set(Some(connector));
}

/// Returns the app of this isolate, which is made when it is first needed. What is wrong with it is reported to the log.
pub(crate) fn app(env: &Env) -> Result<Rc<App>, NoConnector> {
    APP.with(|cell| {
        if let Some(app) = cell.get() {
            return Ok(Rc::clone(app));
        }
        let (app, reports) = match PREPARED.take() {
            // A Worker can be given another environment than the one that its isolate has started with.
            Some(prepared) if js::have_same_members(&prepared.members, env) => (prepared.app, prepared.reports),
            _ => made(connector()?, env),
        };
        for report in reports {
            match report {
                Report::Error(text) => console_error!("{text}"),
                Report::Warning(text) => console_warn!("{text}"),
            }
        }
        Ok(Rc::clone(cell.get_or_init(|| app)))
    })
}

/// Makes the app of this isolate before there is a request, has `rehearse` try it, and keeps it for the first request that comes with
/// the same environment.
pub(crate) fn prepare(env: &Env, rehearse: impl FnOnce(&Rc<App>)) -> Result<(), NoConnector> {
    let (app, reports) = made(connector()?, env);
    rehearse(&app);
    let members = Object::assign(&Object::new(), env.unchecked_ref());
    PREPARED.set(Some(Prepared { members, app, reports }));
    Ok(())
}

fn made(connector: Connector<Workers>, env: &Env) -> (Rc<App>, Vec<Report>) {
    let (app, reports) = App::new(connector, env);
    (Rc::new(app), reports)
}

/// Makes the connector of this Worker.
fn connector() -> Result<Connector<Workers>, NoConnector> {
    Ok(CONNECTOR.get().ok_or(NoConnector)?())
}

/// Reads the configuration, and adds what is wrong with it to `reports`.
fn configuration(registry: &Registry<Workers>, env: &Env, reports: &mut Vec<Report>) -> Configuration {
    let mut configuration = Configuration::read(|name| variables::text_of(env, name));
    configuration.check_scopes(&registry.scopes().iter().copied().collect());
    reports
        .extend(configuration.errors.iter().map(|error| Report::Error(format!("configuration: {}", error.report()))));
    let shared = configuration.authorization_server.as_ref();
    reports.extend(shared.and_then(SharedAuthorizationServer::report).map(Report::Warning));
    let has_scopes = !registry.scopes().is_empty();
    let anonymous_state = registry.keeps_state_for(None) || configuration.sse_transport;
    let state = has_scopes || anonymous_state;
    let needs = Needs {
        own_sign_in: has_scopes && configuration.signs_in_here(),
        shared_sign_in: has_scopes && configuration.authorization_server.is_some(),
        state,
        anonymous_state,
        streams: state && registry.has_streams(),
        tasks: state && registry.has_tasks(),
    };
    let (missing, advice) = bindings::check(needs, |binding| binding.is_bound(env));
    reports.extend(missing.iter().map(|missing| Report::Error(missing.report())));
    reports.extend(advice.into_iter().map(Report::Warning));
    if let Some(binding) = registry.files()
        && Bucket::bound(env, binding).is_none()
    {
        reports.push(Report::Error(not_bound(binding)));
    }
    configuration.missing_bindings = missing;
    configuration
}

impl App {
    /// Prepares a connector with the settings in `env`. Also returns what is wrong with either, for the log.
    pub(crate) fn new(connector: Connector<Workers>, env: &Env) -> (Self, Vec<Report>) {
        let mut warnings = if cfg!(debug_assertions) { connector.check() } else { connector.warnings() };
        let (mut registry, rejected) = Registry::new(connector);
        // What is left out is an error, and reported once.
        warnings.retain(|warning| !rejected.contains(warning));
        let mut reports: Vec<Report> = warnings.iter().map(|warning| Report::Warning(warning.to_string())).collect();
        reports.extend(rejected.iter().map(|error| Report::Error(format!("left out: {error}"))));
        let configuration = Rc::new(configuration(&registry, env, &mut reports));
        let upstreams = UpstreamServices::read(
            &registry.upstreams,
            |name| variables::text_of(env, name),
            configuration.provider.as_ref(),
            configuration.other_server(),
        );
        reports.extend(upstreams.reports().iter().map(|report| Report::Error(format!("configuration: {report}"))));
        if configuration.signs_in_here() && configuration.clients.have_services() {
            registry.declare_authorization_extension(CLIENT_CREDENTIALS);
        }
        if !configuration.trusted_issuers.is_empty() {
            registry.declare_authorization_extension(ENTERPRISE_MANAGED_AUTHORIZATION);
        }
        // Where another Worker keeps the sign-in, `/account` leads to its page.
        let has_account = !registry.scopes().is_empty() && configuration.auth_issuer.is_none();
        let account = if has_account { AccountLink::Shown } else { AccountLink::None };
        let frame = Frame::new(registry.display_name(), &registry.info().icons, registry.page_settings(), account);
        let settings = Settings {
            page_size: configuration.page_size,
            patience: PATIENCE,
            keep_alive: configuration.keep_alive,
            time_limit: configuration.time_limit,
        };
        let endpoint = Endpoint { registry: Rc::new(registry), settings };
        if let Some(weak) = configuration.weak_passphrase() {
            reports.push(Report::Error(format!("nobody can sign in: {weak} (OWNER_PASSPHRASE)")));
        }
        let catalogue = ScopeCatalogue::new(endpoint.registry.scopes().iter().copied(), endpoint.registry.sign_in());
        let app = Self {
            all_scopes: configuration.connectors.iter().fold(catalogue.clone(), |all, other| all.and(other.scopes())),
            catalogue,
            endpoint,
            secrets: Rc::new(LazySecrets::new(Rc::clone(&configuration))),
            upstreams: Rc::new(upstreams),
            configuration,
            frame,
            last_site: LastSite::default(),
            metrics: metrics::dataset(env),
            limits_calls: Limit::CALLS.is_bound(env),
        };
        (app, reports)
    }

    /// Returns keys and credentials. The first request that needs them may have to ask for the master key.
    ///
    /// # Errors
    ///
    /// Unavailable where the master key is out of reach, or is set and cannot be read: another one is never used in its place.
    pub(crate) async fn secrets(&self, env: &Env) -> Result<Rc<Secrets>, Unavailable> {
        self.secrets.get(env).await
    }

    /// Returns the resources for which tokens are issued here.
    pub(crate) fn audiences<'a>(&'a self, site: &'a Site) -> Audiences<'a> {
        Audiences::new(&site.resources, &self.catalogue).and(&self.configuration.connectors)
    }

    /// Returns the scopes of the connector that has a resource. A grant may be for one that the configuration does not name any more.
    pub(crate) fn scopes_of(&self, resource: &Resource) -> &ScopeCatalogue {
        self.configuration.connectors.of(resource).map_or(&self.catalogue, OtherConnector::scopes)
    }

    /// Returns who knows which grants are valid.
    ///
    /// # Errors
    ///
    /// Unavailable as for [`Self::secrets`], which are not needed where another Worker keeps the sign-in.
    pub(crate) async fn grant_source(&self, env: &Env) -> Result<GrantSource, Unavailable> {
        if self.configuration.authorization_server.is_some() {
            return Ok(GrantSource::AuthorizationServer(Rc::clone(&self.configuration)));
        }
        Ok(GrantSource::Objects(self.secrets(env).await?))
    }

    /// Returns the host of a call.
    pub(crate) fn host(&self, env: &Env) -> Workers {
        let upstreams = (Rc::clone(&self.upstreams), self.configuration.public_url.clone());
        Workers::new(env.clone(), Rc::clone(&self.endpoint.registry), Rc::clone(&self.secrets), upstreams)
    }

    /// Returns the scopes that a first sign-in at `endpoint` asks for.
    pub(crate) fn first_scopes(&self, endpoint: McpEndpoint) -> ScopeSet {
        match (endpoint, self.configuration.private_sign_in) {
            (McpEndpoint::Private, PrivateSignIn::All) => self.catalogue.all().clone(),
            (McpEndpoint::Lazy | McpEndpoint::Private | McpEndpoint::HttpSse, _) => self.catalogue.sign_in().clone(),
        }
    }
}
