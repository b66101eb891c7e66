//! The passkeys of the owner, and the form that begins to add one.

use maud::{Markup, Render as _, html};

use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::login::passkeys::passkey_name::MAX_NAME;

use crate::pages::FormTarget;
use crate::pages::account::action::{AccountFormAction, NAME_FIELD, action_form};
use crate::pages::components::entry::{Entry, Facts, Mark, entries};
use crate::pages::components::fields::TextField;
use crate::pages::components::form::Button;
use crate::pages::components::section::{Fold, Section};
use crate::pages::untrusted_text::{isolated, visible};
use crate::pages::when::{day, words_ago};

/// The name of the field with the credential of a passkey.
pub(crate) const CREDENTIAL_FIELD: &str = "credential";
/// The name of the field with the name of a new passkey.
pub(crate) const PASSKEY_NAME_FIELD: &str = "passkey-name";

/// What the section says. There is none where people sign in with a provider, or at an IP address.
#[derive(Clone, Debug)]
pub(crate) struct PasskeysSection<'a> {
    /// The passkeys, the oldest first.
    pub(crate) passkeys: Vec<PasskeyEntry<'a>>,
    /// The host at which the page is shown, for which a new passkey is.
    pub(crate) host: &'a str,
}

/// A passkey.
#[derive(Clone, Debug)]
pub(crate) struct PasskeyEntry<'a> {
    /// Its credential, as the form has it.
    pub(crate) credential: String,
    /// The name that the person gave it.
    pub(crate) name: &'a str,
    /// The host for which it was made.
    pub(crate) host: &'a str,
    /// Where it is.
    pub(crate) place: PasskeyPlace,
    pub(crate) added_at: Timestamp,
    /// When it was last used, if it was.
    pub(crate) used_at: Option<Timestamp>,
}

/// Where a passkey is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasskeyPlace {
    /// On one device or security key.
    OneDevice,
    /// With a password manager, on all devices of the person.
    Synced,
}

/// Draws the section.
pub(crate) fn section(content: &PasskeysSection<'_>, now: Timestamp, form: &FormTarget<'_>) -> Markup {
    let name = TextField::new("passkey-name", PASSKEY_NAME_FIELD, "Name").hint("Where it is, such as My phone");
    Section::new("passkeys", "Passkeys")
        .lead("Sign in with a fingerprint, a face, a PIN or a security key instead of the passphrase.")
        .content(html! {
            @if !content.passkeys.is_empty() {
                (entries(content.passkeys.iter().map(|passkey| entry(passkey, content.host, now, form))))
                p.foot { "Changing the passphrase removes all passkeys." }
            }
            (Fold::new("Add a passkey").content(html! {
                p { "It is for " (isolated(content.host)) " only." }
                (action_form(form, AccountFormAction::NewPasskey)
                    .field(name.max_length(MAX_NAME))
                    .button(Button::primary("Continue")))
            }))
        })
        .render()
}

fn entry<'a>(passkey: &PasskeyEntry<'a>, host: &str, now: Timestamp, form: &FormTarget<'_>) -> Entry<'a> {
    let entry = Entry::new(passkey.name);
    let entry = if passkey.host == host { entry } else { entry.mark(Mark::Quiet, isolated(passkey.host)) };
    let remove = action_form(form, AccountFormAction::RemovePasskey)
        .hidden(CREDENTIAL_FIELD, passkey.credential.clone())
        .hidden(NAME_FIELD, visible(passkey.name).into_owned())
        .button(Button::danger("Remove this passkey").spoken(format!("Remove this passkey: {}", passkey.name)));
    let place = match passkey.place {
        PasskeyPlace::OneDevice => "On one device",
        PasskeyPlace::Synced => "With a password manager",
    };
    entry
        .line(html! {
            @match passkey.used_at {
                Some(used_at) => { "Used " (words_ago(used_at, now)) },
                None => "Never used",
            }
        })
        .content(html! {
            (Facts::new().fact("Added", day(passkey.added_at)).fact("Where it is", place).fact("For", isolated(passkey.host)))
            (remove.render())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passkey_says_where_it_is_and_can_be_removed() {
        let now = Timestamp::from_seconds(1_700_009_000);
        let passkey = |name, host, place, used_at| PasskeyEntry {
            credential: "Y3JlZA".to_owned(),
            name,
            host,
            place,
            added_at: Timestamp::from_seconds(1_700_000_000),
            used_at,
        };
        let content = PasskeysSection {
            passkeys: vec![
                passkey("Phone", "mcp.example.com", PasskeyPlace::Synced, Some(now)),
                passkey("<b>", "old.example.com", PasskeyPlace::OneDevice, None),
            ],
            host: "mcp.example.com",
        };
        let form = FormTarget { action: "/account", sealed: "bWFyaw" };
        let section = section(&content, now, &form).into_string();
        for (part, count) in [
            ("<span class=\"mark\"><bdi>old.example.com</bdi></span>", 1),
            ("With a password manager", 1),
            ("Never used", 1),
            ("&lt;b&gt;", 3),
            ("name=\"action\" value=\"remove-passkey\"", 2),
            ("name=\"action\" value=\"new-passkey\"", 1),
        ] {
            assert_eq!(section.matches(part).count(), count, "{part} in {section}");
        }
    }
}
