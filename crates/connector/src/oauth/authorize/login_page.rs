//! The login page of the owner. It comes after a consent without the passphrase: from a form that was sent without it, or from a
//! browser that was remembered when the consent page was shown and is not any more.

use mcp_connector_oauth::authorize::authorization_request::AuthorizationRequest;
use mcp_connector_oauth::clients::client::ClientName;

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
    let redirect_uri = request.redirect_uri();
    let content = LoginPage {
        destination: &redirect_uri.destination(),
        destination_kind: redirect_uri.kind(),
        client_name: request.client_name().map(ClientName::as_str),
        remember: remembered_browsers::days(oauth).map(RememberChoice::offered),
        passkey,
        error,
    };
    let form = FormTarget { action: LOGIN_PATH, sealed };
    passphrase::with_status(error, |status| Answer::page(status, pages::login(&content, &form)))
}
