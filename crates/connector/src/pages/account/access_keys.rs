//! The access keys of a person, and the form that makes one.

use maud::{Markup, Render as _, html};

use mcp_connector_base::scope::Scope;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::grants::access_keys::new_access_key::{KeyLifetime, MAX_KEY_NAME};

use crate::pages::FormTarget;
use crate::pages::account::action::{AccountFormAction, NAME_FIELD, action_form};
use crate::pages::components::entry::{Entry, Facts, Mark, entries};
use crate::pages::components::fields::{CheckboxList, Select, TextField, Ticked};
use crate::pages::components::form::Button;
use crate::pages::components::section::{Fold, Section};
use crate::pages::untrusted_text::{isolated, visible};
use crate::pages::when::day;

/// The name of the field with the id of a key.
pub(crate) const KEY_FIELD: &str = "key";
/// The name of the field with the name of a new key.
pub(crate) const KEY_NAME_FIELD: &str = "key-name";
/// The name of the field of each ticked scope.
pub(crate) const KEY_SCOPE_FIELD: &str = "key-scope";
/// The name of the field with the endpoint.
pub(crate) const ENDPOINT_FIELD: &str = "endpoint";
/// The name of the field with the lifetime, in days.
pub(crate) const DAYS_FIELD: &str = "days";

/// A key that ends within this many seconds is marked: two weeks.
const ENDS_SOON: u64 = 14 * 24 * 3600;

/// Which connectors the endpoints are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyAudience {
    /// That of this server.
    Own,
    /// Those whose sign-in this server keeps, too. Each has only some of the scopes.
    SeveralConnectors,
}

/// What the section says.
#[derive(Clone, Debug)]
pub(crate) struct AccessKeysSection<'a> {
    /// The valid keys, the newest first.
    pub(crate) keys: Vec<AccessKeyEntry<'a>>,
    /// The scopes that a new key may have, and whether each is ticked at first.
    pub(crate) scopes: Vec<(Scope, Ticked)>,
    /// The endpoints that a new key may be for: the value of the field, and the URL.
    pub(crate) endpoints: Vec<(&'a str, &'a str)>,
    pub(crate) audience: KeyAudience,
    /// How long a new key may be valid.
    pub(crate) lifetimes: Vec<KeyLifetime>,
}

/// A key.
#[derive(Clone, Debug)]
pub(crate) struct AccessKeyEntry<'a> {
    /// Its id, as the forms and the log have it.
    pub(crate) id: String,
    /// The name that the person gave it.
    pub(crate) name: &'a str,
    /// What it may do.
    pub(crate) scopes: Vec<Scope>,
    /// The URL of its endpoint.
    pub(crate) endpoint: &'a str,
    /// When it was made.
    pub(crate) made_at: Timestamp,
    /// When it ends.
    pub(crate) ends_at: Timestamp,
    /// The day of its last use, or `None` if it was never used.
    pub(crate) used_on: Option<Timestamp>,
}

/// Draws the section.
pub(crate) fn section(keys: &AccessKeysSection<'_>, now: Timestamp, form: &FormTarget<'_>) -> Markup {
    Section::new("keys", "Access keys")
        .lead("For programs that cannot sign in: a workflow, a script, a client that takes only a URL and headers.")
        .content(html! {
            @if !keys.keys.is_empty() {
                (entries(keys.keys.iter().map(|key| entry(key, now, form))))
                p.foot { "“Used” is exact to the day. A key that you end stops working within a minute." }
            }
            @if keys.endpoints.is_empty() {
                p.last { "You are in none of the groups that the endpoints require, so you cannot make a key. Ask the owner." }
            } @else {
                (Fold::new("New access key").content(new_key(keys, form)))
            }
        })
        .render()
}

fn entry<'a>(key: &AccessKeyEntry<'a>, now: Timestamp, form: &FormTarget<'_>) -> Entry<'a> {
    let entry = Entry::new(key.name);
    let ends_soon = key.ends_at.seconds_since(now) < ENDS_SOON;
    let entry = if ends_soon { entry.mark(Mark::Warning, "ends soon") } else { entry };
    let end = action_form(form, AccountFormAction::EndKey)
        .hidden(KEY_FIELD, key.id.clone())
        .hidden(NAME_FIELD, visible(key.name).into_owned())
        .button(Button::danger("End this key").spoken(format!("End this key: {}", key.name)));
    entry
        .line(html! {
            "Ends " (day(key.ends_at)) " · "
            @match key.used_on {
                Some(used_on) => { "Used " (day(used_on)) },
                None => "Never used",
            }
        })
        .content(html! {
            (Facts::new()
                .fact("It can", can(&key.scopes))
                .fact("Endpoint", isolated(key.endpoint))
                .fact("Made", day(key.made_at))
                .fact("In the log", html! { code { "key:" (key.id) } }))
            (end)
        })
}

/// Says what a key may do.
pub(crate) fn can(scopes: &[Scope]) -> Markup {
    html! {
        @if scopes.is_empty() {
            "Call as you, without any permission"
        } @else {
            ul.plain { @for scope in scopes { li { (scope.description()) } } }
        }
    }
}

fn new_key(keys: &AccessKeysSection<'_>, form: &FormTarget<'_>) -> Markup {
    let scopes = keys.scopes.iter().fold(CheckboxList::new(KEY_SCOPE_FIELD, "It can"), |list, (scope, ticked)| {
        list.option(scope.name(), scope.description(), *ticked)
    });
    let hint = match keys.audience {
        KeyAudience::Own => "The key is valid at this one only",
        KeyAudience::SeveralConnectors => {
            "The key is valid at this one only, and gets only the permissions that this connector has"
        }
    };
    let endpoint = Select::new("endpoint", ENDPOINT_FIELD, "Endpoint").hint(hint);
    let endpoint = keys.endpoints.iter().fold(endpoint, |select, (value, url)| select.option(value, url));
    let lifetimes: Vec<(String, String)> =
        keys.lifetimes.iter().map(|lifetime| (lifetime.days().to_string(), in_words(*lifetime))).collect();
    let usual = keys.lifetimes.iter().rfind(|lifetime| lifetime.days() <= KeyLifetime::DEFAULT.days());
    let chosen = usual.map_or_else(String::new, |lifetime| lifetime.days().to_string());
    let days = lifetimes
        .iter()
        .fold(Select::new("days", DAYS_FIELD, "Ends after"), |select, (days, words)| select.option(days, words))
        .selected(&chosen);
    let name = TextField::new("key-name", KEY_NAME_FIELD, "Name").hint("What will use it, such as n8n");
    let fields = action_form(form, AccountFormAction::NewKey).field(name.max_length(MAX_KEY_NAME));
    let fields = if keys.scopes.is_empty() { fields } else { fields.field(scopes) };
    html! { (fields.field(endpoint).field(days).button(Button::primary("Make the key"))) }
}

/// Returns a lifetime in words.
pub(crate) fn in_words(lifetime: KeyLifetime) -> String {
    match lifetime.days() {
        1 => "1 day".to_owned(),
        365 => "1 year".to_owned(),
        days => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::tests::{apps, between, keys};

    const FORM: FormTarget<'_> = FormTarget { action: "/account", sealed: "bWFyaw" };

    #[test]
    fn a_key_says_what_it_can_where_until_when_and_how_to_end_it() {
        let section = section(&keys(), apps().now, &FORM).into_string();
        let entries: Vec<&str> = section.split("<details class=\"entry\">").skip(1).collect();
        assert_eq!(entries.len(), 2);
        for part in [
            "<bdi>n8n</bdi>",
            "Never used",
            "<li>Read your notes</li>",
            "<bdi>https://mcp.example.com/mcp</bdi>",
            "key:0123456789abcdef",
            "name=\"key\" value=\"0123456789abcdef\"",
            "value=\"end-key\"",
            "aria-label=\"End this key: n8n\"",
        ] {
            assert!(entries[0].contains(part), "{part} in {}", entries[0]);
        }
        assert!(entries[0].contains("ends soon") && !entries[1].contains("ends soon"), "{section}");
        assert!(entries[1].contains("Used <time"), "{}", entries[1]);
    }

    #[test]
    fn the_form_offers_what_a_key_may_have() {
        let section = section(&keys(), apps().now, &FORM).into_string();
        let form = between(&section, "value=\"new-key\">", "</form>");
        assert_eq!(form.matches("type=\"checkbox\"").count(), 2);
        assert_eq!(form.matches(" checked").count(), 1, "what a first sign-in asks for");
        assert_eq!(form.matches("<option").count(), 2 + 4);
        assert!(form.contains("<option value=\"90\" selected>90 days</option>"), "{form}");
        assert!(form.contains("<option value=\"365\">1 year</option>"), "{form}");
    }

    #[test]
    fn the_form_offers_no_longer_life_than_the_settings_and_no_key_without_an_endpoint() {
        let week = AccessKeysSection { lifetimes: KeyLifetime::choices(7), ..keys() };
        let page = section(&week, apps().now, &FORM).into_string();
        assert!(
            page.contains("<option value=\"7\" selected>7 days</option>") && !page.contains("value=\"30\""),
            "{page}"
        );
        let none = AccessKeysSection { endpoints: Vec::new(), ..keys() };
        let page = section(&none, apps().now, &FORM).into_string();
        assert!(page.contains("none of the groups") && !page.contains("new-key"), "{page}");
    }
}
