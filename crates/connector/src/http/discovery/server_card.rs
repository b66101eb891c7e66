//! The server card of an endpoint, and the catalog that leads to it (SEP-2127). What they say is on the page `/`, too.

use std::rc::Rc;

use mcp_connector_protocol::{AI_CATALOG_TYPE, AiCatalog, Remote, SERVER_CARD_SUFFIX, SERVER_CARD_TYPE, ServerCard};

use crate::app::state::App;
use crate::config::settings::Feature;
use crate::http::answer::Answer;
use crate::http::cors;
use crate::http::discovery::entity_tag::with_tag;
use crate::http::document_cache::Document;
use crate::http::route::{McpEndpoint, Route};
use crate::http::site::Site;

/// How long clients may cache them (SEP-2127, "Caching").
const MAX_AGE: &str = "public, max-age=3600";

/// Returns the server card of an endpoint. It names the endpoint first, and then the others of the connector.
pub(crate) fn card(app: &App, site: &Site, endpoint: McpEndpoint, if_none_match: Option<&str>) -> Answer {
    let registry = &app.endpoint.registry;
    let is_served = |other: &McpEndpoint| match other {
        McpEndpoint::Lazy => true,
        // Without a scope there is nothing to sign in for.
        McpEndpoint::Private => !registry.scopes().is_empty(),
        McpEndpoint::HttpSse => app.configuration.sse_transport,
    };
    let others = McpEndpoint::ALL.into_iter().filter(|other| *other != endpoint && is_served(other));
    let remote = |endpoint| {
        let url = site.resource(endpoint).as_str();
        if endpoint == McpEndpoint::HttpSse { Remote::sse(url) } else { Remote::streamable_http(url) }
    };
    public(app, SERVER_CARD_TYPE, if_none_match, || {
        site.documents.of(Route::ServerCard(endpoint), || {
            let remotes = std::iter::once(endpoint).chain(others).map(remote).collect();
            let origin = site.issuer.origin();
            serde_json::to_vec(&ServerCard::new(registry, origin.as_str(), origin.authority(), remotes))
        })
    })
}

/// Returns the AI catalog.
pub(crate) fn catalog(app: &App, site: &Site, if_none_match: Option<&str>) -> Answer {
    public(app, AI_CATALOG_TYPE, if_none_match, || {
        site.documents.of(Route::AiCatalog, || {
            let card_url = format!("{}{SERVER_CARD_SUFFIX}", site.resource(McpEndpoint::Lazy));
            serde_json::to_vec(&AiCatalog::new(&app.endpoint.registry, site.issuer.origin().authority(), card_url))
        })
    })
}

fn public(
    app: &App,
    media_type: &'static str,
    if_none_match: Option<&str>,
    document: impl FnOnce() -> serde_json::Result<Rc<Document>>,
) -> Answer {
    // The URLs in it would be wrong.
    let answer = match app.configuration.closed(Feature::Metadata) {
        Some(closed) => Answer::closed(closed),
        None => match document() {
            Ok(document) => with_tag(media_type, &document.body, document.tag.clone(), if_none_match)
                .header("cache-control", MAX_AGE),
            Err(_) => Answer::error(500, "server_error", "This document could not be written."),
        },
    };
    cors::cacheable_by_all(answer)
}
