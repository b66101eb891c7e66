//! The login page of the owner. It comes after a consent without the passphrase: from a form that was sent without it, or from a
//! browser that was remembered when the consent page was shown and is not any more.

use mcp_connector_oauth::authorize::authorization_request::AuthorizationRequest;
use mcp_connector_oauth::authorize::consent::ConsentPage;

use crate::http::answer::Answer;
use crate::http::route::LOGIN_PATH;
use crate::oauth::context::OAuthContext;
use crate::oauth::identity::{passphrase, remembered_browsers};
use crate::pages;
use crate::pages::FormTarget;
use crate::pages::components::passkey::PasskeyOffer;
use crate::pages::login::{LoginError, LoginPage};
use crate::pages::remember::RememberChoice;

/// Returns the page for a request that was allowed and is `sealed`.
pub(crate) fn page(
    oauth: &OAuthContext<'_>,
    request: &AuthorizationRequest,
    sealed: &str,
    passkey: PasskeyOffer,
    error: Option<LoginError>,
) -> Answer {
    let asked = ConsentPage::new(request, oauth.app.scopes_of(request.resource()));
    let content = LoginPage {
        destination: &asked.destination,
        destination_kind: asked.destination_kind,
        client_name: asked.client_name,
        name_source: &asked.name_source,
        remember: remembered_browsers::days(oauth).map(RememberChoice::offered),
        passkey,
        error,
    };
    let form = FormTarget { action: LOGIN_PATH, sealed };
    passphrase::with_status(error, |status| Answer::page(status, pages::login(&content, &form)))
}
