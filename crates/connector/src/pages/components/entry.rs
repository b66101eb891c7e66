//! Lists whose entries are one line each and open to the rest, so that a long list stays short.

use std::borrow::Cow;

use maud::{Markup, Render, html};

use crate::pages::untrusted_text::isolated;

/// The number of entries that a list shows at once. The others are behind a fold.
const SHOWN_AT_ONCE: usize = 10;

/// One line, which opens.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    name: Cow<'a, str>,
    marks: Vec<Markup>,
    line: Markup,
    content: Markup,
}

/// How a mark beside a name looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Nothing to worry about.
    Quiet,
    /// Worth a second look.
    Warning,
}

impl<'a> Entry<'a> {
    /// Creates an entry. The name may be text that somebody else has chosen.
    pub(crate) fn new(name: impl Into<Cow<'a, str>>) -> Self {
        Self { name: name.into(), marks: Vec::new(), line: html! {}, content: html! {} }
    }

    /// Adds a word or two beside the name.
    pub(crate) fn mark(mut self, kind: Mark, words: impl Render) -> Self {
        self.marks.push(html! {
            @match kind {
                Mark::Quiet => span.mark { (words) },
                Mark::Warning => span.mark.warn { (words) },
            }
        });
        self
    }

    /// Sets the quiet line below the name.
    pub(crate) fn line(mut self, line: Markup) -> Self {
        self.line = line;
        self
    }

    /// Sets what it opens to.
    pub(crate) fn content(mut self, content: Markup) -> Self {
        self.content = content;
        self
    }
}

impl Render for Entry<'_> {
    fn render(&self) -> Markup {
        html! {
            details.entry {
                summary {
                    span.head {
                        h3 { (isolated(&self.name)) }
                        @for mark in &self.marks { " " (mark) }
                    }
                    " " span.line { (self.line) }
                }
                div.opened { (self.content) }
            }
        }
    }
}

/// Draws a list of entries. From the eleventh on they are behind a fold.
pub(crate) fn entries<'a>(list: impl IntoIterator<Item = Entry<'a>>) -> Markup {
    let list: Vec<Entry<'a>> = list.into_iter().collect();
    let (shown, more) = list.split_at(list.len().min(SHOWN_AT_ONCE));
    html! {
        ul.entries { @for entry in shown { li { (entry) } } }
        @if !more.is_empty() {
            details.more {
                summary { "Show " (more.len()) " more" }
                ul.entries { @for entry in more { li { (entry) } } }
            }
        }
    }
}

/// Terms with what there is to know about each.
#[derive(Debug, Default)]
pub(crate) struct Facts(Vec<(&'static str, Markup)>);

impl Facts {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a fact.
    pub(crate) fn fact(mut self, term: &'static str, fact: impl Render) -> Self {
        self.0.push((term, fact.render()));
        self
    }
}

impl Render for Facts {
    fn render(&self) -> Markup {
        html! {
            dl.facts { @for (term, fact) in &self.0 { div { dt { (term) } dd { (fact) } } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_shows_ten_entries_and_folds_the_rest() {
        for (count, more) in [(0, None), (10, None), (11, Some(1)), (200, Some(190))] {
            let list = entries((0..count).map(|number| Entry::new(number.to_string()))).into_string();
            assert_eq!(list.matches("<details class=\"entry\">").count(), count);
            assert_eq!(list.contains("<details class=\"more\">"), more.is_some());
            assert!(more.is_none_or(|more| list.contains(&format!("Show {more} more"))), "{list}");
        }
    }
}
