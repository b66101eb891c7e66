//! The documents under `/.well-known/` that describe the protected resources.

use crate::caller::ScopeSet;
use crate::oauth::metadata::ProtectedResourceMetadata;

use super::answer::Answer;
use super::cors;
use super::route::McpEndpoint;
use super::site::Site;

/// How long clients may keep a document, in seconds.
pub(crate) const MAX_AGE: &str = "public, max-age=300";

/// Protected-resource metadata (RFC 9728 §2): who issues tokens for an endpoint, and what a first sign-in asks for.
pub(crate) fn protected_resource(site: &Site, endpoint: McpEndpoint, sign_in: &ScopeSet, name: &str) -> Answer {
    let issuer = site.issuer.as_str();
    let document = ProtectedResourceMetadata::new(site.resource(endpoint), issuer, sign_in, Some(name));
    cors::readable_by_all(Answer::json(200, &document)).header("cache-control", MAX_AGE)
}
