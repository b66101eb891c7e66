//! The metadata of the authorization server (RFC 8414). The same for everybody, and made without asking any storage.

use crate::oauth::metadata::{AuthorizationServerMetadata, Capabilities};
use crate::worker::answer::Answer;
use crate::worker::app::App;
use crate::worker::cors;
use crate::worker::site::Site;
use crate::worker::well_known::MAX_AGE;

/// The document.
pub(super) fn document(app: &App, site: &Site) -> Answer {
    let capabilities = Capabilities {
        scopes: app.catalogue.all(),
        registration: true,
        client_id_metadata_documents: true,
        client_credentials: app.configuration.clients.have_services(),
        announce_iss: app.configuration.announce_iss,
    };
    let document = AuthorizationServerMetadata::new(&site.issuer, &capabilities);
    cors::readable_by_all(Answer::json(200, &document)).header("cache-control", MAX_AGE)
}
