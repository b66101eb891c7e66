//! Revokes the tokens of an upstream account at its service (RFC 7009), when the connection has ended here.

use std::time::Duration;

use futures::future::join_all;
use worker::{Env, console_error};

use mcp_connector_base::identifier::Subject;
use mcp_connector_oauth::upstream::connection::{Refresh, TokenSet, UpstreamConnection};
use mcp_connector_oauth::upstream::name::UpstreamName;
use mcp_connector_protocol::Unavailable;

use crate::app::state::app;

use crate::oauth::identity::upstream::revoke_token;
use crate::oauth::secrets::Secrets;
use crate::oauth::upstream::endpoints::Endpoints;
use crate::oauth::upstream::services::{Access, UpstreamService};
use crate::pages::account::notice::RevokedThere;
use crate::platform::timer::timeout;

/// How long the services may take to revoke tokens, all together.
const REVOCATION_LIMIT: Duration = Duration::from_secs(10);

/// Revokes the tokens of accounts that have ended together. What a service does not take is deleted here all the same.
pub(crate) async fn revoke_all(env: Env, subject: Subject, ended: Vec<(UpstreamName, UpstreamConnection)>) {
    let revoked = timeout(REVOCATION_LIMIT, async {
        let app = app(&env).map_err(|_| Unavailable)?;
        let secrets = app.secrets(&env).await?;
        let revocations = ended.iter().filter_map(|(name, connection)| {
            let (service, tokens) = (app.upstreams.find(name.as_str())?, connection.tokens.as_ref().ok()?);
            Some(revoke(service, &subject, tokens, &secrets))
        });
        join_all(revocations).await;
        Ok::<(), Unavailable>(())
    });
    if !matches!(revoked.await, Some(Ok(()))) {
        console_error!(
            "upstream: the accounts of a person have ended here, and not all tokens were revoked at the services"
        );
    }
}

/// Revokes the tokens of a person at a service, if it has an endpoint for that. The refresh token ends what came of it.
pub(crate) async fn revoke(
    service: &UpstreamService,
    subject: &Subject,
    tokens: &TokenSet,
    secrets: &Secrets,
) -> RevokedThere {
    let Ok(Access::OAuth(access)) = &service.access else { return RevokedThere::No };
    let (token, hint) = match &tokens.refresh {
        Refresh::Token(token) => (token, "refresh_token"),
        Refresh::None => (&tokens.access_token, "access_token"),
        // It would end the sign-in here, too.
        Refresh::Identity => return RevokedThere::No,
    };
    let token = token.decrypt(&service.binding(subject), secrets.keys().storage());
    let endpoint = Endpoints::of(access).await.ok().and_then(|endpoints| endpoints.revocation());
    // It has no such endpoint, or does not say where it is.
    let Some(endpoint) = endpoint else { return RevokedThere::No };
    if let Some(token) = token
        && revoke_token(access.credentials(), &endpoint, &token, hint).await
    {
        return RevokedThere::Yes;
    }
    console_error!("upstream: {} has not revoked the token of an account that has ended here", service.name.as_str());
    RevokedThere::No
}
