//! Where the access of a grant went, for a page.

use mcp_connector_oauth::grants::summary::GrantSummary;
use mcp_connector_oauth::web::redirect_uri::{RedirectKind, destination_of};

/// Returns the host or the scheme that received the code, or which trusted issuer has admitted the client.
pub(crate) fn destination(grant: &GrantSummary) -> (RedirectKind, String) {
    match &grant.asserted_by {
        Some(issuer) => (RedirectKind::Https, format!("Admitted by {}", destination_of(issuer).1)),
        None => destination_of(&grant.redirect_uri),
    }
}
