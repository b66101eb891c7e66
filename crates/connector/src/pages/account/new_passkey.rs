//! The page on which a new passkey is made. It needs a script.

use maud::{Render as _, html};

use mcp_connector_oauth::login::passkeys::public_key::COSE_ALGORITHMS;

use crate::pages::FormTarget;
use crate::pages::components::form::Form;
use crate::pages::components::passkey::{PASSKEY_FIELD, PASSKEY_SCRIPT};
use crate::pages::frame::page_frame::{Page, PageKind};
use crate::pages::reauthentication::PENDING_FIELD;
use crate::pages::untrusted_text::{isolated, visible};

/// What the page says, and what the authenticator is asked to make.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewPasskeyPage<'a> {
    /// The name that the person gave it.
    pub(crate) name: &'a str,
    /// The name of the connector.
    pub(crate) connector: &'a str,
    pub(crate) challenge: &'a str,
    pub(crate) relying_party: &'a str,
    pub(crate) user_handle: &'a str,
    /// The credentials that exist, in base64url. No second one is made on their devices.
    pub(crate) exclude: &'a [String],
    /// The sealed name, to which the challenge belongs.
    pub(crate) pending: &'a str,
    /// Where the account page is.
    pub(crate) back: &'a str,
}

/// Returns the page.
pub(crate) fn new_passkey(page: &NewPasskeyPage<'_>, form: &FormTarget<'_>) -> Page {
    let algorithms = COSE_ALGORITHMS.map(|algorithm| algorithm.to_string()).join(" ");
    let part = html! {
        div.passkey data-passkey="create" data-challenge=(page.challenge) data-party=(page.relying_party)
            data-name=(visible(page.connector)) data-user=(page.user_handle) data-exclude=(page.exclude.join(" "))
            data-algorithms=(algorithms) {
            button.primary type="button" hidden { "Create the passkey" }
            p role="status" {}
            noscript { p { "Adding a passkey needs JavaScript. Turn it on and load this page again." } }
        }
    };
    let content = html! {
        h1 { "Create a passkey" }
        p { "Your browser asks where to keep " strong { (isolated(page.name)) } ", and to confirm that it is you." }
        (Form::new(form).hidden(PENDING_FIELD, page.pending).hidden(PASSKEY_FIELD, "").field(part).render())
        p.foot.last { a href=(page.back) { "Cancel, and go back to your account" } }
    };
    Page::card("Create a passkey", &content, PageKind::StaysHere).with_script(Some(PASSKEY_SCRIPT))
}
