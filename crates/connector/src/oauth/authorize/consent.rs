//! The consent page, and its form. Where the owner signs in with the passphrase, the page has the field for it, too, unless the
//! browser is remembered and the redirect URI was allowed before. With `prompt=login` it always has.

use mcp_connector_oauth::authorize::authorization_request::AuthorizationRequest;
use mcp_connector_oauth::authorize::consent::{ConsentPage, DECISION_FIELD, Decision, InvalidDecision, SCOPE_FIELD};
use mcp_connector_oauth::login::passkeys::ceremony::Purpose;
use mcp_connector_oauth::login::remembered::remembered_browsers::BrowserStanding;
use mcp_connector_oauth::resource::connectors::OtherConnector;
use mcp_connector_oauth::web::form::Parameters;

use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::http::route::{ACCOUNT_PATH, CONSENT_PATH};
use crate::oauth::authorize::pending::Pending;
use crate::oauth::authorize::{code, login, login_page};
use crate::oauth::browser_forms::{open, read_form, seal};
use crate::oauth::context::OAuthContext;
use crate::oauth::identity::{passkey, passphrase, remembered_browsers};
use crate::oauth::sign_in_error::SignInError;
use crate::pages;
use crate::pages::components::fields::typed_passphrase;
use crate::pages::consent::{ConsentConnector, ConsentError, ConsentSignIn, ConsentView, NewPlace};
use crate::pages::login::LoginError;
use crate::pages::remember::RememberChoice;
use crate::pages::{FormTarget, SEALED_FIELD};

/// Answers with the page.
pub(crate) async fn page(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    request: &AuthorizationRequest,
    sealed: &str,
) -> Answer {
    let sign_in = sign_in(oauth, incoming, request).await;
    let passkey = passkey::offer(oauth, incoming, Purpose::SignIn, sealed);
    answer(oauth, request, sealed, &ConsentView { sign_in, passkey, unticked: Vec::new(), error: None })
}

/// Handles the form of the page: redirects to the client with a code or a refusal, goes on to the identity provider, or shows the
/// page again.
pub(crate) async fn submitted(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
    let form = read_form(oauth, incoming).await?;
    let (request, browser, form_sealed): (AuthorizationRequest, _, _) = open(oauth, incoming, &form, SEALED_FIELD)?;
    let decision = match form.get(DECISION_FIELD) {
        // A password manager may send the form without its button, and the script of a passkey does. Who signs in has decided.
        Ok(None) if signs_in(&form) || passkey::is_asked_for(&form) => Decision::allow(&form, &request),
        _ => Decision::read(&form, &request),
    };
    let error = match decision {
        Ok(Decision::Deny(back)) => return Ok(code::denied(oauth, &back)),
        Ok(Decision::Allow(consented)) => {
            let sealed = seal(oauth, &*consented, &browser)?;
            let pending = Pending { consented, browser, sealed: sealed.as_str() };
            match allowed(oauth, incoming, &pending, (form_sealed, &form)).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(refused)) => ConsentError::SignIn(refused),
                Err(error) => return Ok(pending.answered(oauth, incoming, Err(error))),
            }
        }
        Err(InvalidDecision::NothingTicked) => {
            incoming.request_log().reason("nothing was ticked");
            ConsentError::NothingTicked
        }
        Err(InvalidDecision::Form(_) | InvalidDecision::Undecided) => return Err(SignInError::BrokenForm),
    };
    let ticked: Vec<&str> = form.all(SCOPE_FIELD).collect();
    let names = request.scopes().iter().filter(|name| !ticked.contains(name));
    let unticked = names.map(ToString::to_string).collect();
    let sign_in = match (sign_in(oauth, incoming, &request).await, error) {
        // Who has tried to sign in sees why that failed, and can try again.
        (ConsentSignIn::Remembered, ConsentError::SignIn(_)) => with_passphrase(oauth, NewPlace::Unknown),
        (sign_in, _) => sign_in,
    };
    let sign_in = sign_in.with_choice(remembered_browsers::is_wanted(&form));
    let passkey = passkey::offer(oauth, incoming, Purpose::SignIn, form_sealed);
    Ok(answer(oauth, &request, form_sealed, &ConsentView { sign_in, passkey, unticked, error: Some(error) }))
}

/// Answers a person who has allowed the request, or returns why their passphrase is refused.
async fn allowed(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    pending: &Pending<'_>,
    (sealed, form): (&str, &Parameters),
) -> Result<Result<Answer, LoginError>, SignInError> {
    let consented = &pending.consented;
    if oauth.configuration().provider.is_none() {
        if signs_in(form) {
            return login::enter(oauth, incoming, consented, (sealed, form)).await;
        }
        if passkey::is_asked_for(form) {
            let offer = passkey::request(oauth, Purpose::SignIn, pending.sealed);
            return Ok(Ok(login_page::page(oauth, consented.request(), pending.sealed, offer, None)));
        }
        let is_enough = !consented.request().login().asks_for_login();
        if let Some(cookie) = remembered_browsers::cookie(oauth, incoming).filter(|_| is_enough) {
            let owner = passphrase::owner(oauth)?;
            let answered = |error| pending.answered(oauth, incoming, Err(error));
            let known = (&owner, cookie);
            if let Some(answer) = code::for_remembered_owner(oauth, incoming, consented, known, answered).await? {
                return Ok(Ok(answer));
            }
        }
    }
    pending.identify(oauth, incoming, consented.request().login().clone()).await.map(Ok)
}

/// Returns whether a form has a passphrase, or the response of an authenticator.
fn signs_in(form: &Parameters) -> bool {
    typed_passphrase(form).is_ok_and(|typed| typed.is_some()) || passkey::response(form).is_some()
}

/// Returns how the person signs in on the page.
async fn sign_in<'a>(
    oauth: &OAuthContext<'a>,
    incoming: &Incoming,
    request: &AuthorizationRequest,
) -> ConsentSignIn<'a> {
    match &oauth.configuration().provider {
        Some(provider) if provider.has_accounts() => return ConsentSignIn::Provider { name: provider.name() },
        Some(_) => return ConsentSignIn::Next,
        None if request.login().asks_for_login() => return with_passphrase(oauth, NewPlace::Unknown),
        None => {}
    }
    // The passphrase is good also while nobody can say whether the browser is remembered.
    let place = match remembered_browsers::standing(oauth, incoming, request).await {
        Ok(BrowserStanding::Known) => return ConsentSignIn::Remembered,
        Ok(BrowserStanding::NewRedirect) => NewPlace::New,
        Ok(BrowserStanding::Unknown) | Err(_) => NewPlace::Unknown,
    };
    with_passphrase(oauth, place)
}

fn with_passphrase<'a>(oauth: &OAuthContext<'_>, place: NewPlace) -> ConsentSignIn<'a> {
    ConsentSignIn::Passphrase { place, remember: remembered_browsers::days(oauth).map(RememberChoice::offered) }
}

fn answer(oauth: &OAuthContext<'_>, request: &AuthorizationRequest, sealed: &str, view: &ConsentView<'_>) -> Answer {
    let form = FormTarget { action: CONSENT_PATH, sealed };
    let other = oauth.configuration().connectors.of(request.resource());
    let content = ConsentPage::new(request, oauth.app.scopes_of(request.resource()));
    // The answer to the form redirects to the client, or first to the identity provider.
    let account = [oauth.site.issuer.origin().authority(), ACCOUNT_PATH].concat();
    let title = other.map_or(oauth.app.endpoint.registry.display_name(), OtherConnector::name);
    let connector = ConsentConnector { title, account: &account };
    let page = |status| Answer::page(status, pages::consent(&content, &connector, &form, view));
    match view.error {
        Some(ConsentError::NothingTicked) => page(400),
        Some(ConsentError::SignIn(error)) => passphrase::with_status(Some(error), page),
        None => page(200),
    }
}
