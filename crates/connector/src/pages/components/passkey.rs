//! The offer to use a passkey: a button that needs a script, and without one is not there.

use maud::{Markup, Render, html};

use crate::pages::components::form::Button;

/// The one script of the pages of a sign-in. It speaks with the authenticator and sends the form, and nothing else.
pub(crate) const PASSKEY_SCRIPT: &str = include_str!("passkey.js");
/// The name of the field with the response of an authenticator.
pub(crate) const PASSKEY_FIELD: &str = "passkey";
/// The name of the field with the way in which a person wants to sign in, if it is not the passphrase.
pub(crate) const WAY_FIELD: &str = "way";
/// The value of [`WAY_FIELD`] for a passkey.
pub(crate) const BY_PASSKEY: &str = "passkey";

/// How a page offers a passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PasskeyOffer {
    /// Not at all: there are no passkeys on this site.
    None,
    /// By a button that leads to a page with the offer. Nobody knows whether the person has a passkey.
    Link,
    /// Here, before the passphrase.
    Here(PasskeyRequest),
}

/// What an authenticator is asked to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PasskeyRequest {
    pub(crate) challenge: String,
    pub(crate) relying_party: String,
}

impl PasskeyOffer {
    /// Returns the script that the page needs.
    pub(crate) const fn script(&self) -> Option<&'static str> {
        match self {
            Self::Here(_) => Some(PASSKEY_SCRIPT),
            Self::None | Self::Link => None,
        }
    }

    /// Draws the offer as part of a form with a field for the passphrase after it. `words` are on the button.
    pub(crate) fn before_passphrase(&self, words: &str) -> Markup {
        html! {
            @if let Self::Here(request) = self {
                input type="hidden" name=(PASSKEY_FIELD) value="";
                div.passkey hidden data-passkey="get" data-challenge=(request.challenge) data-party=(request.relying_party) {
                    button.primary type="button" { (words) }
                    p role="status" {}
                    p.or { "or with the passphrase" }
                }
                noscript { p.quiet.small { "A passkey needs JavaScript. Without it, use the passphrase." } }
            }
        }
    }

    /// Draws the button that leads to a page with the offer. It comes after the buttons of the form, of which the first is that of the
    /// Enter key.
    pub(crate) fn link(&self) -> Markup {
        html! {
            @if *self == Self::Link {
                div.passkey-link {
                    (Button::plain("Use a passkey").value(WAY_FIELD, BY_PASSKEY).skips_checks().render())
                }
            }
        }
    }
}
