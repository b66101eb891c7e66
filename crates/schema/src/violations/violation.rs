//! Why a value is invalid.

use std::fmt::{self, Write as _};

/// How many violations are named.
const MAX_VIOLATIONS: usize = 5;

/// Why a value is invalid. Its text is one line for each reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations {
    found: Vec<Violation>,
    more: bool,
}

/// One reason, and where in the value it applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The path in the value, empty for the whole: `address.zip`, `items[3]`.
    pub(crate) path: String,
    pub(crate) depth: usize,
    pub(crate) kind: ViolationKind,
    /// What is wanted, as the rest of a sentence: `must be at most 150`.
    pub(crate) reason: String,
}

/// What kind of keyword is violated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ViolationKind {
    /// `type`.
    Type,
    /// `const` or `enum`.
    Constant,
    Other,
}

impl Violations {
    pub(crate) fn push(&mut self, violation: Violation) {
        if self.found.contains(&violation) {
            return;
        }
        if self.found.len() < MAX_VIOLATIONS {
            self.found.push(violation);
        } else {
            self.more = true;
        }
    }

    pub(crate) fn extend(&mut self, other: Self) {
        for violation in other.found {
            self.push(violation);
        }
        self.more |= other.more;
    }

    pub(crate) fn found(&self) -> &[Violation] {
        &self.found
    }

    /// Returns whether there are more violations than are named.
    pub(crate) const fn is_full(&self) -> bool {
        self.more
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            write!(f, "the value {}", self.reason)
        } else {
            write!(f, "`{}` {}", self.path, self.reason)
        }
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.found.iter().enumerate() {
            if index > 0 {
                f.write_char('\n')?;
            }
            violation.fmt(f)?;
        }
        if self.more {
            f.write_str("\nand more")?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}
