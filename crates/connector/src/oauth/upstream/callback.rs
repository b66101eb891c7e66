//! `/upstream/callback/{name}`: the return of a person from an upstream service (RFC 6749 §4.1.2).

use mcp_connector_oauth::authorize::provider_error::ProviderError;
use mcp_connector_oauth::login::account_session::Session;
use mcp_connector_oauth::login::disallowed_user::EmailTrust;
use mcp_connector_oauth::login::provider::error::LoginError;
use mcp_connector_oauth::login::provider::profile::UserProfile;
use mcp_connector_oauth::upstream::connection::ConnectedUpstream;
use mcp_connector_oauth::upstream::pending_connection::{ConnectionError, PendingConnection};
use mcp_connector_oauth::upstream::tokens::{UpstreamTokens, account_name};
use mcp_connector_oauth::web::form::Parameters;

use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::oauth::account::session::session;
use crate::oauth::context::OAuthContext;
use crate::oauth::identity::upstream;
use crate::oauth::sign_in_error::SignInError;
use crate::oauth::upstream::connect;
use crate::oauth::upstream::endpoints::Endpoints;
use crate::oauth::upstream::error::ConnectError;
use crate::oauth::upstream::services::{Access, OAuthService, ServiceEndpoints, UpstreamService};

/// Handles the return. Whatever comes of it, the same answer does not count twice in this browser.
pub(crate) async fn returned(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    service: &UpstreamService,
) -> Result<Answer, SignInError> {
    let Ok(Access::OAuth(access)) = &service.access else { return Err(SignInError::BrokenAnswer) };
    let parameters = Parameters::parse(incoming.query().as_bytes()).map_err(|_| SignInError::BrokenAnswer)?;
    let get = |name| parameters.get(name).map_err(|_| SignInError::BrokenAnswer);
    let state = get("state")?.ok_or(SignInError::BrokenAnswer)?;
    let (scheme, cookies) = (oauth.site.asked.scheme(), incoming.header("cookie"));
    let session = session(oauth, incoming);
    let subject = session.as_ref().map(Session::subject);
    let keys = oauth.secrets.keys().seal();
    let pending = PendingConnection::take(state, subject, (scheme, cookies.as_deref()), keys, oauth.now);
    let spent = PendingConnection::clear(state, scheme);
    let connected = async {
        let pending = pending.map_err(ConnectError::Answer)?;
        // The answer came to the redirect URI of another service.
        if pending.upstream != service.name {
            return Err(ConnectError::Answer(ConnectionError::NotExpected));
        }
        let iss = parameters.get("iss").map_err(|_| LoginError::InvalidResponse("a repeated iss"))?;
        pending.check_iss(iss, access.issuer())?;
        match (parameters.get("code").ok().flatten(), parameters.get("error").ok().flatten()) {
            (Some(code), None) => redeem(oauth, (service, access), &pending, code).await,
            (None, Some(error)) => Err(ConnectError::Refused(ProviderError::of(error))),
            (Some(_), Some(_)) | (None, None) => Err(LoginError::InvalidResponse("neither code nor error").into()),
        }
    };
    let answer = match (connected.await, &session) {
        (Ok(connected), Some(session)) => connect::connect(oauth, session, connected).await?,
        (Ok(_), None) => {
            ConnectError::Answer(ConnectionError::SomebodyElse).into_answer(service, incoming.request_log())
        }
        (Err(error), _) => error.into_answer(service, incoming.request_log()),
    };
    Ok(answer.with_cookies(spent.into_iter().collect()))
}

/// Redeems the code of the service.
async fn redeem(
    oauth: &OAuthContext<'_>,
    (service, access): (&UpstreamService, &OAuthService),
    pending: &PendingConnection,
    code: &str,
) -> Result<ConnectedUpstream, ConnectError> {
    let endpoints = Endpoints::of(access).await.map_err(ConnectError::Outage)?;
    let callback = connect::redirect_uri(oauth, service);
    let grant = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", callback.as_str()),
        ("code_verifier", pending.verifier.as_str()),
    ];
    let answer = upstream::request_tokens(access.credentials(), &endpoints.token(), &grant).await?;
    let mut tokens = UpstreamTokens::read(&answer)?;
    // A service that names no scopes has granted those that were asked for (RFC 6749 §5.1).
    tokens.scope = tokens.scope.or_else(|| pending.scope.clone());
    let named = match &access.endpoints {
        ServiceEndpoints::Declared { .. } => None,
        ServiceEndpoints::Discovered(issuer) => {
            let id_token = answer.text("id_token").ok_or(LoginError::InvalidResponse("no ID token"))?;
            let nonce = Some(pending.nonce.as_str());
            let trust = EmailTrust::VerifiedOnly;
            let profile = UserProfile::of_id_token(id_token, issuer, &access.client.id, nonce, trust, oauth.now)?;
            profile.account_name().and_then(account_name)
        }
    };
    let account = match named {
        Some(name) => Some(name),
        // The account is connected, with a name or without one.
        None => connect::account_of(oauth, service, &tokens.access_token).await.ok().flatten(),
    };
    let (binding, keys) = (service.binding(&pending.subject), oauth.secrets.keys().storage());
    let tokens = tokens.encrypted(&binding, keys, &oauth.entropy, oauth.now);
    let tokens = tokens.ok_or(LoginError::InvalidResponse("a token that is too long"))?;
    Ok(ConnectedUpstream { upstream: service.name.clone(), tokens, account })
}
