//! The tokens that this isolate has verified, and what it knows of their grants.

use std::cell::RefCell;
use std::sync::Arc;

use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::resource::access_token::VerifiedToken;
use mcp_connector_oauth::resource::bearer::BearerToken;
use mcp_connector_oauth::resource::protected_resource::Resource;
use mcp_connector_oauth::resource::verified_tokens::{GrantCheck, GrantState, VerifiedTokens};
use mcp_connector_protocol::Unavailable;

use crate::mcp::resource_guard::NotVerified;

thread_local! {
    /// The first token makes it, because only a request has randomness.
    static VERIFIED: RefCell<Option<VerifiedTokens>> = const { RefCell::new(None) };
}

/// Returns the caller of a token that was verified here before.
pub(crate) fn caller(token: &BearerToken, resource: &Resource, now: Timestamp) -> Option<Arc<Caller>> {
    known(|verified| verified.caller(token, resource, now))
}

/// Returns whether a token was verified here for another resource only.
pub(crate) fn is_of_another(token: &BearerToken, resource: &Resource, now: Timestamp) -> bool {
    known(|verified| Some(verified.is_of_another(token, resource, now))).unwrap_or_default()
}

/// Remembers a token that was verified.
pub(crate) fn remember(token: &BearerToken, resource: &Resource, verified: &VerifiedToken) -> Arc<Caller> {
    let caller = Arc::new(verified.caller().clone());
    change(|memory| memory.remember(token, resource, verified.expires(), Arc::clone(&caller)));
    caller
}

/// Returns when a token expires that this isolate has just verified.
pub(crate) fn expiry(token: &BearerToken, resource: &Resource) -> Option<Timestamp> {
    known(|verified| verified.expires(token, resource))
}

/// Returns whether a call on a grant may be served, by what this isolate knows.
pub(crate) fn look(grant: GrantId, now: Timestamp) -> GrantCheck {
    VERIFIED.with_borrow_mut(|verified| verified.as_mut().map_or(GrantCheck::Wait, |known| known.check(grant, now)))
}

/// Returns a caller with what the last answer says of the person of their grant.
///
/// # Errors
///
/// Fails where another request has made this isolate forget that answer meanwhile.
pub(crate) fn known_caller(caller: &Caller, grant: GrantId) -> Result<Caller, NotVerified> {
    known(|verified| verified.known_caller(caller, grant)).ok_or(NotVerified::from(Unavailable))
}

/// Remembers the state of a grant.
pub(crate) fn record_answer(grant: GrantId, state: GrantState, asked_at: Timestamp) {
    change(|memory| memory.record_answer(grant, state, asked_at));
}

/// Remembers that grants have ended: their tokens are refused here at once.
pub(crate) fn forget(ended: &[GrantId], now: Timestamp) {
    for grant in ended {
        record_answer(*grant, GrantState::Ended, now);
    }
}

fn known<T>(look: impl FnOnce(&VerifiedTokens) -> Option<T>) -> Option<T> {
    VERIFIED.with_borrow(|verified| verified.as_ref().and_then(look))
}

/// Changes what is remembered. Nothing is, without randomness.
fn change(work: impl FnOnce(&mut VerifiedTokens)) {
    VERIFIED.with_borrow_mut(|verified| {
        if verified.is_none() {
            let mut key = [0; 16];
            *verified = getrandom::fill(&mut key).ok().map(|()| VerifiedTokens::new(key));
        }
        if let Some(memory) = verified {
            work(memory);
        }
    });
}
