//! The account page of a person who is signed in: the sections in their order. What cannot be undone is in a part of the page that has to
//! be opened first.

use maud::html;

use mcp_connector_base::timestamp::Timestamp;

use crate::pages::FormTarget;
use crate::pages::account::access_keys::{self, AccessKeysSection};
use crate::pages::account::action::{AccountFormAction, action_form};
use crate::pages::account::apps::{self, AppsSection};
use crate::pages::account::browsers::{self, BrowserEntry};
use crate::pages::account::notice::{Notice, notice_line};
use crate::pages::account::passkeys::{self, PasskeysSection};
use crate::pages::account::sign_out::{self, Connected, Upstreams};
use crate::pages::account::upstreams::{self, UpstreamEntry};
use crate::pages::components::form::Button;
use crate::pages::components::section::Section;
use crate::pages::frame::page_frame::{Page, PageKind};
use crate::pages::untrusted_text::isolated;

/// What the page says.
#[derive(Clone, Debug)]
pub(crate) struct AccountPage<'a> {
    /// The name of the person, if it is known.
    pub(crate) person: Option<&'a str>,
    /// What was just done.
    pub(crate) notice: Option<Notice>,
    /// The apps.
    pub(crate) apps: AppsSection<'a>,
    /// The access keys, if there are any on this server.
    pub(crate) keys: Option<AccessKeysSection<'a>>,
    /// The passkeys, if there are passkeys on this site.
    pub(crate) passkeys: Option<PasskeysSection<'a>>,
    /// The remembered browsers.
    pub(crate) browsers: Vec<BrowserEntry<'a>>,
    /// The upstream services.
    pub(crate) upstreams: Vec<UpstreamEntry<'a>>,
    /// The path of the owner's page. None for everybody else.
    pub(crate) all_clients: Option<&'a str>,
    /// The path of the owner's page with all people. None for everybody else, and where there is one person only.
    pub(crate) people: Option<&'a str>,
    /// The time at which the page is made.
    pub(crate) now: Timestamp,
}

/// Returns the page.
pub(crate) fn account(page: &AccountPage<'_>, form: &FormTarget<'_>) -> Page {
    let has_keys = page.keys.as_ref().is_some_and(|section| !section.keys.is_empty());
    let connected = if page.apps.sign_ins.is_empty() && !has_keys { Connected::Nothing } else { Connected::Apps };
    let elsewhere = if page.upstreams.is_empty() { Upstreams::None } else { Upstreams::Used };
    let content = html! {
        main.wide {
            header.account {
                div {
                    h1 { "Your account" }
                    p.quiet.last { "Signed in as " (isolated(page.person.unwrap_or("the owner"))) }
                }
                (action_form(form, AccountFormAction::SignOut).button(Button::plain("Sign out")))
            }
            (notice_line(page.notice.as_ref()))
            (apps::section(&page.apps, page.now, form))
            (upstreams::section(&page.upstreams, form))
            @if let Some(keys) = &page.keys { (access_keys::section(keys, page.now, form)) }
            @if let Some(passkeys) = &page.passkeys { (passkeys::section(passkeys, page.now, form)) }
            (browsers::section(&page.browsers, page.now, form))
            @if let Some(path) = page.all_clients {
                (Section::new("everybody", "Everybody’s apps").content(html! {
                    p { "As the owner, you can see who has allowed which app here, and end one for everybody." }
                    p.last {
                        @if let Some(people) = page.people { a.button.small href=(people) { "See all people" } " " }
                        a.button.small href=(path) { "See all clients" }
                    }
                }))
            }
            (sign_out::section(connected, elsewhere, form))
        }
    };
    Page::new("Your account", content, PageKind::StaysHere)
}

#[cfg(test)]
mod tests {
    use mcp_connector_oauth::authorize::consent::NameSource;

    use super::*;
    use crate::pages::account::action::FormAction as _;
    use crate::pages::account::apps::AppSignIn;
    use crate::pages::tests::{account, apps, between};

    const FORM: FormTarget<'_> = FormTarget { action: "/account", sealed: "bWFyaw" };

    fn forms(page: &str) -> Vec<&str> {
        page.split("<form ").skip(1).map(|form| form.split_once("</form>").unwrap().0).collect()
    }

    fn entries(page: &str) -> Vec<&str> {
        page.split("<details class=\"entry\">").skip(1).collect()
    }

    fn with_sign_ins(sign_ins: Vec<AppSignIn<'static>>) -> AccountPage<'static> {
        AccountPage { apps: AppsSection { sign_ins, ..apps().apps }, ..apps() }
    }

    #[test]
    fn every_form_of_the_page_has_the_mark_and_says_what_it_wants() {
        let page = account(&apps(), &FORM);
        assert_eq!(forms(&page).len(), 4 + apps().apps.sign_ins.len());
        for form in forms(&page) {
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
        for (entry, parts) in entries(&page).iter().zip([
            [
                "<h3><bdi>Claude</bdi></h3>",
                "published by <bdi>claude.ai</bdi>",
                "<dd><bdi>claude.ai</bdi></dd>",
                "<li>Read your notes</li>",
            ],
            [
                "<h3><bdi>An app without a name</bdi></h3>",
                "<bdi>localhost:5</bdi>",
                "An app on the computer",
                "Know that you have signed in",
            ],
            ["<bdi>Cursor</bdi>", "what the app calls itself", "<bdi>cursor:</bdi>", "An app on the device"],
        ]) {
            for part in parts {
                assert!(entry.contains(part), "{part} in {entry}");
            }
            assert!(entry.contains(">14 November 2023<") && entry.contains("2 hours ago"), "{entry}");
        }
        assert!(!entries(&page)[1].contains("calls itself"), "there is none");
    }

    #[test]
    fn the_sign_ins_of_one_app_are_one_entry_whatever_the_port() {
        let [claude, local, cursor] = <[_; 3]>::try_from(apps().apps.sign_ins).unwrap();
        let named = |grant: &str, destination: &str| AppSignIn {
            name: Some("Claude Code"),
            grant: grant.to_owned(),
            destination: destination.to_owned(),
            ..local.clone()
        };
        let sign_ins =
            vec![named("a1", "localhost:1"), claude.clone(), named("a2", "127.0.0.1:2"), local.clone(), cursor];
        let page = account(&with_sign_ins(sign_ins), &FORM);
        let entries = entries(&page);
        assert_eq!(entries.len(), 4, "{page}");
        assert!(entries[0].contains("2 sign-ins") && entries[0].contains("name=\"grants\" value=\"a1 a2\""));
        assert_eq!(entries[0].matches("name=\"action\" value=\"disconnect\"").count(), 2, "each can be ended alone");
        assert_eq!(entries[0].matches("name=\"name\" value=\"Claude Code\"").count(), 3, "each form names the app");
        let other_host = AppSignIn { destination: "evil.example".to_owned(), ..claude.clone() };
        let other_name = AppSignIn { name_source: NameSource::SelfAsserted, ..claude.clone() };
        let page = account(&with_sign_ins(vec![claude, other_host, other_name]), &FORM);
        assert_eq!(
            page.matches("<details class=\"entry\">").count(),
            3,
            "another host or an unproven name is another app"
        );
    }

    #[test]
    fn what_cannot_be_undone_has_to_be_unfolded_first() {
        let page = account(&apps(), &FORM);
        for fold in page.split("<details").skip(1) {
            let (summary, rest) = fold.split_once("</summary>").unwrap();
            assert!(!summary.contains("<form") && rest.split_once("</details>").unwrap().0.contains("<form"), "{fold}");
        }
        assert_eq!(page.matches("<details class=\"fold\">").count(), 3);
        let empty = account(&with_sign_ins(Vec::new()), &FORM);
        assert_eq!(empty.matches("<details").count(), 2, "nothing to disconnect");
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
