//! `/account`: a person sees the apps that they have connected, and ends the grants that they want to end. They sign in
//! as at the authorization endpoint, by the identity that is configured. Ending a grant does what the revocation
//! endpoint does (RFC 7009), for the person instead of the client.

use std::collections::BTreeMap;

use worker::{Context, Env};

use crate::app::state::App;
use crate::config::configuration::Configuration;
use crate::config::settings::Feature;
use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::http::request_guard;
use crate::http::route::{
    ACCOUNT_CLIENTS_PATH, ACCOUNT_CONFIRM_PATH, ACCOUNT_PATH, ACCOUNT_PEOPLE_PATH, ACCOUNT_SIGN_IN_PATH, AccountStep,
    OTHER_ACCOUNT_PATH,
};
use crate::http::site::Site;
use crate::oauth::access::verified_tokens;
use crate::oauth::account::access_keys;
use crate::oauth::account::all_clients;
use crate::oauth::account::browsers;
use crate::oauth::account::destination::{connector_of, destination};
use crate::oauth::account::export;
use crate::oauth::account::passkeys;
use crate::oauth::account::people;
use crate::oauth::account::protected_action;
use crate::oauth::account::protected_action::ProtectedAction;
use crate::oauth::account::session::done;
use crate::oauth::account::session::notice;
use crate::oauth::account::session::session;
use crate::oauth::account::session::signed_in;
use crate::oauth::account::session::signed_out;
use crate::oauth::account::session::to_page;
use crate::oauth::browser_forms::browser;
use crate::oauth::browser_forms::open;
use crate::oauth::browser_forms::read_form;
use crate::oauth::browser_forms::seal;
use crate::oauth::context::OAuthContext;
use crate::oauth::identity::passkey;
use crate::oauth::identity::passphrase;
use crate::oauth::identity::passphrase::Attempt;
use crate::oauth::identity::provider::Identity as _;
use crate::oauth::identity::provider::ProviderAnswer;
use crate::oauth::identity::provider::Step;
use crate::oauth::identity::remembered_browsers;
use crate::oauth::sign_in_error::SignInError;
use crate::oauth::sign_in_error::Start;
use crate::oauth::sign_in_error::wrong_method;
use crate::oauth::upstream::access::MARK_FIELD;
use crate::oauth::upstream::account as upstreams;
use crate::oauth::upstream::connect::path_of;
use crate::oauth::upstream::token_cache;
use crate::pages;
use crate::pages::account::access_keys::KEY_FIELD;
use crate::pages::account::action::{
    ACTION_FIELD, AccountFormAction, FormAction as _, GRANT_FIELD, GRANTS_FIELD, NAME_FIELD, OTHERS_FIELD,
};
use crate::pages::account::apps::{AppSignIn, AppsSection, DisplacedApp};
use crate::pages::account::notice::{Notice, Outcome};
use crate::pages::account::page::AccountPage;
use crate::pages::components::passkey::PasskeyOffer;
use crate::pages::login::LoginError;
use crate::pages::reauthentication::PENDING_FIELD;
use crate::pages::{FormTarget, SEALED_FIELD};
use mcp_connector_base::identifier::{ClientId, GrantId};
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::authorize::consent::NameSource;
use mcp_connector_oauth::authorize::prompt::LoginOptions;
use mcp_connector_oauth::clients::resolver::ResolvedClient;
use mcp_connector_oauth::crypto::opaque::ObjectName;
use mcp_connector_oauth::grants::commands::{AccountAction, EndGrants, Grants as _, ListGrants};
use mcp_connector_oauth::grants::summary::GrantSummary;
use mcp_connector_oauth::login::account_session::{AccountSignIn, Session, SignInKind};
use mcp_connector_oauth::login::passkeys::ceremony::Purpose;
use mcp_connector_oauth::login::provider::pending_login::{LoginPurpose, PendingLogin};
use mcp_connector_oauth::upstream::connect_target::ConnectTarget;
use mcp_connector_oauth::upstream::name::UpstreamName;
use mcp_connector_oauth::web::form::{Parameters, with_query};
use mcp_connector_oauth::web::web_url::WebUrl;

/// The name of the query parameter with the upstream service whose account is to be connected after a sign-in.
const CONNECT_FIELD: &str = "connect";
/// How long the page shows a grant that ended because there were too many, in seconds.
const DISPLACED_IS_NEWS: u64 = 30 * 24 * 3600;

/// Answers a request for the page or one of its forms.
pub(crate) async fn answer(
    app: &App,
    site: &Site,
    step: AccountStep,
    incoming: &Incoming,
    runtime: (&Env, &Context),
) -> Answer {
    if let Err(forbidden) = request_guard::check_host(site, &app.configuration) {
        return Answer::error(403, "access_denied", &forbidden.to_string());
    }
    let answer = async {
        let oauth = OAuthContext::for_page(app, site, Feature::AccessTokens, runtime).await?;
        match (incoming.method(), step) {
            ("GET" | "HEAD", AccountStep::Page) => show(&oauth, incoming).await,
            ("POST", AccountStep::Page) => act(&oauth, incoming).await,
            ("GET" | "HEAD", AccountStep::Clients) => all_clients::show(&oauth, incoming).await,
            ("POST", AccountStep::Clients) => all_clients::act(&oauth, incoming).await,
            ("GET" | "HEAD", AccountStep::People) => people::show(&oauth, incoming).await,
            ("POST", AccountStep::People) => people::act(&oauth, incoming).await,
            ("GET" | "HEAD", AccountStep::Export) => export::show(&oauth, incoming).await,
            ("POST", AccountStep::Export) => export::download(&oauth, incoming).await,
            ("GET" | "HEAD", AccountStep::Confirm) => protected_action::show(&oauth, incoming),
            ("POST", AccountStep::Confirm) => protected_action::act(&oauth, incoming).await,
            ("GET" | "HEAD", AccountStep::Passkeys) => Ok(to_page(None)),
            ("POST", AccountStep::Passkeys) => passkeys::add(&oauth, incoming).await,
            ("GET" | "HEAD", AccountStep::SignIn) => begin(&oauth, incoming).await,
            ("POST", AccountStep::SignIn) => enter(&oauth, incoming).await,
            _ => Ok(wrong_method("GET, HEAD, POST", Start::Account)),
        }
    };
    answer.await.unwrap_or_else(|error| error.into_answer(Start::Account, incoming.request_log()))
}

/// Shows the page, or the sign-in to it.
async fn show(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
    let session = session(oauth, incoming);
    let notice = notice(oauth, incoming, session.as_ref());
    let Some(session) = session else { return sign_in_page(oauth, incoming, notice.as_ref(), None) };
    let object = ObjectName::of(session.subject());
    let policy = oauth.secrets.policy().clone();
    let list = ListGrants { signed_in_at: session.signed_in_at(), policy };
    let Some(overview) = oauth.grants().ask(object, list).await? else {
        return Ok(signed_out(oauth, Notice::SignedOut));
    };
    let sealed = session.form_token(oauth.secrets.keys(), &oauth.entropy).ok_or(SignInError::BrokenForm)?;
    let is_owner = oauth.configuration().is_owner(session.subject());
    let content = AccountPage {
        person: session.display_name(),
        notice,
        apps: AppsSection {
            sign_ins: overview.grants.iter().map(|grant| app_of(oauth, grant)).collect(),
            displaced: displaced(&overview.grants, oauth.now),
        },
        keys: access_keys::section(oauth, &session, &overview),
        passkeys: passkeys::section(oauth, &overview.passkeys),
        upstreams: upstreams::entries(oauth, &overview),
        browsers: browsers::entries(oauth, incoming, &overview.browsers),
        all_clients: is_owner.then_some(ACCOUNT_CLIENTS_PATH),
        // With the passphrase there is nobody else, unless an issuer admits people.
        people: (is_owner && has_people(oauth.configuration())).then_some(ACCOUNT_PEOPLE_PATH),
        now: oauth.now,
    };
    let form = FormTarget { action: ACCOUNT_PATH, sealed: &sealed };
    let answer = Answer::page(200, pages::account(&content, &form));
    let is_outdated = overview.passkeys.is_empty() && passkey::is_known(oauth, incoming);
    Ok(if is_outdated { passkey::clear_hint_cookie(oauth, answer) } else { answer })
}

/// Returns whether there can be people beside the owner of the passphrase.
fn has_people(configuration: &Configuration) -> bool {
    configuration.provider.is_some() || !configuration.trusted_issuers.is_empty()
}

/// Handles one of the page's forms. The page that follows tells what was done, and can be loaded again without doing it
/// twice.
async fn act(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
    let form = read_form(oauth, incoming).await?;
    let Some(session) = session(oauth, incoming) else { return Ok(signed_out(oauth, Notice::Expired)) };
    let field = |name| form.get(name).map_err(|_| SignInError::BrokenForm)?.ok_or(SignInError::BrokenForm);
    if !session.is_own_form(field(SEALED_FIELD)?, oauth.secrets.keys(), oauth.now) {
        return Err(SignInError::StaleForm);
    }
    let grant = |text: &str| GrantId::try_from(text.to_owned()).map_err(|_| SignInError::BrokenForm);
    let asked = AccountFormAction::of(field(ACTION_FIELD)?).ok_or(SignInError::BrokenForm)?;
    let action = match asked {
        AccountFormAction::End => AccountAction::End { grant: grant(field(GRANT_FIELD)?)? },
        AccountFormAction::EndApp => {
            // A form holds no more than a person can have.
            let grants = field(GRANTS_FIELD)?.split(' ').map(grant).collect::<Result<_, _>>()?;
            AccountAction::EndSeveral { grants }
        }
        AccountFormAction::EndKey => AccountAction::End { grant: grant(field(KEY_FIELD)?)? },
        AccountFormAction::EndAll => AccountAction::EndAll,
        AccountFormAction::NewKey => {
            return match access_keys::read(oauth, &form)? {
                Ok(wanted) => {
                    let action = ProtectedAction::CreateAccessKey(wanted);
                    protected_action::begin(oauth, incoming, &session, action).await
                }
                Err(notice) => Ok(to_page(Some(notice))),
            };
        }
        AccountFormAction::NewPasskey => {
            let action = ProtectedAction::AddPasskey(passkeys::read(&form)?);
            return protected_action::begin(oauth, incoming, &session, action).await;
        }
        AccountFormAction::RemovePasskey | AccountFormAction::ForgetBrowser => {
            return end_sign_in(oauth, &session, asked, &form).await;
        }
        AccountFormAction::SignOut => {
            browsers::forget_this(oauth, incoming, &session).await?;
            let answer = signed_out(oauth, Notice::SignedOut);
            return Ok(remembered_browsers::with_cookie(oauth, incoming, answer, None));
        }
        AccountFormAction::DisconnectUpstream => {
            return Ok(match upstreams::disconnect(oauth, &session, &form).await? {
                Some(outcome) => done(oauth, &session, ACCOUNT_PATH, &outcome),
                None => signed_out(oauth, Notice::SignedOut),
            });
        }
        AccountFormAction::SignOutEverywhere => AccountAction::SignOut,
    };
    let object = ObjectName::of(session.subject());
    let (subject, signed_in_at) = (session.subject().clone(), session.signed_in_at());
    let end = EndGrants { subject, signed_in_at, action: action.clone() };
    let Some(revoked) = oauth.grants().ask(object, end).await? else {
        return Ok(signed_out(oauth, Notice::SignedOut));
    };
    verified_tokens::forget(&revoked.ended, oauth.now);
    if action == AccountAction::SignOut {
        token_cache::forget_all(session.subject());
    }
    let (app, sign_ins) = (form.get(NAME_FIELD).ok().flatten().map(str::to_owned), revoked.ended.len());
    let outcome = match action {
        AccountAction::End { .. } if asked == AccountFormAction::EndKey => Outcome::EndedKey { key: app },
        AccountAction::End { .. } if form.get(OTHERS_FIELD).ok().flatten().is_some() => Outcome::EndedSignIn { app },
        AccountAction::End { .. } | AccountAction::EndSeveral { .. } => Outcome::Disconnected { app, sign_ins },
        AccountAction::EndAll => Outcome::DisconnectedAll { sign_ins },
        AccountAction::SignOut => return Ok(signed_out(oauth, Notice::SignedOutEverywhere)),
    };
    Ok(done(oauth, &session, ACCOUNT_PATH, &outcome))
}

/// Removes a passkey or forgets a browser.
async fn end_sign_in(
    oauth: &OAuthContext<'_>,
    session: &Session,
    asked: AccountFormAction,
    form: &Parameters,
) -> Result<Answer, SignInError> {
    let name = form.get(NAME_FIELD).ok().flatten().unwrap_or_default().to_owned();
    let (changed, outcome) = if asked == AccountFormAction::RemovePasskey {
        (passkeys::remove(oauth, session, form).await?, Outcome::RemovedPasskey { passkey: name })
    } else {
        (browsers::forget(oauth, session, form).await?, Outcome::ForgotBrowser { browser: name })
    };
    Ok(match changed {
        Some(()) => done(oauth, session, ACCOUNT_PATH, &outcome),
        None => signed_out(oauth, Notice::SignedOut),
    })
}

/// Begins a sign-in: redirects to the identity provider, or to the page if the form for the passphrase is there.
async fn begin(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
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
    answer: ProviderAnswer<'_>,
    pending: &PendingLogin,
) -> Answer {
    let answer = async {
        match answer {
            ProviderAnswer::Refused(_) => Ok(to_page(Some(Notice::NotSignedIn))),
            ProviderAnswer::Code(code) => {
                let person = oauth.configuration().provider.finish(oauth, code, pending).await?;
                signed_in(oauth, &person, SignInKind::of(&pending.purpose), path_after(&pending.purpose))
            }
        }
    };
    answer.await.unwrap_or_else(|error: SignInError| error.into_answer(Start::Account, incoming.request_log()))
}

/// Handles the form with the passphrase.
async fn enter(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
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

/// Returns the grants that ended lately because there were too many, one for each app.
fn displaced(grants: &[GrantSummary], now: Timestamp) -> Vec<DisplacedApp<'_>> {
    let mut latest: BTreeMap<&ClientId, DisplacedApp<'_>> = BTreeMap::new();
    for grant in grants.iter().filter(|grant| now.seconds_since(grant.created_at) < DISPLACED_IS_NEWS) {
        for displaced in &grant.displaced {
            let (name, used_at) = (displaced.client_name.as_deref(), displaced.used_at);
            let app = DisplacedApp { name, used_at, ended_at: grant.created_at };
            let known = latest.entry(&displaced.client_id).or_insert(app);
            if known.ended_at < app.ended_at {
                *known = app;
            }
        }
    }
    let mut latest: Vec<_> = latest.into_values().collect();
    latest.sort_by_key(|app| std::cmp::Reverse(app.ended_at));
    latest
}

fn app_of<'a>(oauth: &'a OAuthContext<'_>, grant: &'a GrantSummary) -> AppSignIn<'a> {
    let (destination_kind, destination) = destination(grant);
    let name_source = name_source(oauth, &grant.client_id, &grant.redirect_uri);
    let name = if let NameSource::Recipient(name) = name_source { Some(name) } else { grant.client_name.as_deref() };
    AppSignIn {
        grant: grant.id.to_string(),
        name,
        name_source,
        destination,
        destination_kind,
        connector: connector_of(oauth, &grant.resource),
        scopes: oauth.app.scopes_of(&grant.resource).described(&grant.scope).collect(),
        connected_at: grant.created_at,
        used_at: grant.used_at,
    }
}

/// Returns who vouches for the name of a client, as on the consent page.
fn name_source(oauth: &OAuthContext<'_>, client: &ClientId, redirect_uri: &str) -> NameSource {
    match oauth.client_resolver().resolve(client) {
        ResolvedClient::PreRegistered(_) => NameSource::Owner,
        ResolvedClient::MetadataDocument(url) => WebUrl::parse(url.id().as_str())
            .map_or(NameSource::SelfAsserted, |url| NameSource::Host(url.host.to_string())),
        ResolvedClient::Registered(_) | ResolvedClient::Unknown => NameSource::of_registered(redirect_uri),
    }
}
