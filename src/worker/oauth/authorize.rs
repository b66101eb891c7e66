//! The authorization endpoint (RFC 6749 §3.1): what a client asks for, the person's consent, the person's login, and the code,
//! in this order and no other. A pending request is kept nowhere: it travels sealed in the forms and is bound to a cookie of
//! the browser that it began in, so a visitor who never signs in costs no write and nobody can finish what another began.

use worker::Env;

use crate::mcp::Unavailable;
use crate::oauth::authorize::{AuthorizationError, AuthorizationQuery, PageError, WayBack};
use crate::oauth::client::ClientName;
use crate::oauth::consent::{ConsentPage, ConsentedRequest, Decision};
use crate::oauth::cookie::BrowserNonce;
use crate::oauth::form::{MAX_FORM, Parameters, is_form};
use crate::oauth::identity::{AtProvider, Errand, NotIdentified};
use crate::oauth::origin::Origin;
use crate::oauth::outage::Outage;
use crate::oauth::passphrase::WeakPassphrase;
use crate::oauth::seal::{Sealable, Sealed};
use crate::oauth::sign_in::{NoCode, Person, give_code};
use crate::worker::answer::{Answer, RETRY_CLOSED};
use crate::worker::app::App;
use crate::worker::guard;
use crate::worker::identity::Provider;
use crate::worker::incoming::Incoming;
use crate::worker::outbound;
use crate::worker::pages::{self, FormTarget, LoginPage, LoginProblem, SEALED_FIELD};
use crate::worker::route::{ACCOUNT_PATH, CONSENT_PATH, LOGIN_PATH, SignInStep};
use crate::worker::settings::Part;
use crate::worker::site::Site;
use crate::worker::visit::Visit;

use super::identity::{Identity as _, ProviderAnswer, Step};
use super::owner::{self, Attempt};
use super::{Desk, account, clients, refused};

/// How long a person may take over each page, in seconds.
const PENDING: u64 = 10 * 60;

/// Answers a request for one of the steps.
pub(super) async fn answer(app: &App, site: &Site, step: SignInStep, incoming: &Incoming, env: &Env) -> Answer {
    if let Err(forbidden) = guard::check_host(site, &app.configuration) {
        return refused(403, "access_denied", &forbidden.to_string());
    }
    let is_form = matches!(step, SignInStep::Consent | SignInStep::Login);
    match (incoming.method(), is_form) {
        ("GET" | "HEAD", false) | ("POST", true) => {}
        (_, false) => return wrong_method("GET, HEAD", Start::Application),
        (_, true) => return wrong_method("POST", Start::Application),
    }
    let answer = async {
        if let Some(problem) = app.configuration.closed(Part::AuthorizationServer) {
            return Err(Problem::Closed(problem.to_string()));
        }
        if let Some(weak) = app.configuration.missing() {
            return Err(Problem::NotSetUp(weak));
        }
        let desk = Desk::open(app, site, env).await?;
        match step {
            SignInStep::Ask => ask(&desk, incoming).await,
            SignInStep::Consent => consent(&desk, incoming).await,
            SignInStep::Login => login(&desk, incoming).await,
            SignInStep::Callback => came_back(&desk, incoming).await,
        }
    };
    answer.await.unwrap_or_else(|problem| problem.into_answer(Start::Application, incoming.visit()))
}

/// The client's request: the consent page. Changes nothing, and may be repeated.
async fn ask(desk: &Desk<'_>, incoming: &Incoming) -> Result<Answer, Problem> {
    let query = AuthorizationQuery::parse(incoming.query())?;
    // Somebody has sent a server like this one here for the description of a client. Where two of them, or two names of one,
    // ask each other, a request would go in circles as often as its URL has room for.
    if incoming.header("user-agent").is_some_and(|agent| outbound::is_of_our_kind(&agent)) {
        return Err(PageError::UnknownClient.into());
    }
    let client = clients::described(desk, query.client_id()).await?.ok_or(PageError::UnknownClient)?;
    incoming.visit().client(&client.id);
    let trusted = query.for_client(&client, &desk.configuration().redirect_policy)?;
    let request = match trusted.check(&desk.site.resources, &desk.app.catalogue) {
        Ok(request) => request,
        Err(refusal) => return Ok(see_other(refusal.location(&desk.site.issuer))),
    };
    let (browser, set_cookie) = browser(desk, incoming);
    let sealed = seal(desk, &request, &browser)?;
    let form = FormTarget { action: CONSENT_PATH, sealed: sealed.as_str() };
    let content = ConsentPage::new(&request, &desk.app.catalogue);
    // The answer to the form leads back to the client, or first to the identity provider.
    let provider = desk.configuration().provider.as_ref().map_or("", Provider::site);
    let page = page(200, pages::consent(&content, &form), &[&content.form_action, provider]);
    Ok(page.header("set-cookie", set_cookie))
}

/// The form of the consent page: back to the client with a no, or on to the login page.
async fn consent(desk: &Desk<'_>, incoming: &Incoming) -> Result<Answer, Problem> {
    let form = read_form(desk, incoming).await?;
    let (request, browser, _) = open(desk, incoming, &form, SEALED_FIELD)?;
    match Decision::read(&form, request).map_err(|_| Problem::BrokenForm)? {
        Decision::Deny(back) => Ok(denied(desk, &back)),
        Decision::Allow(consented) => {
            let sealed = seal(desk, &*consented, &browser)?;
            let errand = Errand::Client(consented.clone());
            match desk.configuration().provider.begin(desk, incoming, errand, &browser).await? {
                Step::Login => Ok(login_page(&consented, sealed.as_str(), None)),
                Step::Away(location) => Ok(see_other(location)),
                Step::Known(person) => code_for(desk, &consented, &person).await.map(see_other),
            }
        }
    }
}

/// The person is back from the identity provider: on to the client, with a code or a no.
async fn came_back(desk: &Desk<'_>, incoming: &Incoming) -> Result<Answer, Problem> {
    let parameters = Parameters::parse(incoming.query().as_bytes()).map_err(|_| Problem::BrokenForm)?;
    let (pending, _, _): (AtProvider, _, _) = open(desk, incoming, &parameters, "state")?;
    let answer = ProviderAnswer::read(&parameters, &pending, desk.configuration().provider.as_ref())?;
    let consented = match &pending.errand {
        Errand::Client(consented) => consented,
        Errand::Account => return Ok(account::came_back(desk, incoming, answer, &pending).await),
    };
    match answer {
        ProviderAnswer::Refused => Ok(denied(desk, consented.request().back())),
        ProviderAnswer::Code(code) => {
            let person = desk.configuration().provider.finish(desk, code, &pending).await?;
            code_for(desk, consented, &person).await.map(see_other)
        }
    }
}

/// The form of the login page: back to the client with a code.
async fn login(desk: &Desk<'_>, incoming: &Incoming) -> Result<Answer, Problem> {
    let form = read_form(desk, incoming).await?;
    let (consented, _, sealed): (ConsentedRequest, _, _) = open(desk, incoming, &form, SEALED_FIELD)?;
    match owner::attempt(desk, incoming, &form).await? {
        Attempt::Entered { person, browser } => {
            let location = code_for(desk, &consented, &person).await?;
            Ok(owner::remember(desk, see_other(location), &browser, person.epoch))
        }
        Attempt::Refused(problem) => Ok(login_page(&consented, sealed, Some(problem))),
    }
}

/// Where the browser goes with its code.
async fn code_for(desk: &Desk<'_>, consented: &ConsentedRequest, person: &Person) -> Result<String, Problem> {
    let keys = desk.authority.keys();
    let code = give_code(consented, person, &desk.grants(), keys, &desk.entropy, desk.now).await;
    match code {
        Ok(code) => Ok(consented.request().back().with_code(&code, &desk.site.issuer)),
        Err(NoCode::TooMany) => Err(Problem::TooMany),
        Err(NoCode::Outage(outage)) => Err(Problem::Outage(outage)),
    }
}

fn denied(desk: &Desk<'_>, back: &WayBack) -> Answer {
    see_other(back.with_error(AuthorizationError::Denied, &desk.site.issuer))
}

fn login_page(consented: &ConsentedRequest, sealed: &str, problem: Option<LoginProblem>) -> Answer {
    let request = consented.request();
    let redirect_uri = request.redirect_uri();
    let content = LoginPage {
        destination: &redirect_uri.destination(),
        destination_kind: redirect_uri.kind(),
        client_name: request.client_name().map(ClientName::as_str),
        problem,
    };
    let form = FormTarget { action: LOGIN_PATH, sealed };
    owner::with_status(problem, |status| {
        page(status, pages::login(&content, &form), &[&redirect_uri.form_action_source()])
    })
}

/// The browser, and the `Set-Cookie` header by which it is known again.
pub(super) fn browser(desk: &Desk<'_>, incoming: &Incoming) -> (BrowserNonce, String) {
    let (scheme, cookies) = (desk.site.asked.scheme(), incoming.header("cookie"));
    let browser = BrowserNonce::of(scheme, cookies.as_deref(), &desk.entropy);
    let set_cookie = browser.set_cookie(scheme);
    (browser, set_cookie)
}

/// Reads a form that one of our own pages has sent.
pub(super) async fn read_form(desk: &Desk<'_>, incoming: &Incoming) -> Result<Parameters, Problem> {
    let is_own = |origin: &str| {
        Origin::of(origin).is_ok_and(|origin| origin == desk.site.asked || origin == *desk.site.issuer.origin())
    };
    let from = incoming.header("sec-fetch-site");
    let from_here = from.is_none_or(|from| matches!(from.as_str(), "same-origin" | "none"));
    if !from_here || incoming.header("origin").is_some_and(|origin| !is_own(&origin)) {
        return Err(Problem::ForeignForm);
    }
    if !is_form(incoming.header("content-type").as_deref()) {
        return Err(Problem::BrokenForm);
    }
    let body = incoming.body(u32::try_from(MAX_FORM).unwrap_or(u32::MAX)).await.map_err(|_| Problem::BrokenForm)?;
    Parameters::parse(&body).map_err(|_| Problem::BrokenForm)
}

pub(super) fn seal<T: Sealable>(desk: &Desk<'_>, value: &T, browser: &BrowserNonce) -> Result<Sealed<T>, Problem> {
    let keys = desk.authority.keys().seal();
    Sealed::seal(value, browser.binding(), desk.now.plus(PENDING), keys, &desk.entropy).map_err(|_| Problem::BrokenForm)
}

/// What a form carries, if it belongs to this browser. Gives the sealed text too, for the next form.
pub(super) fn open<'a, T: Sealable>(
    desk: &Desk<'_>,
    incoming: &Incoming,
    form: &'a Parameters,
    field: &'static str,
) -> Result<(T, BrowserNonce, &'a str), Problem> {
    let cookies = incoming.header("cookie");
    let browser = BrowserNonce::read(desk.site.asked.scheme(), cookies.as_deref()).ok_or(Problem::NoCookie)?;
    let text = form.get(field).ok().flatten().ok_or(Problem::BrokenForm)?;
    let keys = desk.authority.keys().seal();
    let value = Sealed::from_text(text).open(browser.binding(), desk.now, keys).map_err(|_| Problem::Expired)?;
    Ok((value, browser, text))
}

/// 303 and not 302: nobody posts a passphrase on to the client (OAuth 2.1 §7.5.4).
pub(super) fn see_other(location: String) -> Answer {
    Answer::empty(303)
        .header("location", location)
        .header("cache-control", "no-store")
        .header("referrer-policy", "no-referrer")
}

pub(super) fn page(status: u16, html: String, form_action: &[&str]) -> Answer {
    pages::headers(form_action)
        .into_iter()
        .fold(Answer::html(status, html), |answer, (name, value)| answer.header(name, value))
}

/// A person who reloads a page comes here.
pub(super) fn wrong_method(allowed: &'static str, start: Start) -> Answer {
    let (what_happened, what_to_do) = match start {
        Start::Application => ("A sign-in begins in the app that you want to connect.", "Go back and connect again."),
        Start::Account => ("It is a part of your account page.", "Open your account page again."),
    };
    let html = pages::problem("This page does not open like that", what_happened, what_to_do, start.link());
    page(405, html, &[]).header("allow", allowed)
}

/// Why a person is shown a page instead of being sent on.
pub(super) enum Problem {
    /// Nobody can sign in here.
    NotSetUp(WeakPassphrase),
    /// Nobody can sign in here until the owner has mended a setting, which is named.
    Closed(String),
    /// The request is not in order, and there is no address that could be told.
    Request(PageError),
    /// A form that came from another site.
    ForeignForm,
    /// A form that none of our pages has sent.
    BrokenForm,
    /// The browser does not show the cookie that it was given.
    NoCookie,
    /// The form is too old, or was begun in another browser.
    Expired,
    /// The form belongs to an earlier sign-in to the account page.
    StaleForm,
    /// Too many sign-ins wait to be finished.
    TooMany,
    /// The identity provider did not say who it is, or it is nobody who may enter.
    NotIdentified(NotIdentified),
    /// Something is out of reach.
    Outage(Outage),
}

impl From<NotIdentified> for Problem {
    fn from(error: NotIdentified) -> Self {
        Self::NotIdentified(error)
    }
}

impl From<PageError> for Problem {
    fn from(error: PageError) -> Self {
        Self::Request(error)
    }
}

impl From<Outage> for Problem {
    fn from(outage: Outage) -> Self {
        Self::Outage(outage)
    }
}

impl From<Unavailable> for Problem {
    fn from(Unavailable: Unavailable) -> Self {
        Self::Outage(Outage::Storage)
    }
}

/// Where a person began, and where they have to begin again.
#[derive(Clone, Copy)]
pub(super) enum Start {
    /// In the app that they want to connect.
    Application,
    /// At their account page.
    Account,
}

impl Start {
    const fn link(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Application => None,
            Self::Account => Some((ACCOUNT_PATH, "Your account")),
        }
    }
}

impl Problem {
    /// For the log.
    fn reason(&self) -> String {
        match self {
            Self::NotSetUp(weak) => weak.to_string(),
            Self::Closed(setting) => setting.clone(),
            Self::Request(error) => error.to_string(),
            Self::ForeignForm => "a form of another site".to_owned(),
            Self::BrokenForm => "a broken form".to_owned(),
            Self::StaleForm => "a form of an earlier session".to_owned(),
            Self::NoCookie => "no cookie".to_owned(),
            Self::Expired => "a form that is too old, or of another browser".to_owned(),
            Self::TooMany => "too many sign-ins under way".to_owned(),
            Self::NotIdentified(error) => error.to_string(),
            Self::Outage(outage) => outage.to_string(),
        }
    }

    /// The page, under the name that the log has for the request.
    pub(super) fn into_answer(self, start: Start, visit: &Visit) -> Answer {
        visit.reason(self.reason());
        let again = match start {
            Start::Application => "Go back to the application and connect again.",
            Start::Account => "Open your account page again.",
        };
        let (status, what_happened, what_to_do) = match &self {
            Self::NotSetUp(WeakPassphrase::Missing) => return page(503, pages::not_set_up(), &[]),
            Self::NotSetUp(_) => return page(503, pages::weak_passphrase(), &[]),
            Self::Closed(setting) => {
                return page(503, pages::closed(setting), &[]).header("retry-after", RETRY_CLOSED);
            }
            Self::Request(error) => (400, error.to_string(), again.to_owned()),
            Self::ForeignForm => (403, "This form was sent by another site.".to_owned(), again.to_owned()),
            Self::BrokenForm => (400, "This form is broken.".to_owned(), again.to_owned()),
            Self::StaleForm => (403, "This page belongs to an earlier sign-in.".to_owned(), again.to_owned()),
            Self::NoCookie => (
                400,
                "The browser did not send back the cookie that belongs to this sign-in.".to_owned(),
                ["Allow cookies for this site. ", again].concat(),
            ),
            Self::Expired => {
                (400, "This sign-in took too long, or was begun in another browser.".to_owned(), again.to_owned())
            }
            Self::TooMany => (
                503,
                "Too many sign-ins have been begun and not finished.".to_owned(),
                ["Wait a minute. ", again].concat(),
            ),
            Self::NotIdentified(NotIdentified::NotAllowed) => (
                403,
                "You are signed in there, but the owner of this server has not put you on the list.".to_owned(),
                ["Ask the owner, or sign in there as somebody else. ", again].concat(),
            ),
            Self::NotIdentified(_) => {
                (403, "The identity provider did not say who you are.".to_owned(), again.to_owned())
            }
            Self::Outage(_) => {
                let what_to_do = "Wait a moment and load this page again.".to_owned();
                (503, "Something is out of order here.".to_owned(), what_to_do)
            }
        };
        let answer = page(status, pages::failure(&what_happened, &what_to_do, start.link(), visit.id()), &[]);
        if let Self::Outage(outage) = self {
            return answer.header("retry-after", outage.retry_after().to_string());
        }
        answer
    }
}
