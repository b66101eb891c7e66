//! The metadata of the authorization server (RFC 8414), its OpenID form, and the key set that the latter names. They
//! are the same for everybody and ask no storage.

use crate::app::state::App;
use crate::config::settings::Feature;
use crate::http::answer::Answer;
use crate::http::cors;
use crate::http::route::{OAuthEndpoint, Route};
use crate::http::site::Site;
use crate::http::well_known::public_json;
use mcp_connector_oauth::resource::metadata::{
    AuthorizationServerMetadata, Capabilities, JsonWebKeySet, MetadataForm, OpenIdProviderMetadata,
};

/// Returns the metadata of the authorization server in one of its forms.
pub(crate) fn document(app: &App, site: &Site, form: MetadataForm) -> Answer {
    if let Some(closed) = app.configuration.closed(Feature::Metadata) {
        return cors::readable_by_all(Answer::closed(closed));
    }
    let route = Route::OAuth(OAuthEndpoint::Metadata(form));
    public_json(site.documents.of(route, || written(app, site, form)))
}

fn written(app: &App, site: &Site, form: MetadataForm) -> serde_json::Result<Vec<u8>> {
    let capabilities = Capabilities {
        scopes: app.all_scopes.all().clone(),
        registration: true,
        client_id_metadata_documents: true,
        client_credentials: app.configuration.clients.have_services(),
        identity_assertions: !app.configuration.trusted_issuers.is_empty(),
        announce_iss: app.configuration.announce_iss,
    };
    match form {
        MetadataForm::OAuth => serde_json::to_vec(&AuthorizationServerMetadata::new(&site.issuer, &capabilities)),
        MetadataForm::OpenId => serde_json::to_vec(&OpenIdProviderMetadata::new(&site.issuer, &capabilities)),
    }
}

/// Returns the document at `jwks_uri`.
pub(crate) fn key_set(site: &Site) -> Answer {
    public_json(site.documents.of(Route::OAuth(OAuthEndpoint::Jwks), || serde_json::to_vec(&JsonWebKeySet::default())))
}
