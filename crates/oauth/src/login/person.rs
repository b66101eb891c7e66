//! A person who has proven who they are.

use mcp_connector_base::identifier::Subject;

use crate::login::admission::Admission;

/// Maximum length of a name of a person, in characters.
const MAX_NAME: usize = 100;

/// Somebody who has proven who they are. Only whoever has checked that makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Under which name their data is kept.
    pub subject: Subject,
    pub display_name: Option<String>,
    /// What admitted them: what is given to them ends when that admits them no longer.
    pub admission: Admission,
}

impl Person {
    /// Returns what to call them, as long as it is kept.
    #[must_use]
    pub fn truncated_name(&self) -> Option<String> {
        self.display_name.as_deref().map(|name| name.chars().take(MAX_NAME).collect())
    }
}
