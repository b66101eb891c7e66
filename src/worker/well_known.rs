//! The documents under `/.well-known/`.

use serde_json::json;

use crate::caller::ScopeSet;

use super::answer::Answer;
use super::cors;
use super::route::McpEndpoint;
use super::site::Site;

/// How long clients may keep a document, in seconds.
const MAX_AGE: &str = "public, max-age=300";

/// Protected-resource metadata (RFC 9728 §2): who issues tokens for an endpoint, and what a first sign-in asks for.
pub(crate) fn protected_resource(site: &Site, endpoint: McpEndpoint, sign_in: &ScopeSet, name: &str) -> Answer {
    let document = json!({
        "resource": site.resource(endpoint),
        "authorization_servers": [site.issuer.as_str()],
        "scopes_supported": sign_in.iter().collect::<Vec<_>>(),
        "bearer_methods_supported": ["header"],
        "resource_name": name,
    });
    cors::readable_by_all(Answer::json(200, &document)).header("cache-control", MAX_AGE)
}
