//! The documents under `/.well-known/` that describe the protected resources.

use std::rc::Rc;

use mcp_connector_oauth::resource::metadata::ProtectedResourceMetadata;

use crate::app::state::App;
use crate::config::settings::Feature;
use crate::http::answer::Answer;
use crate::http::cors;
use crate::http::document_cache::Document;
use crate::http::route::{McpEndpoint, Route};
use crate::http::site::Site;

/// How long clients may cache a document.
pub(crate) const MAX_AGE: &str = "public, max-age=300";

/// Returns protected-resource metadata (RFC 9728 §2): who issues tokens for an endpoint, and which scopes a first
/// sign-in asks for.
pub(crate) fn protected_resource(app: &App, site: &Site, endpoint: McpEndpoint) -> Answer {
    if let Some(closed) = app.configuration.closed(Feature::Metadata) {
        return cors::readable_by_all(Answer::closed(closed));
    }
    let written = site
        .documents
        .of(Route::ProtectedResourceMetadata(endpoint), || serde_json::to_vec(&resource_metadata(app, site, endpoint)));
    public_json(written)
}

/// Returns a document of JSON that any page may read and a client may cache.
pub(crate) fn public_json(written: serde_json::Result<Rc<Document>>) -> Answer {
    let answer = match written {
        Ok(document) => Answer::json_bytes(200, document.body.clone()).reusable().header("cache-control", MAX_AGE),
        Err(_) => Answer::error(500, "server_error", "This document could not be written."),
    };
    cors::readable_by_all(answer)
}

fn resource_metadata(app: &App, site: &Site, endpoint: McpEndpoint) -> ProtectedResourceMetadata {
    let registry = &app.endpoint.registry;
    let issuer = match (&app.configuration.auth_issuer, &app.configuration.authorization_server) {
        (Some(external), _) => external.issuer.as_str(),
        (None, Some(shared)) => shared.issuer.as_str(),
        (None, None) => site.issuer.as_str(),
    };
    let (scopes, name) = (app.first_scopes(endpoint), Some(registry.display_name()));
    ProtectedResourceMetadata::new(site.resource(endpoint), issuer, &scopes, name)
}
