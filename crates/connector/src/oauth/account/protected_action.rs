//! `/account/confirm`: actions that ask the person to prove who they are. An action travels sealed in the form, and through the
//! provider and back, bound to the browser and the person. It is carried out once there is proof.

use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::Subject;
use mcp_connector_oauth::authorize::authorization_response::ResponseTarget;
use mcp_connector_oauth::crypto::seal::Sealable;
use mcp_connector_oauth::grants::access_keys::new_access_key::NewAccessKey;
use mcp_connector_oauth::login::account_session::Session;
use mcp_connector_oauth::login::passkeys::ceremony::Purpose;
use mcp_connector_oauth::login::passkeys::passkey_name::PasskeyName;
use mcp_connector_oauth::web::form::Parameters;

use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::http::route::{ACCOUNT_CONFIRM_PATH, ACCOUNT_PATH};
use crate::oauth::account::access_keys;
use crate::oauth::account::passkeys;
use crate::oauth::account::reauthentication;
use crate::oauth::account::reauthentication::{Checked, Reauthenticated};
use crate::oauth::account::session::{own_form, session, to_page};
use crate::oauth::browser_forms::{PendingStep, browser, open_text, required, seal};
use crate::oauth::context::OAuthContext;
use crate::oauth::identity::{passkey, passphrase};
use crate::oauth::sign_in_error::SignInError;
use crate::pages;
use crate::pages::FormTarget;
use crate::pages::account::notice::Notice;
use crate::pages::components::passkey::PasskeyOffer;
use crate::pages::login::LoginError;
use crate::pages::reauthentication::{ConfirmPage, PENDING_FIELD};

/// An action that asks for proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ProtectedAction {
    /// Makes an access key.
    CreateAccessKey(NewAccessKey),
    /// Adds a passkey of this name.
    AddPasskey(PasskeyName),
}

/// An action while its person proves who they are.
#[derive(Serialize, Deserialize)]
struct PendingAction {
    /// Whose action it is. Somebody else may sign in meanwhile.
    subject: Subject,
    action: ProtectedAction,
}

impl Sealable for PendingAction {
    const PURPOSE: &'static str = "action that waits for proof";
}

impl PendingStep for PendingAction {
    fn waiting_client(&self) -> Option<&ResponseTarget> {
        None
    }
}

/// Carries out an action, or asks for proof first.
pub(crate) async fn begin(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    session: &Session,
    action: ProtectedAction,
) -> Result<Answer, SignInError> {
    if let Some(proof) = reauthentication::of_sign_in(oauth, session) {
        return carry_out(oauth, session, action, &proof).await;
    }
    let (browser, cookies) = browser(oauth, incoming);
    let pending = PendingAction { subject: session.subject().clone(), action };
    let sealed = seal(oauth, &pending, &browser)?;
    let offer = passkey::offer(oauth, incoming, Purpose::Confirm, sealed.as_str());
    Ok(page(oauth, session, &pending.action, (sealed.as_str(), offer), None)?.with_cookies(cookies))
}

/// Shows the page of a pending action, to which a person comes back from the provider.
pub(crate) fn show(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
    let query = Parameters::parse(incoming.query().as_bytes()).map_err(|_| SignInError::BrokenForm)?;
    let Some(sealed) = query.get(PENDING_FIELD).map_err(|_| SignInError::BrokenForm)? else { return Ok(to_page(None)) };
    let Some(session) = session(oauth, incoming) else { return Ok(to_page(Some(Notice::Expired))) };
    let (pending, _): (PendingAction, _) = open_text(oauth, incoming, sealed)?;
    if pending.subject != *session.subject() {
        return Ok(to_page(Some(Notice::SomebodyElse)));
    }
    page(oauth, &session, &pending.action, (sealed, PasskeyOffer::None), None)
}

/// Handles the form of the page.
pub(crate) async fn act(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
    let (session, form) = match own_form(oauth, incoming).await? {
        Ok(own) => own,
        Err(signed_out) => return Ok(signed_out),
    };
    let field = |name| required(&form, name);
    let sealed = field(PENDING_FIELD)?;
    let (pending, _): (PendingAction, _) = open_text(oauth, incoming, sealed)?;
    if pending.subject != *session.subject() {
        return Ok(to_page(Some(Notice::SomebodyElse)));
    }
    if passkey::is_asked_for(&form) {
        let offer = passkey::request(oauth, Purpose::Confirm, sealed);
        return page(oauth, &session, &pending.action, (sealed, offer), None);
    }
    match reauthentication::check(oauth, incoming, &session, (sealed, &form)).await? {
        Checked::Proven(proof) => {
            let answer = carry_out(oauth, &session, pending.action, &proof).await?;
            Ok(proof.remembered(oauth, answer))
        }
        Checked::Refused(error) => {
            let offer = passkey::offer(oauth, incoming, Purpose::Confirm, sealed);
            page(oauth, &session, &pending.action, (sealed, offer), error)
        }
    }
}

async fn carry_out(
    oauth: &OAuthContext<'_>,
    session: &Session,
    action: ProtectedAction,
    proof: &Reauthenticated,
) -> Result<Answer, SignInError> {
    match action {
        ProtectedAction::CreateAccessKey(wanted) => access_keys::create(oauth, session, wanted, proof).await,
        ProtectedAction::AddPasskey(name) => passkeys::create(oauth, session, name, proof).await,
    }
}

/// Returns the page that says what is about to be done, and asks for proof.
fn page(
    oauth: &OAuthContext<'_>,
    session: &Session,
    action: &ProtectedAction,
    (sealed, passkey): (&str, PasskeyOffer),
    error: Option<LoginError>,
) -> Result<Answer, SignInError> {
    let form_token = session.form_token(oauth.secrets.keys(), &oauth.entropy).ok_or(SignInError::BrokenForm)?;
    let (what, button) = match action {
        ProtectedAction::CreateAccessKey(wanted) => (access_keys::in_words(oauth, wanted), "Create the key"),
        ProtectedAction::AddPasskey(name) => (passkeys::in_words(name), "Continue"),
    };
    let way = reauthentication::way(oauth, session, sealed);
    let content = ConfirmPage { what: &what, button, pending: sealed, way, passkey, error, back: ACCOUNT_PATH };
    let form = FormTarget { action: ACCOUNT_CONFIRM_PATH, sealed: &form_token };
    Ok(passphrase::with_status(error, |status| Answer::page(status, pages::confirm(&content, &form))))
}
