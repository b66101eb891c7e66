//! `/account/people`: everybody who has signed in, for the owner. Each leads to a page with their apps and access keys.

use maud::{Markup, html};
use serde::{Deserialize, Serialize};

use mcp_connector_base::timestamp::Timestamp;

use crate::pages::components::entry::{Entry, Facts};
use crate::pages::components::section::Section;
use crate::pages::frame::page_frame::{Page, PageKind};
use crate::pages::untrusted_text::{isolated, visible};
use crate::pages::when::{ago, day};

/// The name of the query parameter with what is searched for.
pub(crate) const SEARCH_FIELD: &str = "q";
/// The name of the query parameter that says where a page begins.
pub(crate) const AFTER_FIELD: &str = "after";
/// The name of the field with a person.
pub(crate) const PERSON_FIELD: &str = "person";

/// What the page says.
#[derive(Clone, Debug)]
pub(crate) struct PeoplePage<'a> {
    /// The people, in the order of their names.
    pub(crate) people: Vec<PersonEntry<'a>>,
    /// What was searched for.
    pub(crate) search: Option<&'a str>,
    /// The path of this page, to which a search goes.
    pub(crate) path: &'a str,
    /// The path of the next page.
    pub(crate) next: Option<String>,
    /// The path of the account page.
    pub(crate) back: &'a str,
    /// The path of the page with the file that says who had access when.
    pub(crate) export: &'a str,
    /// The time at which the page is made.
    pub(crate) now: Timestamp,
}

/// What decides who may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ListedBy {
    AllowedUsers,
    AccessPolicy,
    Passphrase,
}

impl ListedBy {
    /// Says who can sign in again after the owner has ended everything of a person.
    pub(crate) fn can_return(self) -> Markup {
        html! {
            @match self {
                Self::AllowedUsers => { "They can sign in again, unless you take them off " code { "ALLOWED_USERS" } "." }
                Self::AccessPolicy => {
                    "They can sign in again, unless the policy of your application in Cloudflare Access keeps them out."
                }
                Self::Passphrase => "Whoever knows the passphrase can sign in again.",
            }
        }
    }
}

/// One person.
#[derive(Clone, Debug)]
pub(crate) struct PersonEntry<'a> {
    /// The name that the identity provider gives them.
    pub(crate) name: Option<&'a str>,
    /// Their verified address.
    pub(crate) email: Option<&'a str>,
    /// Their identifier at this server.
    pub(crate) subject: &'a str,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
    /// The path of the page about them.
    pub(crate) path: String,
}

impl<'a> PersonEntry<'a> {
    /// Returns what to call the person.
    pub(crate) fn title(&self) -> &'a str {
        self.name.or(self.email).unwrap_or(self.subject)
    }
}

/// Returns the page.
pub(crate) fn people(page: &PeoplePage<'_>) -> Page {
    let content = html! {
        main.wide {
            header.account {
                div {
                    h1 { "People" }
                    p.quiet.last { "Everybody who has signed in here" }
                }
                a.button.small href=(page.back) { "Your own apps" }
            }
            section.card {
                form method="get" action=(page.path) role="search" {
                    div.field {
                        label.label for="search" { "Search by name or address" }
                        input id="search" type="search" name=(SEARCH_FIELD) value=(visible(page.search.unwrap_or_default()))
                            maxlength="100" autocomplete="off" spellcheck="false";
                    }
                    div.buttons {
                        button.primary type="submit" { "Search" }
                        @if page.search.is_some() { a.button href=(page.path) { "Show everybody" } }
                    }
                }
            }
            section.card aria-labelledby="found" {
                h2 id="found" { @if page.search.is_some() { "Found" } @else { "Everybody" } }
                @if page.people.is_empty() {
                    p.last { (nobody(page)) }
                } @else {
                    ul.entries { @for person in &page.people { li { (entry(person, page.now)) } } }
                }
                @if let Some(next) = &page.next { p.last { a.button.small href=(next) { "Next page" } } }
            }
            (Section::new("export", "Who had access when").content(html! {
                p { "A file for a spreadsheet that lists the apps and access keys of everybody, including those that have ended." }
                p.last { a.button.small href=(page.export) { "Get the file" } }
            }))
            p.foot {
                "Names and addresses are those of the last sign-in. “Last sign-in” is exact to the day. People who last signed "
                "in before this list existed are added when they sign in again."
            }
        }
    };
    Page::new("People", content, PageKind::StaysHere)
}

/// Says that a page has nobody. A search reads a long list in parts.
fn nobody(page: &PeoplePage<'_>) -> &'static str {
    match (page.search, &page.next) {
        (None, _) => "Nobody has signed in yet.",
        (Some(_), None) => "Nobody has such a name or address.",
        (Some(_), Some(_)) => "Nobody in this part of the list. The search goes on with the next page.",
    }
}

fn entry<'a>(person: &PersonEntry<'a>, now: Timestamp) -> Entry<'a> {
    let address = person.email.filter(|email| *email != person.title());
    Entry::new(person.title())
        .line(html! { @if let Some(email) = address { (isolated(email)) " · " } "Last sign-in " (ago(person.last_at, now)) })
        .content(html! {
            (facts(person, now))
            p.last { a.button.small href=(person.path) { "Apps and access keys" } }
        })
}

/// Draws what is known of a person.
pub(crate) fn facts(person: &PersonEntry<'_>, now: Timestamp) -> Markup {
    html! {
        (Facts::new()
            .fact("Address", html! { @match person.email { Some(email) => (isolated(email)), None => "Not known" } })
            .fact("First sign-in", day(person.first_at))
            .fact("Last sign-in", ago(person.last_at, now))
            .fact("Identifier here", html! { code { (isolated(person.subject)) } }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::tests::{everybody, people};

    #[test]
    fn a_person_has_a_name_an_address_times_and_a_way_to_their_apps() {
        let page = people(&everybody(None));
        let entries: Vec<&str> = page.split("<details class=\"entry\">").skip(1).collect();
        for (entry, title) in entries.iter().zip(["Jane", "jane@example.com", "s3bj"]) {
            assert!(entry.contains(&format!("<h3><bdi>{title}</bdi></h3>")), "{entry}");
            for part in ["14 November 2023", "4 hours ago", "href=\"/account/people?person=0a\"", "<bdi>s3bj</bdi>"] {
                assert!(entry.contains(part), "{part} in {entry}");
            }
        }
        assert!(page.contains("href=\"/account/people?after=0a\""), "{page}");
    }

    #[test]
    fn a_search_is_repeated_safely_and_says_when_it_finds_nobody() {
        let page = people(&PeoplePage { people: Vec::new(), next: None, ..everybody(Some("\"><b>")) });
        assert!(page.contains("value=\"&quot;&gt;&lt;b&gt;\"") && !page.contains("\"><b>"), "{page}");
        assert!(page.contains("Nobody has such a name or address.") && page.contains("Show everybody"), "{page}");
        let part = people(&PeoplePage { people: Vec::new(), ..everybody(Some("jane")) });
        assert!(part.contains("Nobody in this part of the list.") && part.contains("Next page"), "{part}");
        let nobody = people(&PeoplePage { people: Vec::new(), ..everybody(None) });
        assert!(nobody.contains("Nobody has signed in yet."), "{nobody}");
    }
}
