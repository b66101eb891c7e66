//! Proof that the person at the account page is still the one who signed in, for what would outlive the session of a browser that
//! somebody left open or whose cookie was stolen.
//!
//! Where people sign in with the passphrase, they type it again, and the attempt counts like any other, or they use a passkey. Where they sign in with a
//! provider, the provider has asked them anew in the last ten minutes; otherwise they sign in again and come back to what they wanted.

use mcp_connector_oauth::login::account_session::Session;
use mcp_connector_oauth::login::known_browser::KnownBrowser;
use mcp_connector_oauth::login::passkeys::ceremony::Purpose;
use mcp_connector_oauth::web::form::{Parameters, with_query};

use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::http::route::ACCOUNT_SIGN_IN_PATH;
use crate::oauth::context::OAuthContext;
use crate::oauth::identity::passphrase::Attempt;
use crate::oauth::identity::{passkey, passphrase};
use crate::oauth::sign_in_error::SignInError;
use crate::pages::login::LoginError;
use crate::pages::reauthentication::{PENDING_FIELD, WayToProve};

/// Proof that the person is there. Only this module makes it.
pub(crate) struct Reauthenticated {
    /// The browser in which the passphrase was typed, to be known the next time.
    browser: Option<KnownBrowser>,
}

impl Reauthenticated {
    /// Adds to an answer what the browser is to remember.
    pub(crate) fn remembered(&self, oauth: &OAuthContext<'_>, answer: Answer) -> Answer {
        match &self.browser {
            Some(browser) => passphrase::remember(oauth, answer, browser),
            None => answer,
        }
    }
}

/// What a form has shown.
pub(crate) enum Checked {
    Proven(Reauthenticated),
    /// Nothing was proven. The error is `None` if the provider has not asked anew, or too long ago.
    Refused(Option<LoginError>),
}

/// Returns the proof of a person who has just signed in with the provider.
pub(crate) fn of_sign_in(oauth: &OAuthContext<'_>, session: &Session) -> Option<Reauthenticated> {
    let is_enough = oauth.configuration().provider.is_some() && session.is_proof(oauth.now);
    is_enough.then_some(Reauthenticated { browser: None })
}

/// Checks what a form of the session proves, which carries the `sealed` action, and counts a passphrase that was typed.
pub(crate) async fn check(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    session: &Session,
    (sealed, form): (&str, &Parameters),
) -> Result<Checked, SignInError> {
    if oauth.configuration().provider.is_some() {
        return Ok(of_sign_in(oauth, session).map_or(Checked::Refused(None), Checked::Proven));
    }
    if let Some(response) = passkey::response(form) {
        let is_accepted = passkey::accept(oauth, incoming, Purpose::Confirm, sealed, response).await?;
        let proof = Reauthenticated { browser: None };
        return Ok(if is_accepted { Checked::Proven(proof) } else { Checked::Refused(Some(LoginError::Passkey)) });
    }
    Ok(match passphrase::attempt(oauth, incoming, form).await? {
        Attempt::Entered { person, browser } if person.subject == *session.subject() => {
            Checked::Proven(Reauthenticated { browser: Some(browser) })
        }
        Attempt::Entered { .. } => return Err(SignInError::StaleForm),
        Attempt::Refused(error) => Checked::Refused(Some(error)),
    })
}

/// Returns how the person can prove who they are. `pending` is the sealed action that they come back to.
pub(crate) fn way<'a>(oauth: &'a OAuthContext<'_>, session: &Session, pending: &str) -> WayToProve<'a> {
    match &oauth.configuration().provider {
        None => WayToProve::Passphrase,
        Some(_) if session.is_proof(oauth.now) => WayToProve::Proven,
        Some(provider) => {
            let path = with_query(ACCOUNT_SIGN_IN_PATH, &[(PENDING_FIELD, pending)]);
            // The provider redirects to the address that it knows, so the cookies have to be set there.
            WayToProve::SignInAgain { provider: provider.name(), url: oauth.site.issuer.at(&path) }
        }
    }
}
