//! `/account/confirm`: says what is about to be done, and asks the person to prove who they are.

use maud::{Markup, html};

use crate::pages::FormTarget;
use crate::pages::components::form::{Button, Form};
use crate::pages::components::passkey::PasskeyOffer;
use crate::pages::frame::page_frame::{Page, PageKind};
use crate::pages::login::{LoginError, login_error, passphrase_field};
use crate::pages::untrusted_text::isolated;

/// The name of the field with the sealed action.
pub(crate) const PENDING_FIELD: &str = "pending";

/// How a person proves who they are.
#[derive(Clone, Debug)]
pub(crate) enum WayToProve<'a> {
    /// They type the passphrase.
    Passphrase,
    /// They sign in anew, at this URL, and come back.
    SignInAgain {
        /// The name of the provider.
        provider: &'a str,
        /// Where the sign-in begins.
        url: String,
    },
    /// They have done so.
    Proven,
}

/// What the page says.
#[derive(Clone, Debug)]
pub(crate) struct ConfirmPage<'a> {
    /// What is about to be done.
    pub(crate) what: &'a Markup,
    /// The words on the button that does it.
    pub(crate) button: &'a str,
    /// The sealed action.
    pub(crate) pending: &'a str,
    /// How the person proves who they are.
    pub(crate) way: WayToProve<'a>,
    /// The offer to use a passkey instead of the passphrase.
    pub(crate) passkey: PasskeyOffer,
    /// Why the page is shown again.
    pub(crate) error: Option<LoginError>,
    /// Where Cancel leads.
    pub(crate) back: &'a str,
}

/// Returns the page.
pub(crate) fn confirm(page: &ConfirmPage<'_>, form: &FormTarget<'_>) -> Page {
    let form = Form::new(form).hidden(PENDING_FIELD, page.pending);
    let content = html! {
        h1 { "Confirm that it is you" }
        (page.what)
        @if let Some(error) = page.error { (login_error(error)) }
        @match &page.way {
            WayToProve::SignInAgain { provider, url } => {
                p { "Sign in again to confirm that it is you. You will return to this page." }
                div.buttons.long { a.button.primary href=(url) { "Sign in again with " (isolated(provider)) } }
            }
            WayToProve::Passphrase => {
                @let field = passphrase_field(page.error);
                @let field = if page.passkey.script().is_some() { field } else { field.takes_focus() };
                (form
                    .field(page.passkey.before_passphrase("Use a passkey"))
                    .field(field)
                    .button(Button::primary(page.button))
                    .below(page.passkey.link()))
            }
            WayToProve::Proven => (form.button(Button::primary(page.button))),
        }
        p.foot.last { a href=(page.back) { "Cancel, and go back to your account" } }
    };
    Page::card("Confirm that it is you", &content, PageKind::StaysHere).with_script(page.passkey.script())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::components::fields::PASSPHRASE_FIELD;
    use crate::pages::tests::{confirm, confirming};

    const FORM: FormTarget<'_> = FormTarget { action: "/account/confirm", sealed: "bWFyaw" };

    #[test]
    fn the_page_asks_for_what_is_missing_and_for_nothing_else() {
        let url = "https://host.example/authorize/account?pending=x".to_owned();
        let again = WayToProve::SignInAgain { provider: "GitHub", url };
        for (name, way, has_form, has_passphrase) in [
            ("the passphrase", WayToProve::Passphrase, true, true),
            ("asked anew just now", WayToProve::Proven, true, false),
            ("to be asked anew", again, false, false),
        ] {
            let page = confirm(&confirming(way), &FORM);
            assert_eq!(page.contains("<form"), has_form, "{name}");
            assert_eq!(page.contains(&format!("name=\"{PASSPHRASE_FIELD}\"")), has_passphrase, "{name}");
            assert_eq!(page.contains("Sign in again with <bdi>GitHub</bdi></a>"), !has_form, "{name}");
            assert!(page.contains("<a href=\"/account\">Cancel"), "{name}");
        }
    }
}
