//! A secret that is shown once, and the lines in which it is used, each to be copied as a whole.

use std::borrow::Cow;

use maud::{Markup, Render, html};

use crate::pages::untrusted_text::visible;

/// A secret with the lines that use it.
#[derive(Debug)]
pub(crate) struct Secret<'a> {
    label: &'static str,
    value: &'a str,
    lines: Vec<(&'static str, Cow<'a, str>)>,
}

impl<'a> Secret<'a> {
    /// Creates a secret without lines.
    pub(crate) fn new(label: &'static str, value: &'a str) -> Self {
        Self { label, value, lines: Vec::new() }
    }

    /// Adds a line, or several, that is ready to be copied. `place` says where it goes.
    pub(crate) fn line(mut self, place: &'static str, text: impl Into<Cow<'a, str>>) -> Self {
        self.lines.push((place, text.into()));
        self
    }
}

impl Render for Secret<'_> {
    fn render(&self) -> Markup {
        html! {
            div.secret {
                p { strong { (self.label) } br; "Copy it now: it is not shown again." }
                // One click selects all of it.
                pre { code { (visible(self.value)) } }
                @for (place, text) in &self.lines {
                    details.fold {
                        summary { (place) }
                        div.opened { pre { code { (visible(text)) } } }
                    }
                }
            }
        }
    }
}
