//! What an isolate sets up once, and the way of each request through it.

use std::cell::{Cell, OnceCell};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use serde_json::json;
use thiserror::Error;
use worker::wasm_bindgen::JsValue;
use worker::{Context, Env, console_error, console_warn, web_sys};

use mcp_connector_base::scope::ScopeSet;
use mcp_connector_oauth::authorize::scope_catalogue::ScopeCatalogue;
use mcp_connector_protocol::{Connector, Endpoint, Registry, Settings, Unavailable};

use crate::config::configuration::{Configuration, PrivateSignIn};
use crate::config::settings::Part;
use crate::config::variables;
use crate::host::Workers;
use crate::http::answer::Answer;
use crate::http::cors;
use crate::http::home;
use crate::http::incoming::Incoming;
use crate::http::limit::Limit;
use crate::http::request_guard;
use crate::http::route::{McpEndpoint, Route};
use crate::http::site::{LastSite, Site};
use crate::http::well_known;
use crate::mcp::endpoint;
use crate::mcp::lost_requests;
use crate::oauth;
use crate::oauth::secrets::Secrets;
use crate::platform::instance::RequestNumber;
use crate::request_log::metrics;
use crate::request_log::request_log::Log;

/// After this long a call that has not answered becomes a stream, so that proxies and clients keep waiting.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connector with its settings.
pub(crate) struct App {
    pub(crate) endpoint: Endpoint<Workers>,
    pub(crate) configuration: Configuration,
    pub(crate) catalogue: ScopeCatalogue,
    secrets: OnceCell<Rc<Secrets>>,
    last_site: LastSite,
    /// The dataset that gets a data point for each request.
    pub(crate) metrics: Option<JsValue>,
    /// Whether calls are counted.
    pub(crate) limits_calls: bool,
}

/// Makes the connector of this Worker.
type Author = fn() -> Connector<Workers>;

/// Nobody has called [`start`].
#[derive(Clone, Copy, Debug, Error)]
#[error("the Worker does not say what it serves: call worker::start in its start event")]
pub(crate) struct NoConnector;

thread_local! {
    /// A Worker's code and variables never change under a running isolate.
    static CONNECTOR: Cell<Option<Author>> = const { Cell::new(None) };
    static APP: OnceCell<Rc<App>> = const { OnceCell::new() };
}

/// Says what this Worker serves. This is its `start`: an isolate that holds a Durable Object may never see a request.
pub fn start(connector: fn() -> Connector<Workers>) {
    CONNECTOR.set(Some(connector));
}

/// Answers a request. This is a whole Worker's `fetch`.
pub async fn fetch(request: web_sys::Request, env: Env, context: Context) -> worker::Result<web_sys::Response> {
    let number = RequestNumber::opened(&request);
    number.run(pin!(respond(number, request, env, context))).await
}

async fn respond(
    number: RequestNumber,
    request: web_sys::Request,
    env: Env,
    context: Context,
) -> worker::Result<web_sys::Response> {
    let incoming = Incoming::new(number, request);
    let visit = incoming.visit();
    let answer = match app(&env) {
        Ok(app) => {
            visit.report_to(app.configuration.log, app.metrics.as_ref(), &incoming);
            app.answer(&incoming, env, context).await
        }
        Err(error) => {
            visit.report_to(Log::default(), None, &incoming);
            console_error!("{error}");
            Answer::json(500, &json!({ "error": "server_error", "error_description": error.to_string() }))
        }
    };
    visit.leaves(&answer);
    let answer = answer.for_request(visit.id());
    let answer = if incoming.method() == "HEAD" { answer.without_body() } else { answer };
    answer.into_response(&incoming)
}

/// The app of this isolate, made when it is first needed.
pub(crate) fn app(env: &Env) -> Result<Rc<App>, NoConnector> {
    APP.with(|cell| {
        if let Some(app) = cell.get() {
            return Ok(Rc::clone(app));
        }
        let connector = CONNECTOR.get().ok_or(NoConnector)?();
        let configuration = Configuration::read(|name| variables::text_of(env, name));
        for problem in &configuration.problems {
            console_error!("configuration: {}", problem.report());
        }
        for warning in connector.warnings() {
            console_warn!("{warning}");
        }
        let (registry, rejected) = Registry::new(connector);
        for defect in rejected {
            console_error!("left out: {defect}");
        }
        let settings = Settings {
            page_size: configuration.page_size,
            patience: PATIENCE,
            keep_alive: configuration.keep_alive,
            time_limit: configuration.time_limit,
        };
        let endpoint = Endpoint { registry: Rc::new(registry), settings };
        if let Some(weak) = configuration.missing() {
            console_error!("nobody can sign in: {weak} (OWNER_PASSPHRASE)");
        }
        let catalogue = ScopeCatalogue::new(endpoint.registry.scopes().iter().copied(), endpoint.registry.sign_in());
        let (secrets, last_site) = (OnceCell::new(), LastSite::default());
        let app = App {
            endpoint,
            configuration,
            catalogue,
            secrets,
            last_site,
            metrics: metrics::dataset(env),
            limits_calls: Limit::CALLS.is_bound(env),
        };
        Ok(Rc::clone(cell.get_or_init(|| Rc::new(app))))
    })
}

impl App {
    /// Keys and credentials. The first request that needs them may have to ask for the master key.
    ///
    /// # Errors
    /// Unavailable where the master key is out of reach, or is set and cannot be read: another one is never used in its place.
    pub(crate) async fn secrets(&self, env: &Env) -> Result<Rc<Secrets>, Unavailable> {
        if self.configuration.closed(Part::Keys).is_some() {
            return Err(Unavailable);
        }
        if let Some(secrets) = self.secrets.get() {
            return Ok(Rc::clone(secrets));
        }
        let secrets = Rc::new(Secrets::load(&self.configuration, env).await?);
        // Somebody else may have been faster; the keys are the same.
        Ok(Rc::clone(self.secrets.get_or_init(|| secrets)))
    }

    /// What a first sign-in at `endpoint` asks for.
    pub(crate) fn first_scopes(&self, endpoint: McpEndpoint) -> ScopeSet {
        match (endpoint, self.configuration.private_sign_in) {
            (McpEndpoint::Private, PrivateSignIn::All) => self.catalogue.all(),
            (McpEndpoint::Lazy | McpEndpoint::Private | McpEndpoint::HttpSse, _) => self.catalogue.sign_in().clone(),
        }
    }

    async fn answer(self: &Rc<Self>, incoming: &Incoming, env: Env, context: Context) -> Answer {
        let Ok(site) = self.last_site.of(incoming.asked_origin(), &self.configuration) else {
            return Answer::json(
                400,
                &json!({ "error": "invalid_request", "error_description": "The Host header names no host." }),
            );
        };
        let configuration = &self.configuration;
        if let Some(lost) = incoming.lost()
            && let Some(answer) = lost_requests::answer(self, &site, incoming, (&env, &context), lost).await
        {
            return answer;
        }
        match incoming.route() {
            Route::Mcp(McpEndpoint::HttpSse) | Route::ProtectedResourceMetadata(McpEndpoint::HttpSse)
                if !configuration.sse_transport =>
            {
                configuration.closed(Part::HttpSse).map_or_else(|| not_found(&site), Answer::closed)
            }
            Route::Mcp(endpoint) => endpoint::answer(self, &site, endpoint, incoming, env, context).await,
            Route::ProtectedResourceMetadata(endpoint) => {
                self.document(incoming, &site, || well_known::protected_resource(self, &site, endpoint))
            }
            // Tokens come from somewhere else.
            Route::OAuth(_) if configuration.auth_issuer.is_some() => not_found(&site),
            Route::OAuth(endpoint) => oauth::answer(self, &site, endpoint, incoming, (&env, &context)).await,
            // A client that was given the bare origin posts here.
            Route::Home if incoming.method() == "POST" => not_found(&site),
            Route::Home => {
                self.document(incoming, &site, || home::page(&self.endpoint.registry, &site, &self.configuration))
            }
            Route::NotFound => not_found(&site),
        }
    }

    /// Something that can only be read.
    pub(crate) fn document(&self, incoming: &Incoming, site: &Site, document: impl FnOnce() -> Answer) -> Answer {
        if let Err(forbidden) = request_guard::check_host(site, &self.configuration) {
            return Answer::json(403, &json!({ "error": "access_denied", "error_description": forbidden.to_string() }));
        }
        match incoming.method() {
            "GET" | "HEAD" => document(),
            "OPTIONS" => cors::readable_by_all(cors::preflight(incoming)),
            _ => {
                Answer::json(405, &json!({ "error": "invalid_request", "error_description": "This can only be read." }))
                    .header("allow", "GET, HEAD, OPTIONS")
            }
        }
    }
}

/// Names the URL that was probably meant: people paste the bare origin into a client.
fn not_found(site: &Site) -> Answer {
    let connector_url = site.resource(McpEndpoint::Lazy);
    let description = format!("There is nothing here. The connector is at {connector_url}");
    let body =
        json!({ "error": "not_found", "error_description": description, "connector_url": connector_url.as_str() });
    cors::readable_by_all(Answer::json(404, &body))
}
