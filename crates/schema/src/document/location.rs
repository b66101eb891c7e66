//! Locations in a schema document.

use std::fmt;

/// The location of a schema in its document: a JSON pointer (RFC 6901).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Location(String);

impl Location {
    /// Returns the location of the whole document.
    pub(crate) fn root() -> Self {
        Self::default()
    }

    /// Returns the location of a member or an item.
    pub(crate) fn child(&self, token: &str) -> Self {
        Self(format!("{}/{}", self.0, token.replace('~', "~0").replace('/', "~1")))
    }

    /// Returns the location that a JSON pointer names, seen from this one.
    pub(crate) fn join(&self, pointer: &str) -> Self {
        Self(format!("{}{pointer}", self.0))
    }

    /// Returns the location of the array or object around this one.
    pub(crate) fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.to_owned()))
    }

    pub(crate) fn as_pointer(&self) -> &str {
        &self.0
    }
}

/// Writes the location as a URI fragment.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}
