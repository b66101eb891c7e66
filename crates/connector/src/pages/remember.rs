//! The offer to remember the browser after a sign-in.

use maud::{Markup, html};

/// The name of the field that asks for the browser to be remembered.
pub(crate) const REMEMBER_FIELD: &str = "remember";

/// The offer to remember the browser, and what the person has chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RememberChoice {
    days: u64,
    is_chosen: bool,
}

impl RememberChoice {
    /// Offers to remember the browser for this many days. It is chosen until the person says otherwise.
    pub(crate) const fn offered(days: u64) -> Self {
        Self { days, is_chosen: true }
    }

    /// Shows what the person has chosen.
    pub(crate) const fn chosen(self, is_chosen: bool) -> Self {
        Self { is_chosen, ..self }
    }
}

/// Returns the field.
pub(crate) fn remember_box(choice: RememberChoice) -> Markup {
    html! {
        label.remember {
            input type="checkbox" name=(REMEMBER_FIELD) value="yes" checked[choice.is_chosen];
            span {
                "Remember this browser for "
                @if choice.days == 1 { "a day" } @else { (choice.days) " days" }
                span.hint { "Apps that you have allowed need one click then." }
            }
        }
    }
}
