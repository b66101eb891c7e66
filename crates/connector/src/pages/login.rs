//! The login page of the owner: one field. It comes after consent, and repeats where the answer will go.

use maud::{Markup, html};

use mcp_connector_oauth::authorize::consent::{DECISION_FIELD, NameSource};
use mcp_connector_oauth::login::login_form::LoginDecision;
use mcp_connector_oauth::web::redirect_uri::RedirectKind;

use crate::pages::FormTarget;
use crate::pages::components::fields::PassphraseField;
use crate::pages::components::form::{Button, Form};
use crate::pages::components::message::{ERROR_ID, Message};
use crate::pages::components::passkey::PasskeyOffer;
use crate::pages::frame::page_frame::{Page, PageKind};
use crate::pages::place::place;
use crate::pages::remember::{RememberChoice, remember_box};
use crate::pages::untrusted_text::isolated;

/// What the page says.
#[derive(Clone, Debug)]
pub(crate) struct LoginPage<'a> {
    /// The place that will receive the code, as on the consent page.
    pub(crate) destination: &'a str,
    /// What kind of place that is.
    pub(crate) destination_kind: RedirectKind,
    /// The name of the client, as on the consent page.
    pub(crate) client_name: Option<&'a str>,
    pub(crate) name_source: &'a NameSource,
    /// The offer to remember the browser, if browsers are remembered.
    pub(crate) remember: Option<RememberChoice>,
    /// The offer to use a passkey instead of the passphrase.
    pub(crate) passkey: PasskeyOffer,
    /// Why the page is shown again.
    pub(crate) error: Option<LoginError>,
}

/// Why the login failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoginError {
    /// The field was empty.
    NoPassphrase,
    /// The passphrase is not the owner's.
    WrongPassphrase,
    /// Too many passphrases were wrong, so none is checked for a while.
    Throttled {
        /// The time until one is checked again.
        seconds: u64,
    },
    /// The response of an authenticator was not accepted.
    Passkey,
}

/// Returns the page.
pub(crate) fn login(page: &LoginPage<'_>, form: &FormTarget<'_>) -> Page {
    let content = html! {
        h1 { "Sign in" }
        p {
            "Then you continue to "
            strong { (isolated(&place(page.destination_kind, page.destination))) }
            @match page.destination_kind {
                RedirectKind::Https => {}
                RedirectKind::Loopback | RedirectKind::PrivateUse => ", an app on this computer"
            }
            "."
            @if let (Some(name), NameSource::SelfAsserted) = (page.client_name, page.name_source) {
                " " span.quiet { "It calls itself " (isolated(name)) "." }
            }
        }
        (passphrase_form(page.error, form, (page.remember, &page.passkey), Some(LoginDecision::Cancel)))
    };
    Page::card("Sign in", &content, PageKind::LeadsAway).with_script(page.passkey.script())
}

/// Returns the form: why it is shown again, the field, its button, and a button to leave.
pub(crate) fn passphrase_form(
    error: Option<LoginError>,
    form: &FormTarget<'_>,
    (remember, passkey): (Option<RememberChoice>, &PasskeyOffer),
    leave: Option<LoginDecision>,
) -> Markup {
    let field = passphrase_field(error);
    let field = if passkey.script().is_some() { field } else { field.takes_focus() };
    let form = Form::new(form).field(passkey.before_passphrase("Sign in with a passkey")).field(field);
    let form = match remember {
        Some(choice) => form.field(remember_box(choice)),
        None => form,
    };
    let form = form.button(Button::primary("Sign in")).below(passkey.link());
    let form = match leave.and_then(LoginDecision::value) {
        Some(value) => form.button(Button::plain("Cancel").value(DECISION_FIELD, value).skips_checks()),
        None => form,
    };
    html! {
        @if let Some(error) = error { (login_error(error)) }
        (form)
    }
}

/// Returns the field for the passphrase, after this error if there was one.
pub(crate) fn passphrase_field(error: Option<LoginError>) -> PassphraseField {
    let field = PassphraseField::new("passphrase").error_id(error.map(|_| ERROR_ID));
    match error {
        Some(LoginError::NoPassphrase | LoginError::WrongPassphrase) => field.invalid(),
        Some(LoginError::Throttled { .. } | LoginError::Passkey) | None => field,
    }
}

/// Returns the message that says why nobody was signed in.
pub(crate) fn login_error(error: LoginError) -> Message {
    Message::error(words(error))
}

fn words(error: LoginError) -> Markup {
    html! {
        @match error {
            LoginError::NoPassphrase => strong { "Enter the passphrase." },
            LoginError::WrongPassphrase => {
                strong { "That is not the passphrase." }
                " Check it and try again."
            }
            LoginError::Passkey => {
                strong { "That passkey was not accepted." }
                " Try again, or use the passphrase."
            }
            LoginError::Throttled { seconds } => {
                strong { "Too many wrong passphrases." }
                " Try again in " (duration(seconds)) "."
            }
        }
    }
}

/// Returns a time in words. It is rounded up, so that nobody who waits that long is refused again.
fn duration(seconds: u64) -> String {
    match seconds {
        0 | 1 => "1 second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        91..=5400 => format!("{} minutes", seconds.div_ceil(60)),
        _ => format!("{} hours", seconds.div_ceil(3600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_wait_is_never_said_too_short() {
        for (seconds, words) in [
            (0, "1 second"),
            (1, "1 second"),
            (45, "45 seconds"),
            (90, "90 seconds"),
            (91, "2 minutes"),
            (121, "3 minutes"),
            (5400, "90 minutes"),
            (5401, "2 hours"),
            (u64::MAX, "5124095576030432 hours"),
        ] {
            assert_eq!(duration(seconds), words, "{seconds}");
        }
    }
}
