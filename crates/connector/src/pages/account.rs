//! `/account`: the apps that a person has connected, and forms to end their access. What cannot be undone is in a part of the
//! page that has to be opened first.

use maud::{Markup, html};

use mcp_connector_base::scope::Scope;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::authorize::consent::NameSource;
use mcp_connector_oauth::web::redirect_uri::RedirectKind;

use crate::pages::consent::place;
use crate::pages::frame::page_frame::{Page, PageKind};
use crate::pages::login::{LoginError, passphrase_form};
use crate::pages::untrusted_text::{isolated, visible};
use crate::pages::when::{ago, day};
use crate::pages::{FormTarget, SEALED_FIELD};

/// The name of the field with the action of a form.
pub(crate) const ACTION_FIELD: &str = "action";
/// The name of the field with a grant.
pub(crate) const GRANT_FIELD: &str = "grant";
/// The name of the query parameter with what was just done.
pub(crate) const NOTICE_FIELD: &str = "done";

/// The action of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccountFormAction {
    /// Disconnects one app.
    End,
    /// Disconnects all apps.
    EndAll,
    /// Signs out in this browser.
    SignOut,
    /// Disconnects all apps, and signs out in every browser.
    SignOutEverywhere,
    /// Ends a client for everybody. Only the owner may.
    EndClient,
}

impl AccountFormAction {
    const ALL: [Self; 5] = [Self::End, Self::EndAll, Self::SignOut, Self::SignOutEverywhere, Self::EndClient];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::End => "disconnect",
            Self::EndAll => "disconnect-all",
            Self::SignOut => "sign-out",
            Self::SignOutEverywhere => "sign-out-everywhere",
            Self::EndClient => "end-client",
        }
    }

    /// Returns the action with this name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

/// What was just done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// One app was disconnected.
    Ended,
    /// All apps were disconnected.
    EndedAll,
    /// The person signed out.
    SignedOut,
    /// The person signed out in every browser.
    SignedOutEverywhere,
    /// Nothing: the sign-in had expired.
    Expired,
    /// Nothing: the identity provider did not sign the person in.
    NotSignedIn,
    /// A client was ended for everybody.
    ClientEnded,
}

impl Notice {
    const ALL: [Self; 7] = [
        Self::Ended,
        Self::EndedAll,
        Self::SignedOut,
        Self::SignedOutEverywhere,
        Self::Expired,
        Self::NotSignedIn,
        Self::ClientEnded,
    ];

    /// Returns its name in the query.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ended => "disconnected",
            Self::EndedAll => "all-disconnected",
            Self::SignedOut => "signed-out",
            Self::SignedOutEverywhere => "signed-out-everywhere",
            Self::Expired => "expired",
            Self::NotSignedIn => "not-signed-in",
            Self::ClientEnded => "client-ended",
        }
    }

    /// Returns the notice with this name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.name() == name)
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Ended => "The app is disconnected.",
            Self::EndedAll => "All apps are disconnected.",
            Self::SignedOut => "You are signed out.",
            Self::SignedOutEverywhere => "All apps are disconnected, and you are signed out in every browser.",
            Self::Expired => "Your sign-in had expired, so nothing was changed. Sign in again.",
            Self::NotSignedIn => "You are not signed in: the sign-in was cancelled or failed.",
            Self::ClientEnded => "The client is ended for everybody.",
        }
    }
}

/// What the page says.
#[derive(Clone, Debug)]
pub(crate) struct AccountPage<'a> {
    /// The name of the person, if it is known.
    pub(crate) person: Option<&'a str>,
    /// The apps, the last used first.
    pub(crate) apps: Vec<AccountApp<'a>>,
    /// The path of the owner's page. None for everybody else.
    pub(crate) all_clients: Option<&'a str>,
    /// What was just done.
    pub(crate) notice: Option<Notice>,
    /// Sign-ins that ended because there were too many, the latest end first.
    pub(crate) displaced: Vec<DisplacedApp<'a>>,
    /// The time at which the page is made.
    pub(crate) now: Timestamp,
}

/// A sign-in of an app that ended to make room for another one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DisplacedApp<'a> {
    /// The name that the app gives itself, if it does.
    pub(crate) name: Option<&'a str>,
    /// When it was last used.
    pub(crate) used_at: Timestamp,
    /// When it ended.
    pub(crate) ended_at: Timestamp,
}

/// An app that has access.
#[derive(Clone, Debug)]
pub(crate) struct AccountApp<'a> {
    /// Its grant, as the forms carry it.
    pub(crate) grant: String,
    /// The name that it gives itself, if it does.
    pub(crate) name: Option<&'a str>,
    /// Who vouches for that name.
    pub(crate) name_source: NameSource,
    /// The place that received the code, as on the consent page.
    pub(crate) destination: String,
    /// What kind of place that is.
    pub(crate) destination_kind: RedirectKind,
    /// What it may do.
    pub(crate) scopes: Vec<Scope>,
    /// When it was connected.
    pub(crate) connected_at: Timestamp,
    /// When it was last used.
    pub(crate) used_at: Timestamp,
}

/// Returns the page of a person who is signed in.
pub(crate) fn account(page: &AccountPage<'_>, form: &FormTarget<'_>) -> Page {
    let content = html! {
        main.wide {
            header.account {
                div {
                    h1 { "Connected apps" }
                    p.quiet.last { "Signed in as " (isolated(page.person.unwrap_or("the owner"))) }
                }
                (button(form, AccountFormAction::SignOut, "small", "Sign out"))
            }
            (notice_line(page.notice))
            @for app in &page.displaced {
                p.quiet {
                    "On " (day(app.ended_at)) " a new sign-in ended the oldest one of " (isolated(app.name.unwrap_or("an app without a name")))
                    ", last used on " (day(app.used_at)) ". One app can have 50 sign-ins, and all your apps together 200."
                }
            }
            @if page.apps.is_empty() {
                section.card {
                    p { "No app has access." }
                    p.last { a href="/" { "Connect one" } }
                }
            } @else {
                ul.apps {
                    @for app in &page.apps { li.card { (one(app, page.now, form)) } }
                }
                p.foot {
                    "“Last used” is exact to about an hour. When you disconnect an app, it gets no new access, and the access that "
                    "it still has ends within a minute."
                }
            }
            @if let Some(path) = page.all_clients {
                section.card aria-labelledby="everybody" {
                    h2 #everybody { "All clients" }
                    p { "As the owner, you can see who has allowed which application here, and end one for everybody." }
                    p.last { a.button.small href=(path) { "See all clients" } }
                }
            }
            (all_at_once(page, form))
        }
    };
    Page::new("Connected apps", content, PageKind::StaysHere)
}

fn one(app: &AccountApp<'_>, now: Timestamp, form: &FormTarget<'_>) -> Markup {
    let destination = place(app.destination_kind, &app.destination);
    let name = app.name.unwrap_or("An app without a name");
    let label = format!("Disconnect {}, {}", visible(name), visible(&destination));
    html! {
        div {
            h2 { (isolated(name)) }
            p.marks {
                @match &app.name_source {
                    NameSource::SelfAsserted => @if app.name.is_some() { span.mark.warn { "name not verified" } },
                    NameSource::Host(host) => span.mark { "published by " (isolated(host)) },
                    NameSource::Owner => span.mark { "set up by the owner" },
                }
            }
        }
        dl.facts {
            div {
                dt { "Where it is" }
                dd {
                    (isolated(&destination))
                    @match app.destination_kind {
                        RedirectKind::Https => {}
                        RedirectKind::Loopback => span.hint { "An app on the computer that you used" },
                        RedirectKind::PrivateUse => span.hint { "An app on the device that you used" },
                    }
                }
            }
            div {
                dt { "It can" }
                dd {
                    @if app.scopes.is_empty() {
                        "Know that you have signed in"
                    } @else {
                        ul.plain { @for scope in &app.scopes { li { (scope.description()) } } }
                    }
                }
            }
            div { dt { "Connected" } dd { (day(app.connected_at)) } }
            div { dt { "Last used" } dd { (ago(app.used_at, now)) } }
        }
        form method="post" action=(form.action) {
            input type="hidden" name=(SEALED_FIELD) value=(form.sealed);
            input type="hidden" name=(ACTION_FIELD) value=(AccountFormAction::End.name());
            input type="hidden" name=(GRANT_FIELD) value=(app.grant);
            button.small type="submit" aria-label=(label) { "Disconnect" }
        }
    }
}

fn all_at_once(page: &AccountPage<'_>, form: &FormTarget<'_>) -> Markup {
    html! {
        section.card aria-labelledby="all" {
            h2 #all { @if page.apps.is_empty() { "In other browsers" } @else { "All at once" } }
            @if !page.apps.is_empty() {
                details {
                    summary { "Disconnect all apps" }
                    p { "Each of them has to ask you again. You stay signed in here." }
                    (button(form, AccountFormAction::EndAll, "small alert", "Disconnect all"))
                }
            }
            details {
                summary { "Sign out everywhere" }
                p { "Disconnects all apps, and signs you out of this page in every browser. Use it if you have lost a device." }
                (button(form, AccountFormAction::SignOutEverywhere, "small alert", "Sign out everywhere now"))
            }
        }
    }
}

fn button(form: &FormTarget<'_>, action: AccountFormAction, class: &str, words: &str) -> Markup {
    html! {
        form method="post" action=(form.action) {
            input type="hidden" name=(SEALED_FIELD) value=(form.sealed);
            input type="hidden" name=(ACTION_FIELD) value=(action.name());
            button class=(class) type="submit" { (words) }
        }
    }
}

pub(crate) fn notice_line(notice: Option<Notice>) -> Markup {
    html! {
        @if let Some(notice) = notice {
            p.note.done role="status" { (notice.words()) }
        }
    }
}

/// Returns the page of a visitor who is not signed in, where people sign in with the passphrase.
pub(crate) fn account_login(form: &FormTarget<'_>, notice: Option<Notice>, error: Option<LoginError>) -> Page {
    let content = html! {
        h1 { "Your account" }
        (notice_line(notice))
        p { "Sign in to see which apps are connected, and to disconnect them." }
        (passphrase_form(error, form, None))
    };
    Page::card("Sign in to your account", &content, PageKind::StaysHere)
}

/// Returns the page of a visitor who is not signed in, where people sign in with a provider. `path` leads there; `other` leads
/// there, too, and lets the person choose another account.
pub(crate) fn account_provider_login(provider: &str, path: &str, other: Option<&str>, notice: Option<Notice>) -> Page {
    let content = html! {
        h1 { "Your account" }
        (notice_line(notice))
        p { "Sign in to see which apps you have connected, and to disconnect them." }
        div.buttons.long {
            a.button.primary href=(path) { "Sign in with " (isolated(provider)) }
            @if let Some(other) = other { a.button href=(other) { "Sign in as somebody else" } }
        }
    };
    Page::card("Sign in to your account", &content, PageKind::StaysHere)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::tests::{account, apps, between};

    const FORM: FormTarget<'_> = FormTarget { action: "/account", sealed: "bWFyaw" };

    #[test]
    fn every_form_of_the_page_has_the_mark_and_says_what_it_wants() {
        let page = account(&apps(), &FORM);
        let forms: Vec<&str> = page.split("<form ").skip(1).map(|form| form.split_once("</form>").unwrap().0).collect();
        assert_eq!(forms.len(), 3 + apps().apps.len());
        for form in forms {
            assert!(form.starts_with("method=\"post\" action=\"/account\">"), "{form}");
            assert!(form.contains("<input type=\"hidden\" name=\"request\" value=\"bWFyaw\">"), "{form}");
            let action = between(form, "name=\"action\" value=\"", "\"");
            assert_eq!(
                form.contains("name=\"grant\""),
                AccountFormAction::of(action) == Some(AccountFormAction::End),
                "{form}"
            );
            assert_eq!(form.matches("<button").count(), 1, "{form}");
        }
    }

    #[test]
    fn an_app_has_its_name_where_it_leads_what_it_may_and_when() {
        let page = account(&apps(), &FORM);
        let cards: Vec<&str> = page.split("<li class=\"card\">").skip(1).collect();
        for (card, parts) in cards.iter().zip([
            [
                "<h2><bdi>Claude</bdi></h2>",
                "published by <bdi>claude.ai</bdi>",
                "<dd><bdi>claude.ai</bdi></dd>",
                "<li>Read your notes</li>",
            ],
            [
                "<h2><bdi>An app without a name</bdi></h2>",
                "<bdi>localhost:5</bdi>",
                "An app on the computer",
                "Know that you have signed in",
            ],
            ["<bdi>Cursor</bdi>", "name not verified", "<bdi>cursor:</bdi>", "An app on the device"],
        ]) {
            for part in parts {
                assert!(card.contains(part), "{part} in {card}");
            }
            assert!(card.contains(">14 November 2023<") && card.contains("2 hours ago"), "{card}");
        }
        assert!(!cards[1].contains("name not verified"), "there is none");
    }

    #[test]
    fn what_cannot_be_undone_has_to_be_unfolded_first() {
        let page = account(&apps(), &FORM);
        for fold in page.split("<details>").skip(1) {
            let (summary, rest) = fold.split_once("</summary>").unwrap();
            assert!(!summary.contains("<form") && rest.split_once("</details>").unwrap().0.contains("<form"), "{fold}");
        }
        assert_eq!(page.matches("<details>").count(), 2);
        let empty = account(&AccountPage { apps: Vec::new(), ..apps() }, &FORM);
        assert_eq!(empty.matches("<details>").count(), 1, "nothing to disconnect");
    }

    #[test]
    fn names_lead_back_to_what_they_name() {
        for action in AccountFormAction::ALL {
            assert_eq!(AccountFormAction::of(action.name()), Some(action));
        }
        for notice in Notice::ALL {
            assert_eq!(Notice::of(notice.name()), Some(notice));
        }
        assert_eq!((AccountFormAction::of(""), Notice::of("x")), (None, None));
    }

    #[test]
    fn the_page_says_who_is_signed_in() {
        for (person, words) in
            [(Some("Jane"), "Signed in as <bdi>Jane</bdi>"), (None, "Signed in as <bdi>the owner</bdi>")]
        {
            assert!(account(&AccountPage { person, ..apps() }, &FORM).contains(words), "{words}");
        }
    }
}
