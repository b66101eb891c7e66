//! The fields of forms. Each has a label that belongs to it, and may have a hint that a screen reader says with it.

use maud::{Markup, Render, html};

use mcp_connector_oauth::web::form::{FormError, Parameters};

use crate::pages::untrusted_text::visible;

/// The name of the field with the passphrase.
pub(crate) const PASSPHRASE_FIELD: &str = "passphrase";
/// The name of the field that takes its place while the passphrase is shown.
const SHOWN_PASSPHRASE_FIELD: &str = "passphrase-shown";
/// The name of the switch that shows it.
const SHOW_FIELD: &str = "passphrase-show";

/// A line of text.
#[derive(Debug)]
pub(crate) struct TextField {
    id: &'static str,
    name: &'static str,
    label: &'static str,
    hint: Option<&'static str>,
    max_length: usize,
}

impl TextField {
    /// Creates a field that has to be filled. `id` is unique on the page.
    pub(crate) fn new(id: &'static str, name: &'static str, label: &'static str) -> Self {
        Self { id, name, label, hint: None, max_length: 200 }
    }

    /// Sets a quiet line below the label.
    pub(crate) fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// Sets how many characters it takes. Without it, that is 200.
    pub(crate) fn max_length(mut self, characters: usize) -> Self {
        self.max_length = characters;
        self
    }
}

impl Render for TextField {
    fn render(&self) -> Markup {
        html! {
            div.field {
                label.label for=(self.id) { (self.label) }
                (hint(self.id, self.hint))
                input id=(self.id) type="text" name=(self.name) maxlength=(self.max_length) required autocomplete="off"
                    aria-describedby=[hint_id(self.id, self.hint)];
            }
        }
    }
}

/// A secret of another service, which is typed once and never shown.
#[derive(Debug)]
pub(crate) struct SecretField<'a> {
    id: &'static str,
    name: &'static str,
    label: &'a str,
    error_id: Option<&'static str>,
}

impl<'a> SecretField<'a> {
    /// Creates a field that has to be filled. `id` is unique on the page.
    pub(crate) fn new(id: &'static str, name: &'static str, label: &'a str) -> Self {
        Self { id, name, label, error_id: None }
    }

    /// Names the element that says why it is asked for again.
    pub(crate) fn error_id(mut self, id: Option<&'static str>) -> Self {
        self.error_id = id;
        self
    }
}

impl Render for SecretField<'_> {
    fn render(&self) -> Markup {
        let invalid = self.error_id.map(|_| "true");
        html! {
            div.field {
                label.label for=(self.id) { (visible(self.label)) }
                input id=(self.id) type="password" name=(self.name) maxlength="8192" required autocomplete="off"
                    autocapitalize="off" spellcheck="false" aria-invalid=[invalid] aria-describedby=[self.error_id];
            }
        }
    }
}

/// One choice of several.
#[derive(Debug)]
pub(crate) struct Select<'a> {
    id: &'static str,
    name: &'static str,
    label: &'static str,
    hint: Option<&'static str>,
    options: Vec<(&'a str, &'a str)>,
    selected: Option<&'a str>,
}

impl<'a> Select<'a> {
    /// Creates a field without options. `id` is unique on the page.
    pub(crate) fn new(id: &'static str, name: &'static str, label: &'static str) -> Self {
        Self { id, name, label, hint: None, options: Vec::new(), selected: None }
    }

    /// Sets a quiet line below the label.
    pub(crate) fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// Adds an option: the value that is sent, and what the person reads.
    pub(crate) fn option(mut self, value: &'a str, words: &'a str) -> Self {
        self.options.push((value, words));
        self
    }

    /// Selects the option with this value. Without it, that is the first.
    pub(crate) fn selected(mut self, value: &'a str) -> Self {
        self.selected = Some(value);
        self
    }
}

impl Render for Select<'_> {
    fn render(&self) -> Markup {
        html! {
            div.field {
                label.label for=(self.id) { (self.label) }
                (hint(self.id, self.hint))
                select id=(self.id) name=(self.name) aria-describedby=[hint_id(self.id, self.hint)] {
                    @for (value, words) in &self.options {
                        option value=(value) selected[self.selected == Some(*value)] { (visible(words)) }
                    }
                }
            }
        }
    }
}

/// Whether a box is ticked when the page is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ticked {
    Yes,
    No,
}

/// A list of switches with one name, such as scopes.
#[derive(Debug)]
pub(crate) struct CheckboxList<'a> {
    name: &'static str,
    legend: &'static str,
    options: Vec<(&'a str, &'a str, Ticked)>,
    error_id: Option<&'static str>,
}

impl<'a> CheckboxList<'a> {
    /// Creates a list without options. `name` is the field that each ticked option is sent as.
    pub(crate) fn new(name: &'static str, legend: &'static str) -> Self {
        Self { name, legend, options: Vec::new(), error_id: None }
    }

    /// Adds an option: the value that is sent, what the person reads, and whether it is ticked.
    pub(crate) fn option(mut self, value: &'a str, words: &'a str, ticked: Ticked) -> Self {
        self.options.push((value, words, ticked));
        self
    }

    /// Names the element that says what is wrong with the choice.
    pub(crate) fn error_id(mut self, id: Option<&'static str>) -> Self {
        self.error_id = id;
        self
    }
}

impl Render for CheckboxList<'_> {
    fn render(&self) -> Markup {
        html! {
            fieldset aria-describedby=[self.error_id] {
                legend { (self.legend) }
                ul.scopes {
                    @for (value, words, ticked) in &self.options {
                        li {
                            label {
                                span.words { (visible(words)) " " span.mono { (value) } }
                                input type="checkbox" name=(self.name) value=(value) checked[*ticked == Ticked::Yes];
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The passphrase of the owner, with the name that password managers keep it under and a switch that shows it.
///
/// No style sheet can show what is in a field for passwords, and no page for signing in runs a script. So the switch exchanges two
/// fields, one for passwords and one for text, and [`typed_passphrase`] reads the one that was seen.
#[derive(Debug)]
pub(crate) struct PassphraseField {
    id: &'static str,
    error_id: Option<&'static str>,
    is_invalid: bool,
    takes_focus: bool,
}

impl PassphraseField {
    /// Creates the field. `id` is unique on the page.
    pub(crate) fn new(id: &'static str) -> Self {
        Self { id, error_id: None, is_invalid: false, takes_focus: false }
    }

    /// Puts the cursor into it when the page is loaded.
    pub(crate) fn takes_focus(mut self) -> Self {
        self.takes_focus = true;
        self
    }

    /// Names the element that says why it is asked for again.
    pub(crate) fn error_id(mut self, id: Option<&'static str>) -> Self {
        self.error_id = id;
        self
    }

    /// Says that the passphrase was wrong.
    pub(crate) fn invalid(mut self) -> Self {
        self.is_invalid = true;
        self
    }
}

impl Render for PassphraseField {
    fn render(&self) -> Markup {
        let invalid = self.is_invalid.then_some("true");
        let user = [self.id, "-user"].concat();
        html! {
            div.field.user {
                // Without a name it is not sent. Password managers keep a passphrase only together with a user name.
                label.label for=(user) { "Signing in as" }
                input id=(user) type="text" value="owner" autocomplete="username" readonly tabindex="-1";
            }
            div.field.passphrase {
                label.label for=(self.id) { "Owner’s passphrase" }
                input id=(self.id) type="password" name=(PASSPHRASE_FIELD) autofocus[self.takes_focus]
                    autocomplete="current-password" autocapitalize="off" spellcheck="false"
                    aria-invalid=[invalid] aria-describedby=[self.error_id];
                input type="text" name=(SHOWN_PASSPHRASE_FIELD) aria-label="Passphrase, shown" placeholder="Type it here to see it"
                    autocomplete="off" autocapitalize="off" spellcheck="false"
                    aria-invalid=[invalid] aria-describedby=[self.error_id];
                label.shows {
                    input type="checkbox" name=(SHOW_FIELD) value="on" aria-label="Show the passphrase";
                    span.shown aria-hidden="true" { "Show" }
                    span.hides aria-hidden="true" { "Hide" }
                }
            }
        }
    }
}

/// Returns the passphrase that was typed into a [`PassphraseField`]: what is in the field that was seen, or else in the other.
///
/// # Errors
///
/// Fails if a field is repeated.
pub(crate) fn typed_passphrase(form: &Parameters) -> Result<Option<&str>, FormError> {
    let (hidden, shown) = (form.get(PASSPHRASE_FIELD)?, form.get(SHOWN_PASSPHRASE_FIELD)?);
    Ok(if form.get(SHOW_FIELD)?.is_some() { shown.or(hidden) } else { hidden.or(shown) })
}

fn hint(id: &str, hint: Option<&str>) -> Markup {
    html! { @if let Some(hint) = hint { span.hint id={ (id) "-hint" } { (hint) } } }
}

/// Returns the id of the hint of a field, if it has one.
fn hint_id(id: &str, hint: Option<&str>) -> Option<String> {
    hint.map(|_| [id, "-hint"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_passphrase_is_read_from_the_field_that_was_seen() {
        for (form, typed) in [
            ("passphrase=a", Some("a")),
            ("passphrase=a&passphrase-shown=", Some("a")),
            ("passphrase=&passphrase-shown=b&passphrase-show=on", Some("b")),
            ("passphrase=a&passphrase-shown=b&passphrase-show=on", Some("b")),
            ("passphrase=a&passphrase-shown=b", Some("a")),
            ("passphrase=a&passphrase-shown=&passphrase-show=on", Some("a")),
            ("passphrase=&passphrase-shown=b", Some("b")),
            ("passphrase=&passphrase-shown=", None),
            ("", None),
        ] {
            assert_eq!(typed_passphrase(&Parameters::parse(form.as_bytes()).unwrap()), Ok(typed), "{form}");
        }
        assert!(typed_passphrase(&Parameters::parse(b"passphrase=a&passphrase=b").unwrap()).is_err());
    }
}
