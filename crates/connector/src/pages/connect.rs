//! `/account/connect/{name}`: what connecting an upstream account means, and the button that leads to the service, or the field for a key.

use maud::{Markup, html};

use crate::http::route::ACCOUNT_PATH;
use crate::pages::FormTarget;
use crate::pages::components::entry::Facts;
use crate::pages::components::fields::SecretField;
use crate::pages::components::form::{Button, Form};
use crate::pages::components::message::{ERROR_ID, Message};
use crate::pages::frame::page_frame::{Page, PageKind};
use crate::pages::untrusted_text::isolated;

/// The name of the field with a key.
pub(crate) const KEY_FIELD: &str = "key";

/// What the page says.
#[derive(Clone, Debug)]
pub(crate) struct ConnectPage<'a> {
    /// The name of the service.
    pub(crate) title: &'a str,
    /// The name of the connector.
    pub(crate) connector: &'a str,
    /// The name of the person who is signed in, if it is known.
    pub(crate) person: Option<&'a str>,
    /// The hosts that get the tokens.
    pub(crate) hosts: &'a [String],
    pub(crate) way: ConnectWay<'a>,
    pub(crate) state: &'a ConnectState,
    /// Why the page is shown again.
    pub(crate) error: Option<&'a str>,
}

/// How a person connects the account.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ConnectWay<'a> {
    /// They visit the service, where these scopes are asked for.
    Visit { scope: Option<&'a str> },
    /// They type a key into a field of this name.
    Key { label: &'a str },
}

/// Whether the account is connected.
#[derive(Clone, Debug)]
pub(crate) enum ConnectState {
    New,
    /// It was, and the service has ended it.
    Ended,
    /// As this name, if it is known.
    Connected {
        account: Option<String>,
    },
}

/// Returns the page.
pub(crate) fn connect(page: &ConnectPage<'_>, form: &FormTarget<'_>) -> Page {
    if let ConnectState::Connected { account } = page.state {
        return connected(page, account.as_deref());
    }
    let heading = format!("Connect {}", page.title);
    let person = html! { (isolated(page.person.unwrap_or("the owner"))) };
    let content = html! {
        h1 { "Connect " (isolated(page.title)) }
        @if let ConnectState::Ended = page.state {
            p { (isolated(page.title)) " has ended the connection that you had. Connect it again to go on." }
        }
        p {
            "Apps that you connect to " (isolated(page.connector)) " can then use your account at " (isolated(page.title)) " through it."
        }
        (facts(page, &person))
        @match page.way {
            ConnectWay::Visit { .. } => {
                (Form::new(form).button(Button::primary(format!("Continue to {}", page.title))))
            }
            ConnectWay::Key { label } => {
                @if let Some(error) = page.error { (Message::error(html! { (isolated(error)) })) }
                (Form::new(form)
                    .field(SecretField::new("key", KEY_FIELD, label).error_id(page.error.map(|_| ERROR_ID)))
                    .button(Button::primary("Connect")))
            }
        }
        p.foot.last {
            "Continue only if you want this. If somebody sent you here and you do not know why, close the page. "
            a href=(ACCOUNT_PATH) { "Your account" }
        }
    };
    let kind = match page.way {
        ConnectWay::Visit { .. } => PageKind::LeadsAway,
        ConnectWay::Key { .. } => PageKind::StaysHere,
    };
    Page::card(heading, &content, kind)
}

fn facts(page: &ConnectPage<'_>, person: &Markup) -> Facts {
    let facts = Facts::new().fact("For", person);
    let facts = match page.way {
        ConnectWay::Visit { scope: Some(scope) } => facts.fact(
            "It asks for",
            html! { ul.plain { @for name in scope.split(' ') { li { code { (isolated(name)) } } } } },
        ),
        ConnectWay::Visit { scope: None } | ConnectWay::Key { .. } => facts,
    };
    let hosts =
        html! { @for (index, host) in page.hosts.iter().enumerate() { @if index > 0 { ", " } (isolated(host)) } };
    let term = match page.way {
        ConnectWay::Visit { .. } => "Your token goes to",
        ConnectWay::Key { .. } => "Your key goes to",
    };
    facts.fact(term, hosts)
}

/// Returns the page of an account that is connected.
fn connected(page: &ConnectPage<'_>, account: Option<&str>) -> Page {
    let content = html! {
        h1 { (isolated(page.title)) " is connected" }
        p {
            "Your account "
            @if let Some(account) = account { strong { (isolated(account)) } " " }
            "at " (isolated(page.title)) " is connected to " (isolated(page.connector)) "."
        }
        p.last { strong { "You can close this page and go back to your app." } }
        div.buttons.long { a.button.primary href=(ACCOUNT_PATH) { "Your account" } }
    };
    Page::card(format!("{} is connected", page.title), &content, PageKind::StaysHere)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::tests::shown_in_frame;

    const FORM: FormTarget<'_> = FormTarget { action: "/account/connect/github", sealed: "bWFyaw" };

    fn shown(way: ConnectWay<'_>, state: &ConnectState, error: Option<&str>) -> String {
        let hosts = ["api.github.com".to_owned(), "uploads.github.com".to_owned()];
        let page = ConnectPage {
            title: "Git<b>Hub",
            connector: "Notes",
            person: Some("Jane"),
            hosts: &hosts,
            way,
            state,
            error,
        };
        shown_in_frame(&connect(&page, &FORM))
    }

    #[test]
    fn the_page_says_for_whom_what_is_asked_for_and_where_it_goes() {
        let page = shown(ConnectWay::Visit { scope: Some("repo user") }, &ConnectState::New, None);
        for part in [
            "<dd><bdi>Jane</bdi></dd>",
            "<code><bdi>repo</bdi></code>",
            "<code><bdi>user</bdi></code>",
            "<bdi>api.github.com</bdi>, <bdi>uploads.github.com</bdi>",
            "action=\"/account/connect/github\"",
            "name=\"request\" value=\"bWFyaw\"",
        ] {
            assert_eq!(page.matches(part).count(), 1, "{part} in {page}");
        }
        assert!(!page.contains("<b>Hub") && !page.contains("name=\"key\""), "{page}");
        let again = shown(ConnectWay::Visit { scope: None }, &ConnectState::Ended, None);
        assert!(again.contains("has ended the connection") && !again.contains("It asks for"), "{again}");
    }

    #[test]
    fn a_key_is_typed_into_a_field_that_never_shows_it_again() {
        let page = shown(ConnectWay::Key { label: "Your key" }, &ConnectState::New, Some("The key is not valid."));
        for part in
            ["type=\"password\" name=\"key\"", "autocomplete=\"off\"", "The key is not valid.", ">Your key</label>"]
        {
            assert!(page.contains(part), "{part} in {page}");
        }
        assert!(!page.contains("value=\"\""), "{page}");
    }

    #[test]
    fn a_connected_account_has_no_form() {
        let state = ConnectState::Connected { account: Some("octo<cat".to_owned()) };
        let page = shown(ConnectWay::Visit { scope: None }, &state, None);
        assert!(!page.contains("<form") && page.contains("<bdi>octo&lt;cat</bdi>"), "{page}");
    }
}
