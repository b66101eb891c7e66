//! The scopes of a connector, and the meaning of a `scope` parameter (RFC 6749 §3.3).

use std::collections::BTreeSet;

use mcp_connector_base::scope::{InvalidScope, Scope, ScopeSet};

/// The scopes of a connector.
#[derive(Clone, Debug, Default)]
pub struct ScopeCatalogue {
    known: Vec<Scope>,
    all: ScopeSet,
    sign_in: ScopeSet,
}

impl ScopeCatalogue {
    /// Creates a catalogue of all scopes, in the order in which people read them, with the names of those that a first sign-in
    /// asks for. Names of unknown scopes are ignored.
    #[must_use]
    pub fn new(known: impl IntoIterator<Item = Scope>, sign_in: &ScopeSet) -> Self {
        let known: Vec<Scope> = known.into_iter().collect();
        let all: ScopeSet = known.iter().copied().collect();
        Self { known, sign_in: sign_in.intersection(&all), all }
    }

    /// Returns a catalogue with the scopes of another one, too. Of two with one name, that of this catalogue stays.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let more = other.known.iter().filter(|scope| !self.all.contains(**scope));
        Self::new(self.known.iter().chain(more).copied(), &self.sign_in.union(&other.sign_in))
    }

    #[must_use]
    pub const fn all(&self) -> &ScopeSet {
        &self.all
    }

    /// Returns the scopes of a first sign-in.
    #[must_use]
    pub const fn sign_in(&self) -> &ScopeSet {
        &self.sign_in
    }

    /// Returns the scopes that a request asks for. Unknown scopes are ignored, because clients ask for `openid` and the like by
    /// habit. A request that [means the default](Self::means_default) asks for the scopes of a first sign-in.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidScope`] if `scope` is not a list that [`ScopeSet::parse`] accepts.
    pub fn requested(&self, scope: Option<&str>) -> Result<ScopeSet, InvalidScope> {
        let asked = ScopeSet::parse(scope.unwrap_or_default())?;
        Ok(if self.means_default(&asked) { self.sign_in.clone() } else { asked.intersection(&self.all) })
    }

    /// Returns whether these scopes mean the default: there are none, none that is known, or only those of OpenID Connect (Core
    /// §5.4), of which `profile` has the name of one of this server. Generic clients send `openid`, `profile` and `email` to
    /// every server, and would get a connection that can read nothing.
    #[must_use]
    pub fn means_default(&self, asked: &ScopeSet) -> bool {
        let known = asked.intersection(&self.all);
        known.is_empty() || (asked.contains_name("openid") && known.iter().all(|name| name == "profile"))
    }

    /// Returns the members of a set, in the order of the catalogue.
    pub fn described<'a>(&'a self, scopes: &'a ScopeSet) -> impl Iterator<Item = Scope> + 'a {
        let members: BTreeSet<&str> = scopes.iter().collect();
        self.known.iter().copied().filter(move |scope| members.contains(scope.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: Scope = Scope::new("profile", "See who you are");
    const READ: Scope = Scope::new("notes:read", "Read your notes");
    const WRITE: Scope = Scope::new("notes:write", "Change your notes");

    fn catalogue() -> ScopeCatalogue {
        ScopeCatalogue::new([PROFILE, READ, WRITE], &ScopeSet::parse("profile notes:read gone").unwrap())
    }

    #[test]
    fn unknown_scopes_are_dropped_and_nothing_left_means_a_first_sign_in() {
        for (scope, expected) in [
            (Some("notes:write"), "notes:write"),
            (Some("profile notes:write"), "notes:write profile"),
            (Some("openid notes:read offline_access"), "notes:read"),
            (Some("openid email"), "notes:read profile"),
            (Some("openid profile email"), "notes:read profile"),
            (Some("openid profile"), "notes:read profile"),
            (Some("openid profile email offline_access address phone"), "notes:read profile"),
            (Some("profile"), "profile"),
            (Some("profile email"), "profile"),
            (Some("openid profile notes:write"), "notes:write profile"),
            (Some("openid notes:write"), "notes:write"),
            (Some("offline_access"), "notes:read profile"),
            (Some(""), "notes:read profile"),
            (None, "notes:read profile"),
        ] {
            assert_eq!(catalogue().requested(scope).unwrap().as_str(), expected, "{scope:?}");
        }
    }

    #[test]
    fn a_configured_scope_named_openid_is_asked_for_like_any_other() {
        let openid = Scope::new("openid", "Sign in");
        let catalogue = ScopeCatalogue::new([PROFILE, READ, openid], &ScopeSet::parse("notes:read").unwrap());
        assert_eq!(catalogue.requested(Some("openid profile")).unwrap().as_str(), "openid profile");
    }

    #[test]
    fn an_invalid_scope_in_the_catalogue_is_refused() {
        assert_eq!(catalogue().requested(Some("notes:read \"x\"")), Err(InvalidScope::Malformed));
        assert_eq!(catalogue().requested(Some(&"a ".repeat(9999))), Err(InvalidScope::TooMany));
    }

    #[test]
    fn two_catalogues_have_the_scopes_of_both_once() {
        let other = ScopeCatalogue::new(
            [Scope::new("profile", "Other words"), Scope::new("pages", "Pages")],
            &ScopeSet::parse("pages").unwrap(),
        );
        let both = catalogue().and(&other);
        assert_eq!(both.sign_in().as_str(), "notes:read pages profile");
        let all = both.all().clone();
        assert_eq!(both.described(&all).collect::<Vec<_>>(), [PROFILE, READ, WRITE, Scope::new("pages", "Pages")]);
    }

    #[test]
    fn scopes_are_described_in_the_order_of_the_catalogue() {
        let all = catalogue().all().clone();
        assert_eq!(catalogue().described(&all).collect::<Vec<_>>(), [PROFILE, READ, WRITE]);
        assert_eq!(catalogue().described(&ScopeSet::from(READ)).collect::<Vec<_>>(), [READ]);
    }
}
