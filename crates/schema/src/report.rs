//! What is wrong with a value, in words that let a language model mend its call: where, and what is asked there.
//!
//! A reason is made of what the schema says; of the value it shows only the names of properties, cut and cleaned, and
//! never what stands in them.

use std::fmt::{self, Write as _};

use serde_json::Value;

/// Most violations that are named. The rest would repeat them.
const MAX_VIOLATIONS: usize = 5;
/// Longest property name that is shown, in characters.
const MAX_NAME: usize = 64;
/// Most values or names in a list.
const MAX_LISTED: usize = 24;
/// Longest value from a schema that is shown, in characters.
const MAX_LITERAL: usize = 80;

/// Why a value does not fit a schema. Its text is one line per reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violations {
    found: Vec<Violation>,
    more: bool,
}

/// One reason, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Violation {
    /// Where in the value: `address.zip`, `items[3]`; empty for the whole.
    place: String,
    depth: usize,
    kind: Kind,
    /// What is asked there, as the rest of a sentence: `must be at most 150`.
    reason: String,
}

/// How a violation weighs when one of several forms is looked for that a value was meant to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The wrong type.
    Type,
    /// Not the value, or none of the values, that are allowed.
    Constant,
    /// Anything else.
    Rule,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            write!(f, "the value {}", self.reason)
        } else {
            write!(f, "`{}` {}", self.place, self.reason)
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

/// Where a validation is in a value: a path that is only written down when it is needed.
pub(crate) struct Place<'p> {
    outer: Option<&'p Place<'p>>,
    step: Step<'p>,
}

enum Step<'p> {
    Whole,
    Name(&'p str),
    Index(usize),
}

impl<'p> Place<'p> {
    pub(crate) const WHOLE: Self = Self { outer: None, step: Step::Whole };

    pub(crate) const fn name<'c>(&'c self, name: &'c str) -> Place<'c>
    where
        'p: 'c,
    {
        Place { outer: Some(self), step: Step::Name(name) }
    }

    pub(crate) const fn index<'c>(&'c self, index: usize) -> Place<'c>
    where
        'p: 'c,
    {
        Place { outer: Some(self), step: Step::Index(index) }
    }

    pub(crate) fn depth(&self) -> usize {
        std::iter::successors(Some(self), |place| place.outer).count()
    }

    fn write(&self, path: &mut String) {
        if let Some(outer) = self.outer {
            outer.write(path);
        }
        match self.step {
            Step::Whole => {}
            Step::Index(index) => {
                let _ = write!(path, "[{index}]");
            }
            Step::Name(name) if is_plain(name) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(name);
            }
            Step::Name(name) => {
                path.push_str("[\"");
                path.push_str(&shown(name));
                path.push_str("\"]");
            }
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut path = String::new();
        self.write(&mut path);
        f.write_str(&path)
    }
}

fn is_plain(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '_' | '$'))
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'-'))
}

/// A name that came from outside, short and without anything that could be taken for more than a name.
pub(crate) fn shown(name: &str) -> String {
    let mut chars = name.chars();
    let clean = |char: char| {
        let harmless = char.is_alphanumeric() || char == ' ' || char.is_ascii_punctuation();
        if harmless && !matches!(char, '`' | '"' | '\\') { char } else { '\u{fffd}' }
    };
    let mut shown: String = chars.by_ref().take(MAX_NAME).map(clean).collect();
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

/// A value from a schema, as JSON, cut where it is long.
pub(crate) fn literal(value: &Value) -> String {
    let text = value.to_string();
    let mut chars = text.chars();
    let mut shown: String = chars.by_ref().take(MAX_LITERAL).collect();
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

/// `a`, `b`, `c` and so on, as far as a list can be read.
pub(crate) fn listed(items: impl IntoIterator<Item = String>) -> String {
    let mut items = items.into_iter();
    let mut list = items.by_ref().take(MAX_LISTED).collect::<Vec<_>>().join(", ");
    let left = items.count();
    if left > 0 {
        let _ = write!(list, " and {left} more");
    }
    list
}

/// Takes the violations of one validation down, or only lets it stop early.
pub(crate) struct Report {
    listens: bool,
    found: Vec<Violation>,
    more: bool,
}

impl Report {
    /// For an answer of yes or no.
    pub(crate) const fn silent() -> Self {
        Self { listens: false, found: Vec::new(), more: false }
    }

    pub(crate) const fn listening() -> Self {
        Self { listens: true, found: Vec::new(), more: false }
    }

    pub(crate) const fn listens(&self) -> bool {
        self.listens
    }

    /// Whether a validation that has failed already may stop here.
    pub(crate) const fn has_enough(&self) -> bool {
        !self.listens || self.more
    }

    pub(crate) fn note(&mut self, place: &Place<'_>, kind: Kind, reason: impl FnOnce() -> String) {
        if self.listens {
            self.push(Violation { place: place.to_string(), depth: place.depth(), kind, reason: reason() });
        }
    }

    fn push(&mut self, violation: Violation) {
        if self.found.contains(&violation) {
            return;
        }
        if self.found.len() < MAX_VIOLATIONS {
            self.found.push(violation);
        } else {
            self.more = true;
        }
    }

    /// Takes over what another report has found.
    pub(crate) fn extend(&mut self, other: Self) {
        for violation in other.found {
            self.push(violation);
        }
        self.more |= other.more;
    }

    /// How near the value came to the form this report is about: 0 if it has another type or is another constant, 1 if a
    /// constant directly inside it (a tag) differs, 2 if it is this form with a mistake in it.
    pub(crate) fn nearness(&self, place: &Place<'_>) -> u8 {
        let depth = place.depth();
        let weight = |violation: &Violation| match violation.kind {
            Kind::Type | Kind::Constant if violation.depth == depth => 0,
            Kind::Constant if violation.depth == depth.saturating_add(1) => 1,
            Kind::Type | Kind::Constant | Kind::Rule => 2,
        };
        self.found.iter().map(weight).min().unwrap_or(2)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The predicate of the first violation.
    pub(crate) fn first_reason(&self) -> Option<&str> {
        self.found.first().map(|violation| violation.reason.as_str())
    }

    pub(crate) fn into_violations(self) -> Violations {
        Violations { found: self.found, more: self.more }
    }
}
