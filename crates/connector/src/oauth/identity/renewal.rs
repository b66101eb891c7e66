//! Renews what an identity provider says about a person, by the refresh token that it has given (RFC 6749 §6, OpenID Connect Core
//! §12). The object of the person's grants asks for it, one renewal at a time: providers that rotate refresh tokens take a second use
//! for a theft.

use std::time::Duration;

use worker::{Env, console_error};

use mcp_connector_base::outage::Outage;
use mcp_connector_oauth::external_issuer::identity_claims::IdentityClaims;
use mcp_connector_oauth::grants::identity::renewal::{DueRenewal, RenewalOutcome, RenewedPerson};
use mcp_connector_oauth::grants::identity::stored_identity::StoredIdentity;
use mcp_connector_oauth::login::person::Person;
use mcp_connector_oauth::login::provider::error::LoginError;
use mcp_connector_protocol::Unavailable;

use crate::app::state::app;
use crate::oauth::identity::settings::Provider;
use crate::oauth::identity::upstream;
use crate::oauth::identity::upstream::{TokenEndpoint, UpstreamError};
use crate::platform::clock::{Entropy, now};
use crate::platform::timer::timeout;

/// How long the provider may take. A client waits meanwhile, and the object that asks has to answer in four seconds.
const TIME_LIMIT: Duration = Duration::from_secs(3);

/// Asks the provider. An outage of the provider is no outage of ours: the log says so, and what is stored stays valid.
pub(crate) async fn renew(env: &Env, due: &DueRenewal) -> RenewalOutcome {
    match ask(env, due).await {
        Ok(outcome) => outcome,
        Err(UpstreamError::Login(LoginError::NotAllowed(_))) => RenewalOutcome::NotAllowed,
        Err(UpstreamError::Login(LoginError::TokenEndpoint(error))) if error.ends_refresh_token() => {
            RenewalOutcome::Ended
        }
        Err(UpstreamError::Login(error)) => {
            console_error!("identity: what is known of a person was not renewed: {error}");
            RenewalOutcome::Unknown
        }
        Err(UpstreamError::Outage(outage)) => {
            console_error!("identity: what is known of a person was not renewed: {outage}");
            RenewalOutcome::Unknown
        }
    }
}

async fn ask(env: &Env, due: &DueRenewal) -> Result<RenewalOutcome, UpstreamError> {
    let storage = |Unavailable| UpstreamError::Outage(Outage::Storage);
    let app = app(env).map_err(|_| UpstreamError::Outage(Outage::Storage))?;
    let secrets = app.secrets(env).await.map_err(storage)?;
    let Some(provider) = &app.configuration.provider else { return Ok(RenewalOutcome::Unknown) };
    let (binding, keys) = (provider.binding(&due.subject), secrets.keys().storage());
    // The token of another client, or encrypted with a key that is gone, is of no use here.
    let token = due.identity.refresh_token.as_ref().and_then(|token| token.decrypt(&binding, keys));
    let Some(token) = token else { return Ok(RenewalOutcome::Unknown) };
    let asked = person(provider, &token, &app.configuration.identity_claims);
    let person = timeout(TIME_LIMIT, asked).await.unwrap_or(Err(Outage::Remote.into()))?;
    if person.subject != due.subject {
        return Err(LoginError::InvalidResponse("another person").into());
    }
    let Some(identity) = &person.identity else { return Ok(RenewalOutcome::Unknown) };
    let entropy = Entropy::new().map_err(storage)?;
    Ok(RenewalOutcome::Renewed(Box::new(RenewedPerson {
        identity: StoredIdentity::new(identity, &binding, keys, &entropy, now()),
        display_name: person.truncated_name(),
        admission: person.admission,
    })))
}

/// Returns what the provider says about the person of a refresh token, and its next refresh token.
async fn person(provider: &Provider, token: &str, claims: &IdentityClaims) -> Result<Person, UpstreamError> {
    let grant = [("grant_type", "refresh_token"), ("refresh_token", token)];
    let (profile, allowed, tokens) = match provider {
        Provider::OpenId(client, allowed) => {
            let metadata = upstream::metadata(&client.issuer).await?;
            let tokens = upstream::request_tokens(client, &TokenEndpoint::of(&metadata), &grant).await?;
            (upstream::openid_profile(client, claims, &metadata, &tokens, None, now()).await?, allowed, tokens)
        }
        Provider::GitHub(client, allowed) => {
            let tokens = upstream::request_tokens(client, &upstream::github_tokens(client), &grant).await?;
            (upstream::github_profile(client, &tokens).await?, allowed, tokens)
        }
        Provider::Access { .. } => return Err(LoginError::InvalidResponse("no refresh tokens").into()),
    };
    Ok(profile.admitted(allowed, claims)?.with_refresh_token(upstream::refresh_token(&tokens)))
}
