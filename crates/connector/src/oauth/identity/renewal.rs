//! Renews what an identity provider says about a person, by the refresh token that it has given (RFC 6749 §6, OpenID Connect Core
//! §12). The object of the person's grants asks for it, one renewal at a time: providers that rotate refresh tokens take a second use
//! for a theft.

use std::cell::Cell;
use std::time::Duration;

use worker::{Env, console_error};

use mcp_connector_base::outage::Outage;
use mcp_connector_oauth::crypto::at_rest::EncryptedSecret;
use mcp_connector_oauth::grants::identity::renewal::{DueRenewal, RenewalOutcome, RenewedPerson, TokenRefreshOutcome};
use mcp_connector_oauth::grants::identity::stored_identity::StoredIdentity;
use mcp_connector_oauth::login::provider::error::LoginError;
use mcp_connector_oauth::login::provider::metadata::ProviderMetadata;
use mcp_connector_oauth::login::provider::response::ProviderResponse;
use mcp_connector_oauth::upstream::connection::TokenSet;
use mcp_connector_oauth::upstream::name::UpstreamName;
use mcp_connector_oauth::upstream::tokens::UpstreamTokens;
use mcp_connector_protocol::Unavailable;

use crate::app::state::app;
use crate::oauth::identity::settings::Provider;
use crate::oauth::identity::upstream;
use crate::oauth::identity::upstream::{TokenEndpoint, UpstreamError};
use crate::platform::clock::{Entropy, now};
use crate::platform::timer::timeout;

/// How long the provider may take for its metadata and an exchange. A client waits meanwhile, and the object that asks has to answer
/// in four seconds.
const EXCHANGE_LIMIT: Duration = Duration::from_secs(2);
/// How long it may then take to say who the person is.
const PROFILE_LIMIT: Duration = Duration::from_millis(1500);

/// What a provider has given in an exchange, with which it is asked about the person.
pub(crate) struct ProviderTokens {
    response: ProviderResponse,
    /// None of GitHub.
    metadata: Option<ProviderMetadata>,
    /// The same, encrypted, for the upstream account that shares them.
    upstream: Option<(UpstreamName, TokenSet)>,
}

impl ProviderTokens {
    /// Returns what an upstream account gets that shares the refresh token.
    pub(crate) fn upstream(&self) -> Option<(UpstreamName, TokenSet)> {
        self.upstream.clone()
    }
}

/// Exchanges the refresh token of a provider. An outage of the provider is no outage of ours: the log says so, and what is stored
/// stays valid.
pub(crate) async fn refresh_tokens(env: &Env, due: &DueRenewal) -> (TokenRefreshOutcome, Option<ProviderTokens>) {
    let is_sent = Cell::new(false);
    let asked = timeout(EXCHANGE_LIMIT, redeem(env, due, &is_sent)).await;
    let error = match asked.unwrap_or(Err(Outage::Remote.into())) {
        Ok(Some((next, tokens))) => return (TokenRefreshOutcome::Redeemed(next), Some(tokens)),
        Ok(None) => return (TokenRefreshOutcome::Unused, None),
        Err(error) => error,
    };
    let outcome = match &error {
        UpstreamError::Login(LoginError::TokenEndpoint(error)) if error.ends_refresh_token() => {
            return (TokenRefreshOutcome::Refused, None);
        }
        UpstreamError::Login(LoginError::TokenEndpoint(_)) => TokenRefreshOutcome::Unused,
        UpstreamError::Login(_) | UpstreamError::Outage(_) if is_sent.get() => TokenRefreshOutcome::Lost,
        UpstreamError::Login(_) | UpstreamError::Outage(_) => TokenRefreshOutcome::Unused,
    };
    log(&error);
    (outcome, None)
}

/// Asks the provider about the person, after an exchange.
pub(crate) async fn ask(env: &Env, due: &DueRenewal, tokens: &ProviderTokens) -> RenewalOutcome {
    let asked = timeout(PROFILE_LIMIT, person(env, due, tokens)).await;
    match asked.unwrap_or(Err(Outage::Remote.into())) {
        Ok(outcome) => outcome,
        Err(UpstreamError::Login(LoginError::NotAllowed(_))) => RenewalOutcome::NotAllowed,
        Err(error) => {
            log(&error);
            RenewalOutcome::Unknown
        }
    }
}

fn log(error: &UpstreamError) {
    let text = match error {
        UpstreamError::Login(error) => error.to_string(),
        UpstreamError::Outage(outage) => outage.to_string(),
    };
    console_error!("identity: what is known of a person was not renewed: {text}");
}

/// Returns the next refresh token, encrypted, and what the provider has given with it; none if there is nothing to exchange. Says in
/// `is_sent` that the token is on its way.
async fn redeem(
    env: &Env,
    due: &DueRenewal,
    is_sent: &Cell<bool>,
) -> Result<Option<(Option<EncryptedSecret>, ProviderTokens)>, UpstreamError> {
    let app = app(env).map_err(|_| UpstreamError::Outage(Outage::Storage))?;
    let secrets = app.secrets(env).await.map_err(storage)?;
    let Some(provider) = &app.configuration.provider else { return Ok(None) };
    let (binding, keys) = (provider.binding(&due.subject), secrets.keys().storage());
    // The token of another client, or encrypted with a key that is gone, is of no use here.
    let token = due.identity.refresh_token.as_ref().and_then(|token| token.decrypt(&binding, keys));
    let Some(token) = token else { return Ok(None) };
    let (client, metadata, endpoint) = match provider {
        Provider::OpenId(client, _) => {
            let metadata = upstream::metadata(&client.issuer).await?;
            let endpoint = TokenEndpoint::of(&metadata);
            (client, Some(metadata), endpoint)
        }
        Provider::GitHub(client, _) => (client, None, upstream::github_tokens(client)),
        Provider::Access { .. } => return Ok(None),
    };
    let entropy = Entropy::new().map_err(storage)?;
    let grant = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    is_sent.set(true);
    let response = upstream::request_tokens(client.credentials(), &endpoint, &grant).await?;
    let next = upstream::refresh_token(&response);
    let next = next.and_then(|next| EncryptedSecret::new(next.as_str(), &binding, keys, &entropy));
    let upstream = app.upstreams.of_identity().and_then(|(service, _)| {
        let tokens = UpstreamTokens::read(&response).ok()?;
        let tokens = tokens.encrypted(&service.binding(&due.subject), keys, &entropy, now())?;
        Some((service.name.clone(), tokens))
    });
    Ok(Some((next, ProviderTokens { response, metadata, upstream })))
}

async fn person(env: &Env, due: &DueRenewal, tokens: &ProviderTokens) -> Result<RenewalOutcome, UpstreamError> {
    let app = app(env).map_err(|_| UpstreamError::Outage(Outage::Storage))?;
    let secrets = app.secrets(env).await.map_err(storage)?;
    let Some(provider) = &app.configuration.provider else { return Ok(RenewalOutcome::Unknown) };
    let (claims, answer) = (&app.configuration.identity_claims, &tokens.response);
    let (profile, allowed) = match (provider, &tokens.metadata) {
        (Provider::OpenId(client, allowed), Some(metadata)) => {
            (upstream::openid_profile(client, claims, metadata, answer, None, now()).await?, allowed)
        }
        (Provider::GitHub(client, allowed), _) => (upstream::github_profile(client, answer).await?, allowed),
        (Provider::OpenId(..) | Provider::Access { .. }, _) => return Ok(RenewalOutcome::Unknown),
    };
    let person = profile.admitted(allowed, claims)?;
    if person.subject != due.subject {
        return Err(LoginError::InvalidResponse("another person").into());
    }
    let Some(identity) = &person.identity else { return Ok(RenewalOutcome::Unknown) };
    let (binding, keys) = (provider.binding(&due.subject), secrets.keys().storage());
    let entropy = Entropy::new().map_err(storage)?;
    Ok(RenewalOutcome::Renewed(Box::new(RenewedPerson {
        identity: StoredIdentity::new(identity, claims.version(), &binding, keys, &entropy, now()),
        display_name: person.truncated_name(),
        admission: person.admission,
    })))
}

const fn storage(_: Unavailable) -> UpstreamError {
    UpstreamError::Outage(Outage::Storage)
}
