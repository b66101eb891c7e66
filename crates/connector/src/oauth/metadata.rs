//! The metadata of the authorization server (RFC 8414), its OpenID form, and the key set that the latter names. They
//! are the same for everybody and ask no storage.

use serde::Serialize;

use crate::app::state::App;
use crate::config::settings::Feature;
use crate::http::answer::Answer;
use crate::http::cors;
use crate::http::site::Site;
use crate::http::well_known::MAX_AGE;
use mcp_connector_oauth::resource::metadata::{
    AuthorizationServerMetadata, Capabilities, JsonWebKeySet, MetadataForm, OpenIdProviderMetadata,
};

/// Returns the metadata of the authorization server in one of its forms.
pub(crate) fn document(app: &App, site: &Site, form: MetadataForm) -> Answer {
    if let Some(closed) = app.configuration.closed(Feature::Metadata) {
        return cors::readable_by_all(Answer::closed(closed));
    }
    let capabilities = Capabilities {
        scopes: app.catalogue.all(),
        registration: true,
        client_id_metadata_documents: true,
        client_credentials: app.configuration.clients.have_services(),
        identity_assertions: !app.configuration.trusted_issuers.is_empty(),
        announce_iss: app.configuration.announce_iss,
    };
    match form {
        MetadataForm::OAuth => public(&AuthorizationServerMetadata::new(&site.issuer, &capabilities)),
        MetadataForm::OpenId => public(&OpenIdProviderMetadata::new(&site.issuer, &capabilities)),
    }
}

/// Returns the document at `jwks_uri`.
pub(crate) fn key_set() -> Answer {
    public(&JsonWebKeySet::default())
}

fn public(document: &impl Serialize) -> Answer {
    cors::readable_by_all(Answer::json(200, document)).header("cache-control", MAX_AGE)
}
