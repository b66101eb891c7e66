//! The tokens that an isolate has verified, and the state of their grants. So the common call verifies no signature and sends no
//! storage request.
//!
//! The Durable Object of the subject is asked whether a grant is still valid. The age of an answer is counted from its request. It
//! is used for 45 seconds. It is used for 15 more seconds while it is renewed in the background. After that, a call waits for a new
//! one. So a revoked grant is valid for a minute at most.
//!
//! Only verified tokens are remembered, so requests with invented tokens cannot fill the memory. A token is remembered as a keyed hash
//! of 128 bits, and how much memory all of them take is limited. Where there is no room, a token that was used once goes before those
//! that are used again and again ([`quick_cache`]). The configuration of an isolate does not change.

use std::hash::Hasher as _;
use std::sync::Arc;

use quick_cache::unsync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, Weighter};
use siphasher::sip128::{Hasher128 as _, SipHasher24};

use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::timestamp::Timestamp;

use crate::resource::bearer::BearerToken;
use crate::resource::protected_resource::Resource;
use crate::resource::standing::Standing;

/// Memory for tokens, in bytes: about 100,000 of them, of the 128 MB that an isolate has.
const TOKEN_MEMORY: u64 = 32 * 1024 * 1024;
/// Memory for the states of grants, in bytes: about as many.
const GRANT_MEMORY: u64 = 16 * 1024 * 1024;
/// How many of either there are usually, from which the length of the list of those that had to go follows.
const USUAL_NUMBER: usize = 100_000;
/// What an entry takes beside its texts, in bytes: at most, on any platform.
const ENTRY: u64 = 256;
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
pub struct VerifiedTokens {
    /// The key of the hashes.
    key: [u8; 16],
    tokens: Cache<TokenHash, RememberedToken, Bytes>,
    grants: Cache<GrantId, RememberedGrant, Bytes>,
}

/// A hash of a token, under a key that nobody knows. So nobody can make another token with the same one.
type TokenHash = u128;

struct RememberedToken {
    resource: Resource,
    caller: Arc<Caller>,
    expires: Timestamp,
}

struct RememberedGrant {
    /// When the last answer was requested.
    asked_at: Timestamp,
    state: GrantState,
    /// When the answer may be renewed.
    renew_at: Timestamp,
}

/// Weighs entries by the memory that they take, in bytes.
#[derive(Clone)]
struct Bytes;

impl Weighter<TokenHash, RememberedToken> for Bytes {
    fn weight(&self, _: &TokenHash, token: &RememberedToken) -> u64 {
        let Caller { subject, client_id, scopes, display_name, profile, .. } = &*token.caller;
        let name = display_name.as_ref().map_or(0, |name| name.len());
        // That of an external issuer's token; what is known of the person of a grant is with the grant.
        let profile = profile.as_ref().map_or(0, |profile| profile.size());
        ENTRY + bytes(subject.as_str().len() + client_id.as_str().len() + scopes.as_str().len() + name + profile)
    }
}

impl Weighter<GrantId, RememberedGrant> for Bytes {
    fn weight(&self, _: &GrantId, grant: &RememberedGrant) -> u64 {
        match &grant.state {
            GrantState::Active(standing) => ENTRY / 2 + bytes(standing.size()),
            GrantState::Ended => ENTRY / 2,
        }
    }
}

fn bytes(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn cache<K: Eq + std::hash::Hash, V>(capacity: u64, usual_number: usize) -> Cache<K, V, Bytes>
where
    Bytes: Weighter<K, V>,
{
    Cache::with(usual_number, capacity, Bytes, DefaultHashBuilder::default(), DefaultLifecycle::default())
}

impl VerifiedTokens {
    /// Creates an empty memory. The key is random and known to nobody else.
    #[must_use]
    pub fn new(key: [u8; 16]) -> Self {
        Self::within(key, TOKEN_MEMORY, GRANT_MEMORY, USUAL_NUMBER)
    }

    fn within(key: [u8; 16], tokens: u64, grants: u64, usual_number: usize) -> Self {
        Self { key, tokens: cache(tokens, usual_number), grants: cache(grants, usual_number) }
    }

    /// Returns the caller, if this token was verified for this resource and has not expired.
    #[must_use]
    pub fn caller(&self, bearer: &BearerToken, resource: &Resource, now: Timestamp) -> Option<Arc<Caller>> {
        let entry = self.tokens.get(&self.hash(bearer))?;
        (entry.resource == *resource && now < entry.expires).then(|| Arc::clone(&entry.caller))
    }

    /// Returns when a token expires, if it was verified for this resource.
    #[must_use]
    pub fn expires(&self, bearer: &BearerToken, resource: &Resource) -> Option<Timestamp> {
        let entry = self.tokens.peek(&self.hash(bearer))?;
        (entry.resource == *resource).then_some(entry.expires)
    }

    /// Returns whether a token was verified for another resource only. It is not asked about again for this one.
    #[must_use]
    pub fn is_of_another(&self, bearer: &BearerToken, resource: &Resource, now: Timestamp) -> bool {
        let entry = self.tokens.get(&self.hash(bearer));
        entry.is_some_and(|entry| entry.resource != *resource && now < entry.expires)
    }

    /// Remembers a token.
    pub fn remember(&mut self, bearer: &BearerToken, resource: &Resource, expires: Timestamp, caller: Arc<Caller>) {
        self.tokens.insert(self.hash(bearer), RememberedToken { resource: resource.clone(), caller, expires });
    }

    /// Returns whether a call on a grant may be served.
    #[must_use]
    pub fn check(&mut self, grant: GrantId, now: Timestamp) -> GrantCheck {
        let Some(known) = self.grants.get(&grant) else { return GrantCheck::Wait };
        match now.seconds_since(known.asked_at) {
            STALE.. => GrantCheck::Wait,
            _ if known.state == GrantState::Ended => GrantCheck::Refuse,
            ..FRESH => GrantCheck::Serve,
            FRESH..STALE if now < known.renew_at => GrantCheck::Serve,
            FRESH..STALE => {
                if let Some(mut known) = self.grants.get_mut(&grant) {
                    known.renew_at = now.plus(RENEW_AGAIN);
                }
                GrantCheck::ServeAndRenew
            }
        }
    }

    /// Returns a caller with what the last answer says of the person of their grant. `None` if there is no such answer, or the
    /// grant has ended: then nothing tells which scopes are withheld.
    #[must_use]
    pub fn known_caller(&self, caller: &Caller, grant: GrantId) -> Option<Caller> {
        match &self.grants.get(&grant)?.state {
            GrantState::Active(standing) => Some(standing.of(caller)),
            GrantState::Ended => None,
        }
    }

    /// Records the answer to a question that was asked at `asked_at`. An ended grant stays ended, even if an answer from before
    /// its end arrives later. Only the answer to a later question makes it active again: a grant that a setting does not admit at the
    /// moment counts as ended, too.
    pub fn record_answer(&mut self, grant: GrantId, state: GrantState, asked_at: Timestamp) {
        let state = match self.grants.peek(&grant) {
            Some(known) if known.state == GrantState::Ended && asked_at <= known.asked_at => return,
            // Answers may arrive out of order.
            Some(known) if state != GrantState::Ended && asked_at < known.asked_at => return,
            Some(_) | None => state,
        };
        self.grants.insert(grant, RememberedGrant { asked_at, state, renew_at: asked_at });
    }

    fn hash(&self, bearer: &BearerToken) -> TokenHash {
        let mut hasher = SipHasher24::new_with_key(&self.key);
        hasher.write(bearer.as_str().as_bytes());
        hasher.finish128().as_u128()
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

    fn caller(grant: GrantId) -> Caller {
        let (subject, client_id) = (Subject::new("owner").unwrap(), ClientId::new("app").unwrap());
        Caller { grant: Some(grant), ..Caller::new(subject, client_id, ScopeSet::empty()) }
    }

    fn remember(tokens: &mut VerifiedTokens, text: &str, grant: GrantId) {
        tokens.remember(&bearer(text), &resource("/mcp"), START.plus(600), Arc::new(caller(grant)));
    }

    #[test]
    fn a_verified_token_is_known_for_its_resource_until_it_expires() {
        let mut tokens = VerifiedTokens::new([7; 16]);
        remember(&mut tokens, "a.b.c", GRANT);
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
        let mut tokens = VerifiedTokens::new([7; 16]);
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
        let mut tokens = VerifiedTokens::new([7; 16]);
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
    fn the_tokens_of_a_revoked_grant_are_refused_and_no_others() {
        let mut tokens = VerifiedTokens::new([7; 16]);
        let other = GrantId::from_bytes([2; 8]);
        for (text, grant) in [("a", GRANT), ("b", GRANT), ("c", other)] {
            remember(&mut tokens, text, grant);
            tokens.record_answer(grant, active(), START);
        }
        tokens.record_answer(GRANT, GrantState::Ended, START.plus(60));
        assert_eq!(tokens.check(GRANT, START.plus(60)), GrantCheck::Refuse);
        assert_eq!(tokens.check(GRANT, START.plus(119)), GrantCheck::Refuse);
        assert_eq!(tokens.check(GRANT, START.plus(120)), GrantCheck::Wait, "its object is asked again");
        assert_eq!(tokens.check(other, START.plus(44)), GrantCheck::Serve);
        for (text, refused) in [("a", true), ("b", true), ("c", false)] {
            let caller = tokens.caller(&bearer(text), &resource("/mcp"), START.plus(44)).unwrap();
            assert_eq!(tokens.known_caller(&caller, caller.grant.unwrap()).is_none(), refused, "{text}");
        }
    }

    #[test]
    fn a_late_grant_check_does_not_make_a_token_of_a_revoked_grant_valid_again() {
        let mut tokens = VerifiedTokens::new([7; 16]);
        tokens.record_answer(GRANT, active(), START);
        assert_eq!(tokens.check(GRANT, START.plus(60)), GrantCheck::Wait, "the object is asked,");
        tokens.record_answer(GRANT, GrantState::Ended, START.plus(60));
        // … and its answer arrives after the grant was ended in this isolate.
        tokens.record_answer(GRANT, active(), START.plus(60));
        assert_eq!(tokens.check(GRANT, START.plus(60)), GrantCheck::Refuse);
    }

    #[test]
    fn a_grant_that_is_admitted_again_is_served_again() {
        let mut tokens = VerifiedTokens::new([7; 16]);
        tokens.record_answer(GRANT, GrantState::Ended, START);
        assert_eq!(tokens.check(GRANT, START.plus(59)), GrantCheck::Refuse);
        assert_eq!(tokens.check(GRANT, START.plus(60)), GrantCheck::Wait);
        tokens.record_answer(GRANT, active(), START.plus(60));
        assert_eq!(tokens.check(GRANT, START.plus(60)), GrantCheck::Serve);
    }

    fn numbered(n: u32) -> GrantId {
        GrantId::from_bytes(u64::from(n).to_be_bytes())
    }

    /// Verifies a token of a grant of its own.
    fn verified(tokens: &mut VerifiedTokens, n: u32) {
        remember(tokens, &format!("t{n}"), numbered(n));
        tokens.record_answer(numbered(n), active(), START);
    }

    fn is_remembered(tokens: &VerifiedTokens, n: u32) -> bool {
        tokens.caller(&bearer(&format!("t{n}")), &resource("/mcp"), START).is_some()
            && tokens.grants.peek(&numbered(n)).is_some()
    }

    #[test]
    fn a_hundred_thousand_verified_tokens_have_room_and_no_more_than_their_memory() {
        let mut tokens = VerifiedTokens::new([7; 16]);
        for n in 0..100_000 {
            verified(&mut tokens, n);
        }
        assert!((0..100_000).all(|n| is_remembered(&tokens, n)));
        let tables = tokens.tokens.memory_used().total() + tokens.grants.memory_used().total();
        let weight = tokens.tokens.weight() + tokens.grants.weight();
        assert!(bytes(tables) <= weight, "the tables have {tables} bytes, and are counted as {weight}");
        for n in 100_000..150_000 {
            verified(&mut tokens, n);
        }
        assert!(tokens.tokens.weight() <= TOKEN_MEMORY && tokens.grants.weight() <= GRANT_MEMORY);
    }

    #[test]
    fn what_an_external_issuer_says_of_a_person_counts_as_memory() {
        let mut tokens = VerifiedTokens::new([7; 16]);
        remember(&mut tokens, "a.b.c", GRANT);
        let bare = tokens.tokens.weight();
        let groups: Vec<String> = (100..300).map(|n| format!("g-{n}")).collect();
        let profile = Profile::default().with_groups(groups.iter().map(String::as_str));
        let known = Caller { profile: Some(Arc::new(profile)), ..caller(GRANT) };
        tokens.remember(&bearer("a.b.d"), &resource("/mcp"), START.plus(600), Arc::new(known));
        assert!(tokens.tokens.weight() >= 2 * bare + bytes(200 * (5 + size_of::<String>())));
    }

    #[test]
    fn tokens_in_use_outlast_any_number_that_are_used_once() {
        // A twentieth of the memory.
        let mut tokens = VerifiedTokens::within([7; 16], TOKEN_MEMORY / 20, GRANT_MEMORY / 20, USUAL_NUMBER / 20);
        let mut flood = 1_000_000;
        let mut send = |tokens: &mut VerifiedTokens| {
            for n in flood..flood + 10_000 {
                verified(tokens, n);
            }
            flood += 10_000;
        };
        send(&mut tokens);
        let in_use = 0..500;
        for n in in_use.clone() {
            verified(&mut tokens, n);
        }
        let mut lost = 0;
        for _ in 0..10 {
            for n in in_use.clone() {
                if !is_remembered(&tokens, n) {
                    lost += 1;
                    verified(&mut tokens, n);
                }
            }
            send(&mut tokens);
        }
        assert!(in_use.clone().all(|n| is_remembered(&tokens, n)), "all are remembered after many others");
        assert!(lost <= in_use.len(), "{lost} had to be verified again, more than once each");
    }

    #[test]
    fn a_caller_has_the_profile_and_the_scopes_of_the_last_look_at_the_grant() {
        let mut tokens = VerifiedTokens::new([7; 16]);
        let scopes = |text| ScopeSet::parse(text).unwrap();
        let caller = Caller { scopes: scopes("a b"), ..caller(GRANT) };
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
