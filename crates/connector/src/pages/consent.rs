//! The consent page: who gets access, to what, and what about them is not verified (MCP "Confused Deputy Problem", "Localhost Redirect
//! URI Risks"). Its heading is the place that will receive the code, which a client cannot invent.

use maud::{Markup, html};

use mcp_connector_base::scope::Scope;
use mcp_connector_oauth::authorize::consent::{
    ALLOW, ConsentPage, ConsentWarning, DECISION_FIELD, DENY, NameSource, SCOPE_FIELD,
};
use mcp_connector_oauth::web::redirect_uri::RedirectKind;

use crate::pages::frame::page_frame::{Page, PageKind};
use crate::pages::login::{LoginError, login_error, passphrase_field};
use crate::pages::place::place;
use crate::pages::remember::{RememberChoice, remember_box};
use crate::pages::untrusted_text::{isolated, visible};
use crate::pages::{FormTarget, SEALED_FIELD};

/// How the page is shown: what the person has to do beside deciding, and what they have entered before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConsentView {
    /// How the person signs in.
    pub(crate) sign_in: ConsentSignIn,
    /// The scopes that the person has unticked.
    pub(crate) unticked: Vec<String>,
    /// Why the page is shown again.
    pub(crate) error: Option<ConsentError>,
}

/// How the person signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConsentSignIn {
    /// On the page after this one.
    Next,
    /// With the passphrase, on this page.
    Passphrase {
        /// Whether the place that will receive the code is new to the person.
        place: NewPlace,
        /// The offer to remember the browser, if browsers are remembered.
        remember: Option<RememberChoice>,
    },
    /// Not at all: the browser is remembered, and the place that will receive the code was allowed before.
    Remembered,
}

/// Whether a place is new to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewPlace {
    /// It is new. The browser is remembered, and the person may wonder why the passphrase is asked for.
    New,
    /// Nobody knows, because the browser is not remembered.
    Unknown,
}

/// Why the page is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConsentError {
    /// No scope was ticked.
    NothingTicked,
    /// The passphrase was not accepted.
    SignIn(LoginError),
}

impl ConsentSignIn {
    /// Shows the person's own choice about the browser.
    pub(crate) fn with_choice(self, remember: bool) -> Self {
        match self {
            Self::Passphrase { place, remember: Some(choice) } => {
                Self::Passphrase { place, remember: Some(choice.chosen(remember)) }
            }
            Self::Passphrase { .. } | Self::Next | Self::Remembered => self,
        }
    }
}

/// Returns the page.
pub(crate) fn consent(page: &ConsentPage<'_>, form: &FormTarget<'_>, view: &ConsentView) -> Page {
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
            @if view.sign_in == ConsentSignIn::Remembered {
                // The default button of the form: Enter in a field sends nothing.
                button type="submit" disabled hidden {}
            }
            (scopes(page, view))
            (sign_in(page, view))
            div.buttons {
                button.primary.soon[view.sign_in == ConsentSignIn::Remembered] type="submit" name=(DECISION_FIELD) value=(ALLOW) { "Allow" }
                button type="submit" name=(DECISION_FIELD) value=(DENY) formnovalidate { "Cancel" }
            }
        }
    };
    let title = format!("Give access to {}?", visible(&page.destination));
    Page::card(title, &content, PageKind::LeadsAway)
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

/// Returns how the person signs in, in words or as fields.
fn sign_in(page: &ConsentPage<'_>, view: &ConsentView) -> Markup {
    let asks_already =
        page.warnings.iter().any(|warning| matches!(warning, ConsentWarning::Loopback | ConsentWarning::PrivateUse));
    html! {
        @match view.sign_in {
            ConsentSignIn::Next => p.quiet.small { "Next, you sign in." },
            ConsentSignIn::Remembered => p.quiet {
                @if !asks_already { strong { "Did you just start this yourself?" } " If not, cancel. " }
                "This browser is remembered, and you have allowed this place before, so you need no passphrase."
            },
            ConsentSignIn::Passphrase { place, remember } => {
                @if place == NewPlace::New {
                    p.quiet { "This browser is remembered, but you have never allowed this place before. So your passphrase is needed." }
                }
                @let error = match view.error {
                    Some(ConsentError::SignIn(error)) => Some(error),
                    Some(ConsentError::NothingTicked) | None => None,
                };
                @if let Some(error) = error { (login_error(error)) }
                (passphrase_field(error))
                @if let Some(choice) = remember { (remember_box(choice)) }
            }
        }
    }
}

fn scopes(page: &ConsentPage<'_>, view: &ConsentView) -> Markup {
    let is_ticked = |scope: &Scope| !view.unticked.iter().any(|name| name == scope.name());
    let error = view.error.filter(|error| *error == ConsentError::NothingTicked);
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
                                input type="checkbox" name=(SCOPE_FIELD) value=(scope.name()) checked[is_ticked(scope)];
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
        @if !page.scopes.is_empty() { p.quiet.small { "Untick what you do not want to give." } }
    }
}
