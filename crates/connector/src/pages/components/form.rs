//! Forms: where one goes, the sealed value that proves that it is ours, its fields, and its buttons.

use std::borrow::Cow;

use maud::{Markup, Render, html};

use crate::pages::untrusted_text::visible;
use crate::pages::{FormTarget, SEALED_FIELD};

/// A form that is posted to this server.
#[derive(Debug)]
pub(crate) struct Form<'a> {
    target: FormTarget<'a>,
    hidden: Vec<(&'static str, Cow<'a, str>)>,
    fields: Vec<Markup>,
    buttons: Vec<Button<'a>>,
    below: Vec<Markup>,
}

impl<'a> Form<'a> {
    /// Creates a form without fields and buttons.
    pub(crate) fn new(target: &FormTarget<'a>) -> Self {
        Self { target: *target, hidden: Vec::new(), fields: Vec::new(), buttons: Vec::new(), below: Vec::new() }
    }

    /// Adds a value that the person does not see.
    pub(crate) fn hidden(mut self, name: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        self.hidden.push((name, value.into()));
        self
    }

    /// Adds a field, or other content.
    pub(crate) fn field(mut self, field: impl Render) -> Self {
        self.fields.push(field.render());
        self
    }

    /// Adds content below the buttons.
    pub(crate) fn below(mut self, content: impl Render) -> Self {
        self.below.push(content.render());
        self
    }

    /// Adds a button. The first one is that of the Enter key.
    pub(crate) fn button(mut self, button: Button<'a>) -> Self {
        self.buttons.push(button);
        self
    }
}

impl Render for Form<'_> {
    fn render(&self) -> Markup {
        html! {
            form method="post" action=(self.target.action) {
                input type="hidden" name=(SEALED_FIELD) value=(self.target.sealed);
                @for (name, value) in &self.hidden { input type="hidden" name=(name) value=(value); }
                @for field in &self.fields { (field) }
                div.buttons { @for button in &self.buttons { (button) } }
                @for content in &self.below { (content) }
            }
        }
    }
}

/// A button that sends its form.
#[derive(Clone, Debug)]
pub(crate) struct Button<'a> {
    words: Cow<'a, str>,
    class: &'static str,
    spoken: Option<String>,
    value: Option<(&'static str, Cow<'a, str>)>,
    skips_checks: bool,
    comes_late: bool,
}

impl<'a> Button<'a> {
    fn new(words: impl Into<Cow<'a, str>>, class: &'static str) -> Self {
        Self { words: words.into(), class, spoken: None, value: None, skips_checks: false, comes_late: false }
    }

    /// What the page is for. A page has one.
    pub(crate) fn primary(words: impl Into<Cow<'a, str>>) -> Self {
        Self::new(words, "primary")
    }

    /// Anything else.
    pub(crate) fn plain(words: impl Into<Cow<'a, str>>) -> Self {
        Self::new(words, "plain")
    }

    /// What ends or removes something.
    pub(crate) fn danger(words: impl Into<Cow<'a, str>>) -> Self {
        Self::new(words, "alert")
    }

    /// Sets what a screen reader says, where the words alone do not tell what the button is about.
    pub(crate) fn spoken(mut self, words: impl Into<String>) -> Self {
        self.spoken = Some(words.into());
        self
    }

    /// Sets a field that is sent if this button is pressed.
    pub(crate) fn value(mut self, name: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        self.value = Some((name, value.into()));
        self
    }

    /// Lets it send the form with fields that are still empty: a button that leaves.
    pub(crate) fn skips_checks(mut self) -> Self {
        self.skips_checks = true;
        self
    }

    /// Shows it a second after the page, so that nobody presses it before they have read anything.
    pub(crate) fn comes_late(mut self) -> Self {
        self.comes_late = true;
        self
    }
}

impl Render for Button<'_> {
    fn render(&self) -> Markup {
        let spoken = self.spoken.as_deref().map(visible);
        let (name, value) = self.value.as_ref().map(|(name, value)| (*name, value)).unzip();
        html! {
            button class={ (self.class) @if self.comes_late { " soon" } } type="submit" name=[name] value=[value] aria-label=[spoken] formnovalidate[self.skips_checks] {
                (visible(&self.words))
            }
        }
    }
}
