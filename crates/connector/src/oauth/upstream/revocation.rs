//! Revokes the tokens of an upstream account at its service (RFC 7009), when the connection has ended here.

use mcp_connector_base::identifier::Subject;
use mcp_connector_oauth::upstream::connection::{Refresh, TokenSet};

use crate::oauth::identity::upstream::revoke_token;
use crate::oauth::secrets::Secrets;
use crate::oauth::upstream::endpoints::Endpoints;
use crate::oauth::upstream::services::{Access, UpstreamService};
use crate::pages::account::notice::RevokedThere;

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
    let (Some(token), Some(endpoint)) = (token, endpoint) else { return RevokedThere::No };
    if revoke_token(access.credentials(), &endpoint, &token, hint).await { RevokedThere::Yes } else { RevokedThere::No }
}
