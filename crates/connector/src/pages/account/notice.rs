//! What the account page says about what was just done.
//!
//! It travels in the query of the page that follows. What names nothing is there by its name, which any link may have. What names an
//! app or a client is sealed for the session, so that no link makes the page say what its author likes.

use maud::{Markup, html};
use serde::{Deserialize, Serialize};

use mcp_connector_oauth::crypto::seal::Sealable;

use crate::pages::account::people::ListedBy;
use crate::pages::components::message::Message;
use crate::pages::untrusted_text::isolated;

/// The name of the query parameter with what was just done.
pub(crate) const NOTICE_FIELD: &str = "done";

/// What was just done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// The person signed out.
    SignedOut,
    /// The person signed out in every browser.
    SignedOutEverywhere,
    /// Nothing: the sign-in had expired.
    Expired,
    /// Nothing: the identity provider did not sign the person in.
    NotSignedIn,
    /// Nothing: somebody else has signed in meanwhile.
    SomebodyElse,
    /// Nothing: a new key has no name, or a name that is too long.
    KeyWithoutName,
    /// Nothing: a new key may do nothing.
    KeyWithoutPermission,
    /// Nothing: there are too many keys.
    TooManyKeys,
    /// Nothing: the same form has made the key before.
    KeyMadeAlready,
    /// Nothing: the settings do not admit the key.
    KeyNotAdmitted,
    /// Nothing: the answer of the authenticator was not accepted.
    PasskeyNotAdded,
    /// Nothing: there are too many passkeys.
    TooManyPasskeys,
    /// Something that has a name.
    Done(Outcome),
}

/// What was done, and to what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    /// One sign-in of an app has ended.
    EndedSignIn {
        /// The name of the app, if it has one.
        app: Option<String>,
    },
    /// An app was disconnected.
    Disconnected {
        /// The name of the app, if it has one.
        app: Option<String>,
        /// The number of its sign-ins.
        sign_ins: usize,
    },
    /// All apps were disconnected, and all access keys ended.
    DisconnectedAll {
        /// The number of sign-ins and keys.
        sign_ins: usize,
    },
    /// An access key has ended.
    EndedKey {
        /// Its name.
        key: Option<String>,
    },
    /// The owner has ended everything of a person.
    EndedPerson {
        /// What the person is called.
        person: Option<String>,
        /// The number of sign-ins and keys.
        ended: usize,
        /// What decides whether the person can sign in again.
        list: ListedBy,
        /// Whether there are trusted issuers.
        has_issuers: bool,
    },
    /// A passkey was added.
    AddedPasskey {
        /// Its name.
        passkey: String,
    },
    /// A passkey was removed.
    RemovedPasskey {
        /// Its name.
        passkey: String,
    },
    /// A remembered browser is forgotten.
    ForgotBrowser {
        /// What it is.
        browser: String,
    },
    /// A client was ended for everybody.
    EndedClient {
        /// The name of the client, if it has one.
        client: Option<String>,
    },
    /// An upstream account was disconnected.
    DisconnectedUpstream {
        /// The name of the service.
        service: String,
        revoked: RevokedThere,
    },
    /// Nothing yet: the person signs in to connect an upstream account.
    SignInToConnect {
        /// The name of the service.
        service: String,
    },
    /// Assertions of trusted issuers admit a person again.
    AdmittedAgain {
        /// What the person is called.
        person: Option<String>,
    },
}

/// Whether a service was told that a person has disconnected their account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RevokedThere {
    Yes,
    No,
}

impl Sealable for Outcome {
    const PURPOSE: &'static str = "what was done on the account page";
}

impl Notice {
    const NAMED: [(Self, &'static str); 12] = [
        (Self::SignedOut, "signed-out"),
        (Self::SignedOutEverywhere, "signed-out-everywhere"),
        (Self::Expired, "expired"),
        (Self::NotSignedIn, "not-signed-in"),
        (Self::SomebodyElse, "somebody-else"),
        (Self::KeyWithoutName, "key-without-name"),
        (Self::KeyWithoutPermission, "key-without-permission"),
        (Self::TooManyKeys, "too-many-keys"),
        (Self::KeyMadeAlready, "key-made-already"),
        (Self::KeyNotAdmitted, "key-not-admitted"),
        (Self::PasskeyNotAdded, "passkey-not-added"),
        (Self::TooManyPasskeys, "too-many-passkeys"),
    ];

    /// Returns its name in the query, if it needs no seal.
    pub(crate) fn name(&self) -> Option<&'static str> {
        Self::NAMED.into_iter().find_map(|(notice, name)| (notice == *self).then_some(name))
    }

    /// Returns the notice with this name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::NAMED.into_iter().find_map(|(notice, known)| (known == name).then_some(notice))
    }

    /// Returns whether it is about a person who is signed in.
    pub(crate) const fn is_for_a_session(&self) -> bool {
        !matches!(self, Self::SignedOut | Self::SignedOutEverywhere | Self::Expired | Self::NotSignedIn)
    }

    fn message(&self) -> Message {
        let words = self.words();
        let is_done = matches!(self, Self::SignedOut | Self::SignedOutEverywhere | Self::Done(_));
        if is_done { Message::done(words) } else { Message::error(words) }
    }

    fn words(&self) -> Markup {
        html! {
            @match self {
                Self::SignedOut => "You are signed out.",
                Self::SignedOutEverywhere => "All apps are disconnected, all access keys are ended, and you are signed out in every browser.",
                Self::Expired => "Your sign-in had expired, so nothing was changed. Sign in again.",
                Self::NotSignedIn => "You are not signed in: the sign-in was cancelled or failed.",
                Self::SomebodyElse => "You are signed in as somebody else now, so nothing was changed.",
                Self::PasskeyNotAdded => "The passkey was not added: what your browser sent is not valid here. Try again.",
                Self::TooManyPasskeys => "The passkey was not added: there are 20 already. Remove one first.",
                Self::KeyWithoutName => "The key was not made: give it a name of at most 60 characters.",
                Self::KeyWithoutPermission => "The key was not made: tick at least one permission.",
                Self::TooManyKeys => "The key was not made: 50 is the limit. End one first.",
                Self::KeyMadeAlready => {
                    "This key was made before, and its text is not shown again. If you do not have it, end the key and make another."
                }
                Self::KeyNotAdmitted => {
                    "The key was not made: access keys are turned off on this server, or you are in none of the groups that the endpoint requires. Ask \
                     the owner."
                }
                Self::Done(outcome) => (outcome.words()),
            }
        }
    }
}

impl Outcome {
    fn words(&self) -> Markup {
        let app =
            |name: &Option<String>| html! { strong { (isolated(name.as_deref().unwrap_or("An app without a name"))) } };
        html! {
            @match self {
                Self::EndedSignIn { app: name } => { "One sign-in of " (app(name)) " has ended. The others stay connected." },
                Self::Disconnected { app: name, sign_ins } => {
                    (app(name)) " is disconnected."
                    @if *sign_ins > 1 { " Its " (sign_ins) " sign-ins are ended." }
                },
                Self::DisconnectedAll { sign_ins } => { "All apps are disconnected, and all access keys have ended (" (sign_ins) " in all)." },
                Self::EndedKey { key } => {
                    "The access key "
                    @if let Some(name) = key { strong { (isolated(name)) } " " }
                    "is ended. It stops working within a minute."
                },
                Self::EndedPerson { person, ended, list, has_issuers } => {
                    "Everything of "
                    strong { (isolated(person.as_deref().unwrap_or("this person"))) }
                    " is ended: "
                    @if *ended == 1 { "1 sign-in or access key. " } @else { (ended) " sign-ins and access keys. " }
                    (list.can_return())
                    @if *has_issuers { " Assertions of a trusted issuer do not admit this person until you choose “Admit again”." }
                },
                Self::AddedPasskey { passkey } => { "The passkey " strong { (isolated(passkey)) } " is added." },
                Self::RemovedPasskey { passkey } => { "The passkey " strong { (isolated(passkey)) } " is removed." },
                Self::ForgotBrowser { browser } => { strong { (isolated(browser)) } " is forgotten." },
                Self::DisconnectedUpstream { service, revoked } => {
                    strong { (isolated(service)) } " is disconnected, and its token is deleted here. "
                    @match revoked {
                        RevokedThere::Yes => { (isolated(service)) " was told to end it, too." },
                        RevokedThere::No => { "To end the permission there, too, open the settings of your account at " (isolated(service)) "." },
                    }
                },
                Self::SignInToConnect { service } => { "Sign in to connect your account at " strong { (isolated(service)) } "." },
                Self::AdmittedAgain { person } => {
                    "Your identity provider can admit "
                    strong { (isolated(person.as_deref().unwrap_or("this person"))) }
                    " again."
                },
                Self::EndedClient { client } => { (app(client)) " is ended for everybody. Nobody can connect it again." },
            }
        }
    }
}

/// Draws the notice, if there is one.
pub(crate) fn notice_line(notice: Option<&Notice>) -> Markup {
    html! { @if let Some(notice) = notice { (notice.message()) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_nothing_is_known_by_its_name_and_the_rest_is_not() {
        for (notice, name) in Notice::NAMED {
            assert_eq!(notice.name(), Some(name));
            assert_eq!(Notice::of(name), Some(notice));
        }
        assert_eq!(Notice::Done(Outcome::DisconnectedAll { sign_ins: 1 }).name(), None);
        assert_eq!(Notice::of("x"), None);
    }

    #[test]
    fn what_was_not_done_is_no_success() {
        for (notice, name) in Notice::NAMED {
            let is_done = matches!(notice, Notice::SignedOut | Notice::SignedOutEverywhere);
            let shown = notice_line(Some(&notice)).into_string();
            assert_eq!(shown.contains("role=\"status\""), is_done, "{name}");
            assert_eq!(shown.contains("role=\"alert\""), !is_done, "{name}");
        }
    }

    #[test]
    fn the_owner_reads_whether_a_person_whom_they_have_ended_can_come_back() {
        let (on_list, by_policy) = ("unless you take them off", "unless the policy of your application");
        for (list, has_issuers, ended, words) in [
            (ListedBy::AllowedUsers, false, 1, [": 1 sign-in or access key. They", on_list]),
            (ListedBy::AllowedUsers, true, 3, [": 3 sign-ins and access keys. They", "until you choose “Admit again”"]),
            (ListedBy::AccessPolicy, false, 0, [": 0 sign-ins and access keys. They", by_policy]),
            (ListedBy::Passphrase, true, 2, ["Whoever knows the passphrase", "do not admit this person until"]),
        ] {
            let outcome = Outcome::EndedPerson { person: Some("Jane".to_owned()), ended, list, has_issuers };
            let shown = notice_line(Some(&Notice::Done(outcome))).into_string();
            for part in words {
                assert!(shown.contains(part), "{part} in {shown}");
            }
            assert_eq!(shown.contains("Admit again"), has_issuers, "{shown}");
        }
    }

    #[test]
    fn a_notice_says_what_was_done_to_what() {
        let name = |name: &str| Some(name.to_owned());
        for (outcome, words) in [
            (
                Outcome::EndedSignIn { app: name("Claude Code") },
                "One sign-in of <strong><bdi>Claude Code</bdi></strong> has ended. The others stay connected.",
            ),
            (
                Outcome::Disconnected { app: name("Claude"), sign_ins: 1 },
                "<strong><bdi>Claude</bdi></strong> is disconnected.</p>",
            ),
            (Outcome::Disconnected { app: name("Claude"), sign_ins: 3 }, "is disconnected. Its 3 sign-ins are ended."),
            (
                Outcome::Disconnected { app: None, sign_ins: 1 },
                "<bdi>An app without a name</bdi></strong> is disconnected.",
            ),
            (
                Outcome::DisconnectedAll { sign_ins: 1 },
                "All apps are disconnected, and all access keys have ended (1 in all).",
            ),
            (
                Outcome::DisconnectedAll { sign_ins: 7 },
                "All apps are disconnected, and all access keys have ended (7 in all).",
            ),
            (Outcome::EndedKey { key: name("n8n") }, "The access key <strong><bdi>n8n</bdi></strong> is ended."),
            (Outcome::EndedClient { client: name("<b>") }, "<bdi>&lt;b&gt;</bdi></strong> is ended for everybody."),
        ] {
            let shown = notice_line(Some(&Notice::Done(outcome))).into_string();
            assert!(shown.contains(words), "{words} in {shown}");
        }
    }
}
