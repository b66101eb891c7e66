//! What the tests of the pages show: content of every kind, and content that is out to break a page.

use super::*;

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
        export: "/account/people/export",
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

pub(super) fn ended_person() -> PersonPage<'static> {
    let at = Timestamp::from_seconds(1_700_000_000);
    PersonPage { assertions: Assertions::PersonEnded(at), apps: Vec::new(), ..one_person() }
}

/// The policy of a page.
pub(crate) fn policy_of(page: &Page) -> String {
    policy(&frame().headers(page))
}

pub(super) const FORM: FormTarget<'_> = FormTarget { action: "/authorize", sealed: "c2VhbGVk" };
pub(super) const NASTY: &str = "\u{202E}<img src=x onerror=alert(1)>\"'&";
pub(super) const READ: Scope = Scope::new("notes:read", "Read your notes");
pub(super) const WRITE: Scope = Scope::new("notes:write", "Save & delete <your> notes");

pub(super) fn asked() -> ConsentPage<'static> {
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

pub(super) const NOTES: ConsentConnector<'_> = ConsentConnector { title: "Notes", account: "mcp.example.com/account" };

/// The page where people sign in on the next one; with nothing ticked where that is the error.
pub(super) fn shown(error: Option<ConsentError>) -> ConsentView<'static> {
    let unticked = error.map_or(Vec::new(), |_| vec![READ.name().to_owned(), WRITE.name().to_owned()]);
    ConsentView { sign_in: ConsentSignIn::Next, passkey: PasskeyOffer::None, unticked, error }
}

/// The page with the field for the passphrase.
pub(super) fn with_passphrase(error: Option<LoginError>, remember: bool) -> ConsentView<'static> {
    let sign_in = ConsentSignIn::Passphrase { place: NewPlace::Unknown, remember: Some(RememberChoice::offered(30)) };
    let unticked = error.map_or(Vec::new(), |_| vec![WRITE.name().to_owned()]);
    ConsentView {
        sign_in: sign_in.with_choice(remember),
        passkey: PasskeyOffer::Link,
        unticked,
        error: error.map(ConsentError::SignIn),
    }
}

pub(super) fn asking_with(request: &ConsentPage<'_>, view: &ConsentView<'_>) -> String {
    consent(request, &NOTES, &FORM, view)
}

pub(super) fn asking(request: &ConsentPage<'_>) -> String {
    asking_with(request, &shown(None))
}

pub(super) fn asked_by_nasty() -> ConsentPage<'static> {
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

pub(super) fn not_on_the_list<'a>(form: &FormTarget<'a>) -> NextStep<'a> {
    NextStep::SignIn { form: *form, again: LoginDecision::AnotherAccount }
}

pub(super) fn signing_in(error: Option<LoginError>) -> LoginPage<'static> {
    LoginPage {
        destination: "app.example",
        destination_kind: RedirectKind::Https,
        client_name: Some("App"),
        name_source: &NameSource::SelfAsserted,
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

pub(super) fn nasty_home() -> HomePage<'static> {
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

pub(super) fn nasty_keys() -> AccountPage<'static> {
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

pub(super) fn nasty_apps() -> AccountPage<'static> {
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

pub(super) fn nasty_clients() -> AllClientsPage<'static> {
    let nasty =
        ListedClient { name: Some(NASTY), host: NASTY, users: vec![NASTY.to_owned()], ..clients().clients.remove(1) };
    AllClientsPage { clients: vec![nasty], next: Some(NASTY.replace('\u{202E}', "")), ..clients() }
}

/// An error page that says this everywhere.
pub(super) fn error_saying(words: &str) -> ErrorWords<'_> {
    ErrorWords { title: words, what_happened: words.into(), what_to_do: words.into() }
}

pub(super) fn here(title: &str) -> Connector<'_> {
    Connector { title, url: "https://mcp.example.com/mcp" }
}
