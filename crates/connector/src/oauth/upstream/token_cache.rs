//! The access tokens of upstream accounts that this isolate has just used, so that not every call asks the person's object.
//!
//! A token is remembered for 45 seconds, like what is known of a grant. In the isolate in which a person disconnects it is forgotten
//! at once.

use std::cell::RefCell;
use std::collections::HashMap;

use mcp_connector_base::identifier::Subject;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::upstream::name::UpstreamName;
use mcp_connector_oauth::upstream::tokens::UpstreamSecret;

/// How long a token is used without asking the object, in seconds.
const REMEMBERED: u64 = 45;
/// Maximum number of tokens.
const MAX_TOKENS: usize = 500;

/// A token that is remembered.
#[derive(Clone, Debug)]
pub(crate) struct RememberedToken {
    pub(crate) secret: UpstreamSecret,
    pub(crate) generation: u64,
    until: Timestamp,
}

thread_local! {
    static TOKENS: RefCell<HashMap<(Subject, UpstreamName), RememberedToken>> = RefCell::default();
}

/// Returns the token of a person, if it is remembered.
pub(crate) fn find(subject: &Subject, upstream: &UpstreamName, now: Timestamp) -> Option<RememberedToken> {
    TOKENS.with_borrow(|tokens| {
        let token = tokens.get(&(subject.clone(), upstream.clone()))?;
        (now < token.until).then(|| token.clone())
    })
}

/// Remembers a token. `refresh_at` is when the object would refresh it.
pub(crate) fn remember(
    (subject, upstream): (&Subject, &UpstreamName),
    secret: UpstreamSecret,
    (generation, refresh_at): (u64, Option<Timestamp>),
    now: Timestamp,
) -> RememberedToken {
    let until = now.plus(REMEMBERED);
    let until = refresh_at.map_or(until, |refresh_at| until.min(refresh_at));
    let token = RememberedToken { secret, generation, until };
    TOKENS.with_borrow_mut(|tokens| {
        if tokens.len() >= MAX_TOKENS {
            tokens.retain(|_, token| now < token.until);
        }
        if tokens.len() >= MAX_TOKENS {
            tokens.clear();
        }
        tokens.insert((subject.clone(), upstream.clone()), token.clone());
    });
    token
}

/// Forgets the token of a person.
pub(crate) fn forget(subject: &Subject, upstream: &UpstreamName) {
    TOKENS.with_borrow_mut(|tokens| tokens.remove(&(subject.clone(), upstream.clone())));
}

/// Forgets all tokens of a person.
pub(crate) fn forget_all(subject: &Subject) {
    TOKENS.with_borrow_mut(|tokens| tokens.retain(|(whose, _), _| whose != subject));
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn key(subject: &str, upstream: &str) -> (Subject, UpstreamName) {
        (Subject::new(subject).unwrap(), UpstreamName::parse(upstream).unwrap())
    }

    fn remember_for(subject: &str, token: &str, refresh_at: Option<Timestamp>) {
        let (subject, upstream) = key(subject, "github");
        remember((&subject, &upstream), UpstreamSecret::new(token).unwrap(), (1, refresh_at), NOW);
    }

    fn found(subject: &str, upstream: &str, now: Timestamp) -> Option<String> {
        let (subject, upstream) = key(subject, upstream);
        find(&subject, &upstream, now).map(|token| token.secret.expose().to_owned())
    }

    #[test]
    fn a_token_is_remembered_for_its_person_and_service_for_45_seconds() {
        remember_for("jane", "at1", None);
        for (rule, subject, upstream, later, expected) in [
            ("at once", "jane", "github", 0, Some("at1")),
            ("the last second", "jane", "github", 44, Some("at1")),
            ("the end", "jane", "github", 45, None),
            ("another person", "bob", "github", 0, None),
            ("another service", "jane", "acme", 0, None),
        ] {
            assert_eq!(found(subject, upstream, NOW.plus(later)).as_deref(), expected, "{rule}");
        }
        remember_for("jane", "at2", Some(NOW.plus(10)));
        assert_eq!(found("jane", "github", NOW.plus(9)).as_deref(), Some("at2"));
        assert_eq!(found("jane", "github", NOW.plus(10)), None, "it is refreshed");
    }

    #[test]
    fn what_a_person_disconnects_is_forgotten_and_what_others_have_is_not() {
        for (subject, token) in [("jane", "at1"), ("bob", "at2")] {
            remember_for(subject, token, None);
        }
        let (jane, github) = key("jane", "github");
        forget(&jane, &github);
        assert_eq!((found("jane", "github", NOW), found("bob", "github", NOW).as_deref()), (None, Some("at2")));
        remember_for("jane", "at3", None);
        forget_all(&jane);
        assert_eq!((found("jane", "github", NOW), found("bob", "github", NOW).as_deref()), (None, Some("at2")));
    }

    #[test]
    fn the_number_of_remembered_tokens_is_limited() {
        for number in 0..=MAX_TOKENS {
            remember_for(&format!("person{number}"), "at", None);
        }
        assert_eq!(TOKENS.with_borrow(HashMap::len), 1, "all live ones make room");
    }
}
