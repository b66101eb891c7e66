//! Collects the violations that an evaluation finds.

use crate::instance::path::InstancePath;
use crate::violations::violation::{Violation, ViolationKind, Violations};

/// Collects violations, or discards them so that an evaluation can stop at the first one.
pub(crate) struct Report(Option<Violations>);

impl Report {
    /// Returns a report for an evaluation that only says yes or no.
    pub(crate) const fn discarding() -> Self {
        Self(None)
    }

    pub(crate) fn collecting() -> Self {
        Self(Some(Violations::default()))
    }

    /// Returns an empty report that collects if this one does.
    pub(crate) fn fresh(&self) -> Self {
        Self(self.0.as_ref().map(|_| Violations::default()))
    }

    pub(crate) const fn is_collecting(&self) -> bool {
        self.0.is_some()
    }

    /// Returns whether an evaluation that has failed may stop.
    pub(crate) fn has_enough(&self) -> bool {
        self.0.as_ref().is_none_or(Violations::is_full)
    }

    pub(crate) fn add(&mut self, path: &InstancePath<'_>, kind: ViolationKind, reason: impl FnOnce() -> String) {
        if let Some(violations) = &mut self.0 {
            violations.push(Violation { path: path.to_string(), depth: path.depth(), kind, reason: reason() });
        }
    }

    /// Adds what another report has collected.
    pub(crate) fn extend(&mut self, other: Self) {
        if let (Some(own), Some(other)) = (&mut self.0, other.0) {
            own.extend(other);
        }
    }

    pub(crate) fn found(&self) -> &[Violation] {
        self.0.as_ref().map_or(&[], Violations::found)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found().is_empty()
    }

    pub(crate) fn into_violations(self) -> Violations {
        self.0.unwrap_or_default()
    }
}
