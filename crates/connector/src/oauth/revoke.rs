//! The revocation endpoint (RFC 7009): the answer of [`RevocationEndpoint`] as HTTP.

use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::oauth::access::verified_tokens;
use crate::oauth::answers::token_refused;
use crate::oauth::answers::unread;
use crate::oauth::clients::lookup::KnownClients;
use crate::oauth::context::OAuthContext;
use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::random::Random as _;
use mcp_connector_oauth::token::revocation::RevocationEndpoint;
use mcp_connector_oauth::web::form::MAX_FORM;

/// Answers a POST.
pub(crate) async fn answer(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Answer {
    let body = match incoming.body(u32::try_from(MAX_FORM).unwrap_or(u32::MAX)).await {
        Ok(body) => body,
        Err(error) => return unread(error),
    };
    let signing = oauth.secrets.signing(oauth.now);
    let clients = KnownClients::new(oauth, incoming.network());
    let mut request = [0; 8];
    oauth.entropy.fill(&mut request);
    let endpoint = RevocationEndpoint {
        issuer: &oauth.site.issuer,
        clients: &clients,
        grants: &oauth.grants(),
        keys: oauth.secrets.keys(),
        signing: &signing,
        request: GrantId::from_bytes(request),
        now: oauth.now,
    };
    let (authorization, content_type) = (incoming.header("authorization"), incoming.header("content-type"));
    let answer = endpoint.answer(authorization.as_deref(), content_type.as_deref(), &body).await;
    if let Some(client) = clients.found() {
        incoming.request_log().client(&client);
    }
    match answer {
        Ok(ended) => {
            verified_tokens::forget(&ended, oauth.now);
            Answer::empty(200).header("cache-control", "no-store")
        }
        Err(error) => {
            incoming.request_log().reason(error.reason());
            token_refused(error)
        }
    }
}
