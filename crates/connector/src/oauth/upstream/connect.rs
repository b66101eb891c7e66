//! `/account/connect/{name}`: a person connects their account at an upstream service.
//!
//! Whoever is signed in here in this browser connects their own account, and nobody else's: the link that leads here gives access to
//! nothing. The service is asked from here, and its answer counts in the browser and for the person that began.

use mcp_connector_oauth::crypto::at_rest::EncryptedSecret;
use mcp_connector_oauth::crypto::opaque::ObjectName;
use mcp_connector_oauth::grants::commands::{Grants as _, ListGrants};
use mcp_connector_oauth::login::account_session::Session;
use mcp_connector_oauth::upstream::commands::ConnectUpstream;
use mcp_connector_oauth::upstream::connect_link;
use mcp_connector_oauth::upstream::connect_target::ConnectTarget;
use mcp_connector_oauth::upstream::connection::{ConnectedUpstream, Refresh, TokenSet};
use mcp_connector_oauth::upstream::pending_connection::{ConnectionError, NewConnection, PendingConnection};
use mcp_connector_oauth::upstream::tokens::{UpstreamSecret, account_name};
use mcp_connector_oauth::web::form::{Parameters, with_query};
use mcp_connector_protocol::Upstream;

use crate::host::Workers;
use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::http::route::{connect_path, upstream_callback_path};
use crate::oauth::account::session::{own_form, signed_out};
use crate::oauth::answers::see_other;
use crate::oauth::context::OAuthContext;
use crate::oauth::sign_in_error::SignInError;
use crate::oauth::upstream::access::MARK_FIELD;
use crate::oauth::upstream::endpoints::Endpoints;
use crate::oauth::upstream::error::ConnectError;
use crate::oauth::upstream::services::{Access, CHECK_LIMIT, OAuthService, UpstreamService};
use crate::oauth::upstream::token_cache;
use crate::pages;
use crate::pages::FormTarget;
use crate::pages::account::notice::Notice;
use crate::pages::connect::{ConnectPage, ConnectState, ConnectWay, KEY_FIELD};
use crate::platform::timer::timeout;

/// Shows the page to a person who is signed in.
pub(crate) async fn show(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    service: &UpstreamService,
    session: &Session,
    mark: Option<&str>,
) -> Result<Answer, SignInError> {
    if let Some(mark) = mark {
        let key = oauth.secrets.keys().connect_link();
        if let Err(error) = connect_link::check(mark, session.subject(), &service.name, oauth.now, &key) {
            return Ok(ConnectError::Link(error).into_answer(service, incoming.request_log()));
        }
    }
    let access = match &service.access {
        Ok(access) => access,
        Err(error) => return Ok(ConnectError::NotSetUp(error.clone()).into_answer(service, incoming.request_log())),
    };
    let list = ListGrants { signed_in_at: session.signed_in_at(), policy: oauth.secrets.policy().clone() };
    let Some(overview) = oauth.grants().ask(ObjectName::of(session.subject()), list).await? else {
        return Ok(signed_out(oauth, Notice::SignedOut));
    };
    let connected = overview.upstreams.into_iter().find(|connected| connected.upstream == service.name);
    let state = match connected {
        Some(connected) if connected.end.is_none() => ConnectState::Connected { account: connected.account },
        Some(_) => ConnectState::Ended,
        None => ConnectState::New,
    };
    page(oauth, (service, access), session, &state, None)
}

/// Handles the form of the page.
pub(crate) async fn act(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    service: &UpstreamService,
) -> Result<Answer, SignInError> {
    let (session, form) = match own_form(oauth, incoming).await? {
        Ok(own) => own,
        Err(signed_out) => return Ok(signed_out),
    };
    let answer = match &service.access {
        Err(error) => Err(ConnectError::NotSetUp(error.clone())),
        Ok(Access::OAuth(access)) => begin(oauth, incoming, (service, access), &session).await,
        Ok(access @ Access::Key { .. }) => {
            let key = form.get(KEY_FIELD).map_err(|_| SignInError::BrokenForm)?.unwrap_or_default();
            return take_key(oauth, (service, access), &session, key.trim()).await;
        }
    };
    Ok(answer.unwrap_or_else(|error| error.into_answer(service, incoming.request_log())))
}

/// Redirects to the service.
async fn begin(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    (service, access): (&UpstreamService, &OAuthService),
    session: &Session,
) -> Result<Answer, ConnectError> {
    let endpoints = Endpoints::of(access).await.map_err(ConnectError::Outage)?;
    let wanted = NewConnection {
        upstream: service.name.clone(),
        subject: session.subject().clone(),
        iss: endpoints.announced_iss,
        scope: access.scope.clone(),
    };
    let (scheme, cookies) = (oauth.site.asked.scheme(), incoming.header("cookie"));
    let keys = oauth.secrets.keys().seal();
    let begun = PendingConnection::begin(wanted, (scheme, cookies.as_deref()), keys, &oauth.entropy, oauth.now);
    let begun = begun.map_err(|_| ConnectError::Answer(ConnectionError::NotExpected))?;
    let (callback, challenge) = (redirect_uri(oauth, service), begun.challenge.to_string());
    let mut parameters = vec![
        ("response_type", "code"),
        ("client_id", access.client.id.as_str()),
        ("redirect_uri", callback.as_str()),
        ("state", begun.state.as_str()),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    if endpoints.metadata.is_some() {
        parameters.push(("nonce", begun.nonce.as_str()));
    }
    parameters.extend(access.scope.as_deref().map(|scope| ("scope", scope)));
    parameters.extend(access.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    Ok(see_other(with_query(&endpoints.authorize_url, &parameters)).with_cookies(begun.set_cookies))
}

/// Returns the redirect URI at a service. Each service has one of its own, so that the answer of one is never taken for that of another
/// (RFC 9700 §4.4.2).
pub(crate) fn redirect_uri(oauth: &OAuthContext<'_>, service: &UpstreamService) -> String {
    oauth.site.issuer.at(&upstream_callback_path(service.name.as_str()))
}

/// Stores a key, if it passes the author's check.
async fn take_key(
    oauth: &OAuthContext<'_>,
    (service, access): (&UpstreamService, &Access),
    session: &Session,
    key: &str,
) -> Result<Answer, SignInError> {
    let again = |error: &str| page(oauth, (service, access), session, &ConnectState::New, Some(error));
    let Some(secret) = UpstreamSecret::new(key) else {
        return again("Type the key: it has no spaces and at most 8192 characters.");
    };
    let account = match account_of(oauth, service, &secret).await {
        Ok(account) => account,
        Err(error) => return again(&error),
    };
    let (binding, keys) = (service.binding(session.subject()), oauth.secrets.keys().storage());
    let Some(encrypted) = EncryptedSecret::new(secret.expose(), &binding, keys, &oauth.entropy) else {
        return again("The key is too long.");
    };
    let tokens = TokenSet::new(encrypted, Refresh::None, None, None, oauth.now);
    connect(oauth, session, ConnectedUpstream { upstream: service.name.clone(), tokens, account }).await
}

/// Returns what the person is called at a service, as the author's function finds it out.
///
/// # Errors
///
/// Fails with the text of the function's error.
pub(crate) async fn account_of(
    oauth: &OAuthContext<'_>,
    service: &UpstreamService,
    secret: &UpstreamSecret,
) -> Result<Option<String>, String> {
    let declared = oauth.app.endpoint.registry.upstreams.iter();
    let declared = declared.map(|upstream| &**upstream).find(|upstream| upstream.name == service.name.as_str());
    let Some(check) = declared.and_then(|upstream: &Upstream<Workers>| upstream.account.clone()) else {
        return Ok(None);
    };
    let host = oauth.app.host(oauth.env).at(&oauth.site.issuer);
    match timeout(CHECK_LIMIT, check(&host, &service.hosts, secret.expose())).await {
        None => Err(format!("{} does not answer. Try again in a minute.", service.title)),
        Some(Ok(account)) => Ok(account_name(&account)),
        Some(Err(error)) => Err(error.message().to_owned()),
    }
}

/// Stores an account that is connected, and shows that it is.
pub(crate) async fn connect(
    oauth: &OAuthContext<'_>,
    session: &Session,
    connected: ConnectedUpstream,
) -> Result<Answer, SignInError> {
    let path = connect_path(connected.upstream.as_str());
    token_cache::forget(session.subject(), &connected.upstream);
    let command = ConnectUpstream { signed_in_at: session.signed_in_at(), connected };
    Ok(match oauth.grants().ask(ObjectName::of(session.subject()), command).await? {
        Some(()) => see_other(path),
        None => signed_out(oauth, Notice::SignedOut),
    })
}

fn page(
    oauth: &OAuthContext<'_>,
    (service, access): (&UpstreamService, &Access),
    session: &Session,
    state: &ConnectState,
    error: Option<&str>,
) -> Result<Answer, SignInError> {
    let sealed = session.form_token(oauth.secrets.keys(), &oauth.entropy).ok_or(SignInError::BrokenForm)?;
    let path = connect_path(service.name.as_str());
    let way = match access {
        Access::OAuth(access) => ConnectWay::Visit { scope: access.scope.as_deref() },
        Access::Key { label } => ConnectWay::Key { label },
    };
    let content = ConnectPage {
        title: &service.title,
        connector: oauth.app.endpoint.registry.display_name(),
        person: session.display_name(),
        hosts: &service.hosts,
        way,
        state,
        error,
    };
    let form = FormTarget { action: &path, sealed: &sealed };
    let status = if error.is_some() { 400 } else { 200 };
    Ok(Answer::page(status, pages::connect(&content, &form)))
}

/// Returns the mark of the link that led here.
pub(crate) fn mark_of(incoming: &Incoming) -> Result<Option<String>, SignInError> {
    let query = Parameters::parse(incoming.query().as_bytes()).map_err(|_| SignInError::BrokenForm)?;
    Ok(query.get(MARK_FIELD).map_err(|_| SignInError::BrokenForm)?.map(str::to_owned))
}

/// Returns the path that a target is.
pub(crate) fn path_of(target: &ConnectTarget) -> String {
    let path = connect_path(target.upstream.as_str());
    target.mark.as_deref().map_or(path.clone(), |mark| with_query(&path, &[(MARK_FIELD, mark)]))
}
