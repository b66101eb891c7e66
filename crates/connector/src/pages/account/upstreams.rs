//! The upstream accounts of a person: what the connector may use in their name, and the way to connect or disconnect each.

use maud::{Markup, Render as _, html};

use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::upstream::connection::ConnectionEnd;
use mcp_connector_oauth::upstream::summary::UpstreamSummary;

use crate::pages::FormTarget;
use crate::pages::account::action::{AccountFormAction, action_form};
use crate::pages::components::entry::{Entry, Facts, Mark, entries};
use crate::pages::components::form::Button;
use crate::pages::components::section::Section;
use crate::pages::untrusted_text::isolated;
use crate::pages::when::day;

/// The name of the field with the name of a service.
pub(crate) const UPSTREAM_FIELD: &str = "upstream";

/// A service.
#[derive(Clone, Debug)]
pub(crate) struct UpstreamEntry<'a> {
    /// The name by which forms refer to it.
    pub(crate) name: &'a str,
    /// The name that people see.
    pub(crate) title: &'a str,
    /// The path of the page on which the account is connected; none if the service cannot be used.
    pub(crate) connect: Option<String>,
    pub(crate) state: UpstreamState<'a>,
    /// The hosts that get the tokens.
    pub(crate) hosts: &'a [String],
}

/// Whether an account is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UpstreamState<'a> {
    NotConnected,
    Connected {
        account: Option<&'a str>,
        /// The scopes that the service has granted, separated by spaces.
        scope: Option<&'a str>,
        since: Timestamp,
    },
    /// The service has ended it.
    Ended {
        account: Option<&'a str>,
        end: ConnectionEnd,
    },
}

impl<'a> UpstreamState<'a> {
    /// Returns the state of a stored connection.
    pub(crate) fn of(connected: &'a UpstreamSummary) -> Self {
        let account = connected.account.as_deref();
        match connected.end {
            Some(end) => Self::Ended { account, end },
            None => Self::Connected { account, scope: connected.scope.as_deref(), since: connected.connected_at },
        }
    }
}

/// Draws the section. There is none for a connector without upstream services.
pub(crate) fn section(services: &[UpstreamEntry<'_>], form: &FormTarget<'_>) -> Markup {
    if services.is_empty() {
        return html! {};
    }
    Section::new("upstreams", "Your accounts elsewhere")
        .lead("What this connector uses in your name, and only when an app that you have connected asks for it.")
        .content(entries(services.iter().map(|service| entry(service, form))))
        .render()
}

fn entry<'a>(service: &UpstreamEntry<'a>, form: &FormTarget<'_>) -> Entry<'a> {
    let entry = Entry::new(service.title);
    let connect = html! {
        @match &service.connect {
            Some(path) => p.last { a.button.small href=(path) { "Connect " (isolated(service.title)) } },
            None => p.last { "It cannot be connected: the owner of this connector has to set it up first." },
        }
    };
    let disconnect = || {
        action_form(form, AccountFormAction::DisconnectUpstream)
            .hidden(UPSTREAM_FIELD, service.name.to_owned())
            .button(Button::danger("Disconnect").spoken(format!("Disconnect {}", service.title)))
    };
    let account = |account: Option<&str>| html! { @if let Some(account) = account { " as " (isolated(account)) } };
    match service.state {
        UpstreamState::NotConnected => entry.line(html! { "Not connected" }).content(connect),
        UpstreamState::Ended { account: name, end } => entry
            .mark(Mark::Warning, "ended")
            .line(html! { "Was connected" (account(name)) })
            .content(html! { p { (in_words(end)) } (connect) (disconnect()) }),
        UpstreamState::Connected { account: name, scope, since } => {
            let facts = Facts::new().fact("Connected", day(since));
            let facts = match scope {
                Some(scope) => facts.fact(
                    "Allowed there",
                    html! { ul.plain { @for name in scope.split(' ') { li { code { (isolated(name)) } } } } },
                ),
                None => facts,
            };
            let hosts = html! { ul.plain { @for host in service.hosts { li { (isolated(host)) } } } };
            let facts = if service.hosts.is_empty() { facts } else { facts.fact("Sent to", hosts) };
            entry.line(html! { "Connected" (account(name)) }).content(html! { (facts) (disconnect()) })
        }
    }
}

const fn in_words(end: ConnectionEnd) -> &'static str {
    match end {
        ConnectionEnd::RefreshRefused => {
            "The service does not accept this connection any more. Connect it again to use it."
        }
        ConnectionEnd::TokenRefused => {
            "The service does not accept the token or key any more. Connect it again to use it."
        }
        ConnectionEnd::Expired => "What the service gave has expired. Connect it again to use it.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_says_whether_it_is_connected_and_can_be_connected_or_disconnected() {
        let hosts = ["api.github.com".to_owned()];
        let entry = |title, state, connect: Option<&str>| UpstreamEntry {
            name: "github",
            title,
            connect: connect.map(str::to_owned),
            state,
            hosts: &hosts,
        };
        let since = Timestamp::from_seconds(1_700_000_000);
        let connected = UpstreamState::Connected { account: Some("octo<cat"), scope: Some("repo user"), since };
        let ended = UpstreamState::Ended { account: None, end: ConnectionEnd::RefreshRefused };
        let path = Some("/account/connect/github");
        let services = [
            entry("GitHub", connected, path),
            entry("Acme", UpstreamState::NotConnected, path),
            entry("Box", ended, path),
            entry("Late", UpstreamState::NotConnected, None),
        ];
        let form = FormTarget { action: "/account", sealed: "bWFyaw" };
        let section = section(&services, &form).into_string();
        for (part, count) in [
            ("Connected as <bdi>octo&lt;cat</bdi>", 1),
            ("<code><bdi>repo</bdi></code>", 1),
            ("<li><bdi>api.github.com</bdi></li>", 1),
            (">14 November 2023<", 1),
            ("Not connected", 2),
            ("href=\"/account/connect/github\"", 2),
            ("name=\"action\" value=\"disconnect-upstream\"", 2),
            ("name=\"upstream\" value=\"github\"", 2),
            ("has to set it up first", 1),
            ("does not accept this connection any more", 1),
        ] {
            assert_eq!(section.matches(part).count(), count, "{part} in {section}");
        }
    }

    #[test]
    fn a_connector_without_upstream_services_has_no_section_for_them() {
        let form = FormTarget { action: "/account", sealed: "bWFyaw" };
        assert_eq!(section(&[], &form).into_string(), "");
    }
}
