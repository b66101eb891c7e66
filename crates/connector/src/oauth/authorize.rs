//! The authorization endpoint (RFC 6749 §3.1): the client's request, the person's consent, the login, and the code, in
//! this order and no other. A pending request is not stored. It travels sealed in the forms and is bound to a cookie of
//! the browser in which it began. So a person who never signs in costs no write, and nobody can finish what another
//! began.

use worker::{Context, Env};

use crate::app::state::App;
use crate::config::settings::Feature;
use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::http::outbound;
use crate::http::request_guard;
use crate::http::route::{CONSENT_PATH, LOGIN_PATH, SignInStep};
use crate::http::site::Site;
use crate::oauth::account::page as account;
use crate::oauth::answers::refused;
use crate::oauth::answers::see_other;
use crate::oauth::browser_forms::browser;
use crate::oauth::browser_forms::open;
use crate::oauth::browser_forms::open_text;
use crate::oauth::browser_forms::read_form;
use crate::oauth::browser_forms::seal;
use crate::oauth::clients::lookup;
use crate::oauth::clients::lookup::Described;
use crate::oauth::context::OAuthContext;
use crate::oauth::identity::passphrase;
use crate::oauth::identity::passphrase::Attempt;
use crate::oauth::identity::provider::Identity as _;
use crate::oauth::identity::provider::ProviderAnswer;
use crate::oauth::identity::provider::Step;
use crate::oauth::identity::settings::Provider;
use crate::oauth::sign_in_error::SignInError;
use crate::oauth::sign_in_error::Start;
use crate::oauth::sign_in_error::wrong_method;
use crate::pages;
use crate::pages::consent::ConsentError;
use crate::pages::login::{LoginError, LoginPage};
use crate::pages::{FormTarget, SEALED_FIELD};
use mcp_connector_oauth::authorize::authorization_request::error::{AuthorizationError, PageError};
use mcp_connector_oauth::authorize::authorization_request::{AuthorizationQuery, AuthorizationRequest};
use mcp_connector_oauth::authorize::authorization_response::ResponseTarget;
use mcp_connector_oauth::authorize::consent::{ConsentPage, ConsentedRequest, Decision, InvalidDecision};
use mcp_connector_oauth::authorize::prompt::LoginOptions;
use mcp_connector_oauth::clients::client::{ClientName, ClientStatus};
use mcp_connector_oauth::clients::client_hash::ClientHash;
use mcp_connector_oauth::grants::codes::issue_code::{IssueCodeError, issue_code};
use mcp_connector_oauth::login::login_form::LoginDecision;
use mcp_connector_oauth::login::person::Person;
use mcp_connector_oauth::login::provider::pending_login::{LoginPurpose, PendingLogin};
use mcp_connector_oauth::login::provider::state::ProviderState;
use mcp_connector_oauth::web::cookie::BrowserNonce;
use mcp_connector_oauth::web::form::Parameters;

/// Answers a request for one of the steps.
pub(crate) async fn answer(
    app: &App,
    site: &Site,
    step: SignInStep,
    incoming: &Incoming,
    runtime: (&Env, &Context),
) -> Answer {
    if let Err(forbidden) = request_guard::check_host(site, &app.configuration) {
        return refused(403, "access_denied", &forbidden.to_string());
    }
    let is_form = matches!(step, SignInStep::Consent | SignInStep::Login);
    match (incoming.method(), is_form) {
        ("GET" | "HEAD", false) | ("POST", true) => {}
        (_, false) => return wrong_method("GET, HEAD", Start::Application),
        (_, true) => return wrong_method("POST", Start::Application),
    }
    let answer = async {
        if let Some(closed) = app.configuration.closed(Feature::AuthorizationServer) {
            return Err(closed.into());
        }
        if let Some(weak) = app.configuration.missing() {
            return Err(SignInError::NotSetUp(weak));
        }
        let oauth = OAuthContext::open(app, site, runtime).await?;
        match step {
            SignInStep::Ask => ask(&oauth, incoming).await,
            SignInStep::Consent => consent(&oauth, incoming).await,
            SignInStep::Login => login(&oauth, incoming).await,
            SignInStep::Callback => callback(&oauth, incoming).await,
        }
    };
    answer.await.unwrap_or_else(|error| error.into_answer(Start::Application, incoming.request_log()))
}

/// Answers a client's request with the consent page. It changes nothing and may be repeated.
async fn ask(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
    let query = AuthorizationQuery::parse(incoming.query())?;
    // Another server like this one asks for the description of a client. If two of them, or two names of one, asked
    // each other, a request would go in circles as often as its URL has room for.
    if incoming.header("user-agent").is_some_and(|agent| outbound::is_of_our_kind(&agent)) {
        return Err(PageError::UnknownClient.into());
    }
    let (client, status) = match lookup::described(oauth, query.client_id(), &incoming.network()).await? {
        Described::Client(client) => (client, ClientStatus::Active),
        Described::Ended(client) => (client, ClientStatus::Ended),
        Described::Unknown => return Err(PageError::UnknownClient.into()),
    };
    incoming.request_log().client(&client.id);
    let trusted = query.for_client(&client, &oauth.configuration().redirect_policy)?;
    let request = match trusted.check(&oauth.site.resources, &oauth.app.catalogue, &oauth.entropy) {
        Ok(request) => request,
        Err(refusal) => {
            incoming.request_log().reason(refusal.error().to_string());
            return Ok(see_other(refusal.location(&oauth.site.issuer)));
        }
    };
    if status == ClientStatus::Ended {
        return Err(ended(oauth, request.response_target()));
    }
    let (browser, cookies) = browser(oauth, incoming);
    let sealed = seal(oauth, &request, &browser)?;
    Ok(consent_page(oauth, &request, sealed.as_str(), None).with_cookies(cookies))
}

fn consent_page(
    oauth: &OAuthContext<'_>,
    request: &AuthorizationRequest,
    sealed: &str,
    error: Option<ConsentError>,
) -> Answer {
    let form = FormTarget { action: CONSENT_PATH, sealed };
    let content = ConsentPage::new(request, &oauth.app.catalogue);
    let status = if error.is_some() { 400 } else { 200 };
    // The answer to the form redirects to the client, or first to the identity provider.
    Answer::page(status, pages::consent(&content, &form, error))
}

/// Handles the form of the consent page: redirects to the client with a refusal, or shows the login page.
async fn consent(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
    let form = read_form(oauth, incoming).await?;
    let (request, browser, sealed): (AuthorizationRequest, _, _) = open(oauth, incoming, &form, SEALED_FIELD)?;
    match Decision::read(&form, &request) {
        Ok(Decision::Deny(back)) => Ok(denied(oauth, &back)),
        Ok(Decision::Allow(consented)) => {
            let sealed = seal(oauth, &*consented, &browser)?;
            let pending = Pending { consented, browser, sealed: sealed.as_str() };
            let login = pending.consented.request().login().clone();
            let answer = identify(oauth, incoming, &pending, login).await;
            Ok(pending.answered(oauth, incoming, answer))
        }
        Err(InvalidDecision::NothingTicked) => {
            incoming.request_log().reason("nothing was ticked");
            Ok(consent_page(oauth, &request, sealed, Some(ConsentError::NothingTicked)))
        }
        Err(InvalidDecision::Form(_) | InvalidDecision::Undecided) => Err(SignInError::BrokenForm),
    }
}

/// A request that a person has consented to, and the browser in which they have.
struct Pending<'a> {
    consented: Box<ConsentedRequest>,
    browser: BrowserNonce,
    /// The sealed request, for the next form.
    sealed: &'a str,
}

impl Pending<'_> {
    /// Returns the answer, or a page with what the person can do instead.
    fn answered(&self, oauth: &OAuthContext<'_>, incoming: &Incoming, answer: Result<Answer, SignInError>) -> Answer {
        let has_accounts = oauth.configuration().provider.as_ref().is_some_and(Provider::has_accounts);
        let again = if has_accounts { LoginDecision::AnotherAccount } else { LoginDecision::Again };
        let start = Start::Pending { sealed: self.sealed, again };
        answer.unwrap_or_else(|error| error.into_answer(start, incoming.request_log()))
    }
}

/// Finds out who the person is, or begins to.
async fn identify(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    pending: &Pending<'_>,
    login: LoginOptions,
) -> Result<Answer, SignInError> {
    let purpose = LoginPurpose::Client(pending.consented.clone());
    match oauth.configuration().provider.begin(oauth, incoming, purpose, login, &pending.browser).await? {
        Step::Login => Ok(login_page(pending, None)),
        Step::Redirect(redirect) => Ok(redirect.into()),
        Step::Known(person) => code_for(oauth, &pending.consented, &person).await.map(see_other),
    }
}

/// Handles the return from the identity provider, and redirects to the client with a code or an error.
async fn callback(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
    let parameters = Parameters::parse(incoming.query().as_bytes()).map_err(|_| SignInError::BrokenForm)?;
    let state = parameters.get("state").ok().flatten().ok_or(SignInError::BrokenForm)?;
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
    let (at_provider, browser): (PendingLogin, _) = open_text(oauth, incoming, sealed)?;
    let provider = &oauth.configuration().provider;
    let answer = ProviderAnswer::read(parameters, &at_provider, provider.as_ref())?;
    if let ProviderAnswer::Refused(error) = answer {
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
        LoginPurpose::Account => return Ok(account::callback(oauth, incoming, answer, &at_provider).await),
    };
    let sealed = seal(oauth, &**consented, &browser)?;
    let pending = Pending { consented: consented.clone(), browser, sealed: sealed.as_str() };
    let answer = async {
        match answer {
            ProviderAnswer::Refused(error) => {
                let error = AuthorizationError::Provider(error);
                Ok(see_other(consented.request().response_target().error_location(error, &oauth.site.issuer)))
            }
            ProviderAnswer::Code(code) => {
                let person = provider.finish(oauth, code, &at_provider).await?;
                code_for(oauth, consented, &person).await.map(see_other)
            }
        }
    };
    Ok(pending.answered(oauth, incoming, answer.await))
}

/// Handles the form of the login page, and redirects to the client with a code or an error.
async fn login(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
    let form = read_form(oauth, incoming).await?;
    let (consented, browser, sealed): (ConsentedRequest, _, _) = open(oauth, incoming, &form, SEALED_FIELD)?;
    let pending = Pending { consented: Box::new(consented), browser, sealed };
    let request = pending.consented.request();
    let answer = match LoginDecision::read(&form).map_err(|_| SignInError::BrokenForm)? {
        LoginDecision::Cancel => Ok(denied(oauth, request.response_target())),
        LoginDecision::Again => identify(oauth, incoming, &pending, request.login().clone()).await,
        LoginDecision::AnotherAccount => identify(oauth, incoming, &pending, LoginOptions::another_account()).await,
        LoginDecision::SignIn => enter(oauth, incoming, &pending, &form).await,
    };
    Ok(pending.answered(oauth, incoming, answer))
}

/// Checks a passphrase that was entered.
async fn enter(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    pending: &Pending<'_>,
    form: &Parameters,
) -> Result<Answer, SignInError> {
    match passphrase::attempt(oauth, incoming, form).await? {
        Attempt::Entered { person, browser } => {
            let location = code_for(oauth, &pending.consented, &person).await?;
            Ok(passphrase::remember(oauth, see_other(location), &browser))
        }
        Attempt::Refused(error) => Ok(login_page(pending, Some(error))),
    }
}

/// Returns the redirect with the code. This checks at the latest whether the owner has ended the client, and gives no code
/// while that cannot be checked.
async fn code_for(
    oauth: &OAuthContext<'_>,
    consented: &ConsentedRequest,
    person: &Person,
) -> Result<String, SignInError> {
    let keys = oauth.secrets.keys();
    let request = consented.request();
    if oauth.directory().enter_consent(person.into(), ClientHash::of(request.client_id())).await? == ClientStatus::Ended
    {
        return Err(ended(oauth, request.response_target()));
    }
    match issue_code(consented, person, &oauth.grants(), keys, oauth.now).await {
        Ok(code) => {
            // Only now, because the number of codes that may wait limits what one person can cause to be written.
            lookup::note_use(oauth, lookup::allowed(oauth, request));
            Ok(request.response_target().code_location(&code, &oauth.site.issuer))
        }
        Err(IssueCodeError::TooMany) => Err(SignInError::TooMany),
        Err(IssueCodeError::Finished) => Err(SignInError::Finished),
        Err(IssueCodeError::NotRemembered | IssueCodeError::CookieCopied) => Err(SignInError::BrokenForm),
        Err(IssueCodeError::Outage(outage)) => Err(SignInError::Outage(outage)),
    }
}

/// Returns the error that tells the person, with a link that tells the client.
fn ended(oauth: &OAuthContext<'_>, back: &ResponseTarget) -> SignInError {
    SignInError::ClientEnded { back: back.error_location(AuthorizationError::ClientEnded, &oauth.site.issuer) }
}

fn denied(oauth: &OAuthContext<'_>, back: &ResponseTarget) -> Answer {
    see_other(back.error_location(AuthorizationError::Denied, &oauth.site.issuer))
}

fn login_page(pending: &Pending<'_>, error: Option<LoginError>) -> Answer {
    let request = pending.consented.request();
    let redirect_uri = request.redirect_uri();
    let content = LoginPage {
        destination: &redirect_uri.destination(),
        destination_kind: redirect_uri.kind(),
        client_name: request.client_name().map(ClientName::as_str),
        error,
    };
    let form = FormTarget { action: LOGIN_PATH, sealed: pending.sealed };
    passphrase::with_status(error, |status| Answer::page(status, pages::login(&content, &form)))
}
