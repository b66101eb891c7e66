//! The form of the login page, and the check of a passphrase or passkey on either page.

use mcp_connector_oauth::authorize::consent::ConsentedRequest;
use mcp_connector_oauth::authorize::prompt::LoginOptions;
use mcp_connector_oauth::grants::sign_in::commands::SignInProof;
use mcp_connector_oauth::login::login_form::LoginDecision;
use mcp_connector_oauth::login::passkeys::ceremony::Purpose;
use mcp_connector_oauth::web::form::Parameters;

use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::oauth::authorize::code;
use crate::oauth::authorize::login_page;
use crate::oauth::authorize::pending::Pending;
use crate::oauth::browser_forms::{open, read_form};
use crate::oauth::context::OAuthContext;
use crate::oauth::identity::passphrase::Attempt;
use crate::oauth::identity::{passkey, passphrase, remembered_browsers};
use crate::oauth::sign_in_error::SignInError;
use crate::pages::SEALED_FIELD;
use crate::pages::login::LoginError;

/// Handles the form of the login page, and redirects to the client with a code or an error.
pub(crate) async fn submitted(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
    let form = read_form(oauth, incoming).await?;
    let (consented, browser, sealed): (ConsentedRequest, _, _) = open(oauth, incoming, &form, SEALED_FIELD)?;
    let pending = Pending { consented: Box::new(consented), browser, sealed };
    let request = pending.consented.request();
    let answer = match LoginDecision::read(&form).map_err(|_| SignInError::BrokenForm)? {
        LoginDecision::Cancel => Ok(code::denied(oauth, request.response_target())),
        LoginDecision::Again => pending.identify(oauth, incoming, request.login().clone()).await,
        LoginDecision::AnotherAccount => pending.identify(oauth, incoming, LoginOptions::another_account()).await,
        LoginDecision::SignIn if passkey::is_asked_for(&form) => {
            let offer = passkey::request(oauth, Purpose::SignIn, sealed);
            Ok(login_page::page(oauth, request, sealed, offer, None))
        }
        LoginDecision::SignIn => match enter(oauth, incoming, &pending.consented, (sealed, &form)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                let offer = passkey::offer(oauth, incoming, Purpose::SignIn, sealed);
                Ok(login_page::page(oauth, request, sealed, offer, Some(error)))
            }
            Err(error) => Err(error),
        },
    };
    Ok(pending.answered(oauth, incoming, answer))
}

/// Checks the passphrase, or the response of an authenticator, in a form with this `sealed` value. Redirects to the client with a
/// code, or returns why it is refused.
pub(crate) async fn enter(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    consented: &ConsentedRequest,
    (sealed, form): (&str, &Parameters),
) -> Result<Result<Answer, LoginError>, SignInError> {
    let change = || remembered_browsers::change(oauth, incoming, form);
    if let Some(response) = passkey::response(form) {
        let used = passkey::verify(oauth, incoming, Purpose::SignIn, sealed, response).await?;
        let Some(used) = used else { return Ok(Err(LoginError::Passkey)) };
        let (owner, proof) = (passphrase::owner(oauth)?, SignInProof::Passkey(used, change()));
        let answer = code::for_owner(oauth, incoming, consented, (&owner, proof)).await?;
        return Ok(answer.map(|answer| passkey::set_hint_cookie(oauth, answer)).ok_or(LoginError::Passkey));
    }
    match passphrase::attempt(oauth, incoming, form).await? {
        Attempt::Entered { person, browser } => {
            let proof = SignInProof::Passphrase(change());
            let answer = code::for_owner(oauth, incoming, consented, (&person, proof)).await?;
            let answer = answer.ok_or(SignInError::BrokenForm)?;
            Ok(Ok(passphrase::remember(oauth, answer, &browser)))
        }
        Attempt::Refused(error) => Ok(Err(error)),
    }
}
