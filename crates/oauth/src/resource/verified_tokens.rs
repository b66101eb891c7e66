//! The tokens that an isolate has verified, and the state of their grants. So the common call verifies no signature and sends no
//! storage request.
//!
//! The Durable Object of the subject is asked whether a grant is still valid. The age of an answer is counted from its request. It
//! is used for 45 seconds. It is used for 15 more seconds while it is renewed in the background. After that, a call waits for a new
//! one. So a revoked grant is valid for a minute at most.
//!
//! Only verified tokens are remembered, so requests with invented tokens cannot fill the memory. The configuration of an isolate
//! does not change.

use std::sync::Arc;

use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::timestamp::Timestamp;

use crate::resource::access_token::VerifiedToken;
use crate::resource::bearer::BearerToken;
use crate::resource::protected_resource::Resource;
use crate::resource::standing::Standing;

/// Maximum number of tokens, and of grants, that are remembered.
const CAPACITY: usize = 1024;
/// Age up to which an answer is used, in seconds.
const FRESH: u64 = 45;
/// Age from which on an answer is no longer used, in seconds.
const STALE: u64 = 60;
/// Time after which a renewal without an answer is tried again, in seconds.
const RENEW_AGAIN: u64 = 5;

/// Whether a call on a grant may be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantCheck {
    Serve,
    /// The call may be served, and this caller renews the answer in the background. One caller at a time gets this.
    ServeAndRenew,
    /// The call has to wait for an answer.
    Wait,
    /// The grant is not valid.
    Refuse,
}

/// The state of a grant, according to its Durable Object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantState {
    /// The grant is live, and its person may still sign in.
    Active(Standing),
    /// The grant has ended or expired, or its person may no longer sign in.
    Ended,
}

/// The memory of one isolate.
#[derive(Default)]
pub struct VerifiedTokens {
    tokens: Vec<RememberedToken>,
    grants: Vec<RememberedGrant>,
}

struct RememberedToken {
    token: Box<str>,
    resource: Resource,
    caller: Arc<Caller>,
    expires: Timestamp,
}

struct RememberedGrant {
    grant: GrantId,
    /// When the last answer was requested.
    asked_at: Timestamp,
    state: GrantState,
    /// When the answer may be renewed.
    renew_at: Timestamp,
}

impl VerifiedTokens {
    /// Creates an empty memory.
    #[must_use]
    pub const fn new() -> Self {
        Self { tokens: Vec::new(), grants: Vec::new() }
    }

    /// Returns the caller, if this token was verified for this resource and has not expired.
    #[must_use]
    pub fn caller(&self, bearer: &BearerToken, resource: &Resource, now: Timestamp) -> Option<Arc<Caller>> {
        let entry = self.tokens.get(self.place_of(bearer).ok()?)?;
        (entry.resource == *resource && now < entry.expires).then(|| Arc::clone(&entry.caller))
    }

    /// Returns when a token expires, if it was verified for this resource.
    #[must_use]
    pub fn expires(&self, bearer: &BearerToken, resource: &Resource) -> Option<Timestamp> {
        let entry = self.tokens.get(self.place_of(bearer).ok()?)?;
        (entry.resource == *resource).then_some(entry.expires)
    }

    /// Returns whether a token was verified for another resource only. It is not asked about again for this one.
    #[must_use]
    pub fn is_of_another(&self, bearer: &BearerToken, resource: &Resource, now: Timestamp) -> bool {
        let entry = self.place_of(bearer).ok().and_then(|place| self.tokens.get(place));
        entry.is_some_and(|entry| entry.resource != *resource && now < entry.expires)
    }

    /// Remembers a token.
    pub fn remember(
        &mut self,
        bearer: &BearerToken,
        resource: &Resource,
        token: VerifiedToken,
        now: Timestamp,
    ) -> Arc<Caller> {
        if self.tokens.len() >= CAPACITY {
            self.tokens.retain(|entry| now < entry.expires);
        }
        if self.tokens.len() >= CAPACITY {
            self.tokens.clear();
        }
        let expires = token.expires();
        let caller = Arc::new(token.into_caller());
        let token = Box::from(bearer.as_str());
        let entry = RememberedToken { token, resource: resource.clone(), caller: Arc::clone(&caller), expires };
        match self.place_of(bearer) {
            // Another request has verified it meanwhile.
            Ok(place) => self.tokens.iter_mut().skip(place).take(1).for_each(|known| known.expires = expires),
            Err(place) => self.tokens.insert(place, entry),
        }
        caller
    }

    /// Returns whether a call on a grant may be served.
    #[must_use]
    pub fn check(&mut self, grant: GrantId, now: Timestamp) -> GrantCheck {
        let Ok(known) = self.known(grant) else { return GrantCheck::Wait };
        match now.seconds_since(known.asked_at) {
            _ if known.state == GrantState::Ended => GrantCheck::Refuse,
            ..FRESH => GrantCheck::Serve,
            FRESH..STALE if now < known.renew_at => GrantCheck::Serve,
            FRESH..STALE => {
                known.renew_at = now.plus(RENEW_AGAIN);
                GrantCheck::ServeAndRenew
            }
            STALE.. => GrantCheck::Wait,
        }
    }

    /// Returns a caller with what the last answer says of the person of their grant. `None` if there is no such answer, or the
    /// grant has ended: then nothing tells which scopes are withheld.
    #[must_use]
    pub fn known_caller(&self, caller: &Caller, grant: GrantId) -> Option<Caller> {
        let place = self.grants.binary_search_by(|known| known.grant.cmp(&grant)).ok()?;
        match &self.grants.get(place)?.state {
            GrantState::Active(standing) => Some(standing.of(caller)),
            GrantState::Ended => None,
        }
    }

    /// Records the answer to a question that was asked at `asked_at`. An ended grant stays ended, even if an answer from before
    /// its end arrives later.
    pub fn record_answer(&mut self, grant: GrantId, state: GrantState, asked_at: Timestamp) {
        if self.grants.len() >= CAPACITY {
            self.grants.retain(|known| asked_at.seconds_since(known.asked_at) < STALE);
        }
        if self.grants.len() >= CAPACITY {
            // Another request costs less than more memory.
            self.grants.clear();
        }
        let has_ended = state == GrantState::Ended;
        let news = RememberedGrant { grant, asked_at, state, renew_at: asked_at };
        match self.known(grant) {
            Ok(known) if known.state == GrantState::Ended => {
                *known = RememberedGrant { state: GrantState::Ended, ..news };
            }
            // Answers may arrive out of order.
            Ok(known) if !has_ended && asked_at < known.asked_at => {}
            Ok(known) => *known = news,
            Err(place) => self.grants.insert(place, news),
        }
        if has_ended {
            self.tokens.retain(|entry| entry.caller.grant != Some(grant));
        }
    }

    /// Returns the index of the token, or where it belongs.
    fn place_of(&self, bearer: &BearerToken) -> Result<usize, usize> {
        self.tokens.binary_search_by(|entry| (*entry.token).cmp(bearer.as_str()))
    }

    /// Returns the state of the grant, or the index where it belongs.
    fn known(&mut self, grant: GrantId) -> Result<&mut RememberedGrant, usize> {
        let place = self.grants.binary_search_by(|known| known.grant.cmp(&grant))?;
        self.grants.get_mut(place).ok_or(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcp_connector_base::identifier::{ClientId, Subject};
    use mcp_connector_base::profile::Profile;
    use mcp_connector_base::scope::ScopeSet;

    const START: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const GRANT: GrantId = GrantId::from_bytes([1; 8]);

    fn bearer(text: &str) -> BearerToken {
        BearerToken::from_authorization([format!("Bearer {text}").as_str()]).unwrap().unwrap()
    }

    fn resource(path: &str) -> Resource {
        Resource::parse(&format!("https://host.example{path}")).unwrap()
    }

    fn active() -> GrantState {
        GrantState::Active(Standing::default())
    }

    fn token(grant: GrantId) -> VerifiedToken {
        let (subject, client_id) = (Subject::new("owner").unwrap(), ClientId::new("app").unwrap());
        let caller = Caller { grant: Some(grant), ..Caller::new(subject, client_id, ScopeSet::empty()) };
        VerifiedToken::new(caller, START.plus(600), "id")
    }

    #[test]
    fn a_verified_token_is_known_for_its_resource_until_it_expires() {
        let mut tokens = VerifiedTokens::new();
        tokens.remember(&bearer("a.b.c"), &resource("/mcp"), token(GRANT), START);
        for (name, text, path, now, known) in [
            ("the same", "a.b.c", "/mcp", START, true),
            ("last second", "a.b.c", "/mcp", START.plus(599), true),
            ("expired", "a.b.c", "/mcp", START.plus(600), false),
            ("another token", "a.b.d", "/mcp", START, false),
            ("a longer one", "a.b.cc", "/mcp", START, false),
            ("another resource", "a.b.c", "/private/mcp", START, false),
        ] {
            assert_eq!(tokens.caller(&bearer(text), &resource(path), now).is_some(), known, "{name}");
            let elsewhere = tokens.is_of_another(&bearer(text), &resource(path), now);
            assert_eq!(elsewhere, name == "another resource", "{name}");
        }
    }

    #[test]
    fn a_grant_check_is_valid_for_45_seconds_then_renewed_in_the_background_for_15_and_then_awaited() {
        let mut tokens = VerifiedTokens::new();
        assert_eq!(tokens.check(GRANT, START), GrantCheck::Wait, "nobody has asked");
        tokens.record_answer(GRANT, active(), START);
        for (seconds, look) in [
            (0, GrantCheck::Serve),
            (44, GrantCheck::Serve),
            (45, GrantCheck::ServeAndRenew),
            (46, GrantCheck::Serve),
            (49, GrantCheck::Serve),
            (50, GrantCheck::ServeAndRenew),
            (55, GrantCheck::ServeAndRenew),
            (59, GrantCheck::Serve),
            (60, GrantCheck::Wait),
            (600, GrantCheck::Wait),
        ] {
            assert_eq!(tokens.check(GRANT, START.plus(seconds)), look, "after {seconds} s");
        }
    }

    #[test]
    fn the_age_of_a_grant_check_is_counted_from_its_request() {
        let mut tokens = VerifiedTokens::new();
        tokens.record_answer(GRANT, active(), START.plus(30));
        tokens.record_answer(GRANT, active(), START);
        assert_eq!(
            tokens.check(GRANT, START.plus(74)),
            GrantCheck::Serve,
            "an earlier question that was answered later"
        );
        assert_eq!(tokens.check(GRANT, START.plus(90)), GrantCheck::Wait);
    }

    #[test]
    fn a_revoked_grant_removes_its_verified_tokens_and_no_others() {
        let mut tokens = VerifiedTokens::new();
        let other = GrantId::from_bytes([2; 8]);
        for (text, grant) in [("a", GRANT), ("b", GRANT), ("c", other)] {
            tokens.remember(&bearer(text), &resource("/mcp"), token(grant), START);
            tokens.record_answer(grant, active(), START);
        }
        tokens.record_answer(GRANT, GrantState::Ended, START.plus(60));
        let known =
            ["a", "b", "c"].map(|text| tokens.caller(&bearer(text), &resource("/mcp"), START.plus(60)).is_some());
        assert_eq!(known, [false, false, true]);
        assert_eq!(tokens.check(GRANT, START.plus(3600)), GrantCheck::Refuse);
        assert_eq!(tokens.check(other, START.plus(44)), GrantCheck::Serve);
    }

    #[test]
    fn a_late_grant_check_does_not_make_a_token_of_a_revoked_grant_valid_again() {
        let mut tokens = VerifiedTokens::new();
        tokens.record_answer(GRANT, active(), START);
        assert_eq!(tokens.check(GRANT, START.plus(60)), GrantCheck::Wait, "the object is asked,");
        tokens.record_answer(GRANT, GrantState::Ended, START.plus(60));
        // … and its answer arrives after the grant was ended in this isolate.
        tokens.record_answer(GRANT, active(), START.plus(60));
        assert_eq!(tokens.check(GRANT, START.plus(60)), GrantCheck::Refuse);
    }

    #[test]
    fn the_number_of_verified_tokens_in_memory_is_limited() {
        let mut tokens = VerifiedTokens::new();
        for n in 0..3 * CAPACITY {
            let grant = GrantId::from_bytes((n as u64).to_be_bytes());
            tokens.remember(&bearer(&format!("t{n}")), &resource("/mcp"), token(grant), START);
            tokens.record_answer(grant, active(), START);
            assert!(tokens.tokens.len() <= CAPACITY && tokens.grants.len() <= CAPACITY);
            assert!(
                tokens.caller(&bearer(&format!("t{n}")), &resource("/mcp"), START).is_some(),
                "the newest is in memory"
            );
        }
    }

    #[test]
    fn a_caller_has_the_profile_and_the_scopes_of_the_last_look_at_the_grant() {
        let mut tokens = VerifiedTokens::new();
        let scopes = |text| ScopeSet::parse(text).unwrap();
        let caller = Caller { scopes: scopes("a b"), ..token(GRANT).into_caller() };
        assert_eq!(tokens.known_caller(&caller, GRANT), None, "nobody has asked");
        let mut known = caller;
        for (name, withheld, left) in [("Jane", "b c", "a"), ("Jane Doe", "", "a b")] {
            let standing = Standing::new(Some(Profile::default().with_name(Some(name))), scopes(withheld));
            tokens.record_answer(GRANT, GrantState::Active(standing), START);
            known = tokens.known_caller(&known, GRANT).unwrap();
            assert_eq!((known.name(), &known.scopes), (Some(name), &scopes(left)), "{withheld}");
        }
        tokens.record_answer(GRANT, GrantState::Ended, START);
        assert_eq!(tokens.known_caller(&known, GRANT), None, "the grant has ended");
    }
}
