//! The routes of webhooks: the signature is checked over the body as it was sent, before anything reads it.

use std::rc::Rc;

use worker::{Env, console_error};

use mcp_connector_protocol::{EventContext, WebhookRequest, WebhookRoute};

use crate::app::state::App;
use crate::config::variables;
use crate::host::Workers;
use crate::http::answer::{Answer, RETRY_CLOSED};
use crate::http::incoming::Incoming;
use crate::http::limit::{Limit, RETRY_AFTER};
use crate::http::request_guard;
use crate::http::site::Site;
use crate::platform::clock::now;

/// Answers a request to the path of a webhook.
pub(crate) async fn answer(
    app: &Rc<App>,
    site: &Site,
    route: &WebhookRoute<Workers>,
    incoming: &Incoming,
    env: &Env,
) -> Answer {
    incoming.request_log().answered_at(&route.path);
    if let Err(forbidden) = request_guard::check_host(site, &app.configuration) {
        return Answer::error(403, "access_denied", &forbidden.to_string());
    }
    if incoming.method() != "POST" {
        return Answer::error(405, "invalid_request", "Send this with POST.").header("allow", "POST");
    }
    if app.limits_calls && Limit::CALLS.is_over_beyond_usual(env, incoming.network().as_str()).await {
        return Answer::error(429, "too_many", "Too many requests; try again in a minute.")
            .header("retry-after", RETRY_AFTER);
    }
    let body = match incoming.body(app.configuration.max_body_bytes).await {
        Ok(body) => body,
        Err(error) => return Answer::error(error.status(), "invalid_request", &error.to_string()),
    };
    let name = route.webhook.secret();
    let Some(secret) = variables::text_of(env, name).filter(|secret| !secret.is_empty()) else {
        console_error!("webhook {}: the secret {name} is not set: npx wrangler secret put {name}", route.path);
        return Answer::error(503, "temporarily_unavailable", "The owner of this server must set a secret first.")
            .header("retry-after", RETRY_CLOSED);
    };
    let Some(verified) = route.webhook.verify(secret.trim(), incoming, &body, now().as_seconds()) else {
        return Answer::empty(401).header("cache-control", "no-store");
    };
    if let Some(challenge) = route.webhook.challenge(&body) {
        return Answer::bytes(200, "text/plain; charset=utf-8", challenge.into_bytes())
            .header("x-content-type-options", "nosniff");
    }
    let request = WebhookRequest::new(body, incoming.headers(), verified.id);
    match route.handle(request, EventContext::new(app.host(env))).await {
        Ok(()) => Answer::empty(204),
        Err(error) => {
            console_error!("webhook {}: {}", route.path, error.text());
            // The sender learns nothing of the failure, and tries again.
            Answer::error(500, "server_error", "The event could not be handled.")
        }
    }
}
