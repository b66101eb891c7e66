//! Dynamic client registration (RFC 7591). It writes nothing: the identifier that a client gets is its registration. What is
//! left to guard is computing time, by a limit for each address.

use worker::Env;
use worker::wasm_bindgen::JsValue;

use crate::mcp::is_json;
use crate::oauth::client_id::register;
use crate::oauth::registration::{MAX_REGISTRATION, Registration};
use crate::oauth::throttle::Visitor;
use crate::worker::answer::Answer;
use crate::worker::incoming::Incoming;
use crate::worker::js;

use super::{Desk, refused, unread};

/// A limit of Cloudflare's for each address; a Worker without the binding has none.
const LIMIT: &str = "REGISTER_LIMIT";
/// The period of that limit, in seconds.
const PERIOD: &str = "60";

/// Answers a POST.
pub(super) async fn answer(desk: &Desk<'_>, incoming: &Incoming) -> Answer {
    if is_over_limit(desk.env, incoming).await {
        let description = "too many registrations from this address, try again in a minute";
        return refused(429, "temporarily_unavailable", description).header("retry-after", PERIOD);
    }
    if !incoming.header("content-type").is_some_and(|content_type| is_json(&content_type)) {
        return refused(400, "invalid_client_metadata", "send the registration as Content-Type: application/json");
    }
    let body = match incoming.body(u32::try_from(MAX_REGISTRATION).unwrap_or(u32::MAX)).await {
        Ok(body) => body,
        Err(error) => return unread(error),
    };
    let registered = Registration::parse(&body, &desk.configuration().redirect_policy)
        .and_then(|registration| register(registration, desk.now, &desk.entropy, desk.authority.keys().client_id()));
    match registered {
        Ok(response) => Answer::json(201, &response).header("cache-control", "no-store"),
        Err(error) => refused(400, error.code(), &error.to_string()),
    }
}

/// A limit that is out of order limits nobody.
async fn is_over_limit(env: &Env, incoming: &Incoming) -> bool {
    let visitor = Visitor::from_address(incoming.header("cf-connecting-ip").as_deref());
    let Ok(key) = serde_json::to_string(&visitor) else { return false };
    let asked = async {
        let question = js::object(&[("key", &key.into())])?;
        js::get(&js::call_async(&js::get(env, LIMIT)?, "limit", &[&question]).await?, "success")
    };
    asked.await.is_ok_and(|success: JsValue| success == false)
}
