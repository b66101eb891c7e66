//! Remembered browsers at the account page.

use mcp_connector_oauth::crypto::opaque::ObjectName;
use mcp_connector_oauth::grants::commands::Grants as _;
use mcp_connector_oauth::grants::sign_in::commands::ForgetBrowser;
use mcp_connector_oauth::login::account_session::Session;
use mcp_connector_oauth::login::remembered::browser_cookie::BrowserId;
use mcp_connector_oauth::login::remembered::remembered_browser::RememberedBrowser;
use mcp_connector_oauth::web::form::Parameters;

use crate::http::incoming::Incoming;
use crate::oauth::context::OAuthContext;
use crate::oauth::identity::remembered_browsers;
use crate::oauth::sign_in_error::SignInError;
use crate::pages::account::browsers::{BROWSER_FIELD, BrowserEntry, WhichBrowser};

/// Returns the entries of the section.
pub(crate) fn entries<'a>(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    browsers: &'a [RememberedBrowser],
) -> Vec<BrowserEntry<'a>> {
    let this = remembered_browsers::cookie(oauth, incoming).map(|cookie| cookie.id());
    let entry = |browser: &'a RememberedBrowser| BrowserEntry {
        id: browser.id().to_string(),
        name: browser.name(),
        which: if this == Some(browser.id()) { WhichBrowser::This } else { WhichBrowser::Another },
        signed_in_at: browser.created_at(),
        used_at: browser.used_at(),
        until: browser.until(),
    };
    browsers.iter().map(entry).collect()
}

/// Forgets the browser that a form names. `None` if the person has signed out everywhere.
pub(crate) async fn forget(
    oauth: &OAuthContext<'_>,
    session: &Session,
    form: &Parameters,
) -> Result<Option<()>, SignInError> {
    let browser = form.get(BROWSER_FIELD).ok().flatten().and_then(BrowserId::parse).ok_or(SignInError::BrokenForm)?;
    ask(oauth, session, browser).await
}

/// Forgets the browser of a person who signs out in it.
pub(crate) async fn forget_this(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    session: &Session,
) -> Result<(), SignInError> {
    if let Some(cookie) = remembered_browsers::cookie(oauth, incoming) {
        ask(oauth, session, cookie.id()).await?;
    }
    Ok(())
}

async fn ask(oauth: &OAuthContext<'_>, session: &Session, browser: BrowserId) -> Result<Option<()>, SignInError> {
    let command = ForgetBrowser { signed_in_at: session.signed_in_at(), browser };
    Ok(oauth.grants().ask(ObjectName::of(session.subject()), command).await?)
}
