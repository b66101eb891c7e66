//! The way in to the account page, for a person who is not signed in.

use maud::html;

use crate::pages::FormTarget;
use crate::pages::account::notice::{Notice, notice_line};
use crate::pages::components::passkey::PasskeyOffer;
use crate::pages::frame::page_frame::{Page, PageKind};
use crate::pages::login::{LoginError, passphrase_form};
use crate::pages::untrusted_text::isolated;

/// Returns the page where people sign in with the passphrase.
pub(crate) fn account_login(
    form: &FormTarget<'_>,
    passkey: &PasskeyOffer,
    notice: Option<&Notice>,
    error: Option<LoginError>,
) -> Page {
    let content = html! {
        h1 { "Your account" }
        (notice_line(notice))
        p { "Sign in to see which apps are connected, and to disconnect them." }
        (passphrase_form(error, form, (None, passkey), None))
    };
    Page::card("Sign in to your account", &content, PageKind::StaysHere).with_script(passkey.script())
}

/// Returns the page where people sign in with a provider. `path` leads there; `other` leads there, too, and lets the person choose
/// another account.
pub(crate) fn account_provider_login(provider: &str, path: &str, other: Option<&str>, notice: Option<&Notice>) -> Page {
    let content = html! {
        h1 { "Your account" }
        (notice_line(notice))
        p { "Sign in to see which apps you have connected, and to disconnect them." }
        div.buttons.long {
            a.button.primary href=(path) { "Sign in with " (isolated(provider)) }
            @if let Some(other) = other { a.button href=(other) { "Sign in as somebody else" } }
        }
    };
    Page::card("Sign in to your account", &content, PageKind::StaysHere)
}
