//! Who is calling, and what they were allowed: the plain types that the protocol half (`mcp`) and the authorization half
//! (`oauth`) share. How a caller is proven is `oauth`'s business; nothing here can check a token.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use crate::identifier::{ClientId, GrantId, InvalidIdentifier, Subject};
pub use crate::scope::{InvalidScope, Scope, ScopeSet};

/// Who is calling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// On whose behalf.
    pub subject: Subject,
    /// Through which client.
    pub client_id: ClientId,
    /// With what permissions.
    pub scopes: ScopeSet,
    /// What to call the person on a page or in a text; never an identifier.
    pub display_name: Option<Arc<str>>,
    /// The consent behind the call. None for a client that acts for itself, and for tokens of a foreign issuer.
    pub grant: Option<GrantId>,
}

impl Caller {
    /// Those of `required` that the caller was not given.
    #[must_use]
    pub fn missing(&self, required: &ScopeSet) -> ScopeSet {
        required.difference(&self.scopes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Scope = Scope::new("notes:read", "Read your notes");
    const WRITE: Scope = Scope::new("notes:write", "Change your notes");

    #[test]
    fn a_caller_lacks_exactly_what_it_was_not_given() {
        let caller = Caller {
            subject: Subject::new("owner").unwrap(),
            client_id: ClientId::new("c").unwrap(),
            scopes: ScopeSet::from(READ),
            display_name: None,
            grant: None,
        };
        let both: ScopeSet = [READ, WRITE].into_iter().collect();
        assert_eq!(caller.missing(&both), ScopeSet::from(WRITE));
        assert!(caller.missing(&ScopeSet::from(READ)).is_empty());
    }
}
