//! The consent page: who gets access, to what, and what about them is not verified (MCP "Confused Deputy Problem", "Localhost Redirect
//! URI Risks"). Its heading is the place that will receive the code, which a client cannot invent.

use maud::{Markup, html};

use mcp_connector_oauth::authorize::consent::{
    ALLOW, ConsentPage, ConsentWarning, DECISION_FIELD, DENY, NameSource, SCOPE_FIELD,
};
use mcp_connector_oauth::web::redirect_uri::RedirectKind;

use crate::pages::frame::page_frame::{Page, PageKind};
use crate::pages::untrusted_text::{isolated, visible};
use crate::pages::{FormTarget, SEALED_FIELD};

/// Why the page is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConsentError {
    /// No scope was ticked.
    NothingTicked,
}

/// Returns the page. `error` says why it is shown again.
pub(crate) fn consent(page: &ConsentPage<'_>, form: &FormTarget<'_>, error: Option<ConsentError>) -> Page {
    let content = html! {
        h1 {
            span.destination { (isolated(&place(page.destination_kind, &page.destination))) }
            " " span.asks { (asks(page.destination_kind)) }
        }
        p { "If you allow it, it can use this connector in your name." }
        @for warning in &page.warnings {
            (words(*warning, page))
        }
        dl {
            div {
                dt { "App" }
                dd { (app(page)) }
            }
            div {
                dt { "The answer goes to" }
                dd.mono { (isolated(page.redirect_uri)) }
            }
            div {
                dt { "Wants to use" }
                dd.mono { (isolated(page.resource)) }
            }
        }
        form method="post" action=(form.action) {
            input type="hidden" name=(SEALED_FIELD) value=(form.sealed);
            (scopes(page, error))
            div.buttons {
                button.primary type="submit" name=(DECISION_FIELD) value=(ALLOW) { "Allow" }
                button type="submit" name=(DECISION_FIELD) value=(DENY) { "Cancel" }
            }
        }
    };
    let title = format!("Give access to {}?", visible(&page.destination));
    Page::card(title, &content, PageKind::LeadsAway)
}

/// Returns the name of the place that gets the code.
pub(crate) fn place(kind: RedirectKind, destination: &str) -> String {
    match kind {
        RedirectKind::Https | RedirectKind::Loopback => destination.to_owned(),
        RedirectKind::PrivateUse => format!("{destination}:"),
    }
}

fn asks(kind: RedirectKind) -> &'static str {
    match kind {
        RedirectKind::Https => "asks for access",
        RedirectKind::Loopback => "An app on this computer asks for access",
        RedirectKind::PrivateUse => "An app that opens these links asks for access",
    }
}

fn words(warning: ConsentWarning, page: &ConsentPage<'_>) -> Markup {
    html! {
        @match warning {
            ConsentWarning::Loopback => p.note {
                strong { "Did you just start this yourself?" }
                " The answer goes to an app on this computer, and nothing proves which one it is. If you did not ask for it, cancel."
            },
            ConsentWarning::PrivateUse => p.note {
                strong { "Did you just start this yourself?" }
                " The answer goes to whichever app has claimed these links on this device. If you did not ask for it, cancel."
            },
            ConsentWarning::OtherHost => p.note {
                strong { "Two different sites." }
                " One has published the app, and the answer goes to another, "
                (isolated(&page.destination))
                ". If you do not know why, cancel."
            },
            // The page says it beside the name: a box that is on every page is not read.
            ConsentWarning::UnverifiedName => {}
        }
    }
}

fn app(page: &ConsentPage<'_>) -> Markup {
    html! {
        @match page.client_name {
            Some(name) => strong { (isolated(name)) },
            None => "It did not say its name.",
        }
        @match &page.name_source {
            NameSource::SelfAsserted => @if page.client_name.is_some() {
                " " span.mark.warn { "name not verified" }
                span.hint { "An app can call itself anything. Check where the answer goes." }
            },
            NameSource::Host(host) => span.hint { "Published by " (isolated(host)) },
            NameSource::Owner => span.hint { "Set up by the owner of this server" },
        }
    }
}

fn scopes(page: &ConsentPage<'_>, error: Option<ConsentError>) -> Markup {
    html! {
        @if error == Some(ConsentError::NothingTicked) {
            p.note.alert #problem role="alert" {
                strong { "Nothing is ticked." }
                " Tick at least one, or cancel."
            }
        }
        @if page.scopes.is_empty() {
            p { "It asks for nothing beyond knowing that you have signed in." }
        } @else {
            fieldset aria-describedby=[error.map(|_| "problem")] {
                legend { "It will be able to" }
                ul.scopes {
                    @for scope in &page.scopes {
                        li {
                            label {
                                input type="checkbox" name=(SCOPE_FIELD) value=(scope.name()) checked[error.is_none()];
                                span {
                                    (scope.description())
                                    span.mono { (scope.name()) }
                                }
                            }
                        }
                    }
                }
            }
        }
        p.quiet.small {
            @if !page.scopes.is_empty() { "Untick what you do not want to give. " }
            "Next, you sign in."
        }
    }
}
