//! The way of each request through the Worker: the `fetch` event, and the route that answers it.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::rc::Rc;

use serde_json::json;
use worker::wasm_bindgen::JsValue;
use worker::worker_sys::Context as RawContext;
use worker::{Context, Env, console_error, web_sys};

use crate::app::lost_requests;
use crate::app::state::{App, app};
use crate::config::settings::Feature;
use crate::events::webhook;
use crate::files::endpoint as files;
use crate::http::answer::Answer;
use crate::http::cors;
use crate::http::discovery::{favicon, proof, server_card};
use crate::http::document::{cacheable_document, document};
use crate::http::home;
use crate::http::incoming::Incoming;
use crate::http::navigation::is_navigation;
use crate::http::request_guard;
use crate::http::route::{McpEndpoint, Route};
use crate::http::site::Site;
use crate::http::well_known;
use crate::log::request_log::Log;
use crate::mcp::endpoint;
use crate::oauth::introspection::elsewhere;
use crate::oauth::introspection::endpoint as introspection;
use crate::oauth::routes as oauth;
use crate::pages::wrong_address::{Connector, for_clients, nothing_here};
use crate::platform::crossing::paused;
use crate::platform::crossing::paused::{AwaitedBody, Work};
use crate::platform::crossing::request_head::{EntryPoint, RequestHead};

/// Answers a request to the Worker: the whole `fetch` of [`serve!`](crate::serve).
///
/// A Worker that has paths of its own answers those itself, and passes everything else on:
///
/// ```
/// use mcp_connector::{Connector, worker};
/// use worker::{Context, Env, Response, web_sys};
///
/// async fn fetch(request: web_sys::Request, env: Env, context: Context) -> worker::Result<web_sys::Response> {
///     if request.url().ends_with("/hello") {
///         return Ok(Response::ok("Hello!")?.into());
///     }
///     mcp_connector::fetch(request, env, context).await
/// }
///
/// fn connector() -> Connector {
///     Connector::new("notes", "1.0.0")
/// }
///
/// mcp_connector::serve!(connector, fetch);
/// # fn main() {}
/// ```
///
/// # Errors
///
/// Fails only where the runtime does not take the answer.
pub async fn fetch(request: web_sys::Request, env: Env, context: Context) -> worker::Result<web_sys::Response> {
    let head = RequestHead::of(&request);
    let number = head.number();
    number.run(pin!(respond(Incoming::new(request, head, None), env, context))).await
}

/// Answers a request that comes straight from the entry point of the build, which can bring its body. Returns the response, a
/// promise of it, or a paused request.
#[must_use]
pub fn answer(request: web_sys::Request, env: Env, context: RawContext) -> JsValue {
    let head = RequestHead::of(&request);
    let body = Rc::new(AwaitedBody::default());
    let brought = head.number().is_guarded().then(|| Rc::clone(&body));
    paused::begin(work(Incoming::new(request, head, brought), env, context), &body)
}

/// Returns what answers a request.
fn work(incoming: Incoming, env: Env, context: RawContext) -> Work {
    let number = incoming.number();
    let mut work = Box::pin(respond(incoming, env, Context::new(context)));
    Box::pin(poll_fn(move |task| number.step(|| work.as_mut().poll(task))))
}

async fn respond(incoming: Incoming, env: Env, context: Context) -> worker::Result<web_sys::Response> {
    let log = incoming.request_log();
    match app(&env) {
        Ok(app) => {
            log.report_to(app.configuration.log, app.metrics.as_ref(), &incoming);
            respond_with(&app, incoming, env, context).await
        }
        Err(error) => {
            log.report_to(Log::default(), None, &incoming);
            console_error!("{error}");
            into_response(Answer::error(500, "server_error", &error.to_string()), &incoming)
        }
    }
}

/// Answers a request as `app` does.
pub(crate) async fn respond_with(
    app: &Rc<App>,
    incoming: Incoming,
    env: Env,
    context: Context,
) -> worker::Result<web_sys::Response> {
    let answer = route(app, &incoming, env, context).await.framed(&app.frame);
    into_response(answer, &incoming)
}

fn into_response(answer: Answer, incoming: &Incoming) -> worker::Result<web_sys::Response> {
    let log = incoming.request_log();
    log.answer(&answer);
    let answer = answer.for_request(log.id());
    let answer = if incoming.method() == "HEAD" { answer.without_body() } else { answer };
    answer.into_response(incoming)
}

async fn route(app: &Rc<App>, incoming: &Incoming, env: Env, context: Context) -> Answer {
    let Ok(site) = app.last_site.of(incoming.asked_origin(), &app.configuration) else {
        return Answer::no_host();
    };
    if incoming.entry_point() == EntryPoint::Introspection {
        return introspection::answer(app, &site, incoming, &env).await;
    }
    let configuration = &*app.configuration;
    let if_none_match = || incoming.header("if-none-match");
    if let Some(lost) = incoming.lost()
        && let Some(answer) = lost_requests::answer(app, &site, incoming, (&env, &context), lost).await
    {
        return answer;
    }
    if let Some(webhook) = app.endpoint.registry.events().webhook(incoming.path()) {
        return webhook::answer(app, &site, webhook, incoming, &env).await;
    }
    if let Some(page) = page_for_browser(app, &site, incoming) {
        return page;
    }
    match incoming.route() {
        Route::Mcp(McpEndpoint::HttpSse) | Route::ProtectedResourceMetadata(McpEndpoint::HttpSse)
            if !configuration.sse_transport =>
        {
            configuration.closed(Feature::HttpSse).map_or_else(|| not_found(&site), Answer::closed)
        }
        Route::Mcp(endpoint) => endpoint::answer(app, &site, endpoint, incoming, env, context).await,
        Route::ProtectedResourceMetadata(endpoint) => {
            document(incoming, &site, configuration, || well_known::protected_resource(app, &site, endpoint))
        }
        Route::ServerCard(endpoint) => cacheable_document(incoming, &site, configuration, || {
            server_card::card(app, &site, endpoint, if_none_match().as_deref())
        }),
        Route::AiCatalog => cacheable_document(incoming, &site, configuration, || {
            server_card::catalog(app, &site, if_none_match().as_deref())
        }),
        Route::DomainProof(proof) => document(incoming, &site, configuration, || {
            proof::answer(configuration, proof, if_none_match().as_deref()).unwrap_or_else(|| not_found(&site))
        }),
        Route::Favicon(form) => document(incoming, &site, configuration, || {
            let icons = &app.endpoint.registry.info().icons;
            favicon::answer(icons, form, if_none_match().as_deref()).unwrap_or_else(|| not_found(&site))
        }),
        Route::File(_) if app.endpoint.registry.files().is_none() => not_found(&site),
        Route::File(endpoint) => files::answer(app, &site, endpoint, incoming, (&env, &context)).await,
        // An external issuer gives out the tokens.
        Route::OAuth(_) if configuration.auth_issuer.is_some() => not_found(&site),
        Route::OAuth(endpoint) if let Some(server) = &configuration.authorization_server => {
            elsewhere::answer(app, &site, server, endpoint, incoming)
        }
        Route::OAuth(endpoint) => oauth::answer(app, &site, endpoint, incoming, (&env, &context)).await,
        // A client that was given the bare origin posts here.
        Route::Home if incoming.method() == "POST" => not_found(&site),
        Route::Home => document(incoming, &site, configuration, || home::page(app, &site)),
        Route::NotFound => not_found(&site),
    }
}

/// Returns the page of an address that is none for people, for somebody who has opened it in a browser.
fn page_for_browser(app: &App, site: &Site, incoming: &Incoming) -> Option<Answer> {
    let configuration = &*app.configuration;
    let is_off = |endpoint| endpoint == McpEndpoint::HttpSse && !configuration.sse_transport;
    let route = incoming.route();
    let has_no_sign_in = configuration.auth_issuer.is_some();
    let endpoint = match route {
        Route::Mcp(endpoint) if !is_off(endpoint) => Some(endpoint),
        Route::Mcp(_) | Route::NotFound => None,
        Route::OAuth(_) if has_no_sign_in => None,
        Route::Home
        | Route::OAuth(_)
        | Route::ProtectedResourceMetadata(_)
        | Route::ServerCard(_)
        | Route::AiCatalog
        | Route::DomainProof(_)
        | Route::Favicon(_)
        | Route::File(_) => return None,
    };
    if !is_navigation(incoming) || request_guard::check_host(site, configuration).is_err() {
        return None;
    }
    let url = site.resource(endpoint.unwrap_or(McpEndpoint::Lazy)).as_str();
    let connector = Connector { title: app.endpoint.registry.display_name(), url };
    let (status, page) =
        if endpoint.is_some() { (200, for_clients(&connector)) } else { (404, nothing_here(&connector)) };
    Some(Answer::page(status, page).header("vary", "accept, sec-fetch-mode"))
}

/// Names the URL that was probably meant: people paste the bare origin into a client.
fn not_found(site: &Site) -> Answer {
    let connector_url = site.resource(McpEndpoint::Lazy);
    let description = format!("There is nothing here. The connector is at {connector_url}");
    let body =
        json!({ "error": "not_found", "error_description": description, "connector_url": connector_url.as_str() });
    cors::readable_by_all(Answer::json(404, &body)).header("cache-control", "no-store")
}
