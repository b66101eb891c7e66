//! What holds for every page.

mod consent;

use mcp_connector_base::scope::Scope;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::authorize::consent::{ConsentPage, ConsentWarning, NameSource};
use mcp_connector_oauth::clients::client::ClientKind;
use mcp_connector_oauth::grants::access_keys::new_access_key::KeyLifetime;
use mcp_connector_oauth::login::login_form::LoginDecision;
use mcp_connector_oauth::web::redirect_uri::RedirectKind;
use mcp_connector_protocol::PageSettings;

use crate::pages::account::access_key_made::AccessKeyMade;
use crate::pages::account::access_keys::{AccessKeyEntry, AccessKeysSection, KeyAudience};
use crate::pages::account::apps::{AppSignIn, AppsSection, DisplacedApp};
use crate::pages::account::notice::{Notice, Outcome};
use crate::pages::account::page::AccountPage;
use crate::pages::account::people::{PeoplePage, PersonEntry};
use crate::pages::account::person::{Assertions, ListedBy, PersonApp, PersonPage};
use crate::pages::all_clients::{AllClientsPage, ListedClient};
use crate::pages::components::fields::Ticked;
use crate::pages::components::passkey::{PASSKEY_SCRIPT, PasskeyOffer, PasskeyRequest};
use crate::pages::consent::{ConsentConnector, ConsentError, ConsentSignIn, ConsentView, NewPlace};
use crate::pages::error::{ErrorWords, NextStep};
use crate::pages::frame::page_frame::{AccountLink, Frame, Page, hash_source};
use crate::pages::home::content::{Effect, HomeBinding, HomePage, HomeTool, Missing};
use crate::pages::login::{LoginError, LoginPage};
use crate::pages::reauthentication::{ConfirmPage, WayToProve};
use crate::pages::remember::RememberChoice;
use crate::pages::wrong_address::{Connector, for_clients, nothing_here};
use crate::pages::{self, FormTarget};

/// The pages as a browser gets them.
macro_rules! documents {
    ($($page:ident($($argument:ident: $type:ty),*);)*) => {
        $(pub(crate) fn $page($($argument: $type),*) -> String {
            frame().document(&pages::$page($($argument),*))
        })*
    };
}

documents! {
    access_key_made(page: &AccessKeyMade<'_>);
    account(page: &AccountPage<'_>, form: &FormTarget<'_>);
    account_login(form: &FormTarget<'_>, passkey: &PasskeyOffer, notice: Option<&Notice>, error: Option<LoginError>);
    account_provider_login(provider: &str, path: &str, other: Option<&str>, notice: Option<&Notice>);
    all_clients(page: &AllClientsPage<'_>, form: &FormTarget<'_>);
    closed(reason: &str, lines: Option<&str>);
    consent(page: &ConsentPage<'_>, connector: &ConsentConnector<'_>, form: &FormTarget<'_>, view: &ConsentView<'_>);
    confirm(page: &ConfirmPage<'_>, form: &FormTarget<'_>);
    failure(words: &ErrorWords<'_>, next: &NextStep<'_>, reference: &str);
    home(page: &HomePage<'_>);
    login(page: &LoginPage<'_>, form: &FormTarget<'_>);
    not_set_up();
    people(page: &PeoplePage<'_>);
    person(page: &PersonPage<'_>, form: &FormTarget<'_>);
    error(words: &ErrorWords<'_>, next: &NextStep<'_>);
    weak_passphrase();
}

fn frame() -> Frame {
    Frame::new("Notes", &[], &PageSettings::default(), AccountLink::Shown)
}

/// A person, as the owner's pages list them.
pub(crate) fn jane() -> PersonEntry<'static> {
    PersonEntry {
        name: Some("Jane"),
        email: Some("jane@example.com"),
        subject: "s3bj",
        first_at: Timestamp::from_seconds(1_700_000_000),
        last_at: Timestamp::from_seconds(1_700_000_000),
        path: "/account/people?person=0a".to_owned(),
    }
}

/// The owner's page with people.
pub(crate) fn everybody(search: Option<&str>) -> PeoplePage<'_> {
    PeoplePage {
        people: vec![jane(), PersonEntry { name: None, ..jane() }, PersonEntry { name: None, email: None, ..jane() }],
        search,
        path: "/account/people",
        next: Some("/account/people?after=0a".to_owned()),
        back: "/account",
        now: apps().now,
    }
}

/// The owner's page about a person.
pub(crate) fn one_person() -> PersonPage<'static> {
    let app = |name| PersonApp {
        grant: "0123456789abcdef".to_owned(),
        name,
        destination: "claude.ai".to_owned(),
        connector: None,
        scopes: vec![Scope::new("notes:read", "Read your notes")],
        connected_at: Timestamp::from_seconds(1_700_000_000),
        used_at: Timestamp::from_seconds(1_700_000_000),
    };
    PersonPage {
        person: jane(),
        id: "0a",
        apps: vec![app(Some("Claude")), app(None)],
        keys: keys().keys,
        in_log: Some("3f2a9c0de1b4a756".to_owned()),
        list: ListedBy::AllowedUsers,
        assertions: Assertions::NotAccepted,
        back: "/account/people",
        notice: None,
        now: apps().now,
    }
}

fn ended_person() -> PersonPage<'static> {
    let at = Timestamp::from_seconds(1_700_000_000);
    PersonPage { assertions: Assertions::PersonEnded(at), apps: Vec::new(), ..one_person() }
}

/// The policy of a page.
pub(crate) fn policy_of(page: &Page) -> String {
    policy(&frame().headers(page))
}

const FORM: FormTarget<'_> = FormTarget { action: "/authorize", sealed: "c2VhbGVk" };
const NASTY: &str = "\u{202E}<img src=x onerror=alert(1)>\"'&";
const READ: Scope = Scope::new("notes:read", "Read your notes");
const WRITE: Scope = Scope::new("notes:write", "Save & delete <your> notes");

fn asked() -> ConsentPage<'static> {
    ConsentPage {
        destination: "app.example".to_owned(),
        destination_kind: RedirectKind::Https,
        redirect_uri: "https://app.example/tenants/7/callback?keep=1",
        client_name: Some("App"),
        name_source: NameSource::SelfAsserted,
        resource: "https://mcp.example.com/mcp",
        scopes: vec![READ, WRITE],
        warnings: vec![ConsentWarning::UnverifiedName],
    }
}

const NOTES: ConsentConnector<'_> = ConsentConnector { title: "Notes", account: "mcp.example.com/account" };

/// The page where people sign in on the next one; with nothing ticked where that is the error.
fn shown(error: Option<ConsentError>) -> ConsentView<'static> {
    let unticked = error.map_or(Vec::new(), |_| vec![READ.name().to_owned(), WRITE.name().to_owned()]);
    ConsentView { sign_in: ConsentSignIn::Next, passkey: PasskeyOffer::None, unticked, error }
}

/// The page with the field for the passphrase.
fn with_passphrase(error: Option<LoginError>, remember: bool) -> ConsentView<'static> {
    let sign_in = ConsentSignIn::Passphrase { place: NewPlace::Unknown, remember: Some(RememberChoice::offered(30)) };
    let unticked = error.map_or(Vec::new(), |_| vec![WRITE.name().to_owned()]);
    ConsentView {
        sign_in: sign_in.with_choice(remember),
        passkey: PasskeyOffer::Link,
        unticked,
        error: error.map(ConsentError::SignIn),
    }
}

fn asking_with(request: &ConsentPage<'_>, view: &ConsentView<'_>) -> String {
    consent(request, &NOTES, &FORM, view)
}

fn asking(request: &ConsentPage<'_>) -> String {
    asking_with(request, &shown(None))
}

fn asked_by_nasty() -> ConsentPage<'static> {
    ConsentPage {
        destination: NASTY.to_owned(),
        redirect_uri: NASTY,
        client_name: Some(NASTY),
        name_source: NameSource::Host(NASTY.to_owned()),
        resource: NASTY,
        warnings: vec![
            ConsentWarning::OtherHost,
            ConsentWarning::Loopback,
            ConsentWarning::PrivateUse,
            ConsentWarning::BorrowedName("Claude"),
        ],
        ..asked()
    }
}

fn not_on_the_list<'a>(form: &FormTarget<'a>) -> NextStep<'a> {
    NextStep::SignIn { form: *form, again: LoginDecision::AnotherAccount }
}

fn signing_in(error: Option<LoginError>) -> LoginPage<'static> {
    LoginPage {
        destination: "app.example",
        destination_kind: RedirectKind::Https,
        client_name: Some("App"),
        remember: None,
        passkey: PasskeyOffer::None,
        error,
    }
}

pub(crate) fn at_home() -> HomePage<'static> {
    let tool = |title, needs_sign_in, effect| HomeTool { title, description: "Does it.", needs_sign_in, effect };
    HomePage {
        name: "notes",
        title: "Notes",
        description: Some("Keeps notes."),
        version: "1.0.0",
        url: "https://mcp.example.com/mcp",
        private_url: "https://mcp.example.com/private/mcp",
        tools: vec![
            tool("Look", false, Effect::Reads),
            tool("Add", true, Effect::Adds),
            tool("Delete", true, Effect::Deletes),
            tool("Something", false, Effect::Unsaid),
        ],
        has_sign_in: true,
        sign_in_elsewhere: None,
        has_account: true,
        challenges_in_result: false,
        missing: None,
        setting_errors: Vec::new(),
        missing_bindings: Vec::new(),
    }
}

fn nasty_home() -> HomePage<'static> {
    let tool = HomeTool { title: NASTY, description: NASTY, needs_sign_in: true, effect: Effect::Reads };
    HomePage {
        name: NASTY,
        title: NASTY,
        description: Some(NASTY),
        version: NASTY,
        tools: vec![tool],
        missing: Some(Missing::Passphrase),
        setting_errors: vec![NASTY.to_owned()],
        missing_bindings: vec![HomeBinding { report: NASTY.to_owned(), lines: NASTY.to_owned() }],
        ..at_home()
    }
}

pub(crate) fn apps() -> AccountPage<'static> {
    let connected_at = Timestamp::from_seconds(1_700_000_000);
    let used_at = connected_at.plus(9000);
    let claude = AppSignIn {
        grant: "0123456789abcdef".to_owned(),
        name: Some("Claude"),
        name_source: NameSource::Host("claude.ai".to_owned()),
        destination: "claude.ai".to_owned(),
        destination_kind: RedirectKind::Https,
        connector: None,
        scopes: vec![READ, WRITE],
        connected_at,
        used_at,
    };
    let local = AppSignIn {
        name: None,
        name_source: NameSource::SelfAsserted,
        destination: "localhost:5".to_owned(),
        destination_kind: RedirectKind::Loopback,
        scopes: Vec::new(),
        ..claude.clone()
    };
    let cursor = AppSignIn {
        name: Some("Cursor"),
        destination: "cursor".to_owned(),
        destination_kind: RedirectKind::PrivateUse,
        ..local.clone()
    };
    AccountPage {
        person: None,
        apps: AppsSection { sign_ins: vec![claude, local, cursor], displaced: Vec::new() },
        keys: Some(AccessKeysSection { keys: Vec::new(), ..keys() }),
        passkeys: None,
        browsers: Vec::new(),
        upstreams: Vec::new(),
        all_clients: None,
        people: None,
        notice: None,
        now: used_at.plus(7200),
    }
}

pub(crate) fn keys() -> AccessKeysSection<'static> {
    let made_at = Timestamp::from_seconds(1_700_000_000);
    let new = AccessKeyEntry {
        id: "0123456789abcdef".to_owned(),
        name: "n8n",
        scopes: vec![READ],
        endpoint: "https://mcp.example.com/mcp",
        made_at,
        ends_at: made_at.plus(10 * 24 * 3600),
        used_on: None,
    };
    let old = AccessKeyEntry {
        name: "Backup",
        scopes: Vec::new(),
        ends_at: made_at.plus(300 * 24 * 3600),
        used_on: Some(made_at),
        ..new.clone()
    };
    AccessKeysSection {
        keys: vec![new, old],
        scopes: vec![(READ, Ticked::Yes), (WRITE, Ticked::No)],
        endpoints: vec![("mcp", "https://mcp.example.com/mcp"), ("private", "https://mcp.example.com/private/mcp")],
        audience: KeyAudience::Own,
        lifetimes: KeyLifetime::ALL.to_vec(),
    }
}

fn nasty_keys() -> AccountPage<'static> {
    let nasty = AccessKeyEntry { name: NASTY, endpoint: NASTY, ..keys().keys.remove(0) };
    AccountPage { keys: Some(AccessKeysSection { keys: vec![nasty], ..keys() }), ..apps() }
}

pub(crate) fn key_made() -> AccessKeyMade<'static> {
    AccessKeyMade {
        name: "n8n",
        text: "mck_0123456789",
        ends_at: Timestamp::from_seconds(1_700_000_000),
        connector: "notes",
        url: "https://mcp.example.com/mcp",
        key_header: "X-API-Key",
        back: "/account",
    }
}

pub(crate) fn confirming(way: WayToProve<'static>) -> ConfirmPage<'static> {
    let what = Box::leak(Box::new(maud::html! { p { "You are making a key." } }));
    ConfirmPage {
        what,
        button: "Create the key",
        pending: "cGVuZGluZw",
        way,
        passkey: PasskeyOffer::None,
        error: None,
        back: "/account",
    }
}

fn nasty_apps() -> AccountPage<'static> {
    let app = AppSignIn {
        name: Some(NASTY),
        name_source: NameSource::Host(NASTY.to_owned()),
        destination: NASTY.to_owned(),
        ..apps().apps.sign_ins.remove(0)
    };
    AccountPage {
        person: Some(NASTY),
        apps: AppsSection {
            sign_ins: vec![app],
            displaced: vec![DisplacedApp { name: Some(NASTY), used_at: apps().now, ended_at: apps().now }],
        },
        notice: Some(Notice::Done(Outcome::Disconnected { app: Some(NASTY.to_owned()), sign_ins: 1 })),
        ..apps()
    }
}

pub(crate) fn clients() -> AllClientsPage<'static> {
    let first = Timestamp::from_seconds(1_700_000_000);
    let claude = ListedClient {
        client: "0".repeat(43),
        name: Some("Claude"),
        host: "claude.ai",
        kind: ClientKind::MetadataDocument,
        first_allowed_at: Some(first),
        last_used_at: Some(first.plus(9000)),
        users: vec!["Jane".to_owned(), "Bob".to_owned()],
        user_count: 5,
        ended_at: None,
    };
    let nightly = ListedClient {
        name: Some("Nightly"),
        host: "",
        kind: ClientKind::PreRegistered,
        first_allowed_at: None,
        last_used_at: None,
        users: Vec::new(),
        user_count: 0,
        ..claude.clone()
    };
    let local = ListedClient {
        name: None,
        host: "localhost:5",
        kind: ClientKind::Registered,
        users: vec!["Jane".to_owned()],
        user_count: 1000,
        ended_at: Some(first.plus(9000)),
        ..claude.clone()
    };
    AllClientsPage {
        clients: vec![nightly, claude, local],
        next: Some("/account/clients?after=x".to_owned()),
        back: "/account",
        notice: None,
        now: first.plus(9000 + 7200),
    }
}

fn nasty_clients() -> AllClientsPage<'static> {
    let nasty =
        ListedClient { name: Some(NASTY), host: NASTY, users: vec![NASTY.to_owned()], ..clients().clients.remove(1) };
    AllClientsPage { clients: vec![nasty], next: Some(NASTY.replace('\u{202E}', "")), ..clients() }
}

/// An error page that says this everywhere.
fn error_saying(words: &str) -> ErrorWords<'_> {
    ErrorWords { title: words, what_happened: words.into(), what_to_do: words.into() }
}

fn here(title: &str) -> Connector<'_> {
    Connector { title, url: "https://mcp.example.com/mcp" }
}

/// The pages of the owner.
fn pages_of_the_owner() -> [(&'static str, String); 7] {
    let nasty_form = FormTarget { action: "\"><img src=x>", sealed: "\"><img src=x>" };
    [
        ("people", people(&everybody(None))),
        ("people, found nobody", people(&PeoplePage { people: Vec::new(), next: None, ..everybody(Some("x")) })),
        ("person", person(&one_person(), &FORM)),
        ("person, ended", person(&ended_person(), &FORM)),
        ("person with nothing", person(&PersonPage { apps: Vec::new(), keys: Vec::new(), ..one_person() }, &FORM)),
        ("all clients", all_clients(&clients(), &FORM)),
        ("all clients, nasty", all_clients(&nasty_clients(), &nasty_form)),
    ]
}

fn all_pages() -> Vec<(&'static str, String)> {
    let nasty_form = FormTarget { action: "\"><img src=x>", sealed: "\"><img src=x>" };
    let mut pages = vec![
        ("consent", asking(&asked())),
        ("consent with the passphrase", asking_with(&asked(), &with_passphrase(None, true))),
        ("consent, wrong passphrase", asking_with(&asked(), &with_passphrase(Some(LoginError::WrongPassphrase), true))),
        (
            "consent, remembered",
            asking_with(&asked(), &ConsentView { sign_in: ConsentSignIn::Remembered, ..shown(None) }),
        ),
        ("consent, nothing ticked", asking_with(&asked(), &shown(Some(ConsentError::NothingTicked)))),
        ("consent, nasty", {
            let connector = ConsentConnector { title: NASTY, account: NASTY };
            let view = ConsentView { sign_in: ConsentSignIn::Provider { name: NASTY }, ..shown(None) };
            consent(&asked_by_nasty(), &connector, &nasty_form, &view)
        }),
        ("login", login(&signing_in(None), &FORM)),
        ("login, wrong", login(&signing_in(Some(LoginError::WrongPassphrase)), &FORM)),
        (
            "login, nasty",
            login(&LoginPage { destination: NASTY, client_name: Some(NASTY), ..signing_in(None) }, &nasty_form),
        ),
        ("account", account(&apps(), &FORM)),
        ("account, keys", account(&AccountPage { keys: Some(keys()), ..apps() }, &FORM)),
        ("account, no keys", account(&AccountPage { keys: None, ..apps() }, &FORM)),
        ("account, keys, nasty", account(&nasty_keys(), &nasty_form)),
        ("key made", access_key_made(&key_made())),
        ("key made, nasty", access_key_made(&AccessKeyMade { name: NASTY, connector: NASTY, ..key_made() })),
        ("confirm", confirm(&confirming(WayToProve::Passphrase), &FORM)),
        ("confirm, signed in", confirm(&confirming(WayToProve::Proven), &FORM)),
        (
            "confirm, nasty",
            confirm(
                &confirming(WayToProve::SignInAgain { provider: NASTY, url: "/authorize/account".to_owned() }),
                &nasty_form,
            ),
        ),
        (
            "confirm, wrong",
            confirm(
                &ConfirmPage { error: Some(LoginError::WrongPassphrase), ..confirming(WayToProve::Passphrase) },
                &FORM,
            ),
        ),
        ("account, nasty", account(&nasty_apps(), &nasty_form)),
        (
            "account, empty",
            account(
                &AccountPage { apps: AppsSection { sign_ins: Vec::new(), displaced: Vec::new() }, ..apps() },
                &FORM,
            ),
        ),
        (
            "account, owner",
            account(
                &AccountPage { all_clients: Some("/account/clients"), people: Some("/account/people"), ..apps() },
                &FORM,
            ),
        ),
        (
            "account, login",
            account_login(&FORM, &PasskeyOffer::Link, Some(&Notice::Expired), Some(LoginError::WrongPassphrase)),
        ),
        (
            "account, provider login",
            account_provider_login(
                "GitHub",
                "/authorize/account",
                Some("/authorize/account?prompt=select_account"),
                None,
            ),
        ),
        (
            "account, provider login, nasty",
            account_provider_login(NASTY, "/authorize/account", None, Some(&Notice::SignedOut)),
        ),
        ("not set up", not_set_up()),
        ("weak passphrase", weak_passphrase()),
        ("closed, nasty", closed(NASTY, None)),
        ("closed for a missing binding, nasty", closed(NASTY, Some(NASTY))),
        ("error", error(&error_saying("It has no client."), &NextStep::None)),
        ("error, nasty", error(&error_saying(NASTY), &NextStep::Link { path: "/account", words: "Your account" })),
        (
            "not signed in",
            failure(&error_saying("You are not on the list."), &not_on_the_list(&FORM), "8f3a2b1c4d5e6f70"),
        ),
        ("not signed in, nasty", failure(&error_saying(NASTY), &not_on_the_list(&nasty_form), NASTY)),
        ("for clients", frame().document(&for_clients(&here("Notes")))),
        ("for clients, nasty", frame().document(&for_clients(&here(NASTY)))),
        ("nothing here", frame().document(&nothing_here(&here("Notes")))),
        ("nothing here, nasty", frame().document(&nothing_here(&here(NASTY)))),
        ("home", home(&at_home())),
        ("home, nasty", home(&nasty_home())),
        ("home, empty", home(&HomePage { tools: Vec::new(), description: None, ..at_home() })),
    ];
    pages.extend(pages_of_the_owner());
    pages
}

/// Returns the text between the first `from` and the `to` after it.
pub(crate) fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("no {from}"));
    rest.split_once(to).unwrap_or_else(|| panic!("no {to} after {from}")).0
}

/// The page without its head, so without the style sheet.
/// The document of a page, in the frame of a connector.
pub(crate) fn shown_in_frame(page: &Page) -> String {
    frame().document(page)
}

fn body(page: &str) -> &str {
    between(page, "<body>", "</html>")
}

pub(crate) fn policy(headers: &[(&str, String)]) -> String {
    headers.iter().find(|(name, _)| *name == "content-security-policy").unwrap().1.clone()
}

#[test]
fn every_page_has_a_language_a_title_one_heading_and_one_main_part() {
    for (name, page) in all_pages() {
        assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\">"), "{name}");
        assert!(!between(&page, "<title>", "</title>").trim().is_empty(), "{name}");
        for part in ["<h1", "<main", "<title>", "<style>", "<meta name=\"viewport\""] {
            assert_eq!(page.matches(part).count(), 1, "{name}: {part}");
        }
    }
}

#[test]
fn no_page_loads_anything_but_the_icon_that_is_in_it() {
    for (name, page) in all_pages() {
        let page = page.to_lowercase();
        for loading in ["<iframe", "<script ", "<object", "<embed", "<base", "url(", "@import"] {
            assert!(!page.contains(loading), "{name}: {loading}");
        }
        for (loading, data) in [
            ("<link rel=\"icon\"", "<link rel=\"icon\" href=\"data:image/"),
            ("src=\"", "src=\"data:image/"),
            ("<img", "<img src=\"data:"),
        ] {
            assert_eq!(page.matches(loading).count(), 1, "{name}: {loading}");
            assert!(page.contains(data), "{name}: {data}");
        }
        // Nothing is loaded for this one: programs read it.
        let others = page.matches("<link rel=\"ai-catalog\"").count();
        assert_eq!(page.matches("<link").count(), 1 + others, "{name}");
    }
}

#[test]
fn nothing_from_outside_becomes_markup_or_turns_the_text_around() {
    for (name, page) in all_pages() {
        assert!(!page.contains("<img src=x") && !page.contains('\u{202E}'), "{name}");
        let escaped = "&lt;img src=x onerror=alert(1)&gt;&quot;'&amp;";
        assert_eq!(body(&page).contains(escaped), name.contains("nasty"), "{name}");
    }
}

#[test]
fn no_page_needs_more_than_the_policy_admits() {
    for (name, page) in all_pages() {
        for tag in page.split('<').filter(|tag| tag.starts_with(|c: char| c.is_ascii_alphabetic())) {
            let (tag, _) = tag.split_once('>').unwrap();
            let inline = |attribute: &str| {
                attribute.starts_with("style=") || (attribute.starts_with("on") && attribute.contains('='))
            };
            // An attribute's value is escaped, but may have words of its own.
            assert!(tag.contains("&quot;") || !tag.split(' ').any(inline), "{name}: {tag}");
        }
    }
}

#[test]
fn only_a_page_whose_form_leads_away_lets_browsers_follow_it_anywhere() {
    let failed = |next: &NextStep<'_>| pages::failure(&error_saying("It failed."), next, "8f3a2b1c4d5e6f70");
    let stays = "; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";
    let leads = "; base-uri 'none'; frame-ancestors 'none'";
    for (name, page, end) in [
        ("account", pages::account(&apps(), &FORM), stays),
        ("account, login", pages::account_login(&FORM, &PasskeyOffer::None, None, None), stays),
        ("all clients", pages::all_clients(&clients(), &FORM), stays),
        ("not set up", pages::not_set_up(), stays),
        ("a failure without a form", failed(&NextStep::None), stays),
        ("a failure with a form", failed(&not_on_the_list(&FORM)), leads),
        ("consent", pages::consent(&asked(), &NOTES, &FORM, &shown(None)), leads),
        ("login", pages::login(&signing_in(None), &FORM), leads),
    ] {
        let policy = policy_of(&page);
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{name}: {policy}");
        assert!(policy.ends_with(end), "{name}: {policy}");
        assert!(!policy.contains("script-src"), "{name}: {policy}");
    }
}

#[test]
fn the_sign_in_pages_can_be_popups_that_speak_to_their_opener() {
    let is_isolated = |page: &Page| frame().headers(page).iter().any(|(name, _)| *name == "cross-origin-opener-policy");
    assert!(
        !is_isolated(&pages::consent(&asked(), &NOTES, &FORM, &shown(None))) && is_isolated(&pages::home(&at_home()))
    );
}

#[test]
fn the_login_form_has_the_request_a_passphrase_and_the_name_that_it_is_kept_under() {
    let page = login(&signing_in(None), &FORM);
    let form = between(&page, "<form ", "</form>");
    let cancel = form.find("type=\"submit\" name=\"decision\" value=\"deny\" formnovalidate>Cancel</button>").unwrap();
    let sign_in = form.find("<button class=\"primary\" type=\"submit\">").unwrap();
    assert!(sign_in < cancel, "the key Enter takes the first button: {form}");
    for part in [
        "<input type=\"hidden\" name=\"request\" value=\"c2VhbGVk\">",
        "<label class=\"label\" for=\"passphrase\">",
        "id=\"passphrase\" type=\"password\" name=\"passphrase\"",
        "autocomplete=\"current-password\"",
        "type=\"text\" value=\"owner\" autocomplete=\"username\" readonly",
    ] {
        assert_eq!(form.matches(part).count(), 1, "{part} in {form}");
    }
    assert!(!body(&page).contains("role=\"alert\"") && !body(&page).contains("aria-describedby"), "{page}");
}

#[test]
fn a_failed_login_is_announced_and_belongs_to_the_field() {
    for (error, words, invalid) in [
        (LoginError::WrongPassphrase, "That is not the passphrase.", true),
        (LoginError::Throttled { seconds: 200 }, "Try again in 4 minutes.", false),
    ] {
        let page = login(&signing_in(Some(error)), &FORM);
        let alert = between(&page, "id=\"problem\" role=\"alert\">", "</p>");
        assert!(alert.contains(words), "{alert}");
        assert!(page.contains("aria-describedby=\"problem\""), "{words}");
        assert_eq!(body(&page).contains("aria-invalid=\"true\""), invalid, "{words}");
    }
}

#[test]
fn the_owner_reads_which_command_sets_the_passphrase() {
    for page in [not_set_up(), weak_passphrase()] {
        assert!(page.contains("npx wrangler secret put OWNER_PASSPHRASE") && page.contains("npm start"), "{page}");
    }
}

#[test]
fn who_is_not_signed_in_can_be_somebody_else_or_go_back_to_the_app() {
    for (again, words, value) in [
        (LoginDecision::AnotherAccount, "Sign in as somebody else", "another"),
        (LoginDecision::Again, "Try again", "again"),
    ] {
        let page =
            failure(&error_saying("It did not work."), &NextStep::SignIn { form: FORM, again }, "8f3a2b1c4d5e6f70");
        let form = between(&page, "<form ", "</form>");
        for part in [
            "method=\"post\" action=\"/authorize\"",
            "<input type=\"hidden\" name=\"request\" value=\"c2VhbGVk\">",
            &format!("name=\"decision\" value=\"{value}\">{words}</button>"),
            "name=\"decision\" value=\"deny\">Back to the app</button>",
        ] {
            assert_eq!(form.matches(part).count(), 1, "{part} in {form}");
        }
    }
}

/// An offer to use a passkey, on the page itself.
fn passkey_here() -> PasskeyOffer {
    PasskeyOffer::Here(PasskeyRequest {
        challenge: "Y2hhbGxlbmdl".to_owned(),
        relying_party: "mcp.example.com".to_owned(),
    })
}

#[test]
fn only_a_page_that_offers_a_passkey_has_a_script_and_its_policy_names_it_by_its_hash() {
    for (offer, has_script) in [(PasskeyOffer::None, false), (PasskeyOffer::Link, false), (passkey_here(), true)] {
        let view = ConsentView { passkey: offer.clone(), ..with_passphrase(None, true) };
        let request = asked();
        let remembered = ConsentView { sign_in: ConsentSignIn::Remembered, passkey: offer.clone(), ..shown(None) };
        for (page, has_script) in [
            (pages::consent(&request, &NOTES, &FORM, &view), has_script),
            (pages::consent(&request, &NOTES, &FORM, &remembered), false),
            (pages::login(&LoginPage { passkey: offer.clone(), ..signing_in(None) }, &FORM), has_script),
            (pages::account_login(&FORM, &offer, None, None), has_script),
            (
                pages::confirm(&ConfirmPage { passkey: offer.clone(), ..confirming(WayToProve::Passphrase) }, &FORM),
                has_script,
            ),
        ] {
            let document = frame().document(&page);
            assert_eq!(document.matches("<script>").count(), usize::from(has_script), "{offer:?}");
            let policy = policy_of(&page);
            assert_eq!(policy.contains("script-src 'sha256-"), has_script, "{policy}");
            assert!(!policy.contains("connect-src") && !policy.contains("unsafe"), "{policy}");
            if has_script {
                assert!(policy.ends_with(&format!("; script-src {}", hash_source(PASSKEY_SCRIPT))), "{policy}");
                // Without the script, the part is not there and the passphrase is.
                assert!(
                    document
                        .contains("<div class=\"passkey\" hidden data-passkey=\"get\" data-challenge=\"Y2hhbGxlbmdl\"")
                );
                let (before, _) = document.split_once("type=\"password\" name").unwrap();
                assert!(before.contains("data-passkey"), "it comes first");
            }
            if let Some((before, _)) = document.split_once("name=\"way\" value=\"passkey\"") {
                let form = before.rsplit_once("<form ").unwrap().1;
                assert!(form.contains("<button class=\"primary"), "Enter in the field sends the passphrase: {form}");
            }
            let leads_there = document.contains("name=\"way\" value=\"passkey\"");
            let signs_in = document.contains("type=\"password\" name");
            assert_eq!(leads_there, signs_in && offer == PasskeyOffer::Link, "{offer:?}");
        }
    }
}
