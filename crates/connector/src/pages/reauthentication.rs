//! `/account/confirm`: says what is about to be done, and asks the person to prove who they are.

use maud::{Markup, html};

use crate::pages::frame::page_frame::{Page, PageKind};
use crate::pages::login::{LoginError, PASSPHRASE_FIELD, passphrase_field, problem};
use crate::pages::untrusted_text::isolated;
use crate::pages::{FormTarget, SEALED_FIELD};

/// The name of the field with the sealed action.
pub(crate) const PENDING_FIELD: &str = "pending";

/// How a person proves who they are.
#[derive(Clone, Debug)]
pub(crate) enum WayToProve<'a> {
    /// They type the passphrase.
    Passphrase,
    /// They sign in again, at this URL, and come back.
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
    /// Why the page is shown again.
    pub(crate) error: Option<LoginError>,
    /// Where Cancel leads.
    pub(crate) back: &'a str,
}

/// Returns the page.
pub(crate) fn confirm(page: &ConfirmPage<'_>, form: &FormTarget<'_>) -> Page {
    let content = html! {
        h1 { "Confirm that it is you" }
        (page.what)
        (problem(page.error))
        @match &page.way {
            WayToProve::SignInAgain { provider, url } => {
                p { "Your sign-in is older than ten minutes. Sign in again, and you come back to this page." }
                div.buttons {
                    a.button.primary href=(url) { "Sign in again with " (isolated(provider)) }
                    a.button href=(page.back) { "Cancel" }
                }
            }
            WayToProve::Passphrase => (confirmation(page, form, &passphrase_field(page.error))),
            WayToProve::Proven => (confirmation(page, form, &html! {})),
        }
    };
    Page::card("Confirm that it is you", &content, PageKind::StaysHere)
}

fn confirmation(page: &ConfirmPage<'_>, form: &FormTarget<'_>, proof: &Markup) -> Markup {
    html! {
        form method="post" action=(form.action) {
            input type="hidden" name=(SEALED_FIELD) value=(form.sealed);
            input type="hidden" name=(PENDING_FIELD) value=(page.pending);
            (proof)
            div.buttons {
                button.primary type="submit" { (page.button) }
                a.button href=(page.back) { "Cancel" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::tests::confirming;

    const FORM: FormTarget<'_> = FormTarget { action: "/account/confirm", sealed: "bWFyaw" };

    #[test]
    fn the_page_asks_for_what_is_missing_and_nothing_else() {
        let url = "https://host.example/authorize/account?prompt=login&pending=x".to_owned();
        let again = WayToProve::SignInAgain { provider: "GitHub", url };
        for (name, way, has_form, has_passphrase) in [
            ("the passphrase", WayToProve::Passphrase, true, true),
            ("signed in just now", WayToProve::Proven, true, false),
            ("signed in long ago", again, false, false),
        ] {
            let page = crate::pages::tests::confirm(&confirming(way), &FORM);
            assert_eq!(page.contains("<form"), has_form, "{name}");
            assert_eq!(page.contains(PASSPHRASE_FIELD), has_passphrase, "{name}");
            assert_eq!(page.contains("pending=x\">Sign in again with <bdi>GitHub</bdi></a>"), !has_form, "{name}");
            assert!(page.contains("<a class=\"button\" href=\"/account\">Cancel</a>"), "{name}");
        }
    }
}
