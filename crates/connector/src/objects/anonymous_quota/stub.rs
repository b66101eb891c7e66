//! `AnonymousQuota`, as the rest of the Worker reaches it.

use std::cell::RefCell;
use std::collections::VecDeque;

use worker::{Env, console_error};

use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::web::request_source::RequestSource;
use mcp_connector_protocol::{SessionError, Unavailable};

use crate::config::bindings::Binding;
use crate::objects::anonymous_quota::commands::{Quota, REMEMBERED_FOR, ReleasePlace, TakePlace};
use crate::objects::stub::ObjectStub;
use crate::platform::clock::now;

/// Maximum number of keys that an isolate remembers to have a place.
const MAX_REMEMBERED: usize = 500;

thread_local! {
    /// Keys of [`Quota::State`] that have a place, with when that was asked; oldest first.
    static TAKEN: RefCell<VecDeque<(String, Timestamp)>> = const { RefCell::new(VecDeque::new()) };
}

/// Takes a place for the session or the task `key` of a client of `network`.
///
/// # Errors
///
/// Fails if there is no place, or if the object does not answer.
pub(crate) async fn take_state(env: &Env, network: &RequestSource, key: &str) -> Result<(), SessionError> {
    let is_known = TAKEN.with_borrow_mut(|taken| {
        taken.retain(|(_, at)| now().seconds_since(*at) < REMEMBERED_FOR);
        taken.iter().any(|(known, _)| known == key)
    });
    if is_known {
        return Ok(());
    }
    take(env, Quota::State, network, key).await?;
    TAKEN.with_borrow_mut(|taken| {
        if taken.len() >= MAX_REMEMBERED {
            taken.pop_front();
        }
        taken.push_back((key.to_owned(), now()));
    });
    Ok(())
}

/// Takes a place for a stream at `/sse` of the session `key`.
///
/// # Errors
///
/// Fails if there is no place, or if the object does not answer.
pub(crate) async fn take_stream(env: &Env, network: &RequestSource, key: &str) -> Result<(), SessionError> {
    take(env, Quota::Stream, network, key).await
}

/// Gives a place back. If that fails, the place expires.
pub(crate) async fn release(env: &Env, key: &str) {
    if let Err(Unavailable) = object(env).ask(&ReleasePlace { key: key.to_owned() }).await {
        console_error!("anonymous quota: a place could not be given back; it stays taken until it expires");
    }
}

async fn take(env: &Env, quota: Quota, network: &RequestSource, key: &str) -> Result<(), SessionError> {
    let command = TakePlace { quota, key: key.to_owned(), network: network.as_str().to_owned() };
    if object(env).ask(&command).await? { Ok(()) } else { Err(SessionError::TooMany) }
}

/// The one object.
fn object(env: &Env) -> ObjectStub<'_> {
    ObjectStub::new(env, Binding::AnonymousQuota, "all")
}
