//! The apps that a person has connected. The sign-ins of one app are one entry: an app that signs in on each of five computers, or
//! anew each week, is still one app to the person.

use maud::{Markup, Render as _, html};

use mcp_connector_base::scope::Scope;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::authorize::consent::NameSource;
use mcp_connector_oauth::web::redirect_uri::RedirectKind;

use crate::pages::FormTarget;
use crate::pages::account::action::{
    AccountFormAction, GRANT_FIELD, GRANTS_FIELD, NAME_FIELD, OTHERS_FIELD, action_form,
};
use crate::pages::components::entry::{Entry, Facts, Mark, entries};
use crate::pages::components::form::{Button, Form};
use crate::pages::components::section::Section;
use crate::pages::place::place;
use crate::pages::untrusted_text::{isolated, visible};
use crate::pages::when::{ago, day, words_ago};

/// What the section says.
#[derive(Clone, Debug)]
pub(crate) struct AppsSection<'a> {
    /// The sign-ins, the last used first.
    pub(crate) sign_ins: Vec<AppSignIn<'a>>,
    /// Sign-ins that ended because there were too many, the latest end first.
    pub(crate) displaced: Vec<DisplacedApp<'a>>,
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

/// One sign-in of an app that has access.
#[derive(Clone, Debug)]
pub(crate) struct AppSignIn<'a> {
    /// Its grant, as the forms carry it.
    pub(crate) grant: String,
    /// The name that the app gives itself, if it does.
    pub(crate) name: Option<&'a str>,
    /// Who vouches for that name.
    pub(crate) name_source: NameSource,
    /// The place that received the code, as on the consent page.
    pub(crate) destination: String,
    /// What kind of place that is.
    pub(crate) destination_kind: RedirectKind,
    /// The connector that it uses, if that is another one than that of this server.
    pub(crate) connector: Option<&'a str>,
    /// What it may do.
    pub(crate) scopes: Vec<Scope>,
    /// When it was connected.
    pub(crate) connected_at: Timestamp,
    /// When it was last used.
    pub(crate) used_at: Timestamp,
}

const NO_NAME: &str = "An app without a name";

impl AppSignIn<'_> {
    fn shown_name(&self) -> &str {
        self.name.unwrap_or(NO_NAME)
    }

    fn place(&self) -> String {
        place(self.destination_kind, &self.destination)
    }

    /// Whether a person takes both for one app: they have one name, from one source, and are at one place. A program on a computer
    /// listens on another port each time.
    fn is_same_app(&self, other: &Self) -> bool {
        let is_local = self.destination_kind == RedirectKind::Loopback;
        self.name == other.name
            && self.name_source == other.name_source
            && self.destination_kind == other.destination_kind
            && self.connector == other.connector
            && (is_local || self.destination == other.destination)
    }
}

/// Draws the section.
pub(crate) fn section(apps: &AppsSection<'_>, now: Timestamp, form: &FormTarget<'_>) -> Markup {
    let grouped = grouped(&apps.sign_ins);
    Section::new("apps", "Apps")
        .content(html! {
            @for app in &apps.displaced {
                p.quiet.small {
                    "On " (day(app.ended_at)) " a new sign-in ended the oldest one of " (isolated(app.name.unwrap_or("an app without a name")))
                    ", last used on " (day(app.used_at)) ". One app can have 50 sign-ins, and all your apps together 200."
                }
            }
            @if grouped.is_empty() {
                p { "No app has access." }
                p.last { a href="/" { "Connect one" } }
            } @else {
                (entries(grouped.iter().map(|app| entry(app, now, form))))
                p.foot {
                    "“Last used” is exact to about an hour. A disconnected app gets no new access, and the access that it still has "
                    "ends within a minute."
                }
            }
        })
        .render()
}

/// An app with all of its sign-ins, the last used first.
struct App<'a> {
    latest: &'a AppSignIn<'a>,
    earlier: Vec<&'a AppSignIn<'a>>,
}

fn grouped<'a>(sign_ins: &'a [AppSignIn<'a>]) -> Vec<App<'a>> {
    let mut apps: Vec<App<'a>> = Vec::new();
    for sign_in in sign_ins {
        match apps.iter_mut().find(|app| app.latest.is_same_app(sign_in)) {
            Some(app) => app.earlier.push(sign_in),
            None => apps.push(App { latest: sign_in, earlier: Vec::new() }),
        }
    }
    apps
}

fn entry<'a>(app: &App<'a>, now: Timestamp, form: &FormTarget<'_>) -> Entry<'a> {
    let (latest, count) = (app.latest, app.earlier.len() + 1);
    let entry = Entry::new(latest.shown_name());
    let entry = match &latest.name_source {
        NameSource::SelfAsserted | NameSource::Recipient(_) => entry,
        NameSource::Host(host) => entry.mark(Mark::Quiet, html! { "published by " (isolated(host)) }),
        NameSource::Owner => entry.mark(Mark::Quiet, "set up by the owner"),
    };
    entry
        .line(html! {
            @if count > 1 { (count) " sign-ins · " }
            @match latest.destination_kind {
                RedirectKind::Https | RedirectKind::PrivateUse => (isolated(&latest.place())),
                RedirectKind::Loopback => "On a computer",
            }
            @if let Some(connector) = latest.connector { " · For " (isolated(connector)) }
            " · Used " (ago(latest.used_at, now))
        })
        .content(html! {
            @if count > 1 {
                (whole_app(app, form))
                ul.sign-ins {
                    @for sign_in in std::iter::once(latest).chain(app.earlier.iter().copied()) {
                        li { (one(sign_in, now, form, Others::Some)) }
                    }
                }
            } @else {
                (one(latest, now, form, Others::None))
            }
        })
}

fn whole_app<'a>(app: &App<'a>, form: &FormTarget<'a>) -> Form<'a> {
    let grants: Vec<&str> =
        std::iter::once(app.latest).chain(app.earlier.iter().copied()).map(|sign_in| sign_in.grant.as_str()).collect();
    let name = app.latest.shown_name();
    named(action_form(form, AccountFormAction::EndApp), app.latest).hidden(GRANTS_FIELD, grants.join(" ")).button(
        Button::danger(format!("Disconnect all {}", grants.len()))
            .spoken(format!("Disconnect all {} sign-ins of {name}", grants.len())),
    )
}

/// Whether the app has other sign-ins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Others {
    None,
    Some,
}

fn one(sign_in: &AppSignIn<'_>, now: Timestamp, form: &FormTarget<'_>, others: Others) -> Markup {
    let (name, place) = (sign_in.shown_name(), sign_in.place());
    let form = named(action_form(form, AccountFormAction::End), sign_in).hidden(GRANT_FIELD, sign_in.grant.as_str());
    let form = match others {
        Others::None => form.button(Button::danger("Disconnect").spoken(format!("Disconnect {name}, {place}"))),
        Others::Some => {
            let spoken = format!("End this sign-in of {name}, {place}, {}", words_ago(sign_in.used_at, now));
            form.hidden(OTHERS_FIELD, "stay").button(Button::danger("End this sign-in").spoken(spoken))
        }
    };
    html! {
        (Facts::new()
            .fact("Where it is", html! {
                (isolated(&place))
                @match sign_in.destination_kind {
                    RedirectKind::Https => {}
                    RedirectKind::Loopback => span.hint { "An app on the computer that you used" },
                    RedirectKind::PrivateUse => span.hint { "An app on the device that you used" },
                }
                @if sign_in.name_source == NameSource::SelfAsserted && sign_in.name.is_some() {
                    span.hint { "The name is what the app calls itself." }
                }
            })
            .fact("It can", html! {
                @if sign_in.scopes.is_empty() {
                    "Know that you have signed in"
                } @else {
                    ul.plain { @for scope in &sign_in.scopes { li { (scope.description()) } } }
                }
            })
            .fact("Connected", day(sign_in.connected_at))
            .fact("Last used", ago(sign_in.used_at, now)))
        (form)
    }
}

/// Adds the name of the app, which the page that follows repeats.
fn named<'a>(form: Form<'a>, sign_in: &AppSignIn<'a>) -> Form<'a> {
    match sign_in.name {
        Some(name) => form.hidden(NAME_FIELD, visible(name)),
        None => form,
    }
}
