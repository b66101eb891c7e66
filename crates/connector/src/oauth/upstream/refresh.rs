//! Refreshes the token of an upstream account (RFC 6749 §6), for the object that stores it.

use std::time::Duration;

use worker::{Env, console_error};

use mcp_connector_base::outage::Outage;
use mcp_connector_oauth::login::provider::error::LoginError;
use mcp_connector_oauth::upstream::commands::GetUpstreamToken;
use mcp_connector_oauth::upstream::connection::{Refresh, TokenSet};
use mcp_connector_oauth::upstream::store::UpstreamRefreshOutcome;
use mcp_connector_oauth::upstream::tokens::UpstreamTokens;
use mcp_connector_protocol::Unavailable;

use crate::app::state::app;
use crate::oauth::identity::upstream;
use crate::oauth::identity::upstream::UpstreamError;
use crate::oauth::upstream::endpoints::Endpoints;
use crate::oauth::upstream::revocation;
use crate::oauth::upstream::services::Access;
use crate::pages::account::notice::RevokedThere;
use crate::platform::clock::{Entropy, now};
use crate::platform::timer::timeout;

/// How long the service may take for its metadata and an answer. A call waits meanwhile.
pub(crate) const REFRESH_LIMIT: Duration = Duration::from_secs(8);

/// Exchanges the refresh token of `tokens`. An outage of the service is no outage of ours: the log says so, and the refresh token is
/// sent again the next time.
pub(crate) async fn refresh(env: &Env, command: &GetUpstreamToken, tokens: &TokenSet) -> UpstreamRefreshOutcome {
    let refreshed = timeout(REFRESH_LIMIT, exchange(env, command, tokens)).await;
    match refreshed.unwrap_or(Err(Outage::Remote.into())) {
        Ok(Some(next)) => UpstreamRefreshOutcome::Refreshed(next),
        // It cannot be read any more: the master key or the client of the service has changed.
        Ok(None) => UpstreamRefreshOutcome::Refused,
        Err(UpstreamError::Login(LoginError::TokenEndpoint(error))) if error.ends_refresh_token() => {
            UpstreamRefreshOutcome::Refused
        }
        Err(error) => {
            let reason = match error {
                UpstreamError::Login(error) => error.to_string(),
                UpstreamError::Outage(outage) => outage.to_string(),
            };
            console_error!("upstream: a token of {} was not refreshed: {reason}", command.upstream);
            UpstreamRefreshOutcome::Unknown
        }
    }
}

/// Returns the next tokens; none if there is no refresh token that can be used.
async fn exchange(env: &Env, command: &GetUpstreamToken, tokens: &TokenSet) -> Result<Option<TokenSet>, UpstreamError> {
    let app = app(env).map_err(|_| UpstreamError::Outage(Outage::Storage))?;
    let service = app.upstreams.find(command.upstream.as_str());
    let Some((service, Ok(Access::OAuth(access)))) = service.map(|service| (service, &service.access)) else {
        // Nothing is known of the token: a setting may be missing for a while.
        return Err(Outage::Storage.into());
    };
    let secrets = app.secrets(env).await.map_err(storage)?;
    let (binding, keys) = (service.binding(&command.subject), secrets.keys().storage());
    let Refresh::Token(token) = &tokens.refresh else { return Ok(None) };
    let Some(token) = token.decrypt(&binding, keys) else { return Ok(None) };
    let endpoints = Endpoints::of(access).await?;
    let grant = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    let answer = upstream::request_tokens(access.credentials(), &endpoints.token(), &grant).await?;
    let entropy = Entropy::new().map_err(storage)?;
    let next = UpstreamTokens::read(&answer)?.encrypted(&binding, keys, &entropy, now());
    next.map(Some).ok_or(UpstreamError::Login(LoginError::InvalidResponse("a token that is too long")))
}

/// Revokes tokens that have come after the person had disconnected the account.
pub(crate) async fn revoke(env: &Env, command: &GetUpstreamToken, tokens: &TokenSet) {
    let revoked = timeout(REFRESH_LIMIT, async {
        let app = app(env).ok()?;
        let service = app.upstreams.find(command.upstream.as_str())?;
        let secrets = app.secrets(env).await.ok()?;
        Some(revocation::revoke(service, &command.subject, tokens, &secrets).await)
    });
    if revoked.await.flatten() != Some(RevokedThere::Yes) {
        console_error!(
            "upstream: a token of {} arrived after the account was disconnected, and was not revoked at the service",
            command.upstream
        );
    }
}

const fn storage(_: Unavailable) -> UpstreamError {
    UpstreamError::Outage(Outage::Storage)
}
