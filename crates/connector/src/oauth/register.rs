//! Dynamic client registration (RFC 7591). It writes nothing, because the identifier that a client gets is its
//! registration. A limit for each network protects computing time.

use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::http::limit::{Limit, RETRY_AFTER};
use crate::oauth::answers::unread;
use crate::oauth::context::OAuthContext;
use mcp_connector_oauth::clients::client_id::register;
use mcp_connector_oauth::clients::registration::{ClientMetadata, MAX_REGISTRATION};
use mcp_connector_oauth::web::request_source::RequestSource;
use mcp_connector_protocol::is_json;

/// Answers a POST.
pub(crate) async fn answer(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Answer {
    let source = RequestSource::of_subnet(incoming.header("cf-connecting-ip").as_deref());
    if Limit::REGISTRATIONS.is_over(oauth.env, source.as_str()).await {
        let description = "too many registrations from this address, try again in a minute";
        return Answer::error(429, "temporarily_unavailable", description).header("retry-after", RETRY_AFTER);
    }
    if !incoming.header("content-type").is_some_and(|content_type| is_json(&content_type)) {
        return Answer::error(
            400,
            "invalid_client_metadata",
            "send the registration as Content-Type: application/json",
        );
    }
    let body = match incoming.body(u32::try_from(MAX_REGISTRATION).unwrap_or(u32::MAX)).await {
        Ok(body) => body,
        Err(error) => return unread(error),
    };
    let key = oauth.secrets.keys().client_id();
    let registered = ClientMetadata::parse(&body, &oauth.configuration().redirect_policy)
        .and_then(|registration| register(registration, oauth.now, &oauth.entropy, key, &oauth.app.all_scopes));
    match registered {
        Ok(response) => Answer::json(201, &response).header("cache-control", "no-store"),
        Err(error) => Answer::error(400, error.code(), &error.to_string()),
    }
}
