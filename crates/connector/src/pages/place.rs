//! What the place is called that receives a code.

use mcp_connector_oauth::web::redirect_uri::RedirectKind;

/// Returns the name of the place that gets the code.
pub(crate) fn place(kind: RedirectKind, destination: &str) -> String {
    match kind {
        RedirectKind::Https | RedirectKind::Loopback => destination.to_owned(),
        RedirectKind::PrivateUse => format!("{destination}:"),
    }
}
