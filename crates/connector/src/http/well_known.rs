//! The documents under `/.well-known/` that describe the protected resources.

use mcp_connector_oauth::resource::metadata::ProtectedResourceMetadata;

use crate::app::state::App;
use crate::config::settings::Feature;
use crate::http::answer::Answer;
use crate::http::cors;
use crate::http::route::McpEndpoint;
use crate::http::site::Site;

/// How long clients may cache a document.
pub(crate) const MAX_AGE: &str = "public, max-age=300";

/// Returns protected-resource metadata (RFC 9728 §2): who issues tokens for an endpoint, and which scopes a first
/// sign-in asks for.
pub(crate) fn protected_resource(app: &App, site: &Site, endpoint: McpEndpoint) -> Answer {
    if let Some(closed) = app.configuration.closed(Feature::Metadata) {
        return cors::readable_by_all(Answer::closed(closed));
    }
    let registry = &app.endpoint.registry;
    let issuer = match &app.configuration.auth_issuer {
        Some(external) => external.issuer.as_str(),
        None => site.issuer.as_str(),
    };
    let (scopes, name) = (app.first_scopes(endpoint), Some(registry.display_name()));
    let document = ProtectedResourceMetadata::new(site.resource(endpoint), issuer, &scopes, name);
    cors::readable_by_all(Answer::json(200, &document)).header("cache-control", MAX_AGE)
}
