//! Remembered browsers: which one sends a request, and the cookie that it is given.
//!
//! Only the owner's passphrase is remembered in this way. An identity provider has a sign-in of its own that lasts.

use mcp_connector_oauth::authorize::authorization_request::AuthorizationRequest;
use mcp_connector_oauth::crypto::opaque::ObjectName;
use mcp_connector_oauth::grants::commands::Grants as _;
use mcp_connector_oauth::grants::sign_in::commands::{BrowserChange, CheckBrowser};
use mcp_connector_oauth::login::remembered::allowed_redirect::RedirectDigest;
use mcp_connector_oauth::login::remembered::browser_cookie::{BrowserCookie, BrowserId};
use mcp_connector_oauth::login::remembered::browser_name::browser_name;
use mcp_connector_oauth::login::remembered::remembered_browser::NewBrowser;
use mcp_connector_oauth::login::remembered::remembered_browsers::BrowserStanding;
use mcp_connector_oauth::web::form::Parameters;

use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::oauth::context::OAuthContext;
use crate::oauth::identity::passphrase;
use crate::oauth::sign_in_error::SignInError;
use crate::pages::remember::REMEMBER_FIELD;

/// Returns for how many days browsers are remembered, if they are.
pub(crate) fn days(oauth: &OAuthContext<'_>) -> Option<u64> {
    let configuration = oauth.configuration();
    let seconds = configuration.remember_browser.as_secs();
    (configuration.provider.is_none() && seconds > 0).then_some(seconds / (24 * 3600))
}

/// Returns the cookie of a remembered browser, if it is genuine. Whether it is still remembered, its row says.
pub(crate) fn cookie(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Option<BrowserCookie> {
    days(oauth)?;
    let (scheme, cookies) = (oauth.site.asked.scheme(), incoming.header("cookie"));
    let (versions, keys) = (oauth.secrets.policy().versions(), oauth.secrets.keys());
    BrowserCookie::read(scheme, cookies.as_deref(), versions, keys, oauth.now)
}

/// Returns what this browser may do for a person with this request. A browser without the cookie costs nothing.
pub(crate) async fn standing(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    request: &AuthorizationRequest,
) -> Result<BrowserStanding, SignInError> {
    let Some(cookie) = cookie(oauth, incoming) else { return Ok(BrowserStanding::Unknown) };
    let redirect = RedirectDigest::of(request.redirect_uri());
    let check = CheckBrowser { cookie, redirect, versions: oauth.secrets.policy().versions().to_vec() };
    Ok(oauth.grants().ask(ObjectName::of(&passphrase::owner(oauth)?.subject), check).await?)
}

/// Returns whether a form asks for the browser to be remembered.
pub(crate) fn is_wanted(form: &Parameters) -> bool {
    form.get(REMEMBER_FIELD).is_ok_and(|value| value.is_some())
}

/// Returns what is to become of this browser after a sign-in with `form`.
pub(crate) fn change(oauth: &OAuthContext<'_>, incoming: &Incoming, form: &Parameters) -> BrowserChange {
    let is_wanted = days(oauth).is_some() && is_wanted(form);
    let remember = is_wanted.then(|| NewBrowser {
        id: BrowserId::new(&oauth.entropy),
        name: browser_name(incoming.header("user-agent").as_deref()),
        until: oauth.now.plus(oauth.configuration().remember_browser.as_secs()),
    });
    BrowserChange { forget: cookie(oauth, incoming).map(|cookie| cookie.id()), remember }
}

/// Gives the browser its cookie, or takes one away that is of no use any more.
pub(crate) fn with_cookie(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    answer: Answer,
    cookie: Option<BrowserCookie>,
) -> Answer {
    let scheme = oauth.site.asked.scheme();
    let (keys, version) = (oauth.secrets.keys(), oauth.passphrase_version());
    let set = version.and_then(|version| cookie?.set(scheme, version, keys, &oauth.entropy, oauth.now));
    match set {
        Some(set) => answer.header("set-cookie", set),
        None if BrowserCookie::is_sent(scheme, incoming.header("cookie").as_deref()) => {
            answer.header("set-cookie", BrowserCookie::clear(scheme))
        }
        None => answer,
    }
}
