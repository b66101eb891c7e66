//! A part of a page with a heading, and a part that is folded away until it is wanted.

use maud::{Markup, Render, html};

/// A card with a heading.
#[derive(Debug)]
pub(crate) struct Section {
    id: &'static str,
    heading: &'static str,
    lead: Option<&'static str>,
    content: Markup,
}

impl Section {
    /// Creates a section. `id` is that of its heading, and a link to `#id` leads to it.
    pub(crate) fn new(id: &'static str, heading: &'static str) -> Self {
        Self { id, heading, lead: None, content: html! {} }
    }

    /// Sets a quiet sentence below the heading.
    pub(crate) fn lead(mut self, lead: &'static str) -> Self {
        self.lead = Some(lead);
        self
    }

    /// Sets its content.
    pub(crate) fn content(mut self, content: Markup) -> Self {
        self.content = content;
        self
    }
}

impl Render for Section {
    fn render(&self) -> Markup {
        html! {
            section.card aria-labelledby=(self.id) {
                h2 id=(self.id) { (self.heading) }
                @if let Some(lead) = self.lead { p.quiet { (lead) } }
                (self.content)
            }
        }
    }
}

/// A part that is folded away: what is made here, or what cannot be undone.
#[derive(Debug)]
pub(crate) struct Fold {
    summary: &'static str,
    content: Markup,
    is_open: bool,
}

impl Fold {
    /// Creates a part that `summary` opens.
    pub(crate) fn new(summary: &'static str) -> Self {
        Self { summary, content: html! {}, is_open: false }
    }

    /// Sets what it hides.
    pub(crate) fn content(mut self, content: Markup) -> Self {
        self.content = content;
        self
    }

    /// Opens it from the start, for a form that is shown again with an error.
    pub(crate) fn open(mut self) -> Self {
        self.is_open = true;
        self
    }
}

impl Render for Fold {
    fn render(&self) -> Markup {
        html! {
            details.fold open[self.is_open] {
                summary { (self.summary) }
                div.opened { (self.content) }
            }
        }
    }
}
