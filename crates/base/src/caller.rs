//! Who is calling, and with which scopes: what the protocol and the authorization server share. A token is checked elsewhere.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use crate::identifier::{ClientId, GrantId, InvalidIdentifier, Subject};
pub use crate::scope::{InvalidScope, Scope, ScopeSet};

/// The person who is calling, and the client through which they call.
///
/// # Examples
///
/// ```
/// use mcp_connector::{Context, Scope, ToolError};
///
/// const NOTES_WRITE: Scope = Scope::new("notes:write", "Save and delete your notes");
///
/// async fn whoami(cx: Context) -> Result<String, ToolError> {
///     Ok(match cx.caller() {
///         Some(caller) if caller.scopes.contains(NOTES_WRITE) => format!("{} may write notes.", caller.subject),
///         Some(caller) => format!("{} may not write notes.", caller.subject),
///         None => "Nobody has signed in.".to_owned(),
///     })
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The person or service on whose behalf the call is made.
    pub subject: Subject,
    /// The OAuth client that makes the call.
    pub client_id: ClientId,
    /// The scopes that the person granted to the client.
    pub scopes: ScopeSet,
    /// The name of the person for texts and pages. It is not an identifier: it may change, and two people may share it.
    pub display_name: Option<Arc<str>>,
    /// The grant behind the token. `None` for a client that acts for itself, and for tokens of an external issuer.
    pub grant: Option<GrantId>,
}

impl Caller {
    /// Returns those of `required` that the caller was not granted.
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
    fn a_caller_lacks_exactly_the_scopes_it_was_not_granted() {
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
