//! Error pages: for a sign-in that has failed, and for an error that must not be sent by a redirect because the redirect URI is
//! not verified (RFC 6749 §4.1.2.1).

use std::borrow::Cow;

use maud::{Markup, html};

use mcp_connector_oauth::authorize::consent::DECISION_FIELD;
use mcp_connector_oauth::login::login_form::LoginDecision;

use crate::pages::frame::page_frame::{Page, PageKind};
use crate::pages::untrusted_text::isolated;
use crate::pages::{FormTarget, SEALED_FIELD};

/// What the person can do next, on the page itself.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NextStep<'a> {
    /// Nothing on this page: the person continues in the application.
    None,
    /// Follow a link.
    Link {
        /// Where it leads.
        path: &'a str,
        /// What it says.
        words: &'a str,
    },
    /// Begin the login again, or go back to the client, which is told that access was denied.
    SignIn {
        /// The form, with the request.
        form: FormTarget<'a>,
        /// How the login begins again.
        again: LoginDecision,
    },
}

impl NextStep<'_> {
    /// Returns what the page with it does.
    const fn kind(&self) -> PageKind {
        match self {
            Self::None | Self::Link { .. } => PageKind::StaysHere,
            Self::SignIn { .. } => PageKind::LeadsAway,
        }
    }
}

/// What an error page says.
#[derive(Clone, Debug)]
pub(crate) struct ErrorWords<'a> {
    /// What happened, in a few words.
    pub(crate) title: &'a str,
    /// What happened, and whose fault it is.
    pub(crate) what_happened: Cow<'a, str>,
    /// The one thing to do.
    pub(crate) what_to_do: Cow<'a, str>,
}

/// Returns the page of a request that was not meant to be made.
pub(crate) fn error(words: &ErrorWords<'_>, next: &NextStep<'_>) -> Page {
    page(words, next, None)
}

/// Returns the page for a failure, with the id of the request in the log.
pub(crate) fn failure(words: &ErrorWords<'_>, next: &NextStep<'_>, reference: &str) -> Page {
    page(words, next, Some(reference))
}

fn page(words: &ErrorWords<'_>, next: &NextStep<'_>, reference: Option<&str>) -> Page {
    let content = html! {
        h1 { (isolated(words.title)) }
        p { (isolated(&words.what_happened)) }
        p.last { strong { (isolated(&words.what_to_do)) } }
        @match next {
            NextStep::None => {}
            NextStep::Link { path, words } => div.buttons.long { a.button.primary href=(path) { (words) } },
            NextStep::SignIn { form, again } => (sign_in(form, *again)),
        }
        @if let Some(reference) = reference {
            p.reference { small { "If you ask the owner about this, mention request " code { (isolated(reference)) } "." } }
        }
    };
    Page::card(words.title, &content, next.kind())
}

fn sign_in(form: &FormTarget<'_>, again: LoginDecision) -> Markup {
    let words = match again {
        LoginDecision::AnotherAccount => "Sign in as somebody else",
        LoginDecision::SignIn | LoginDecision::Again | LoginDecision::Cancel => "Try again",
    };
    html! {
        form method="post" action=(form.action) {
            input type="hidden" name=(SEALED_FIELD) value=(form.sealed);
            div.buttons.long {
                button.primary type="submit" name=(DECISION_FIELD) value=[again.value()] { (words) }
                button type="submit" name=(DECISION_FIELD) value=[LoginDecision::Cancel.value()] { "Back to the app" }
            }
        }
    }
}
