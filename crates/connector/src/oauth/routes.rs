//! Which file answers a request to the authorization server.

use worker::{Context, Env};

use mcp_connector_base::outage::Outage;

use crate::app::state::App;
use crate::config::settings::Feature;
use crate::http::answer::Answer;
use crate::http::cors;
use crate::http::document::document;
use crate::http::incoming::Incoming;
use crate::http::request_guard;
use crate::http::route::{DirectEndpoint, OAuthEndpoint};
use crate::http::site::Site;
use crate::oauth::account::routes as account;
use crate::oauth::context::OAuthContext;
use crate::oauth::sign_in_error::SignInError;
use crate::oauth::sign_in_error::Start;
use crate::oauth::token_request::TokenRequest;
use crate::oauth::upstream::routes as upstream;
use crate::oauth::{authorize, metadata, register, revoke, token};

/// Answers a request to `endpoint`.
pub(crate) async fn answer(
    app: &App,
    site: &Site,
    endpoint: OAuthEndpoint,
    incoming: &Incoming,
    (env, context): (&Env, &Context),
) -> Answer {
    match endpoint {
        OAuthEndpoint::Metadata(form) => {
            document(incoming, site, &app.configuration, || metadata::document(app, site, form))
        }
        OAuthEndpoint::Jwks => document(incoming, site, &app.configuration, || metadata::key_set(site)),
        OAuthEndpoint::SignIn(step) => authorize::answer(app, site, step, incoming, (env, context)).await,
        OAuthEndpoint::Account(step) => account::answer(app, site, step, incoming, (env, context)).await,
        OAuthEndpoint::Upstream(step) => upstream::answer(app, site, step, incoming, (env, context)).await,
        OAuthEndpoint::Direct(endpoint) => {
            cors::readable_by_all(for_programs(app, site, endpoint, incoming, (env, context)).await)
        }
    }
}

/// Answers at the endpoints that programs post to, from a web page too: what is sent proves who calls, never a cookie.
async fn for_programs(
    app: &App,
    site: &Site,
    endpoint: DirectEndpoint,
    incoming: &Incoming,
    runtime: (&Env, &Context),
) -> Answer {
    if let Err(forbidden) = request_guard::check_host(site, &app.configuration) {
        return Answer::error(403, "access_denied", &forbidden.to_string());
    }
    match incoming.method() {
        "POST" => {}
        "OPTIONS" => return cors::preflight(incoming, None),
        _ => return Answer::error(405, "invalid_request", "Send this with POST.").header("allow", "POST, OPTIONS"),
    }
    if let Some(closed) = app.configuration.closed(Feature::AuthorizationServer) {
        return Answer::closed(closed);
    }
    let oauth = match OAuthContext::open(app, site, runtime).await {
        Ok(oauth) => oauth,
        Err(outage) => return Answer::outage(outage),
    };
    match endpoint {
        DirectEndpoint::Token => token::answer(&oauth, incoming).await,
        DirectEndpoint::Register => register::answer(&oauth, incoming).await,
        DirectEndpoint::Revoke => revoke::answer(&oauth, incoming).await,
    }
}

/// Carries out once more what was posted to the token endpoint, after the instance has died that had begun it.
pub(crate) async fn token_again(
    app: &App,
    site: &Site,
    incoming: &Incoming,
    runtime: (&Env, &Context),
    request: &TokenRequest,
) -> Answer {
    let answer = match OAuthContext::open(app, site, runtime).await {
        Ok(oauth) => token::carry_out(&oauth, incoming, request).await,
        Err(outage) => Answer::outage(outage),
    };
    cors::readable_by_all(answer)
}

/// Answers a person whose page could not be made because its instance has died.
pub(crate) fn interrupted_page(start: Start<'_>, incoming: &Incoming) -> Answer {
    SignInError::Outage(Outage::Storage).into_answer(start, incoming.request_log())
}
