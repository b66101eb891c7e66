//! What the last look at a grant says of its person: what the identity provider last said, and what their roles allow today.

use std::sync::Arc;

use mcp_connector_base::caller::Caller;
use mcp_connector_base::profile::Profile;
use mcp_connector_base::scope::ScopeSet;

/// What is known of the person of a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    profile: Option<Arc<Profile>>,
    /// The scopes that the roles of the deployment withhold.
    withheld: ScopeSet,
}

impl Default for Standing {
    fn default() -> Self {
        Self { profile: None, withheld: ScopeSet::empty() }
    }
}

impl Standing {
    #[must_use]
    pub fn new(profile: Option<Profile>, withheld: ScopeSet) -> Self {
        Self { profile: profile.map(Arc::new), withheld }
    }

    /// Returns what the identity provider last said of the person.
    #[must_use]
    pub fn profile(&self) -> Option<&Profile> {
        self.profile.as_deref()
    }

    /// Returns the scopes that roles withhold.
    #[must_use]
    pub const fn withheld(&self) -> &ScopeSet {
        &self.withheld
    }

    /// Returns the same with further scopes withheld.
    #[must_use]
    pub fn without(self, withheld: &ScopeSet) -> Self {
        Self { withheld: self.withheld.union(withheld), ..self }
    }

    /// Returns about how many bytes of text it holds.
    #[must_use]
    pub fn size(&self) -> usize {
        self.withheld.as_str().len() + self.profile.as_ref().map_or(0, |profile| profile.size())
    }

    /// Returns a caller with what is known of the person, and without the scopes that their roles withhold.
    #[must_use]
    pub fn of(&self, caller: &Caller) -> Caller {
        let mut caller = caller.clone();
        if self.profile.is_some() {
            caller.profile.clone_from(&self.profile);
        }
        // What an earlier look withheld may be allowed again.
        if let Some(withheld) = caller.withheld.take() {
            caller.scopes = caller.scopes.union(&withheld);
        }
        if !self.withheld.is_empty() {
            caller.withheld = Some(caller.scopes.intersection(&self.withheld));
            caller.scopes = caller.scopes.difference(&self.withheld);
        }
        caller
    }
}
