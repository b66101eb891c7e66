//! The pages of addresses that a person opens in a browser and that have none: the URL for clients, and what does not exist. Both say
//! what this is and where to paste it.

use maud::{Markup, html};

use crate::pages::frame::page_frame::{Page, PageKind};
use crate::pages::untrusted_text::{isolated, visible};

/// The connector that a person has come across.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connector<'a> {
    /// Its name.
    pub(crate) title: &'a str,
    /// The URL to paste.
    pub(crate) url: &'a str,
}

/// Returns the page of the URL for clients. `connector` has the URL that was opened.
pub(crate) fn for_clients(connector: &Connector<'_>) -> Page {
    let content = html! {
        h1 { "This address is for AI apps" }
        p {
            strong { (isolated(connector.title)) }
            " is a connector. An app such as Claude, ChatGPT or Cursor uses it at this address; in a browser there is nothing to see."
        }
        (to_paste(connector))
    };
    Page::card(format!("{}: an address for AI apps", visible(connector.title)), &content, PageKind::StaysHere)
}

/// Returns the page of an address that does not exist.
pub(crate) fn nothing_here(connector: &Connector<'_>) -> Page {
    let content = html! {
        h1 { "There is no page at this address" }
        p { "The link may be old or mistyped. This is the server of the connector " strong { (isolated(connector.title)) } "." }
        (to_paste(connector))
    };
    Page::card("There is no page at this address", &content, PageKind::StaysHere)
}

/// Returns the page of an address that was opened over plain http. Only `public_url`, which the owner has set, is a link: the host that was
/// asked may be anybody's name for this machine.
pub(crate) fn https_only(public_url: Option<&str>) -> Page {
    let title = "This address works over https only";
    let content = html! {
        h1 { (title) }
        p { "You have opened it over plain http, which others on the way can read and change. Nothing was done." }
        @match public_url {
            Some(url) => div.buttons.long { a.button.primary href=(url) { "Open " (isolated(url)) } },
            None => p.last { strong { "In your browser, put https:// in front of the address, and open it again." } }
        }
    };
    Page::card(title, &content, PageKind::Unframed)
}

/// Returns the page of an address of the sign-in, which another server keeps: `host`, with its account page at `account`.
pub(crate) fn signs_in_elsewhere(connector: &Connector<'_>, account: &str, host: &str) -> Page {
    let content = html! {
        h1 { "You sign in at another address" }
        p {
            "The connector " strong { (isolated(connector.title)) } " has no sign-in of its own. You sign in at "
            strong { (isolated(host)) } ". There you also see and end what your apps may do."
        }
        (url_to_paste(connector))
        div.buttons.long {
            a.button.primary href=(account) { "Your account" }
            a.button href="/" { "See how to connect" }
        }
    };
    Page::card("You sign in at another address", &content, PageKind::StaysHere)
}

fn to_paste(connector: &Connector<'_>) -> Markup {
    html! {
        (url_to_paste(connector))
        div.buttons.long { a.button.primary href="/" { "See how to connect" } }
    }
}

fn url_to_paste(connector: &Connector<'_>) -> Markup {
    html! {
        p { "To use it, paste this URL into your app, as a custom connector or MCP server:" }
        // One click selects all of it.
        pre { code { (visible(connector.url)) } }
    }
}
