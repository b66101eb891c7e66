//! What one isolate remembers of the tokens it has verified, so that the common call checks no signature and reads no storage,
//! and when it has to ask whether a grant was revoked: before its first call, then once a minute.
//!
//! Only tokens that passed get in here, so nobody outside chooses what is remembered; it is small, and forgotten with the
//! isolate. The configuration of an isolate does not change while it lives.

use std::sync::Arc;

use super::Timestamp;
use super::access_token::{ACCESS_TOKEN_LIFETIME, LEEWAY, VerifiedToken};
use super::bearer::Bearer;
use super::resource::Resource;
use crate::caller::{Caller, GrantId};

/// Most tokens, and most grants, that are remembered.
const CAPACITY: usize = 1024;
/// Seconds after which an isolate asks again whether a grant was revoked.
const LOOK_EVERY: u64 = 60;
/// Seconds for which a grant is believed to live on while the answer cannot be had.
const BELIEVE: u64 = 600;
/// Seconds after which a question without an answer is asked again.
const ASK_AGAIN: u64 = 5;

/// How long the marker of a revoked grant is kept, in seconds: until the last access token of it has expired everywhere.
pub const MARKER_LIFETIME: u64 = ACCESS_TOKEN_LIFETIME + 4 * LEEWAY;

/// The name of the marker that says that a grant was revoked.
#[must_use]
pub fn marker(grant: GrantId) -> String {
    format!("revoked:{grant}")
}

/// Whether to ask if a grant was revoked, before a call is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// No: somebody looked moments ago.
    NotNow,
    /// Yes; if there is no answer, the call is served all the same.
    Due,
    /// Yes; if there is no answer, nobody can tell, and the call is refused with 503.
    Must,
    /// No need: it was.
    Revoked,
}

/// How a grant stands, as its marker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantState {
    /// There is none.
    Live,
    /// There is one.
    Revoked,
}

/// The memory of one isolate.
#[derive(Default)]
pub struct VerifiedTokens {
    /// Sorted by token.
    tokens: Vec<Entry>,
    /// Sorted by grant.
    grants: Vec<Known>,
}

struct Entry {
    token: Box<str>,
    resource: Resource,
    caller: Arc<Caller>,
    expires: Timestamp,
}

#[derive(Clone, Copy)]
struct Known {
    grant: GrantId,
    /// When the last answer was had,
    answered_at: Timestamp,
    /// and what it was.
    state: GrantState,
    /// Before this nobody asks again.
    ask_at: Timestamp,
}

impl VerifiedTokens {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { tokens: Vec::new(), grants: Vec::new() }
    }

    /// Who is calling, if this very token was verified for this very resource and has not expired since.
    #[must_use]
    pub fn caller(&self, bearer: &Bearer, resource: &Resource, now: Timestamp) -> Option<Arc<Caller>> {
        let entry = self.tokens.get(self.place_of(bearer).ok()?)?;
        (entry.resource == *resource && now < entry.expires).then(|| Arc::clone(&entry.caller))
    }

    /// When a token expires, if it was verified for this resource.
    #[must_use]
    pub fn expires(&self, bearer: &Bearer, resource: &Resource) -> Option<Timestamp> {
        let entry = self.tokens.get(self.place_of(bearer).ok()?)?;
        (entry.resource == *resource).then_some(entry.expires)
    }

    /// Remembers a token.
    pub fn remember(
        &mut self,
        bearer: &Bearer,
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
        let entry = Entry { token, resource: resource.clone(), caller: Arc::clone(&caller), expires };
        match self.place_of(bearer) {
            // Another request has verified it meanwhile.
            Ok(place) => self.tokens.iter_mut().skip(place).take(1).for_each(|known| known.expires = expires),
            Err(place) => self.tokens.insert(place, entry),
        }
        caller
    }

    /// Whether to look for the marker of a grant.
    #[must_use]
    pub fn look(&self, grant: GrantId, now: Timestamp) -> Look {
        match self.place_of_grant(grant).ok().and_then(|place| self.grants.get(place)) {
            Some(known) if known.state == GrantState::Revoked => Look::Revoked,
            Some(known) if now < known.ask_at => Look::NotNow,
            Some(known) if now.seconds_since(known.answered_at) < BELIEVE => Look::Due,
            None | Some(_) => Look::Must,
        }
    }

    /// Somebody looked, and this is how it stands. A revoked grant stays it: the answer of storage that was asked before, or has
    /// not heard yet, does not bring it back.
    pub fn answered(&mut self, grant: GrantId, state: GrantState, now: Timestamp) {
        if self.grants.len() >= CAPACITY {
            self.grants.retain(|known| now.seconds_since(known.answered_at) < LOOK_EVERY);
        }
        if self.grants.len() >= CAPACITY {
            // Looking once more costs less than remembering everybody.
            self.grants.clear();
        }
        let news = Known { grant, answered_at: now, state, ask_at: now.plus(LOOK_EVERY) };
        match self.known(grant) {
            Ok(known) if known.state == GrantState::Revoked => *known = Known { state: known.state, ..news },
            Ok(known) => *known = news,
            Err(place) => self.grants.insert(place, news),
        }
        if state == GrantState::Revoked {
            self.tokens.retain(|entry| entry.caller.grant != Some(grant));
        }
    }

    /// Somebody looked and got no answer.
    pub fn unanswered(&mut self, grant: GrantId, now: Timestamp) {
        if let Ok(known) = self.known(grant) {
            known.ask_at = now.plus(ASK_AGAIN);
        }
    }

    /// Where the token stands, or belongs.
    fn place_of(&self, bearer: &Bearer) -> Result<usize, usize> {
        self.tokens.binary_search_by(|entry| (*entry.token).cmp(bearer.as_str()))
    }

    /// Where the grant stands, or belongs.
    fn place_of_grant(&self, grant: GrantId) -> Result<usize, usize> {
        self.grants.binary_search_by(|known| known.grant.cmp(&grant))
    }

    /// What is known of the grant, or where that belongs.
    fn known(&mut self, grant: GrantId) -> Result<&mut Known, usize> {
        let place = self.place_of_grant(grant)?;
        self.grants.get_mut(place).ok_or(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::{ClientId, ScopeSet, Subject};

    const START: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const GRANT: GrantId = GrantId::from_bytes([1; 8]);

    fn bearer(text: &str) -> Bearer {
        Bearer::from_authorization([format!("Bearer {text}").as_str()]).unwrap().unwrap()
    }

    fn resource(path: &str) -> Resource {
        Resource::parse(&format!("https://host.example{path}")).unwrap()
    }

    fn token(grant: GrantId) -> VerifiedToken {
        let caller = Caller {
            subject: Subject::new("owner").unwrap(),
            client_id: ClientId::new("app").unwrap(),
            scopes: ScopeSet::empty(),
            display_name: None,
            grant: Some(grant),
        };
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
        }
    }

    #[test]
    fn a_grant_is_looked_up_before_its_first_call_and_then_once_a_minute() {
        let mut tokens = VerifiedTokens::new();
        assert_eq!(tokens.look(GRANT, START), Look::Must);
        tokens.answered(GRANT, GrantState::Live, START);
        assert_eq!(tokens.look(GRANT, START.plus(59)), Look::NotNow);
        assert_eq!(tokens.look(GRANT, START.plus(60)), Look::Due);
    }

    #[test]
    fn without_an_answer_a_known_grant_is_believed_for_ten_minutes() {
        let mut tokens = VerifiedTokens::new();
        tokens.unanswered(GRANT, START);
        assert_eq!(tokens.look(GRANT, START), Look::Must, "an unknown one is not");
        tokens.answered(GRANT, GrantState::Live, START);
        tokens.unanswered(GRANT, START.plus(60));
        assert_eq!(tokens.look(GRANT, START.plus(64)), Look::NotNow, "not at every call");
        assert_eq!(tokens.look(GRANT, START.plus(65)), Look::Due);
        assert_eq!(tokens.look(GRANT, START.plus(600)), Look::Must);
    }

    #[test]
    fn a_revoked_grant_takes_all_its_tokens_along_and_no_others() {
        let mut tokens = VerifiedTokens::new();
        let other = GrantId::from_bytes([2; 8]);
        for (text, grant) in [("a", GRANT), ("b", GRANT), ("c", other)] {
            tokens.remember(&bearer(text), &resource("/mcp"), token(grant), START);
            tokens.answered(grant, GrantState::Live, START);
        }
        tokens.answered(GRANT, GrantState::Revoked, START.plus(60));
        let known =
            ["a", "b", "c"].map(|text| tokens.caller(&bearer(text), &resource("/mcp"), START.plus(60)).is_some());
        assert_eq!(known, [false, false, true]);
        assert_eq!(tokens.look(GRANT, START.plus(3600)), Look::Revoked);
        assert_eq!(tokens.look(other, START.plus(59)), Look::NotNow);
    }

    #[test]
    fn a_revoked_grant_is_not_brought_back_by_an_answer_that_is_late() {
        let mut tokens = VerifiedTokens::new();
        tokens.answered(GRANT, GrantState::Live, START);
        assert_eq!(tokens.look(GRANT, START.plus(60)), Look::Due, "KV is asked,");
        tokens.answered(GRANT, GrantState::Revoked, START.plus(60));
        // … and answers when the grant was ended meanwhile in this very isolate.
        tokens.answered(GRANT, GrantState::Live, START.plus(60));
        assert_eq!(tokens.look(GRANT, START.plus(60)), Look::Revoked);
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut tokens = VerifiedTokens::new();
        for n in 0..3 * CAPACITY {
            let grant = GrantId::from_bytes((n as u64).to_be_bytes());
            tokens.remember(&bearer(&format!("t{n}")), &resource("/mcp"), token(grant), START);
            tokens.answered(grant, GrantState::Live, START);
            assert!(tokens.tokens.len() <= CAPACITY && tokens.grants.len() <= CAPACITY);
            assert!(tokens.caller(&bearer(&format!("t{n}")), &resource("/mcp"), START).is_some(), "the newest is kept");
        }
    }

    #[test]
    fn the_marker_of_a_grant_outlives_its_access_tokens() {
        assert_eq!(marker(GRANT), "revoked:0101010101010101");
        const { assert!(MARKER_LIFETIME > ACCESS_TOKEN_LIFETIME + LEEWAY) };
    }
}
