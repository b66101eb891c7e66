//! The section that ends everything at once. Nothing of it can be undone, so all of it is folded away.

use maud::{Markup, Render as _, html};

use crate::pages::FormTarget;
use crate::pages::account::action::{AccountFormAction, action_form};
use crate::pages::components::form::Button;
use crate::pages::components::section::{Fold, Section};

/// What there is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connected {
    /// At least one app or access key.
    Apps,
    /// Neither.
    Nothing,
}

/// Whether the connector uses accounts of the person elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upstreams {
    Used,
    None,
}

/// Draws the section.
pub(crate) fn section(connected: Connected, upstreams: Upstreams, form: &FormTarget<'_>) -> Markup {
    Section::new("all", "End everything")
        .content(html! {
            @if connected == Connected::Apps {
                (Fold::new("Disconnect all apps and end all keys").content(html! {
                    p { "Each app will have to ask you again, and no access key will work. You stay signed in here." }
                    (action_form(form, AccountFormAction::EndAll).button(Button::danger("Disconnect all")))
                }))
            }
            (Fold::new("Sign out everywhere").content(html! {
                p {
                    "Disconnects all apps, ends all access keys, "
                    @if upstreams == Upstreams::Used { "disconnects your accounts elsewhere, " }
                    "and signs you out of this page in every browser. Use it if you have lost a device."
                }
                (action_form(form, AccountFormAction::SignOutEverywhere).button(Button::danger("Sign out everywhere now")))
            }))
        })
        .render()
}
