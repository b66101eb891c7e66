//! A person, for the owner: what they have connected, and forms to end one of it, or all.

use maud::{Markup, html};

use mcp_connector_base::scope::Scope;
use mcp_connector_base::timestamp::Timestamp;

use crate::pages::FormTarget;
use crate::pages::account::access_keys::{AccessKeyEntry, can};
use crate::pages::account::action::{GRANT_FIELD, NAME_FIELD, OwnerFormAction, action_form};
use crate::pages::account::notice::{Notice, notice_line};
use crate::pages::account::people::{ListedBy, PERSON_FIELD, PersonEntry, facts};
use crate::pages::components::entry::{Entry, Facts, entries};
use crate::pages::components::form::Button;
use crate::pages::components::section::{Fold, Section};
use crate::pages::frame::page_frame::{Page, PageKind};
use crate::pages::untrusted_text::{isolated, visible};
use crate::pages::when::{ago, day};

/// What the page says.
#[derive(Clone, Debug)]
pub(crate) struct PersonPage<'a> {
    pub(crate) person: PersonEntry<'a>,
    /// The name of their object, as the forms have it.
    pub(crate) id: &'a str,
    pub(crate) apps: Vec<PersonApp<'a>>,
    pub(crate) keys: Vec<AccessKeyEntry<'a>>,
    /// Their digits in the log, if the deployment has them there.
    pub(crate) in_log: Option<String>,
    /// How a person is taken off the list.
    pub(crate) list: ListedBy,
    /// Whether assertions of trusted issuers admit the person.
    pub(crate) assertions: Assertions,
    /// The path of the list of people.
    pub(crate) back: &'a str,
    /// What was just done.
    pub(crate) notice: Option<Notice>,
    /// The time at which the page is made.
    pub(crate) now: Timestamp,
}

/// Whether assertions of trusted issuers admit a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Assertions {
    /// There are no trusted issuers.
    NotAccepted,
    Admitted,
    /// The owner has ended apps of the person, the first at this time.
    AppsEnded(Timestamp),
    /// The owner has ended everything of the person at this time.
    PersonEnded(Timestamp),
}

/// A sign-in of an app.
#[derive(Clone, Debug)]
pub(crate) struct PersonApp<'a> {
    /// The id of the grant.
    pub(crate) grant: String,
    /// The name that the app gives itself.
    pub(crate) name: Option<&'a str>,
    /// Where the access went.
    pub(crate) destination: String,
    /// The connector that it uses, if that is another one than that of this server.
    pub(crate) connector: Option<&'a str>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) connected_at: Timestamp,
    pub(crate) used_at: Timestamp,
}

/// Returns the page.
pub(crate) fn person(page: &PersonPage<'_>, form: &FormTarget<'_>) -> Page {
    let title = page.person.title();
    let content = html! {
        main.wide {
            header.account {
                div {
                    h1 { (isolated(title)) }
                    p.quiet.last { "What this person has connected here" }
                }
                a.button.small href=(page.back) { "All people" }
            }
            (notice_line(page.notice.as_ref()))
            section.card {
                (facts(&page.person, page.now))
                @if let Some(digits) = &page.in_log { p.quiet.last { "In the log: " code { (digits) } } }
            }
            (Section::new("apps", "Apps").content(html! {
                @if page.apps.is_empty() { p.last { "No app is connected." } } @else {
                    (entries(page.apps.iter().map(|app| app_entry(app, page, form))))
                }
            }))
            (Section::new("keys", "Access keys").content(html! {
                @if page.keys.is_empty() { p.last { "There is no access key." } } @else {
                    (entries(page.keys.iter().map(|key| key_entry(key, page, form))))
                }
            }))
            @if let Some(words) = ended(page) {
                (Section::new("ended", "Ended").content(html! {
                    p { (words) }
                    (action_form(form, OwnerFormAction::AdmitAgain)
                        .hidden(PERSON_FIELD, page.id)
                        .hidden(NAME_FIELD, visible(title).into_owned())
                        .button(Button::plain("Admit again").spoken(format!("Admit {} again", visible(title)))))
                }))
            }
            (Section::new("end", "End everything").content(html! {
                p { (note(page.list)) }
                @if page.assertions != Assertions::NotAccepted {
                    p {
                        "After that, assertions of a trusted issuer admit neither this person nor an app that you disconnect here, until you "
                        "choose “Admit again” on this page."
                    }
                }
                (Fold::new("End everything of this person").content(html! {
                    p { "All their apps and access keys end, and they are signed out in every browser. Nothing that they keep here is deleted." }
                    (action_form(form, OwnerFormAction::EndPerson)
                        .hidden(PERSON_FIELD, page.id)
                        .hidden(NAME_FIELD, visible(title).into_owned())
                        .button(Button::danger("End everything").spoken(format!("End everything of {}", visible(title)))))
                }))
            }))
        }
    };
    Page::new("A person", content, PageKind::StaysHere)
}

/// Says what assertions of trusted issuers no longer admit.
fn ended(page: &PersonPage<'_>) -> Option<Markup> {
    match page.assertions {
        Assertions::NotAccepted | Assertions::Admitted => None,
        Assertions::AppsEnded(at) => Some(html! {
            "You disconnected an app of this person on " (day(at)) ". Your identity provider cannot connect it again."
        }),
        Assertions::PersonEnded(at) => Some(html! {
            "You ended everything of this person on " (day(at)) ". Your identity provider cannot admit them again."
        }),
    }
}

/// Says how a person is kept from signing in again.
fn note(list: ListedBy) -> Markup {
    html! {
        (list.can_return()) " "
        @match list {
            ListedBy::AllowedUsers => {
                "Anyone taken off the list loses all access within a minute; you need not end anything here."
            }
            ListedBy::AccessPolicy => "Change the policy first.",
            ListedBy::Passphrase => { "A new " code { "OWNER_PASSPHRASE" } " ends everything, without this page." }
        }
    }
}

fn app_entry<'a>(app: &PersonApp<'a>, page: &PersonPage<'_>, form: &FormTarget<'_>) -> Entry<'a> {
    let name = app.name.unwrap_or("An app without a name");
    let line = html! {
        (isolated(&app.destination))
        @if let Some(connector) = app.connector { " · For " (isolated(connector)) }
        " · Used " (ago(app.used_at, page.now))
    };
    Entry::new(name).line(line).content(html! {
        (Facts::new()
            .fact("It can", can(&app.scopes))
            .fact("Connected", day(app.connected_at)))
        (action_form(form, OwnerFormAction::End)
            .hidden(PERSON_FIELD, page.id.to_owned())
            .hidden(GRANT_FIELD, app.grant.clone())
            .hidden(NAME_FIELD, visible(name).into_owned())
            .button(Button::danger("Disconnect").spoken(format!("Disconnect {}", visible(name)))))
    })
}

fn key_entry<'a>(key: &AccessKeyEntry<'a>, page: &PersonPage<'_>, form: &FormTarget<'_>) -> Entry<'a> {
    Entry::new(key.name).line(html! { "Ends " (day(key.ends_at)) }).content(html! {
        (Facts::new()
            .fact("It can", can(&key.scopes))
            .fact("Endpoint", isolated(key.endpoint))
            .fact("Made", day(key.made_at))
            .fact("Last used", html! { @match key.used_on { Some(at) => (day(at)), None => "Never" } }))
        (action_form(form, OwnerFormAction::EndKey)
            .hidden(PERSON_FIELD, page.id.to_owned())
            .hidden(GRANT_FIELD, key.id.clone())
            .hidden(NAME_FIELD, visible(key.name).into_owned())
            .button(Button::danger("End this key").spoken(format!("End this key: {}", visible(key.name)))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::tests::{one_person, person};

    const FORM: FormTarget<'_> = FormTarget { action: "/account/people", sealed: "bWFyaw" };

    #[test]
    fn every_form_names_the_person_and_has_the_mark() {
        let page = person(&one_person(), &FORM);
        let forms: Vec<&str> = page.split("<form ").skip(1).map(|form| form.split_once("</form>").unwrap().0).collect();
        assert_eq!(forms.len(), one_person().apps.len() + one_person().keys.len() + 1);
        for form in forms {
            assert!(form.starts_with("method=\"post\" action=\"/account/people\">"), "{form}");
            for part in ["name=\"request\" value=\"bWFyaw\"", "name=\"person\" value=\"0a\""] {
                assert_eq!(form.matches(part).count(), 1, "{part} in {form}");
            }
            let ends_all = form.contains("value=\"disconnect-all\"");
            assert_ne!(ends_all, form.contains("name=\"grant\""), "{form}");
        }
    }

    #[test]
    fn the_digits_of_the_person_in_the_log_are_on_the_page_where_they_are_in_the_log() {
        assert!(person(&one_person(), &FORM).contains("In the log: <code>3f2a9c0de1b4a756</code>"));
        assert!(!person(&PersonPage { in_log: None, ..one_person() }, &FORM).contains("In the log"));
    }

    #[test]
    fn what_the_owner_has_ended_can_be_taken_back_where_issuers_are_trusted() {
        let at = Timestamp::from_seconds(1_700_000_000);
        for (assertions, is_said, can_be_taken_back) in [
            (Assertions::NotAccepted, false, false),
            (Assertions::Admitted, true, false),
            (Assertions::AppsEnded(at), true, true),
            (Assertions::PersonEnded(at), true, true),
        ] {
            let page = person(&PersonPage { assertions, ..one_person() }, &FORM);
            assert_eq!(page.contains("assertions of a trusted issuer admit neither"), is_said, "{assertions:?}");
            assert_eq!(page.contains("value=\"admit-again\""), can_be_taken_back, "{assertions:?}");
        }
    }

    #[test]
    fn the_page_says_how_the_person_is_kept_out() {
        for (list, words) in [
            (ListedBy::AllowedUsers, "ALLOWED_USERS"),
            (ListedBy::AccessPolicy, "policy of your application in Cloudflare Access"),
            (ListedBy::Passphrase, "OWNER_PASSPHRASE"),
        ] {
            let page = person(&PersonPage { list, ..one_person() }, &FORM);
            assert!(page.contains("can sign in again") && page.contains(words), "{page}");
        }
    }
}
