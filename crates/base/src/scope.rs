//! Scopes and sets of scopes (RFC 6749 §3.3). They are flat: none implies another.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Maximum length of a scope name, in characters.
const MAX_SCOPE_LENGTH: usize = 128;
/// Maximum number of scopes in a set.
const MAX_SCOPES: usize = 64;
/// Maximum length of a `scope` string, in bytes.
const MAX_SCOPE_STRING: usize = 4096;

/// A scope: its name on the wire, and what it allows in words for the consent page (RFC 6749 §3.3).
///
/// Scopes are flat: none implies another.
///
/// # Examples
///
/// Declare each scope as a constant. A name that RFC 6749 does not allow, or a missing description, then does not compile.
///
/// ```
/// use mcp_connector::{Connector, Context, Scope, Tool, ToolError};
///
/// const NOTES_READ: Scope = Scope::new("notes:read", "Read your notes");
///
/// async fn list_notes(_cx: Context) -> Result<String, ToolError> {
///     Ok("No notes.".to_owned())
/// }
///
/// let tool = Tool::new("list_notes", "List the notes.", list_notes).scope(NOTES_READ).read_only();
/// let connector = Connector::new("notes", "1.0.0").sign_in([NOTES_READ]).tool(tool);
/// ```
///
/// ```compile_fail
/// use mcp_connector::Scope;
///
/// const NOTES_READ: Scope = Scope::new("notes read", "Read your notes");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    name: &'static str,
    description: &'static str,
}

impl Scope {
    /// Creates a scope.
    ///
    /// `name` is 1 to 128 visible ASCII characters without space, quote or backslash. `description` says in words what the
    /// scope allows, for the consent page: "Read your notes".
    ///
    /// # Panics
    ///
    /// Panics if the name is not allowed or the description is empty. In a `const`, that is a compile error.
    #[must_use]
    pub const fn new(name: &'static str, description: &'static str) -> Self {
        assert!(
            is_scope_token(name),
            "a scope name is 1 to 128 visible ASCII characters without space, quote or backslash (RFC 6749 §3.3)"
        );
        assert!(!description.is_empty(), "a scope needs a description: what it allows, in words for the consent page");
        Self { name, description }
    }

    /// Creates a scope from a configuration, which is read once: its texts are never freed.
    ///
    /// # Errors
    ///
    /// The name is not allowed, or the description is empty.
    pub fn configured(name: &str, description: &str) -> Result<Self, InvalidScope> {
        if !is_scope_token(name) || description.is_empty() {
            return Err(InvalidScope::Malformed);
        }
        Ok(Self { name: String::leak(name.to_owned()), description: String::leak(description.to_owned()) })
    }

    /// Returns the name on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns what the scope allows, in words.
    #[must_use]
    pub const fn description(&self) -> &'static str {
        self.description
    }
}

/// A [`Scope`]. The trait exists for the message of the compiler about anything else.
#[diagnostic::on_unimplemented(
    message = "a scope is a `Scope`, not a `{Self}`",
    label = "expected a `Scope`",
    note = "declare it as a constant: `const NOTES_READ: Scope = Scope::new(\"notes:read\", \"Read your notes\");`"
)]
pub trait IntoScope {
    /// Returns the scope.
    fn into_scope(self) -> Scope;
}

impl IntoScope for Scope {
    fn into_scope(self) -> Self {
        self
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Returns whether a text is a `scope-token` of RFC 6749 §3.3, `1*( %x21 / %x23-5B / %x5D-7E )`, of limited length.
const fn is_scope_token(name: &str) -> bool {
    if name.is_empty() || name.len() > MAX_SCOPE_LENGTH {
        return false;
    }
    let mut rest = name.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        if !matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E) {
            return false;
        }
        rest = tail;
    }
    true
}

/// A set of scope names.
///
/// It is the sorted, space-separated string of the wire. So equal sets are equal strings, a clone copies nothing, and a set
/// cannot break out of a header or a JSON string.
///
/// # Examples
///
/// ```
/// use mcp_connector_base::scope::ScopeSet;
///
/// let granted = ScopeSet::parse("profile notes:read").unwrap();
/// let required = ScopeSet::parse("notes:read notes:write").unwrap();
/// assert_eq!(required.difference(&granted).as_str(), "notes:write");
/// assert_eq!(granted.union(&required).as_str(), "notes:read notes:write profile");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScopeSet(Arc<str>);

/// Why a `scope` string is refused. The text never names a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidScope {
    /// A name has a character outside RFC 6749 §3.3, or is too long.
    #[error("a scope contains a character that is not allowed, or is too long")]
    Malformed,
    /// There are too many scopes, or the string is too long.
    #[error("too many scopes")]
    TooMany,
}

impl ScopeSet {
    /// Creates an empty set.
    #[must_use]
    pub fn empty() -> Self {
        Self(Arc::from(""))
    }

    /// Parses a space-separated list. Repetitions and extra spaces are ignored.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidScope::TooMany`] for more than 64 scopes or 4096 bytes, and [`InvalidScope::Malformed`] if a
    /// name is too long or has a character that RFC 6749 §3.3 does not allow.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        if text.len() > MAX_SCOPE_STRING {
            return Err(InvalidScope::TooMany);
        }
        let names: Vec<&str> = text.split(' ').filter(|name| !name.is_empty()).collect();
        if !names.iter().all(|name| is_scope_token(name)) {
            return Err(InvalidScope::Malformed);
        }
        let set = Self::from_names(names);
        if set.len() > MAX_SCOPES {
            return Err(InvalidScope::TooMany);
        }
        Ok(set)
    }

    /// Returns whether the scope is a member.
    #[must_use]
    pub fn contains(&self, scope: Scope) -> bool {
        self.contains_name(scope.name)
    }

    /// Returns whether a scope of this name is a member.
    #[must_use]
    pub fn contains_name(&self, name: &str) -> bool {
        self.iter().any(|member| member == name)
    }

    /// Returns whether every member of `other` is a member of `self`.
    #[must_use]
    pub fn contains_all(&self, other: &Self) -> bool {
        other.compared_with(self).all(|(_, is_common)| is_common)
    }

    /// Returns the members of either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        if self.contains_all(other) {
            return self.clone();
        }
        if other.contains_all(self) {
            return other.clone();
        }
        Self::from_names(self.iter().chain(other.iter()))
    }

    /// Returns the members of both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        if other.contains_all(self) {
            return self.clone();
        }
        Self::from_sorted(self.compared_with(other).filter(|(_, is_common)| *is_common).map(|(name, _)| name))
    }

    /// Returns the members of `self` that are not in `other`.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        Self::from_sorted(self.compared_with(other).filter(|(_, is_common)| !is_common).map(|(name, _)| name))
    }

    /// Returns the members whose names `keep` accepts.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self::from_sorted(self.iter().filter(|name| keep(name)))
    }

    /// Returns each member, and whether it is one of `other`. The names of both are in order, so each is looked at once.
    fn compared_with<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (&'a str, bool)> {
        let mut others = other.iter().peekable();
        self.iter().map(move |name| {
            while others.next_if(|other| *other < name).is_some() {}
            (name, others.peek() == Some(&name))
        })
    }

    /// Returns the names in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|name| !name.is_empty())
    }

    /// Returns the number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Returns whether the set has no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the members separated by single spaces, as in `scope=…`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Sorts names that are scope tokens, and drops repetitions.
    fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self::from_sorted(names.into_iter().collect::<BTreeSet<&str>>())
    }

    /// Joins names that are in order.
    fn from_sorted<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut joined = String::new();
        for name in names {
            if !joined.is_empty() {
                joined.push(' ');
            }
            joined.push_str(name);
        }
        Self(Arc::from(joined))
    }
}

impl Default for ScopeSet {
    fn default() -> Self {
        Self::empty()
    }
}

impl From<Scope> for ScopeSet {
    fn from(scope: Scope) -> Self {
        Self(Arc::from(scope.name))
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self::from_names(scopes.into_iter().map(|scope| scope.name))
    }
}

impl TryFrom<String> for ScopeSet {
    type Error = InvalidScope;

    fn try_from(text: String) -> Result<Self, InvalidScope> {
        Self::parse(&text)
    }
}

impl From<ScopeSet> for String {
    fn from(set: ScopeSet) -> Self {
        set.as_str().to_owned()
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Scope = Scope::new("notes:read", "Read your notes");
    const WRITE: Scope = Scope::new("notes:write", "Change your notes");

    #[test]
    fn a_scope_set_is_sorted_and_has_no_repetitions() {
        let set = ScopeSet::parse(" profile  notes:read profile ").unwrap();
        assert_eq!(set.as_str(), "notes:read profile");
        assert_eq!(set, ScopeSet::parse("profile notes:read").unwrap());
        assert_eq!(set.len(), 2);
    }

    #[test]
    fn an_empty_string_is_the_empty_scope_set() {
        for text in ["", " ", "   "] {
            let set = ScopeSet::parse(text).unwrap();
            assert!(set.is_empty(), "{text:?}");
            assert_eq!((set.len(), set.iter().count()), (0, 0), "{text:?}");
        }
    }

    #[test]
    fn characters_that_rfc_6749_forbids_in_a_scope_are_refused() {
        let long = "a".repeat(MAX_SCOPE_LENGTH + 1);
        for (name, text) in [
            ("quote", "a\"b"),
            ("backslash", "a\\b"),
            ("tab", "a\tb"),
            ("newline", "a\nb"),
            ("carriage return", "a\r\nb"),
            ("not ASCII", "nötes"),
            ("delete", "a\u{7f}"),
            ("no-break space", "a\u{a0}b"),
            ("too long", &long),
        ] {
            assert_eq!(ScopeSet::parse(text), Err(InvalidScope::Malformed), "{name}");
        }
        assert!(ScopeSet::parse("!#[]~^{}:/.").is_ok());
    }

    #[test]
    fn too_many_scopes_are_refused() {
        let many: Vec<String> = (0..=MAX_SCOPES).map(|n| format!("s{n}")).collect();
        assert_eq!(ScopeSet::parse(&many.join(" ")), Err(InvalidScope::TooMany));
        assert_eq!(ScopeSet::parse(&"a ".repeat(MAX_SCOPE_STRING)), Err(InvalidScope::TooMany));
        assert!(ScopeSet::parse(&many[1..].join(" ")).is_ok());
    }

    #[test]
    fn scope_sets_have_the_operations_of_sets() {
        let read = ScopeSet::from(READ);
        let both: ScopeSet = [WRITE, READ, READ].into_iter().collect();
        assert_eq!(both.as_str(), "notes:read notes:write");
        assert!(both.contains(READ) && both.contains_all(&read) && !read.contains_all(&both));
        assert_eq!(both.difference(&read), ScopeSet::from(WRITE));
        assert_eq!(both.intersection(&read), read);
        assert_eq!(read.union(&ScopeSet::from(WRITE)), both);
        assert!(!both.contains_name("notes"), "a prefix is not a member");
    }

    #[test]
    fn operations_on_scope_sets_are_those_on_sets_of_names() {
        let names = ["a", "a:b", "ab", "b", "b!", "ba", "c", "profile"];
        let set = |bits: usize| {
            let chosen = names.iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0).map(|(_, name)| *name);
            chosen.collect::<BTreeSet<&str>>()
        };
        let as_scopes = |names: BTreeSet<&str>| ScopeSet::from_names(names);
        for bits in 0_usize..1 << names.len() {
            // Each set beside its neighbour, its complement, and its mirror image.
            for other in [bits + 1, !bits, bits.reverse_bits() >> (usize::BITS as usize - names.len())] {
                let (one, two) = (set(bits), set(other));
                let (left, right) = (as_scopes(one.clone()), as_scopes(two.clone()));
                assert_eq!(left.union(&right), as_scopes(&one | &two), "{one:?} {two:?}");
                assert_eq!(left.intersection(&right), as_scopes(&one & &two), "{one:?} {two:?}");
                assert_eq!(left.difference(&right), as_scopes(&one - &two), "{one:?} {two:?}");
                assert_eq!(left.contains_all(&right), one.is_superset(&two), "{one:?} {two:?}");
            }
        }
    }
}
