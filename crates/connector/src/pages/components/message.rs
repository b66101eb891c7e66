//! Boxes with a message: what was just done, what went wrong, and what deserves a second look.

use maud::{Markup, Render, html};

/// A message.
#[derive(Debug)]
pub(crate) struct Message {
    kind: Kind,
    words: Markup,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Done,
    Warning,
    Error,
}

/// The id of an error, for the fields that it is about. A page has at most one.
pub(crate) const ERROR_ID: &str = "problem";

impl Message {
    /// Says what was just done.
    pub(crate) fn done(words: Markup) -> Self {
        Self { kind: Kind::Done, words }
    }

    /// Says what deserves a second look.
    pub(crate) fn warning(words: Markup) -> Self {
        Self { kind: Kind::Warning, words }
    }

    /// Says what went wrong. A screen reader says it at once.
    pub(crate) fn error(words: Markup) -> Self {
        Self { kind: Kind::Error, words }
    }
}

impl Render for Message {
    fn render(&self) -> Markup {
        html! {
            @match self.kind {
                Kind::Done => p.note.done role="status" { (self.words) },
                Kind::Warning => p.note { (self.words) },
                Kind::Error => p.note.alert id=(ERROR_ID) role="alert" { (self.words) },
            }
        }
    }
}
