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
}

impl Fold {
    /// Creates a part that `summary` opens.
    pub(crate) fn new(summary: &'static str) -> Self {
        Self { summary, content: html! {} }
    }

    /// Sets what it hides.
    pub(crate) fn content(mut self, content: Markup) -> Self {
        self.content = content;
        self
    }
}

impl Render for Fold {
    fn render(&self) -> Markup {
        html! {
            details.fold {
                summary { (self.summary) }
                div.opened { (self.content) }
            }
        }
    }
}
