//! The return from an identity provider.

use mcp_connector_oauth::authorize::authorization_request::error::AuthorizationError;
use mcp_connector_oauth::login::provider::pending_login::{LoginPurpose, PendingLogin};
use mcp_connector_oauth::login::provider::state::ProviderState;
use mcp_connector_oauth::web::form::Parameters;

use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::oauth::account::sign_in as account_sign_in;
use crate::oauth::answers::see_other;
use crate::oauth::authorize::code;
use crate::oauth::authorize::pending::Pending;
use crate::oauth::browser_forms::{open_text, seal};
use crate::oauth::context::OAuthContext;
use crate::oauth::identity::provider::Identity as _;
use crate::oauth::identity::provider::ProviderAnswer;
use crate::oauth::identity::provider::Step;
use crate::oauth::sign_in_error::{SignInError, Start};

/// Handles the return from the identity provider, and redirects to the client with a code or an error.
pub(crate) async fn returned(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
    let parameters = Parameters::parse(incoming.query().as_bytes()).map_err(|_| SignInError::BrokenAnswer)?;
    let state = parameters.get("state").ok().flatten().ok_or(SignInError::BrokenAnswer)?;
    let (scheme, cookies) = (oauth.site.asked.scheme(), incoming.header("cookie"));
    let sealed = ProviderState::sealed(state, scheme, cookies.as_deref()).ok_or(SignInError::OtherBrowser)?;
    let answer = resume(oauth, incoming, &parameters, &sealed).await?;
    // A page may be loaded again, and then needs the cookie.
    let has_left = answer.status() == 303;
    let spent = if has_left { ProviderState::clear(state, scheme, cookies.as_deref()) } else { Vec::new() };
    Ok(answer.with_cookies(spent))
}

/// Continues the login after the person has returned from the provider.
async fn resume(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    parameters: &Parameters,
    sealed: &str,
) -> Result<Answer, SignInError> {
    let (at_provider, browser): (PendingLogin, _) = match open_text(oauth, incoming, sealed) {
        // No client waits: the person came from their account page.
        Err(error @ SignInError::Expired { back: None }) => {
            return Ok(error.into_answer(Start::Account, incoming.request_log()));
        }
        opened => opened?,
    };
    let provider = &oauth.configuration().provider;
    let answer = ProviderAnswer::read(parameters, &at_provider, provider.as_ref());
    if let Ok(ProviderAnswer::Refused(error)) = &answer {
        incoming.request_log().reason(error.reason());
        let instead = at_provider.login.without_account_choice().filter(|_| error.code() == "invalid_request");
        if let Some(login) = instead
            && let Step::Redirect(redirect) =
                provider.begin(oauth, incoming, at_provider.purpose.clone(), login, &browser).await?
        {
            return Ok(redirect.into());
        }
    }
    let consented = match &at_provider.purpose {
        LoginPurpose::Client(consented) => consented,
        LoginPurpose::Account | LoginPurpose::Connect(_) | LoginPurpose::Reauthentication { .. } => {
            return Ok(account_sign_in::callback(oauth, incoming, answer, &at_provider).await);
        }
    };
    let sealed = seal(oauth, &**consented, &browser)?;
    let pending = Pending { consented: consented.clone(), browser, sealed: sealed.as_str() };
    let answer = async {
        match answer? {
            ProviderAnswer::Refused(error) => {
                let error = AuthorizationError::Provider(error);
                Ok(see_other(consented.request().response_target().error_location(error, &oauth.site.issuer)))
            }
            ProviderAnswer::Code(code) => {
                let person = provider.finish(oauth, code, &at_provider).await?;
                code::for_person(oauth, consented, &person).await
            }
        }
    };
    Ok(pending.answered(oauth, incoming, answer.await))
}
