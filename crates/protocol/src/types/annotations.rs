//! Hints about content and resources ("Annotations").

use std::borrow::Cow;

use serde::Serialize;

use crate::types::role::Role;
use crate::types::version::ProtocolVersion;

/// Hints for the client about content or a resource: who should see it, how much it matters, and when it changed
/// ("Annotations").
///
/// # Examples
///
/// ```
/// use mcp_connector::{Annotations, ContentBlock, Role};
///
/// let annotations = Annotations::new().audience(Role::User).priority(0.9).last_modified("2026-01-12T15:00:58Z");
/// let content = ContentBlock::text("The report is ready.").annotations(annotations);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Annotations {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    audience: Vec<Role>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_modified: Option<String>,
}

impl Annotations {
    /// Creates annotations without any hint.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds somebody who should see the content. Call it twice for both. Without it, the client decides.
    #[must_use]
    pub fn audience(mut self, audience: Role) -> Self {
        self.audience.push(audience);
        self
    }

    /// Sets how much the content matters, from 0 (optional) to 1 (required). A number outside is moved to the nearer end.
    #[must_use]
    pub fn priority(mut self, priority: f64) -> Self {
        self.priority = Some(priority.clamp(0.0, 1.0));
        self
    }

    /// Sets when the content last changed, as an ISO 8601 time. Sent from revision 2025-06-18 on.
    #[must_use]
    pub fn last_modified(mut self, time: impl Into<String>) -> Self {
        self.last_modified = Some(time.into());
        self
    }

    /// Returns the members that `version` has.
    pub(crate) fn known_to(&self, version: ProtocolVersion) -> Cow<'_, Self> {
        if self.last_modified.is_none() || version.has_last_modified() {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self { last_modified: None, ..self.clone() })
    }
}
