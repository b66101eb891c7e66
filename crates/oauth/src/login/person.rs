//! A person who has signed in.

use mcp_connector_base::identifier::Subject;

use crate::login::admission::Admission;

/// Maximum length of a name, in characters.
const MAX_NAME: usize = 100;

/// A person who has signed in. Only code that has checked that creates one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The subject under which their data is stored.
    pub subject: Subject,
    pub display_name: Option<String>,
    /// What admitted them. Their grants end when that no longer admits them.
    pub admission: Admission,
}

impl Person {
    /// Returns the name, cut to the length that is stored.
    #[must_use]
    pub fn truncated_name(&self) -> Option<String> {
        self.display_name.as_deref().map(|name| name.chars().take(MAX_NAME).collect())
    }
}
