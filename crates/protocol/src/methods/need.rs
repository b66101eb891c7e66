//! What a request needs of its caller before it may be answered.

use mcp_connector_base::scope::ScopeSet;

/// What a request needs before it may be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: it is public.
    Nothing,
    /// A caller who was given these scopes. An empty set needs a sign-in and no particular scope.
    Scopes(ScopeSet),
}

impl Need {
    /// Returns the need of something that also needs a place to store state. `is_stored_for_anonymous` says whether the connector
    /// stores state for callers without a token.
    pub(crate) fn with_state(self, is_stored_for_anonymous: bool) -> Self {
        match self {
            Self::Nothing if !is_stored_for_anonymous => Self::Scopes(ScopeSet::default()),
            Self::Nothing | Self::Scopes(_) => self,
        }
    }

    /// Returns what two requests need together.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, need) | (need, Self::Nothing) => need,
            (Self::Scopes(one), Self::Scopes(other)) => Self::Scopes(one.union(&other)),
        }
    }
}
