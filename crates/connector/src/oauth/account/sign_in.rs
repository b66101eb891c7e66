//! The sign-in to the account page. A person signs in as at the authorization endpoint, by the identity that is configured.

use mcp_connector_oauth::authorize::prompt::LoginOptions;
use mcp_connector_oauth::login::account_session::{AccountSignIn, SignInKind};
use mcp_connector_oauth::login::passkeys::ceremony::Purpose;
use mcp_connector_oauth::login::provider::pending_login::{LoginPurpose, PendingLogin};
use mcp_connector_oauth::upstream::connect_target::ConnectTarget;
use mcp_connector_oauth::upstream::name::UpstreamName;
use mcp_connector_oauth::web::form::{Parameters, with_query};

use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::http::route::{ACCOUNT_CONFIRM_PATH, ACCOUNT_PATH, ACCOUNT_SIGN_IN_PATH, OTHER_ACCOUNT_PATH};
use crate::oauth::account::session::{session, signed_in, to_page};
use crate::oauth::answers::see_other;
use crate::oauth::browser_forms::{browser, open, read_form, seal};
use crate::oauth::context::OAuthContext;
use crate::oauth::identity::passphrase::Attempt;
use crate::oauth::identity::provider::{Identity as _, ProviderAnswer, Step};
use crate::oauth::identity::{passkey, passphrase};
use crate::oauth::sign_in_error::{SignInError, Start};
use crate::oauth::upstream::access::MARK_FIELD;
use crate::oauth::upstream::connect::path_of;
use crate::pages;
use crate::pages::account::notice::Notice;
use crate::pages::components::passkey::PasskeyOffer;
use crate::pages::login::LoginError;
use crate::pages::reauthentication::PENDING_FIELD;
use crate::pages::{FormTarget, SEALED_FIELD};

/// The name of the query parameter with the upstream service whose account is to be connected after a sign-in.
const CONNECT_FIELD: &str = "connect";

/// Begins a sign-in: redirects to the identity provider, or to the page if the form for the passphrase is there.
pub(crate) async fn begin(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
    let (browser, cookies) = browser(oauth, incoming);
    let login = Parameters::parse(incoming.query().as_bytes()).and_then(|query| LoginOptions::read(&query));
    let purpose = purpose(incoming);
    // Who has to prove anew who they are does not choose how.
    let login = match SignInKind::of(&purpose) {
        SignInKind::Anew => LoginOptions::anew(),
        SignInKind::Usual => login.unwrap_or_default(),
    };
    match oauth.configuration().provider.begin(oauth, incoming, purpose.clone(), login, &browser).await? {
        Step::Login => Ok(to_page(None)),
        Step::Redirect(redirect) => Ok(Answer::from(redirect).with_cookies(cookies)),
        Step::Known(person) => signed_in(oauth, &person, SignInKind::of(&purpose), path_after(&purpose)),
    }
}

/// Returns what the person signs in for: an action that waits for proof, an upstream account, or the page.
fn purpose(incoming: &Incoming) -> LoginPurpose {
    let Ok(query) = Parameters::parse(incoming.query().as_bytes()) else { return LoginPurpose::Account };
    let field = |name| query.get(name).ok().flatten();
    if let Some(pending) = field(PENDING_FIELD) {
        return LoginPurpose::Reauthentication { pending: pending.to_owned() };
    }
    match field(CONNECT_FIELD).and_then(|name| UpstreamName::parse(name).ok()) {
        Some(upstream) => LoginPurpose::Connect(ConnectTarget { upstream, mark: field(MARK_FIELD).map(str::to_owned) }),
        None => LoginPurpose::Account,
    }
}

/// Returns where a sign-in to the account page leads.
fn path_after(purpose: &LoginPurpose) -> String {
    match purpose {
        LoginPurpose::Reauthentication { pending } => with_query(ACCOUNT_CONFIRM_PATH, &[(PENDING_FIELD, pending)]),
        LoginPurpose::Connect(target) => path_of(target),
        LoginPurpose::Account | LoginPurpose::Client(_) => ACCOUNT_PATH.to_owned(),
    }
}

/// Handles the return of the person from the identity provider.
pub(crate) async fn callback(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    answer: Result<ProviderAnswer<'_>, SignInError>,
    pending: &PendingLogin,
) -> Answer {
    let answer = async {
        match answer? {
            ProviderAnswer::Refused(_) => Ok(not_signed_in(oauth, incoming, &pending.purpose)),
            ProviderAnswer::Code(code) => {
                let person = oauth.configuration().provider.finish(oauth, code, pending).await?;
                signed_in(oauth, &person, SignInKind::of(&pending.purpose), path_after(&pending.purpose))
            }
        }
    };
    answer.await.unwrap_or_else(|error: SignInError| error.into_answer(Start::Account, incoming.request_log()))
}

/// Answers a person who has cancelled at the identity provider. What they wanted still waits for them, and so does an earlier sign-in.
fn not_signed_in(oauth: &OAuthContext<'_>, incoming: &Incoming, purpose: &LoginPurpose) -> Answer {
    match purpose {
        LoginPurpose::Account | LoginPurpose::Client(_) | LoginPurpose::Reauthentication { .. }
            if session(oauth, incoming).is_none() =>
        {
            to_page(Some(Notice::NotSignedIn))
        }
        LoginPurpose::Account
        | LoginPurpose::Client(_)
        | LoginPurpose::Reauthentication { .. }
        | LoginPurpose::Connect(_) => see_other(path_after(purpose)),
    }
}

/// Handles the form with the passphrase.
pub(crate) async fn enter(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
    let form = read_form(oauth, incoming).await?;
    let (AccountSignIn { connect }, _, sealed) = open(oauth, incoming, &form, SEALED_FIELD)?;
    let path = connect.as_ref().map_or_else(|| ACCOUNT_PATH.to_owned(), path_of);
    if let Some(response) = passkey::response(&form) {
        return enter_by_passkey(oauth, incoming, (sealed, path), response).await;
    }
    if passkey::is_asked_for(&form) {
        return Ok(login_page(sealed, &passkey::request(oauth, Purpose::Account, sealed), None, None));
    }
    match passphrase::attempt(oauth, incoming, &form).await? {
        Attempt::Entered { person, browser } => {
            let answer = signed_in(oauth, &person, SignInKind::Usual, path)?;
            Ok(passphrase::remember(oauth, answer, &browser))
        }
        Attempt::Refused(error) => Ok(login_page(sealed, &offer(oauth, incoming, sealed), None, Some(error))),
    }
}

/// Handles the form with the response of an authenticator.
async fn enter_by_passkey(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    (sealed, path): (&str, String),
    response: &str,
) -> Result<Answer, SignInError> {
    if passkey::accept(oauth, incoming, Purpose::Account, sealed, response).await? {
        let answer = signed_in(oauth, &passphrase::owner(oauth)?, SignInKind::Usual, path)?;
        return Ok(passkey::set_hint_cookie(oauth, answer));
    }
    Ok(login_page(sealed, &offer(oauth, incoming, sealed), None, Some(LoginError::Passkey)))
}

fn offer(oauth: &OAuthContext<'_>, incoming: &Incoming, sealed: &str) -> PasskeyOffer {
    passkey::offer(oauth, incoming, Purpose::Account, sealed)
}

/// Shows the page of a person who is not signed in. With a target, the sign-in leads there.
pub(crate) fn sign_in_page(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    notice: Option<&Notice>,
    target: Option<ConnectTarget>,
) -> Result<Answer, SignInError> {
    if let Some(provider) = &oauth.configuration().provider {
        let mut parameters = Vec::new();
        if let Some(target) = &target {
            parameters.push((CONNECT_FIELD, target.upstream.as_str()));
            parameters.extend(target.mark.as_deref().map(|mark| (MARK_FIELD, mark)));
        }
        // The provider redirects to the address that it knows, so the cookies have to be set there.
        let begin = oauth.site.issuer.at(&with_query(ACCOUNT_SIGN_IN_PATH, &parameters));
        let other = provider.has_accounts().then(|| oauth.site.issuer.at(&with_query(OTHER_ACCOUNT_PATH, &parameters)));
        let page = pages::account_provider_login(provider.name(), &begin, other.as_deref(), notice);
        return Ok(Answer::page(200, page));
    }
    let (browser, cookies) = browser(oauth, incoming);
    let sealed = seal(oauth, &AccountSignIn { connect: target }, &browser)?;
    let offer = offer(oauth, incoming, sealed.as_str());
    Ok(login_page(sealed.as_str(), &offer, notice, None).with_cookies(cookies))
}

fn login_page(sealed: &str, passkey: &PasskeyOffer, notice: Option<&Notice>, error: Option<LoginError>) -> Answer {
    let form = FormTarget { action: ACCOUNT_SIGN_IN_PATH, sealed };
    passphrase::with_status(error, |status| Answer::page(status, pages::account_login(&form, passkey, notice, error)))
}
