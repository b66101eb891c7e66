//! The token endpoint (RFC 6749 §3.2): the answer of [`TokenEndpoint`] as HTTP.

use std::borrow::Cow;

use crate::app::notes;
use crate::app::notes::Note;
use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::oauth::answers::token_refused;
use crate::oauth::answers::unread;
use crate::oauth::assertion_issuers::ConfiguredIssuers;
use crate::oauth::clients::lookup;
use crate::oauth::clients::lookup::KnownClients;
use crate::oauth::context::OAuthContext;
use crate::oauth::token_request::TokenRequest;
use crate::platform::egress::SHARED_EGRESS;
use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::random::Random as _;
use mcp_connector_oauth::grants::refresh::rotation::Retry;
use mcp_connector_oauth::token::endpoint::TokenEndpoint;
use mcp_connector_oauth::web::form::MAX_FORM;
use mcp_connector_oauth::web::network::Network;

/// Answers a POST.
pub(crate) async fn answer(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Answer {
    let body = match incoming.body(u32::try_from(MAX_FORM).unwrap_or(u32::MAX)).await {
        Ok(body) => body,
        Err(error) => return unread(error),
    };
    let mut grant = [0; 8];
    oauth.entropy.fill(&mut grant);
    let request = TokenRequest { grant: GrantId::from_bytes(grant), body };
    notes::leave(incoming, &Note::Token(Cow::Borrowed(&request)));
    carry_out(oauth, incoming, &request).await
}

/// Carries out what was posted, for the first time or again.
pub(crate) async fn carry_out(oauth: &OAuthContext<'_>, incoming: &Incoming, request: &TokenRequest) -> Answer {
    let known = KnownClients::new(oauth, incoming.network());
    let signing = oauth.secrets.signing(oauth.now);
    let endpoint = TokenEndpoint {
        issuer: &oauth.site.issuer,
        audiences: oauth.app.audiences(oauth.site),
        clients: &known,
        issuers: &ConfiguredIssuers { oauth },
        grants: &oauth.grants(),
        keys: oauth.secrets.keys(),
        signing: &signing,
        policy: oauth.secrets.policy(),
        roles: oauth.secrets.roles(),
        from: Network::of(incoming.header("cf-connecting-ip").as_deref(), &SHARED_EGRESS),
        access_token_lifetime: oauth.configuration().access_token_seconds.into(),
        grant: request.grant,
        random: &oauth.entropy,
        now: oauth.now,
    };
    let (authorization, content_type) = (incoming.header("authorization"), incoming.header("content-type"));
    let answer = endpoint.answer(authorization.as_deref(), content_type.as_deref(), &request.body).await;
    if let Some(client) = known.found() {
        incoming.request_log().client(&client);
    }
    match answer {
        Ok(issued) => {
            if let Some(agreed) = issued.use_to_record {
                let used = if agreed.is_asserted() {
                    lookup::asserted(oauth, issued.client)
                } else {
                    lookup::refreshed(oauth, agreed)
                };
                lookup::note_use(oauth, used);
            }
            match issued.retry {
                Some(Retry::Late) => incoming.request_log().reason("a refresh token was used again after a while"),
                Some(Retry::LateFromElsewhere) => {
                    incoming
                        .request_log()
                        .reason("a refresh token was used again after a while and from another network");
                }
                Some(Retry::First | Retry::Soon) | None => {}
            }
            Answer::json(200, &issued.response).header("cache-control", "no-store").header("pragma", "no-cache")
        }
        Err(error) => {
            incoming.request_log().reason(error.reason());
            token_refused(error)
        }
    }
}
