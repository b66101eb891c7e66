//! The consent page: who wants to use what, where the code goes, and what about that is not proven (MCP "Confused Deputy Problem",
//! "Localhost Redirect URI Risks").
//!
//! One sentence leads. Directly below stands the place that will receive the code, which a client cannot invent, with its whole
//! address. A box warns only where something deserves it; a box that is on every page is not read. The answer stays in view,
//! however much there is to read, and the sign-in is part of it where the person has to sign in.

use maud::{Markup, Render as _, html};

use mcp_connector_oauth::authorize::consent::{
    ALLOW, ConsentPage, ConsentWarning, DECISION_FIELD, DENY, NameSource, SCOPE_FIELD,
};
use mcp_connector_oauth::web::redirect_uri::RedirectKind;

use crate::pages::components::fields::{CheckboxList, Ticked};
use crate::pages::components::form::Button;
use crate::pages::components::message::{ERROR_ID, Message};
use crate::pages::components::passkey::PasskeyOffer;
use crate::pages::frame::page_frame::{Page, PageKind};
use crate::pages::login::{LoginError, login_error, passphrase_field};
use crate::pages::place::place;
use crate::pages::remember::{RememberChoice, remember_box};
use crate::pages::untrusted_text::{isolated, visible};
use crate::pages::{FormTarget, SEALED_FIELD};

/// An address that is longer, in bytes, scrolls in a box of its own.
const LONG_ADDRESS: usize = 160;

/// The connector that the page is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConsentConnector<'a> {
    /// Its name.
    pub(crate) title: &'a str,
    /// Where access can be ended, as people read it: `mcp.example.com/account`.
    pub(crate) account: &'a str,
}

/// How the page is shown: what the person has to do beside deciding, and what they have entered before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConsentView<'a> {
    /// How the person signs in.
    pub(crate) sign_in: ConsentSignIn<'a>,
    /// The offer to use a passkey instead of the passphrase.
    pub(crate) passkey: PasskeyOffer,
    /// The scopes that the person has unticked.
    pub(crate) unticked: Vec<String>,
    /// Why the page is shown again.
    pub(crate) error: Option<ConsentError>,
}

/// How the person signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConsentSignIn<'a> {
    /// On the page after this one.
    Next,
    /// With a provider, to which the page leads.
    Provider {
        /// Its name.
        name: &'a str,
    },
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

impl ConsentView<'_> {
    /// Returns the offer of a passkey, where the person has to sign in on this page.
    const fn passkey_on_page(&self) -> &PasskeyOffer {
        match self.sign_in {
            ConsentSignIn::Passphrase { .. } => &self.passkey,
            ConsentSignIn::Next | ConsentSignIn::Provider { .. } | ConsentSignIn::Remembered => &PasskeyOffer::None,
        }
    }
}

impl ConsentSignIn<'_> {
    /// Shows the person's own choice about the browser.
    pub(crate) fn with_choice(self, remember: bool) -> Self {
        match self {
            Self::Passphrase { place, remember: Some(choice) } => {
                Self::Passphrase { place, remember: Some(choice.chosen(remember)) }
            }
            Self::Passphrase { .. } | Self::Next | Self::Provider { .. } | Self::Remembered => self,
        }
    }
}

/// Returns the page.
pub(crate) fn consent(
    request: &ConsentPage<'_>,
    connector: &ConsentConnector<'_>,
    form: &FormTarget<'_>,
    view: &ConsentView<'_>,
) -> Page {
    let content = html! {
        main {
            // The form is the whole card, so that the answer can stay in view from the start.
            form.card method="post" action=(form.action) {
                input type="hidden" name=(SEALED_FIELD) value=(form.sealed);
                @if view.sign_in == ConsentSignIn::Remembered {
                    // The default button of the form: Enter in a field closes a dialog that is not there. Browsers skip a disabled
                    // button, and press the next one even if it is not visible.
                    button type="submit" formmethod="dialog" hidden {}
                }
                h1.sentence { strong { (isolated(&who(request))) } " wants to use " strong { (isolated(connector.title)) } }
                (recipient(request))
                @for warning in &request.warnings { (warning_box(*warning, request)) }
                (scopes(request, view))
                p.quiet.small.last { "It uses " span.mono { (isolated(request.resource)) } " in your name." }
                div.actions { (answer(request, connector, view)) }
            }
        }
    };
    let title = format!("Allow {} to use {}?", visible(&who(request)), visible(connector.title));
    Page::new(title, content, PageKind::LeadsAway).with_script(view.passkey_on_page().script())
}

/// Whether nothing but the client itself says its name, and its code goes to a host. Then the host leads.
fn is_led_by_host(request: &ConsentPage<'_>) -> bool {
    request.destination_kind == RedirectKind::Https && request.name_source == NameSource::SelfAsserted
}

/// Returns who asks, as the page begins.
fn who(request: &ConsentPage<'_>) -> String {
    match request.client_name {
        Some(name) if !is_led_by_host(request) => name.to_owned(),
        _ if request.destination_kind == RedirectKind::Https => request.destination.clone(),
        _ => "An app without a name".to_owned(),
    }
}

/// Returns the place that gets the code: a host in large letters, its whole address, and what is proven about it.
fn recipient(request: &ConsentPage<'_>) -> Markup {
    let place = place(request.destination_kind, &request.destination);
    let is_long = request.redirect_uri.len() > LONG_ADDRESS;
    html! {
        section.recipient aria-labelledby="recipient" {
            p.goes { "If you allow this, access goes to" }
            h2.destination #recipient {
                @match request.destination_kind {
                    RedirectKind::Https => (isolated(&place)),
                    RedirectKind::Loopback => { "This computer " span.port { (isolated(&place)) } }
                    RedirectKind::PrivateUse => { "An app on this device " span.port { (isolated(&place)) } }
                }
            }
            @if is_long {
                // It is in the order of Tab, because it scrolls.
                p.uri.mono.long tabindex="0" role="group" aria-label="Whole address" { (isolated(request.redirect_uri)) }
            } @else {
                p.uri.mono { (isolated(request.redirect_uri)) }
            }
            (proof(request))
        }
    }
}

/// Returns what vouches for the client.
fn proof(request: &ConsentPage<'_>) -> Markup {
    let is_https = request.destination_kind == RedirectKind::Https;
    html! {
        @match (&request.name_source, request.client_name) {
            (NameSource::Recipient(name), _) => p.proof.good { (check()) "This is an address of " (name) "." },
            (NameSource::Host(host), _) if *host == request.destination => p.proof.good { (check()) (isolated(host)) " publishes this app." },
            (NameSource::Host(host), _) if is_https => p.proof { "The app is published by " (isolated(host)) "." },
            (NameSource::Host(host), _) => p.proof { (isolated(host)) " publishes an app of this name." },
            (NameSource::Owner, _) => p.proof.good { (check()) "The owner of this connector has set it up." },
            (NameSource::SelfAsserted, Some(name)) if is_https => p.proof { "It calls itself " strong { (isolated(name)) } },
            (NameSource::SelfAsserted, Some(_)) => p.proof { "The app gives itself this name." },
            (NameSource::SelfAsserted, None) => p.proof { "This app gave no name." },
        }
    }
}

/// Draws a check mark. It says nothing that the words beside it do not say.
fn check() -> Markup {
    html! {
        svg viewBox="0 0 20 20" aria-hidden="true" {
            path fill="currentColor" fill-rule="evenodd"
                d="M10 1a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm4.6 6.9-5.4 6a1 1 0 0 1-1.5 0L5.4 11.4l1.4-1.4 1.6 1.7 4.7-5.2z";
        }
    }
}

fn warning_box(warning: ConsentWarning, request: &ConsentPage<'_>) -> Markup {
    let host = || isolated(&request.destination);
    match warning {
        ConsentWarning::Loopback => html! {
            p.started {
                strong { "Did you just start this yourself?" }
                " Any app on this computer could have sent this request. If you did not start it, cancel."
            }
        },
        ConsentWarning::PrivateUse => html! {
            p.started {
                strong { "Did you just start this yourself?" }
                " The access goes to whichever app on this device opens these links. If you did not start it, cancel."
            }
        },
        ConsentWarning::OtherHost => Message::warning(html! {
            strong { "Two different sites." }
            " One publishes the app, and the access goes to another, " (host()) ". If you do not know why, cancel."
        })
        .render(),
        ConsentWarning::BorrowedName(name) => html! {
            p.note.alert {
                strong { "This is probably not " (name) "." }
                " It uses that name, but " (host()) " is not known to belong to " (name) ". If you do not know this site, cancel."
            }
        },
        // On the person's own machine, the name is what it is known by, and the question above it is the better one.
        ConsentWarning::UnverifiedName if request.destination_kind != RedirectKind::Https => html! {},
        ConsentWarning::UnverifiedName => Message::warning(html! {
            strong { "Nobody vouches for this app." }
            " Its name is not verified. Allow it only if you know " (host()) " and trust it."
        })
        .render(),
    }
}

fn scopes(request: &ConsentPage<'_>, view: &ConsentView<'_>) -> Markup {
    let is_unticked = |name: &str| view.unticked.iter().any(|unticked| unticked == name);
    let nothing_ticked = view.error == Some(ConsentError::NothingTicked);
    let list = CheckboxList::new(SCOPE_FIELD, "It will be able to").error_id(nothing_ticked.then_some(ERROR_ID));
    let list = request.scopes.iter().fold(list, |list, scope| {
        let ticked = if is_unticked(scope.name()) { Ticked::No } else { Ticked::Yes };
        list.option(scope.name(), scope.description(), ticked)
    });
    html! {
        @if nothing_ticked {
            (Message::error(html! { strong { "Nothing is ticked." } " Tick at least one, or cancel." }))
        }
        @if request.scopes.is_empty() {
            p { "It asks for nothing beyond knowing that you have signed in." }
        } @else {
            (list)
        }
    }
}

/// Returns the sign-in, if it is on this page, and the two answers.
fn answer(request: &ConsentPage<'_>, connector: &ConsentConnector<'_>, view: &ConsentView<'_>) -> Markup {
    let allow = |words: String| Button::primary(words).value(DECISION_FIELD, ALLOW);
    let (allow, what_follows) = match view.sign_in {
        ConsentSignIn::Next => (allow("Allow".to_owned()), Some("Next, you sign in.")),
        ConsentSignIn::Provider { name } => {
            (allow(format!("Continue with {name}")), Some("If you continue, you allow it."))
        }
        ConsentSignIn::Passphrase { .. } => (allow("Sign in and allow".to_owned()), None),
        ConsentSignIn::Remembered => (allow("Allow".to_owned()).comes_late(), None),
    };
    html! {
        (sign_in(request, view))
        div.buttons {
            (allow)
            (Button::plain("Cancel").value(DECISION_FIELD, DENY).skips_checks())
        }
        @if matches!(view.sign_in, ConsentSignIn::Passphrase { .. }) { (view.passkey.link()) }
        p {
            @if let Some(words) = what_follows { (words) " " }
            "You can end this at any time at " span.mono { (visible(connector.account)) } "."
        }
    }
}

/// Returns how the person signs in, in words or as fields.
fn sign_in(request: &ConsentPage<'_>, view: &ConsentView<'_>) -> Markup {
    let is_asked_already =
        request.warnings.iter().any(|warning| matches!(warning, ConsentWarning::Loopback | ConsentWarning::PrivateUse));
    let error = match view.error {
        Some(ConsentError::SignIn(error)) => Some(error),
        Some(ConsentError::NothingTicked) | None => None,
    };
    html! {
        @match view.sign_in {
            ConsentSignIn::Next | ConsentSignIn::Provider { .. } => {}
            ConsentSignIn::Remembered => p.who {
                "Signed in as " strong { "the owner" } ": this browser is remembered, and you have allowed this place before."
                @if !is_asked_already { " " strong { "Did you just start this yourself?" } " If not, cancel." }
            },
            ConsentSignIn::Passphrase { place, remember } => {
                @if let Some(error) = error { (login_error(error)) }
                @if place == NewPlace::New && error.is_none() {
                    p.who { "This browser is remembered, but you have never allowed this place before, so your passphrase is needed." }
                }
                (view.passkey.before_passphrase("Allow with a passkey"))
                @if view.passkey.script().is_some() { (passphrase_field(error)) } @else { (passphrase_field(error).takes_focus()) }
                @if let Some(choice) = remember { (remember_box(choice)) }
            }
        }
    }
}
