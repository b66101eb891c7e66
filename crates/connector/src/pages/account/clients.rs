//! `/account/clients`: every client that somebody has allowed, for the owner, and a form to end one for everybody. The form is in
//! a part of the page that has to be opened first, since it cannot be undone.

use maud::{Markup, html};

use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::clients::client::ClientKind;

use crate::pages::FormTarget;
use crate::pages::account::action::{NAME_FIELD, OwnerFormAction, action_form};
use crate::pages::account::notice::{Notice, notice_line};
use crate::pages::components::entry::{Entry, Facts, Mark};
use crate::pages::components::form::Button;
use crate::pages::components::section::Section;
use crate::pages::frame::page_frame::{Page, PageKind};
use crate::pages::untrusted_text::{isolated, visible};
use crate::pages::when::{ago, day};

/// The name of the field with a client.
pub(crate) const CLIENT_FIELD: &str = "client";
/// The name of the query parameter that says where a page begins.
pub(crate) const AFTER_FIELD: &str = "after";

/// What the page says.
#[derive(Clone, Debug)]
pub(crate) struct AllClientsPage<'a> {
    /// The clients of the configuration, then the others in the order of KV.
    pub(crate) clients: Vec<ListedClient<'a>>,
    /// The path of the next page.
    pub(crate) next: Option<String>,
    /// The path of the account page.
    pub(crate) back: &'a str,
    /// What was just done.
    pub(crate) notice: Option<Notice>,
    /// The time at which the page is made.
    pub(crate) now: Timestamp,
}

/// One client.
#[derive(Clone, Debug)]
pub(crate) struct ListedClient<'a> {
    /// Its id, as the form carries it.
    pub(crate) client: String,
    /// The name that it gives itself, if it does.
    pub(crate) name: Option<&'a str>,
    /// The host that has published it, or that its codes are sent to.
    pub(crate) host: &'a str,
    /// How it is known.
    pub(crate) kind: ClientKind,
    /// When a person first allowed it, if one has.
    pub(crate) first_allowed_at: Option<Timestamp>,
    /// The day on which it was last used.
    pub(crate) last_used_at: Option<Timestamp>,
    /// Some of the people who use it.
    pub(crate) users: Vec<String>,
    /// The number of people who use it. At most a thousand are counted.
    pub(crate) user_count: u64,
    /// When the owner ended it, if that is so.
    pub(crate) ended_at: Option<Timestamp>,
}

/// Returns the page.
pub(crate) fn all_clients(page: &AllClientsPage<'_>, form: &FormTarget<'_>) -> Page {
    let content = html! {
        main.wide {
            header.account {
                div {
                    h1 { "All clients" }
                    p.quiet.last { "Every app that somebody here has allowed" }
                }
                a.button.small href=(page.back) { "Your account" }
            }
            (notice_line(page.notice.as_ref()))
            (Section::new("clients", "Clients").content(html! {
                @if page.clients.is_empty() {
                    p { "Nobody has allowed a client yet." }
                } @else {
                    // The page has its own limit, so none is folded away.
                    ul.entries { @for client in &page.clients { li { (entry(client, page.now, form)) } } }
                }
                @if let Some(next) = &page.next {
                    p { a.button.small href=(next) { "More clients" } }
                }
                p.foot {
                    "A new client is listed within a minute. “Last used” is exact to the day. A client that nobody has used for "
                    "90 days is no longer listed. A client that you have ended stays ended."
                }
            }))
        }
    };
    Page::new("All clients", content, PageKind::StaysHere)
}

fn entry<'a>(client: &'a ListedClient<'_>, now: Timestamp, form: &FormTarget<'_>) -> Entry<'a> {
    let name = client.name.unwrap_or("A client without a name");
    let entry = Entry::new(name);
    let entry = match client.kind {
        ClientKind::Registered => entry.mark(Mark::Quiet, "registered itself"),
        ClientKind::MetadataDocument => entry.mark(Mark::Quiet, html! { "published by " (isolated(client.host)) }),
        ClientKind::PreRegistered => entry.mark(Mark::Quiet, "in your configuration"),
    };
    let entry = if client.ended_at.is_some() { entry.mark(Mark::Warning, "ended") } else { entry };
    entry
        .line(html! {
            @if client.host.is_empty() { "It acts for itself" } @else { (isolated(client.host)) }
            " · "
            @match client.last_used_at { Some(at) => { "Used " (ago(at, now)) }, None => "Never used" }
        })
        .content(html! {
            (facts(client))
            @if client.ended_at.is_none() { (end(client, name, form)) }
        })
}

fn facts(client: &ListedClient<'_>) -> Facts {
    let facts = Facts::new().fact("First allowed", moment(client.first_allowed_at)).fact("Used by", users(client));
    match client.ended_at {
        Some(at) => facts.fact("Ended", day(at)),
        None => facts,
    }
}

fn end(client: &ListedClient<'_>, name: &str, form: &FormTarget<'_>) -> Markup {
    let end = action_form(form, OwnerFormAction::EndClient).hidden(CLIENT_FIELD, client.client.as_str());
    let end = if client.name.is_some() { end.hidden(NAME_FIELD, visible(name)) } else { end };
    html! {
        p.last {
            "If you end it, nobody can allow this client any more. Every sign-in that it has ends, and it loses its access within "
            "minutes. This cannot be undone."
        }
        (end.button(Button::danger("End for everybody").spoken(format!("End for everybody: {name}"))))
    }
}

fn moment(at: Option<Timestamp>) -> Markup {
    html! { @match at { Some(at) => (day(at)), None => "Never" } }
}

fn users(client: &ListedClient<'_>) -> Markup {
    let named = u64::try_from(client.users.len()).unwrap_or(u64::MAX);
    let others = client.user_count.saturating_sub(named);
    html! {
        @if client.users.is_empty() { "Nobody" }
        @for (number, user) in client.users.iter().enumerate() {
            @if number > 0 { ", " }
            (isolated(user))
        }
        @match others {
            0 => {}
            _ if client.user_count >= 1000 => " and a thousand or more others",
            1 => " and 1 other",
            _ => { " and " (others) " others" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::tests::{all_clients, clients};

    const FORM: FormTarget<'_> = FormTarget { action: "/account/clients", sealed: "bWFyaw" };

    #[test]
    fn a_client_has_its_name_its_kind_when_it_was_used_and_by_whom() {
        let page = all_clients(&clients(), &FORM);
        let cards: Vec<&str> = page.split("<details class=\"entry\">").skip(1).collect();
        assert_eq!(cards.len(), 3);
        for (card, parts) in cards.iter().zip([
            [
                "<h3><bdi>Nightly</bdi></h3>",
                "in your configuration",
                "It acts for itself",
                "First allowed</dt><dd>Never<",
                "Used by</dt><dd>Nobody<",
            ],
            [
                "<h3><bdi>Claude</bdi></h3>",
                "published by <bdi>claude.ai</bdi>",
                ">14 November 2023<",
                "2 hours ago",
                "<bdi>Jane</bdi>, <bdi>Bob</bdi> and 3 others",
            ],
            [
                "<bdi>A client without a name</bdi>",
                "registered itself",
                "<bdi>localhost:5</bdi>",
                ">ended<",
                "<bdi>Jane</bdi> and a thousand or more others",
            ],
        ]) {
            for part in parts {
                assert!(card.contains(part), "{part} in {card}");
            }
        }
    }

    #[test]
    fn a_client_is_ended_by_a_form_with_the_mark_behind_a_fold_and_only_once() {
        let page = all_clients(&clients(), &FORM);
        let folds: Vec<&str> = page.split("<details").skip(1).filter(|fold| fold.contains("<form")).collect();
        assert_eq!(folds.len(), 2, "the ended one has none");
        for fold in folds {
            let (summary, rest) = fold.split_once("</summary>").unwrap();
            assert!(!summary.contains("<form") && rest.contains("This cannot be undone."), "{fold}");
            for part in [
                "method=\"post\" action=\"/account/clients\">",
                "name=\"request\" value=\"bWFyaw\">",
                "name=\"action\" value=\"end-client\">",
                "name=\"client\" value=\"",
            ] {
                assert_eq!(rest.split_once("</details>").unwrap().0.matches(part).count(), 1, "{part} in {fold}");
            }
        }
    }

    #[test]
    fn there_is_a_link_where_there_is_more() {
        let page = all_clients(&clients(), &FORM);
        assert!(page.contains("href=\"/account/clients?after=x\""), "{page}");
        let last = all_clients(&AllClientsPage { next: None, ..clients() }, &FORM);
        assert!(!last.contains("More clients"), "{last}");
        let none = all_clients(&AllClientsPage { clients: Vec::new(), ..clients() }, &FORM);
        assert!(none.contains("Nobody has allowed a client yet."), "{none}");
    }
}
