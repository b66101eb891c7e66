//! The token endpoint (RFC 6749 §3.2): the answer of [`TokenEndpoint`] as HTTP.

use crate::oauth::form::MAX_FORM;
use crate::oauth::grants::Retry;
use crate::oauth::token::TokenEndpoint;
use crate::worker::answer::Answer;
use crate::worker::incoming::Incoming;

use super::clients::{self, KnownClients};
use super::{Desk, token_refused, unread};

/// Answers a POST.
pub(super) async fn answer(desk: &Desk<'_>, incoming: &Incoming) -> Answer {
    let body = match incoming.body(u32::try_from(MAX_FORM).unwrap_or(u32::MAX)).await {
        Ok(body) => body,
        Err(error) => return unread(error),
    };
    let known = KnownClients::new(desk);
    let signing = desk.authority.signing(desk.now);
    let endpoint = TokenEndpoint {
        issuer: &desk.site.issuer,
        resources: &desk.site.resources,
        clients: &known,
        grants: &desk.grants(),
        keys: desk.authority.keys(),
        signing: &signing,
        epochs: desk.authority.epochs(),
        access_token_lifetime: desk.configuration().access_token_seconds.into(),
        random: &desk.entropy,
        now: desk.now,
    };
    let (authorization, content_type) = (incoming.header("authorization"), incoming.header("content-type"));
    let answer = endpoint.answer(authorization.as_deref(), content_type.as_deref(), &body).await;
    if let Some(client) = known.found() {
        incoming.visit().client(&client);
    }
    match answer {
        Ok(issued) => {
            if let Some(agreed) = issued.to_note {
                clients::note_use(desk, clients::refreshed(desk, agreed));
            }
            if issued.retry == Some(Retry::Late) {
                incoming.visit().reason("a refresh token was used again after a while");
            }
            Answer::json(200, &issued.response).header("cache-control", "no-store").header("pragma", "no-cache")
        }
        Err(error) => {
            incoming.visit().reason(error.reason());
            token_refused(error)
        }
    }
}
