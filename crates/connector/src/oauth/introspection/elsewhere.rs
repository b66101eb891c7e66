//! What a connector answers at the paths of an authorization server while the one of another Worker keeps its sign-in. Its metadata
//! (RFC 9728) names that server, so no current client comes here: those of people do, and programs that look for the metadata of an
//! authorization server at the connector itself.

use serde_json::json;

use mcp_connector_oauth::web::origin::Issuer;

use crate::app::state::App;
use crate::config::settings::Feature;
use crate::config::shared_sign_in::SharedAuthorizationServer;
use crate::http::answer::Answer;
use crate::http::cors;
use crate::http::incoming::Incoming;
use crate::http::navigation::is_navigation;
use crate::http::request_guard;
use crate::http::route::{ACCOUNT_PATH, AccountStep, McpEndpoint, OAuthEndpoint};
use crate::http::site::Site;
use crate::oauth::answers::see_other;
use crate::pages::signs_in_elsewhere;
use crate::pages::wrong_address::Connector;

/// Says where people sign in. `/account` leads to that of the other server.
pub(crate) fn answer(
    app: &App,
    site: &Site,
    server: &SharedAuthorizationServer,
    endpoint: OAuthEndpoint,
    incoming: &Incoming,
) -> Answer {
    if app.configuration.closed(Feature::Metadata).is_some()
        || request_guard::check_host(site, &app.configuration).is_err()
    {
        return for_programs(&server.issuer);
    }
    let is_read = matches!(incoming.method(), "GET" | "HEAD");
    match endpoint {
        OAuthEndpoint::Account(AccountStep::Page) if is_read => see_other(server.issuer.at(ACCOUNT_PATH)),
        _ if is_navigation(incoming) => {
            let url = site.resource(McpEndpoint::Lazy).as_str();
            let connector = Connector { title: app.endpoint.registry.display_name(), url };
            let page =
                signs_in_elsewhere(&connector, &server.issuer.at(ACCOUNT_PATH), server.issuer.origin().authority());
            Answer::page(404, page).header("vary", "accept, sec-fetch-mode")
        }
        OAuthEndpoint::Account(_)
        | OAuthEndpoint::Direct(_)
        | OAuthEndpoint::Jwks
        | OAuthEndpoint::Metadata(_)
        | OAuthEndpoint::SignIn(_)
        | OAuthEndpoint::Upstream(_) => for_programs(&server.issuer),
    }
}

fn for_programs(issuer: &Issuer) -> Answer {
    let description = format!("This connector is not an authorization server. Its tokens come from {issuer}.");
    let body =
        json!({ "error": "not_found", "error_description": description, "authorization_server": issuer.as_str() });
    cors::readable_by_all(Answer::json(404, &body)).header("cache-control", "no-store")
}
