//! The condition of a role: whom it includes.

use mcp_connector_base::identifier::Subject;
use mcp_connector_base::profile::Profile;

use crate::external_issuer::token::subject_of;
use crate::login::allowed_users::{is_at, is_login};
use crate::web::discovery::ExternalIssuer;

/// A person, as far as conditions look at them.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    pub subject: &'a Subject,
    /// What the identity provider says about them.
    pub profile: Option<&'a Profile>,
    /// The identity provider, whose identifiers a condition may name.
    pub issuer: Option<&'a ExternalIssuer>,
}

/// Whom a role includes: who fulfils all terms of one alternative. Without alternatives it includes everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    pub(crate) alternatives: Vec<Vec<Term>>,
}

/// One term of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Term {
    /// `*`
    Everybody,
    /// `group:NAME`
    Group(String),
    /// `role:NAME`, a role at the identity provider.
    Role(String),
    /// `claim:NAME=VALUE`
    Claim { name: String, value: String },
    /// An identifier, a login, an address, or the domain of addresses, as in `ALLOWED_USERS`.
    Person(String),
}

impl Condition {
    /// Returns whether the condition includes a person.
    #[must_use]
    pub fn includes(&self, member: Member<'_>) -> bool {
        self.alternatives.is_empty()
            || self.alternatives.iter().any(|terms| terms.iter().all(|term| term.includes(member)))
    }

    pub(crate) fn terms(&self) -> impl Iterator<Item = &Term> {
        self.alternatives.iter().flatten()
    }
}

impl Term {
    fn includes(&self, Member { subject, profile, issuer }: Member<'_>) -> bool {
        let has = |names: &[String], name: &String| names.contains(name);
        match self {
            Self::Everybody => true,
            Self::Group(group) => profile.is_some_and(|profile| has(profile.groups(), group)),
            Self::Role(role) => profile.is_some_and(|profile| has(profile.roles(), role)),
            Self::Claim { name, value } => {
                let claim: Option<serde_json::Value> = profile.and_then(|profile| profile.claim(name));
                claim.is_some_and(|claim| is_or_has(&claim, value))
            }
            Self::Person(entry) => {
                let has_address = || profile.and_then(Profile::email).is_some_and(|email| is_at(email, entry));
                let has_login = || profile.and_then(Profile::login).is_some_and(|login| is_login(login, entry));
                let has_identifier =
                    || issuer.is_some_and(|issuer| subject_of(issuer, entry).is_ok_and(|named| named == *subject));
                subject.as_str() == entry || has_address() || has_login() || has_identifier()
            }
        }
    }
}

/// Returns whether a claim is a value, or a list that has it. Numbers and booleans are compared as they are written.
fn is_or_has(claim: &serde_json::Value, value: &str) -> bool {
    match claim {
        serde_json::Value::Array(list) => list.iter().any(|one| is_or_has(one, value)),
        serde_json::Value::String(text) => text == value,
        serde_json::Value::Null | serde_json::Value::Object(_) => false,
        serde_json::Value::Bool(is) => value == if *is { "true" } else { "false" },
        serde_json::Value::Number(number) => number.to_string() == value,
    }
}
