//! Where the access of a grant went, and for which connector it is, for a page.

use mcp_connector_oauth::grants::summary::GrantSummary;
use mcp_connector_oauth::resource::protected_resource::Resource;
use mcp_connector_oauth::web::redirect_uri::{RedirectKind, destination_of};

use crate::oauth::context::OAuthContext;

/// Returns the host or the scheme that received the code, or which trusted issuer has admitted the client.
pub(crate) fn destination(grant: &GrantSummary) -> (RedirectKind, String) {
    match &grant.asserted_by {
        Some(issuer) => (RedirectKind::Https, format!("Admitted by {}", destination_of(issuer).1)),
        None => destination_of(&grant.redirect_uri),
    }
}

/// Returns the name of the connector that has a resource, if it is another one than that of this server. One that the configuration does
/// not name any more is known by its address.
pub(crate) fn connector_of<'a>(oauth: &'a OAuthContext<'_>, resource: &'a Resource) -> Option<&'a str> {
    match oauth.configuration().connectors.of(resource) {
        Some(other) => Some(other.name()),
        // Without `PUBLIC_URL`, this server has other names of its own.
        None if resource.is_of(&oauth.site.issuer) || oauth.configuration().public_url.is_none() => None,
        None => Some(resource.as_str()),
    }
}
