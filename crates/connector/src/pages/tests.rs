//! What holds for every page.

mod consent;
mod fixtures;

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
use crate::pages::account::clients::{AllClientsPage, ListedClient};
use crate::pages::account::export::ExportPage;
use crate::pages::account::notice::{Notice, Outcome};
use crate::pages::account::page::AccountPage;
use crate::pages::account::people::{ListedBy, PeoplePage, PersonEntry};
use crate::pages::account::person::{Assertions, PersonApp, PersonPage};
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

use fixtures::{
    FORM, NASTY, NOTES, asked, asked_by_nasty, asking, asking_with, ended_person, error_saying, here, nasty_apps,
    nasty_clients, nasty_home, nasty_keys, not_on_the_list, shown, signing_in, with_passphrase,
};
pub(crate) use fixtures::{apps, at_home, clients, confirming, everybody, key_made, keys, one_person, policy_of};

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
    export(page: &ExportPage<'_>, form: &FormTarget<'_>);
    people(page: &PeoplePage<'_>);
    person(page: &PersonPage<'_>, form: &FormTarget<'_>);
    error(words: &ErrorWords<'_>, next: &NextStep<'_>);
    weak_passphrase();
}

fn frame() -> Frame {
    Frame::new("Notes", &[], &PageSettings::default(), AccountLink::Shown)
}

/// The pages of the owner.
fn pages_of_the_owner() -> [(&'static str, String); 9] {
    let nasty_form = FormTarget { action: "\"><img src=x>", sealed: "\"><img src=x>" };
    [
        ("export", export(&ExportPage { parts: 1, back: "/account/people" }, &FORM)),
        ("export in parts", export(&ExportPage { parts: 3, back: "/account/people" }, &FORM)),
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

/// The document of a page, in the frame of a connector.
pub(crate) fn shown_in_frame(page: &Page) -> String {
    frame().document(page)
}

/// The page without its head, so without the style sheet.
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
fn only_a_name_that_the_client_gives_itself_is_called_one() {
    for (name_source, is_own) in [
        (NameSource::SelfAsserted, true),
        (NameSource::Owner, false),
        (NameSource::Recipient("App"), false),
        (NameSource::Host("app.example".to_owned()), false),
    ] {
        let page = login(&LoginPage { name_source: &name_source, ..signing_in(None) }, &FORM);
        assert!(page.contains("Then you continue to <strong><bdi>app.example</bdi></strong>."), "{page}");
        assert_eq!(page.contains("It calls itself <bdi>App</bdi>."), is_own, "{name_source:?}");
    }
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
