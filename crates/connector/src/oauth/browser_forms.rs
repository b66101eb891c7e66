//! Forms of our own pages: which browser sends them, and what travels sealed in them.

use mcp_connector_oauth::authorize::authorization_request::AuthorizationRequest;
use mcp_connector_oauth::authorize::authorization_request::error::AuthorizationError;
use mcp_connector_oauth::authorize::authorization_response::ResponseTarget;
use mcp_connector_oauth::authorize::consent::ConsentedRequest;
use mcp_connector_oauth::crypto::seal::{Opened, SealError, Sealable, Sealed};
use mcp_connector_oauth::login::account_session::AccountSignIn;
use mcp_connector_oauth::login::provider::pending_login::{LoginPurpose, PendingLogin};
use mcp_connector_oauth::web::cookie::BrowserNonce;
use mcp_connector_oauth::web::form::{MAX_PAGE_FORM, Parameters, is_form};
use mcp_connector_oauth::web::origin::Origin;

use crate::http::incoming::Incoming;
use crate::oauth::context::OAuthContext;
use crate::oauth::sign_in_error::SignInError;

/// How long a person may take over each page, in seconds.
const PENDING: u64 = 10 * 60;

/// A value that travels sealed in a form, or through a provider.
pub(crate) trait PendingStep: Sealable {
    /// Returns the client that waits for an answer, if one does.
    fn waiting_client(&self) -> Option<&ResponseTarget>;
}

impl PendingStep for AuthorizationRequest {
    fn waiting_client(&self) -> Option<&ResponseTarget> {
        Some(self.response_target())
    }
}

impl PendingStep for ConsentedRequest {
    fn waiting_client(&self) -> Option<&ResponseTarget> {
        Some(self.request().response_target())
    }
}

impl PendingStep for PendingLogin {
    fn waiting_client(&self) -> Option<&ResponseTarget> {
        match &self.purpose {
            LoginPurpose::Client(consented) => consented.waiting_client(),
            LoginPurpose::Account | LoginPurpose::Connect(_) | LoginPurpose::Reauthentication { .. } => None,
        }
    }
}

impl PendingStep for AccountSignIn {
    fn waiting_client(&self) -> Option<&ResponseTarget> {
        None
    }
}

/// Returns the browser, and the `Set-Cookie` headers by which it is known again.
pub(crate) fn browser(oauth: &OAuthContext<'_>, incoming: &Incoming) -> (BrowserNonce, Vec<String>) {
    let (scheme, cookies) = (oauth.site.asked.scheme(), incoming.header("cookie"));
    let browser = BrowserNonce::of(scheme, cookies.as_deref(), &oauth.entropy);
    let set_cookies = browser.set_cookies(scheme, cookies.as_deref());
    (browser, set_cookies)
}

/// Reads a form that one of our own pages has sent.
pub(crate) async fn read_form(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Parameters, SignInError> {
    let is_own = |origin: &str| {
        Origin::of(origin).is_ok_and(|origin| origin == oauth.site.asked || origin == *oauth.site.issuer.origin())
    };
    let from = incoming.header("sec-fetch-site");
    let from_here = from.is_none_or(|from| matches!(from.as_str(), "same-origin" | "none"));
    if !from_here || incoming.header("origin").is_some_and(|origin| !is_own(&origin)) {
        return Err(SignInError::ExternalForm);
    }
    if !is_form(incoming.header("content-type").as_deref()) {
        return Err(SignInError::BrokenForm);
    }
    let longest = u32::try_from(MAX_PAGE_FORM).unwrap_or(u32::MAX);
    let body = incoming.body(longest).await.map_err(SignInError::Unread)?;
    Parameters::of_page(&body).map_err(|_| SignInError::BrokenForm)
}

/// Returns a field that one of our own pages always sends.
///
/// # Errors
///
/// Fails if the field is missing or repeated.
pub(crate) fn required<'a>(form: &'a Parameters, field: &'static str) -> Result<&'a str, SignInError> {
    form.get(field).map_err(|_| SignInError::BrokenForm)?.ok_or(SignInError::BrokenForm)
}

/// Seals a value for a form of this browser.
pub(crate) fn seal<T: Sealable>(
    oauth: &OAuthContext<'_>,
    value: &T,
    browser: &BrowserNonce,
) -> Result<Sealed<T>, SignInError> {
    let keys = oauth.secrets.keys().seal();
    Sealed::seal(value, browser.binding(), oauth.now.plus(PENDING), keys, &oauth.entropy)
        .map_err(|_| SignInError::BrokenForm)
}

/// Opens the sealed field of a form, if it belongs to this browser. Returns the sealed text, too, for the next form.
pub(crate) fn open<'a, T: PendingStep>(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    form: &'a Parameters,
    field: &'static str,
) -> Result<(T, BrowserNonce, &'a str), SignInError> {
    let text = required(form, field)?;
    let (value, browser) = open_text(oauth, incoming, text)?;
    Ok((value, browser, text))
}

/// Returns what a sealed text holds, if it belongs to this browser. The error of an expired one leads back to the client that waits.
pub(crate) fn open_text<T: PendingStep>(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    text: &str,
) -> Result<(T, BrowserNonce), SignInError> {
    let cookies = incoming.header("cookie");
    let browsers = BrowserNonce::all(oauth.site.asked.scheme(), cookies.as_deref());
    if browsers.is_empty() {
        return Err(SignInError::NoCookie);
    }
    let (sealed, keys) = (Sealed::from_text(text), oauth.secrets.keys().seal());
    for browser in browsers {
        match sealed.open_even_expired(browser.binding(), oauth.now, keys) {
            Ok(Opened::Valid(value)) => return Ok((value, browser)),
            Ok(Opened::Expired(value)) => {
                let told =
                    |client: &ResponseTarget| client.error_location(AuthorizationError::Denied, &oauth.site.issuer);
                return Err(SignInError::Expired { back: value.waiting_client().map(told) });
            }
            Err(SealError::Expired) => return Err(SignInError::Expired { back: None }),
            Err(SealError::Forged | SealError::TooLarge) => {}
        }
    }
    Err(SignInError::OtherBrowser)
}
