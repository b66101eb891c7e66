//! Pages shown when nobody can sign in: no passphrase, a weak passphrase, a setting that cannot be read, or a binding that is
//! missing. They are written for the owner.

use maud::{Markup, html};

use mcp_connector_oauth::login::passphrase::MIN_PASSPHRASE;

use crate::pages::frame::page_frame::{Page, PageKind};
use crate::pages::untrusted_text::{isolated, visible};

/// The command that sets the passphrase of a deployed Worker.
pub(crate) const SET_PASSPHRASE: &str = "npx wrangler secret put OWNER_PASSPHRASE";

/// Returns the page where no passphrase is set.
pub(crate) fn not_set_up() -> Page {
    let what = html! {
        p { "The owner of this connector has not set a passphrase yet, so nobody can sign in. Public tools work without one." }
    };
    page("Sign-in is not set up", &what)
}

/// Returns the page where the passphrase is too weak.
pub(crate) fn weak_passphrase() -> Page {
    let what = html! {
        p { "The passphrase of this connector is too easy to guess, so nobody can sign in until the owner replaces it." }
    };
    page("The passphrase is too weak", &what)
}

/// Returns the page for a part that is closed. `reason` names the setting that cannot be read, or the binding that is missing;
/// `lines` are those that `wrangler.toml` needs for the binding.
pub(crate) fn closed(reason: &str, lines: Option<&str>) -> Page {
    let content = html! {
        h1 { "Sign-in is closed" }
        @match lines {
            None => p {
                "A setting of this connector cannot be read, so nobody can sign in until it is corrected. Public tools still work."
            },
            Some(_) => p {
                "A binding that this connector needs is missing, so nobody can sign in until it is added. Public tools still work."
            },
        }
        h2 { "If this is your connector" }
        p { (isolated(reason)) "." }
        @match lines {
            None => p {
                "Change the variable in " code { "wrangler.toml" } " and deploy, or set the secret with "
                code { "npx wrangler secret put NAME" } ", then connect again. " code { "docs/configuration.md" } " of the engine describes each."
            },
            Some(lines) => {
                p { "Add these lines to " code { "wrangler.toml" } ", deploy, then connect again:" }
                pre { code { (visible(lines)) } }
            }
        }
        h2 { "If it is somebody else’s" }
        p.last { "Tell them. There is nothing that you can do here." }
    };
    Page::card("Sign-in is closed", &content, PageKind::StaysHere)
}

fn page(title: &str, what: &Markup) -> Page {
    let content = html! {
        h1 { (title) }
        (what)
        h2 { "If this is your connector" }
        p { "Set a passphrase, then connect again:" }
        pre { code { (SET_PASSPHRASE) } }
        p {
            "Use at least " (MIN_PASSPHRASE) " characters: four or more random words, or what a password manager makes. "
            "Common passwords, repeated characters and sequences such as " code { "12345678" } " do not count."
        }
        p { "On your own machine, " code { "npm start" } " makes one, prints it, and keeps it in " code { ".dev.vars" } "." }
        h2 { "If it is somebody else’s" }
        p.last { "Tell them. There is nothing that you can do here." }
    };
    Page::card(title, &content, PageKind::StaysHere)
}
