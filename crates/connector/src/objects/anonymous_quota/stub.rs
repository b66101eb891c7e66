//! `AnonymousQuota`, as the rest of the Worker reaches it.

use std::cell::RefCell;
use std::collections::VecDeque;

use worker::{Env, console_error};

use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::web::request_source::RequestSource;
use mcp_connector_protocol::{SessionError, Unavailable};

use crate::config::bindings::Binding;
use crate::objects::anonymous_quota::commands::{FindPlaces, Quota, REMEMBERED_FOR, ReleasePlace, TakePlace};
use crate::objects::stub::ObjectStub;
use crate::platform::clock::now;

/// Maximum number of places that an isolate remembers.
const MAX_REMEMBERED: usize = 500;

thread_local! {
    /// Places that are taken, oldest first.
    static PLACES: RefCell<VecDeque<Place>> = const { RefCell::new(VecDeque::new()) };
}

/// A place that is taken.
struct Place {
    quota: Quota,
    key: String,
    until: Timestamp,
}

impl Place {
    fn is_of(&self, quota: Quota, key: &str) -> bool {
        self.quota == quota && self.key == key
    }
}

/// Takes a place for the session or the task `key` of a client of `network`.
///
/// # Errors
///
/// Fails if there is no place, or if the object does not answer.
pub(crate) async fn take_state(env: &Env, network: &RequestSource, key: &str) -> Result<(), SessionError> {
    let left = remembered(Quota::State, key).map(|until| until.seconds_since(now()));
    if left.is_some_and(|left| left + REMEMBERED_FOR > Quota::State.lifetime()) {
        return Ok(());
    }
    take(env, Quota::State, network, key).await
}

/// Takes a place for a stream at `/sse` of the session `key`.
///
/// # Errors
///
/// Fails if there is no place, or if the object does not answer.
pub(crate) async fn take_stream(env: &Env, network: &RequestSource, key: &str) -> Result<(), SessionError> {
    take(env, Quota::Stream, network, key).await
}

/// Gives the place of a stream at `/sse` back. If that fails, the place expires.
pub(crate) async fn release_stream(env: &Env, key: &str) {
    PLACES.with_borrow_mut(|places| places.retain(|place| !place.is_of(Quota::Stream, key)));
    if let Err(Unavailable) = object(env).ask(&ReleasePlace { quota: Quota::Stream, key: key.to_owned() }).await {
        console_error!("anonymous quota: a place could not be given back; it stays taken until it expires");
    }
}

/// Returns which of these keys have a place. A key without one names nothing that belongs to a client without a token, so that its
/// object need not be asked: anybody can invent a key.
///
/// # Errors
///
/// Fails if the object does not answer.
pub(crate) async fn held<'a>(env: &Env, quota: Quota, keys: &[&'a str]) -> Result<Vec<&'a str>, Unavailable> {
    let (mut held, unknown): (Vec<&str>, Vec<&str>) =
        keys.iter().copied().partition(|key| remembered(quota, key).is_some());
    if unknown.is_empty() {
        return Ok(held);
    }
    let asked = FindPlaces { quota, keys: unknown.iter().copied().map(str::to_owned).collect() };
    let found = object(env).ask(&asked).await?;
    for (key, until) in unknown.into_iter().zip(found) {
        if let Some(until) = until {
            remember(quota, key, until);
            held.push(key);
        }
    }
    Ok(held)
}

async fn take(env: &Env, quota: Quota, network: &RequestSource, key: &str) -> Result<(), SessionError> {
    let command = TakePlace { quota, key: key.to_owned(), network: network.as_str().to_owned() };
    if !object(env).ask(&command).await? {
        return Err(SessionError::TooMany);
    }
    remember(quota, key, now().plus(quota.lifetime()));
    Ok(())
}

/// Returns until when a key has a place, if this isolate knows that it has one.
fn remembered(quota: Quota, key: &str) -> Option<Timestamp> {
    let now = now();
    PLACES.with_borrow(|places| {
        let place = places.iter().find(|place| place.is_of(quota, key));
        place.map(|place| place.until).filter(|until| *until > now)
    })
}

fn remember(quota: Quota, key: &str, until: Timestamp) {
    let now = now();
    PLACES.with_borrow_mut(|places| {
        places.retain(|place| place.until > now && !place.is_of(quota, key));
        if places.len() >= MAX_REMEMBERED {
            places.pop_front();
        }
        places.push_back(Place { quota, key: key.to_owned(), until });
    });
}

/// The one object.
fn object(env: &Env) -> ObjectStub<'_> {
    ObjectStub::new(env, Binding::AnonymousQuota, "all")
}
