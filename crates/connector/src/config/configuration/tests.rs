//! How each setting is read, and which features are closed while it cannot be read.

use Feature::{
    AccessTokens, AppsChallenge, AuthorizationServer, Calls, HttpSse, Keys, Metadata, RegistryProof, RequestLog,
    WebPages,
};

use mcp_connector_oauth::grants::limits::Limits;
use mcp_connector_oauth::login::access_rules::AccessRules;

use super::*;

fn read(settings: &[(&str, &str)]) -> Configuration {
    Configuration::read(|name| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
}

#[test]
fn an_empty_configuration_is_valid() {
    let configuration = read(&[]);
    assert_eq!(configuration.errors, []);
    assert_eq!((configuration.max_body_bytes, configuration.max_anonymous_body_bytes), (1024 * 1024, 256 * 1024));
    assert_eq!(configuration.challenge, ChallengeForm::Http);
    assert_eq!(configuration.private_sign_in, PrivateSignIn::First);
    assert_eq!((configuration.log, configuration.log_person), (Log::All, LogPerson::Off));
    assert!(configuration.public_url.is_none() && configuration.allowed_origins == WebOrigins::default());
}

#[test]
fn an_empty_variable_is_not_set() {
    for setting in Setting::ALL {
        assert_eq!(read(&[(setting.name(), " ")]).errors, [], "{setting:?}");
    }
}

/// The features that settings close.
const PARTS: &[Feature] = &[
    Calls,
    WebPages,
    HttpSse,
    Metadata,
    AuthorizationServer,
    AccessTokens,
    Keys,
    RequestLog,
    RegistryProof,
    AppsChallenge,
];

/// A setting, others beside it without which it is not read, invalid values, and the features that are then closed.
type Unreadable = (Setting, &'static [(&'static str, &'static str)], &'static [&'static str], &'static [Feature]);

const UNREADABLE: &[Unreadable] = {
    const OPENID: &[(&str, &str)] = &[
        ("IDENTITY", "openid"),
        ("OPENID_ISSUER", "https://login.microsoftonline.com/common/v2.0"),
        ("OPENID_CLIENT_ID", "us"),
        ("OPENID_CLIENT_SECRET", "s3cret-s3cret"),
        ("ALLOWED_USERS", "jane@example.com"),
    ];
    const OPENID_ONE: &[(&str, &str)] = &[
        ("IDENTITY", "openid"),
        ("OPENID_ISSUER", "https://id.example"),
        ("OPENID_CLIENT_ID", "us"),
        ("OPENID_CLIENT_SECRET", "s3cret-s3cret"),
        ("ALLOWED_USERS", "jane@example.com"),
    ];
    const PROVIDER_ONLY: &[(&str, &str)] = &[
        ("PROVIDER_ONLY", "true"),
        ("IDENTITY", "access"),
        ("ACCESS_TEAM_URL", "https://t.example"),
        ("ACCESS_AUDIENCE", "a"),
    ];
    const GITHUB: &[(&str, &str)] = &[
        ("IDENTITY", "github"),
        ("GITHUB_CLIENT_ID", "us"),
        ("GITHUB_CLIENT_SECRET", "s3cret-s3cret"),
        ("ALLOWED_USERS", "jane"),
    ];
    const ACCESS: &[(&str, &str)] =
        &[("IDENTITY", "access"), ("ACCESS_TEAM_URL", "https://t.example"), ("ACCESS_AUDIENCE", "a")];
    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const OTHER: &str = r#"[{"url":"https://wiki.example","name":"Wiki"}]"#;
    const OWN: &str = r#"[{"url":"https://a.example","name":"Wiki"}]"#;
    const PEOPLE: &[Feature] = &[AuthorizationServer, AccessTokens];
    const EVERYTHING_WITH_A_KEY: &[Feature] = &[AuthorizationServer, AccessTokens, Keys];
    const EVERYTHING_WITH_A_URL: &[Feature] = &[Metadata, AuthorizationServer, AccessTokens];
    &[
        (
            Setting::PublicUrl,
            &[],
            &["connector.test", "https://connector.test/mcp", "http://connector.test", "{}"],
            EVERYTHING_WITH_A_URL,
        ),
        (
            Setting::AllowedOrigins,
            &[],
            &["*", "null", "https://a.example https://b.example/path", "claude.ai"],
            &[WebPages],
        ),
        (Setting::AllowedAddresses, &[], &["160.79.104.0/33", "everybody", ","], &[Calls]),
        (Setting::PrivateSignIn, &[], &["everything", "First"], &[]),
        (Setting::Challenge, &[], &["HTTP", "401"], &[]),
        (Setting::Log, &[], &["none", "true"], &[RequestLog]),
        (Setting::LogPerson, &[], &["on", "Hash"], &[]),
        (Setting::SseTransport, &[], &["true", "yes"], &[HttpSse]),
        (Setting::MaxBodyBytes, &[], &["1MB", "0", "-1", "99999999999"], &[]),
        (Setting::MaxAnonymousBodyBytes, &[], &["1MB", "0", "-1", "99999999999"], &[]),
        (Setting::PageSize, &[], &["0", "1001", "ten"], &[]),
        (Setting::StreamsPerObject, &[], &["0", "10001", "ten"], &[]),
        (Setting::KeepAlive, &[], &["-1", "15s", "0"], &[]),
        (Setting::TimeLimit, &[], &["0", "3601", "5m"], &[]),
        (Setting::TaskTimeLimit, &[], &["0", "3601"], &[]),
        (Setting::TaskTtl, &[], &["0", "2592001", "1.5"], &[]),
        (Setting::Identity, &[], &["anybody", "OpenID", "passphrase,openid"], PEOPLE),
        (Setting::AllowedUsers, OPENID, &["", ","], PEOPLE),
        (Setting::AllowedUsers, GITHUB, &[""], PEOPLE),
        (Setting::IdentityScope, OPENID_ONE, &["profile email", "openid \"x\""], PEOPLE),
        (Setting::IdentityScope, GITHUB, &["read:org \\"], PEOPLE),
        (Setting::IdentityParameters, OPENID_ONE, &["x", "client_id=x", "a=1&state=2"], PEOPLE),
        (Setting::IdentityClaims, &[], &["group=staff", "groups=a groups=b"], PEOPLE),
        (Setting::Roles, &[], &["admin", "admin = notes:write if alice@example.com group:staff"], PEOPLE),
        (Setting::Owner, &[], &["jane@example.com", "*", "x, @example.com"], &[]),
        (Setting::OpenIdIssuer, OPENID, &["", "id.example", "http://id.example", "https://id.example?x"], PEOPLE),
        (Setting::OpenIdClientId, OPENID, &[""], PEOPLE),
        (Setting::OpenIdClientSecret, OPENID, &[""], PEOPLE),
        (Setting::OpenIdTrustEmail, OPENID, &["yes", "1", "true"], PEOPLE),
        (Setting::GitHubUrl, GITHUB, &["github.com"], PEOPLE),
        (Setting::GitHubClientId, GITHUB, &[""], PEOPLE),
        (Setting::GitHubClientSecret, GITHUB, &[""], PEOPLE),
        (Setting::AccessTeamUrl, ACCESS, &["", "my-team"], PEOPLE),
        (Setting::AccessAudience, ACCESS, &[""], PEOPLE),
        (Setting::AuthIssuer, &[], &["http://id.example", "id"], EVERYTHING_WITH_A_URL),
        (Setting::AuthPlainJwt, &[("AUTH_ISSUER", "https://id.example")], &["yes"], &[AccessTokens]),
        (
            Setting::TrustedIssuers,
            &[],
            &["https://acme.example", "[{\"issuer\":\"http://acme.example\",\"clients\":[\"x\"]}]"],
            EVERYTHING_WITH_A_URL,
        ),
        (
            Setting::Connectors,
            &[("PUBLIC_URL", "https://a.example")],
            &["wiki.example", "{}", OWN],
            EVERYTHING_WITH_A_URL,
        ),
        (Setting::Connectors, &[], &[OTHER], EVERYTHING_WITH_A_URL),
        (
            Setting::AuthorizationServer,
            &[("PUBLIC_URL", "https://b.example")],
            &["http://a.example", "https://a.example/x", "a.example", "https://b.example"],
            EVERYTHING_WITH_A_URL,
        ),
        (Setting::AuthorizationServer, &[], &["https://a.example"], EVERYTHING_WITH_A_URL),
        (Setting::MasterKey, &[], &["too short"], EVERYTHING_WITH_A_KEY),
        (Setting::MasterKeyPrevious, &[], &[KEY], EVERYTHING_WITH_A_KEY),
        (Setting::MasterKeyPrevious, &[("MASTER_KEY", KEY)], &["too short"], EVERYTHING_WITH_A_KEY),
        (Setting::RedirectUris, &[], &["javascript:alert(1)", "my-app"], &[AuthorizationServer]),
        (Setting::OAuthClients, &[], &["{}", "[{", "[{\"client_id\":\"x\"}]"], &[AuthorizationServer]),
        (Setting::AccessTokenSeconds, &[], &["86401", "1h", "0"], &[AuthorizationServer]),
        (Setting::RememberBrowserDays, &[], &["-1", "366", "a month"], &[AuthorizationServer]),
        (Setting::RequiredGroups, OPENID_ONE, &["staff", "{\"/private\": [\"staff\"]}", "{\"/mcp\": []}"], PEOPLE),
        (Setting::RequiredGroups, &[], &["{\"/mcp\": [\"staff\"]}"], PEOPLE),
        (Setting::ProviderOnly, OPENID_ONE, &["yes", "on"], PEOPLE),
        (Setting::ProviderOnly, &[], &["true"], PEOPLE),
        (Setting::AccessKeys, &[], &["true", "none"], PEOPLE),
        (Setting::AccessKeys, PROVIDER_ONLY, &["on"], PEOPLE),
        (Setting::AccessKeyDays, &[], &["0", "366", "a year"], PEOPLE),
        (Setting::SignInHours, &[], &["0", "2161", "8h"], PEOPLE),
        (Setting::SignInIdleHours, &[], &["0", "721"], PEOPLE),
        (Setting::AllowedClientHosts, &[], &["https://claude.ai", "*.claude.ai", ","], PEOPLE),
        (Setting::LocalClients, &[], &["true", "no"], PEOPLE),
        (Setting::AnnounceIss, &[], &["no", "off"], &[]),
        (Setting::McpRegistryAuth, &[], &["v=MCPv1; k=ed25519; p=AAAA", "a key"], &[RegistryProof]),
        (Setting::OpenAiAppsChallenge, &[], &["two words of a token"], &[AppsChallenge]),
        (Setting::KeyHeader, &[], &["Cookie", "Host", "X-API-Key: secret-value", "Content-Type"], &[]),
    ]
};

#[test]
fn a_caller_without_a_token_may_send_no_more_than_one_with_a_token() {
    let limits = |settings| {
        let configuration = read(settings);
        (configuration.max_body_bytes, configuration.max_anonymous_body_bytes)
    };
    assert_eq!(limits(&[("MAX_BODY_BYTES", "2000")]), (2000, 2000));
    assert_eq!(limits(&[("MAX_ANONYMOUS_BODY_BYTES", "4000")]), (1024 * 1024, 4000));
    assert_eq!(limits(&[("MAX_GUEST_BODY_BYTES", "4000")]), (1024 * 1024, 4000), "the name of earlier versions");
    assert_eq!(limits(&[("MAX_ANONYMOUS_BODY_BYTES", "4000000")]), (1024 * 1024, 1024 * 1024));
}

#[test]
fn an_invalid_value_names_its_variable_and_closes_what_depends_on_it() {
    for (setting, beside, values, closed) in UNREADABLE {
        for value in *values {
            let name = setting.name();
            let mut settings = vec![(name, *value)];
            settings.extend(beside.iter().filter(|(other, _)| *other != name));
            let configuration = read(&settings);
            let errors: Vec<Setting> = configuration.errors.iter().map(|error| error.setting).collect();
            assert_eq!(errors, [*setting], "{name}={value}");
            let text = configuration.errors[0].report();
            assert!(text.starts_with(&format!("{name} ")), "{text}");
            assert!(value.len() < 8 || !text.contains(*value), "{text} shows {value}");
            assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')), "{text}");
            for part in PARTS {
                assert_eq!(configuration.closed(*part).is_some(), closed.contains(part), "{name}={value}: {part:?}");
            }
        }
    }
}

#[test]
fn every_setting_that_can_be_wrong_is_tried_with_a_wrong_value() {
    for setting in Setting::ALL {
        // Any text is an audience. A passphrase that is too weak has an error of its own, below.
        let is_tried = UNREADABLE.iter().any(|(tried, ..)| tried == setting);
        assert_ne!(is_tried, matches!(setting, Setting::AuthAudience | Setting::OwnerPassphrase), "{setting:?}");
    }
}

#[test]
fn without_a_readable_identity_setting_nobody_signs_in() {
    let configuration = read(&[
        ("IDENTITY", "openid"),
        ("OWNER_PASSPHRASE", "maple-orbit-crayon-ninety"),
        ("ALLOWED_ADDRESSES", "x"),
        ("SSE_TRANSPORT", "x"),
        ("LOG", "x"),
        ("ALLOWED_ORIGINS", "https://a.example null"),
    ]);
    assert!(configuration.closed(Feature::AuthorizationServer).is_some(), "the passphrase is not asked instead");
    assert_eq!(configuration.errors.len(), 5);
    assert!(!configuration.allowed_origins.contains("https://a.example"), "no entry of a list that cannot be read");
    assert_eq!((configuration.log, configuration.sse_transport), (Log::Off, false));
}

#[test]
fn settings_that_another_one_replaces_close_nothing() {
    let configuration = read(&[("AUTH_ISSUER", "https://id.example"), ("IDENTITY", "openid")]);
    assert_eq!(configuration.errors, []);
    assert!(configuration.provider.is_none());
}

#[test]
fn where_another_connector_issues_the_tokens_nothing_of_the_own_sign_in_is_read() {
    let shared = [
        ("AUTHORIZATION_SERVER", "https://a.example"),
        ("PUBLIC_URL", "https://b.example"),
        ("IDENTITY", "openid"),
        ("TRUSTED_ISSUERS", "x"),
        ("CONNECTORS", "x"),
    ];
    let configuration = read(&shared);
    assert_eq!(configuration.errors, []);
    assert!(
        !configuration.signs_in_here() && configuration.provider.is_none() && configuration.weak_passphrase().is_none()
    );
    let server = configuration.authorization_server.unwrap();
    assert_eq!((server.issuer.as_str(), server.resource.as_str()), ("https://a.example", "https://b.example/mcp"));
    let report = "configuration: no effect here: IDENTITY, TRUSTED_ISSUERS, CONNECTORS. AUTHORIZATION_SERVER is set, so \
                  https://a.example decides who signs in, with what, and for how long. Set them there";
    assert_eq!(server.report().as_deref(), Some(report));
    let both = read(&[&shared[..], &[("AUTH_ISSUER", "https://id.example")]].concat());
    assert_eq!(
        both.errors[0].to_string(),
        "AUTHORIZATION_SERVER cannot be set together with AUTH_ISSUER: both say who issues the tokens"
    );
}

#[test]
fn policy_of_the_sign_in_has_no_effect_where_another_connector_keeps_it_and_is_reported() {
    let there = [("AUTHORIZATION_SERVER", "https://a.example"), ("PUBLIC_URL", "https://b.example")];
    for (setting, has_effect) in [
        (("SIGN_IN_HOURS", "8"), false),
        (("SIGN_IN_IDLE_HOURS", "8"), false),
        (("ACCESS_KEYS", "off"), false),
        (("ACCESS_KEY_DAYS", "30"), false),
        (("PROVIDER_ONLY", "true"), false),
        (("ALLOWED_CLIENT_HOSTS", "claude.ai"), false),
        (("LOCAL_CLIENTS", "off"), false),
        (("ACCESS_TOKEN_SECONDS", "600"), false),
        (("REQUIRED_GROUPS", r#"{"/mcp":["staff"]}"#), true),
        (("ROLES", "reader = notes:read if group:staff"), true),
        (("PAGE_SIZE", "50"), true),
        (("SIGN_IN_HOURS", " "), true),
    ] {
        let configuration = read(&[&there[..], &[setting]].concat());
        assert_eq!(configuration.errors, [], "{setting:?}");
        let without_effect = configuration.authorization_server.unwrap().without_effect;
        assert_eq!(without_effect.contains(&setting.0), !has_effect, "{setting:?}: {without_effect:?}");
    }
    assert!(read(&[("SIGN_IN_HOURS", "8")]).authorization_server.is_none());
}

#[test]
fn roles_and_issuers_may_name_the_scopes_of_all_connectors_whose_sign_in_is_here() {
    let connectors =
        r#"[{"url":"https://wiki.example","name":"Wiki","scopes":{"pages:read":"Read"},"sign_in":"pages:read"}]"#;
    for (scope, is_wrong) in [("notes:read", false), ("pages:read", false), ("pages:raed", true)] {
        let roles = format!("reader = {scope} if group:staff");
        let mut configuration =
            read(&[("PUBLIC_URL", "https://a.example"), ("CONNECTORS", connectors), ("ROLES", &roles)]);
        configuration.check_scopes(&ScopeSet::parse("notes:read").unwrap());
        assert_eq!(configuration.errors.is_empty(), !is_wrong, "{scope}: {:?}", configuration.errors);
    }
}

#[test]
fn a_missing_or_weak_passphrase_is_not_read() {
    assert_eq!(read(&[]).passphrase.unwrap_err(), WeakPassphrase::Missing);
    assert_eq!(read(&[("OWNER_PASSPHRASE", "hunter2")]).passphrase.unwrap_err(), WeakPassphrase::TooShort);
    assert!(read(&[("OWNER_PASSPHRASE", "correct horse battery staple")]).passphrase.is_ok());
}

#[test]
fn what_cannot_be_read_of_the_policy_is_the_strictest() {
    let policy = |settings| read(settings).policy;
    assert_eq!(policy(&[]).rules, AccessRules::NONE);
    assert_eq!(policy(&[]).limits(), Limits::default());
    assert_eq!(policy(&[("ACCESS_KEYS", "of")]).access_key_days(), None);
    assert_eq!(policy(&[("PROVIDER_ONLY", "ture")]).access_key_days(), None);
    assert!(!policy(&[("LOCAL_CLIENTS", "fo")]).rules.clients.admits_redirect("http://localhost/cb"));
}

#[test]
fn lives_are_shorter_than_usual_or_as_usual() {
    let limits = read(&[("SIGN_IN_HOURS", "12"), ("SIGN_IN_IDLE_HOURS", "720")]).policy.limits();
    assert_eq!((limits.absolute, limits.idle), (12 * 3600, 30 * 24 * 3600));
    assert_eq!(read(&[("ACCESS_KEY_DAYS", "7")]).policy.access_key_days(), Some(7));
}

#[test]
fn a_client_of_the_configuration_keeps_to_the_allowed_hosts() {
    let clients = r#"[{"client_id": "app", "redirect_uris": ["https://app.example/cb"]}]"#;
    for (hosts, errors) in [("app.example", vec![]), ("claude.ai", vec![Setting::OAuthClients])] {
        let configuration = read(&[("OAUTH_CLIENTS", clients), ("ALLOWED_CLIENT_HOSTS", hosts)]);
        assert_eq!(configuration.errors.iter().map(|error| error.setting).collect::<Vec<_>>(), errors, "{hosts}");
    }
}

#[test]
fn no_secret_is_printed() {
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    let clients = r#"[{"client_id": "robot", "client_secret": "0123456789abcdef01234567", "own_scopes": "x"}]"#;
    let settings = [
        ("OWNER_PASSPHRASE", "correct horse battery staple"),
        ("MASTER_KEY", key),
        ("MASTER_KEY_PREVIOUS", key),
        ("OAUTH_CLIENTS", clients),
    ];
    let printed = format!("{:?}", read(&settings));
    for secret in ["horse", "AAECA", "0123456789"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[test]
fn trusted_issuers_are_not_read_where_another_server_gives_out_the_tokens() {
    let issuers = r#"[{"issuer":"https://acme.example","clients":["x"]}]"#;
    assert!(!read(&[("TRUSTED_ISSUERS", issuers)]).trusted_issuers.is_empty());
    let configuration = read(&[("TRUSTED_ISSUERS", issuers), ("AUTH_ISSUER", "https://id.example")]);
    assert!(configuration.trusted_issuers.is_empty());
    assert_eq!(configuration.errors, []);
}

#[test]
fn a_client_that_a_trusted_issuer_names_is_one_that_can_authenticate() {
    let clients = r#"[{"client_id":"claude","client_secret":"0123456789abcdef01234567"},
        {"client_id":"cli","redirect_uris":["http://127.0.0.1/cb"]}]"#;
    for (list, is_wrong) in [
        (r#""clients":["claude"]"#, false),
        (r#""clients":["https://app.example/client.json"]"#, false),
        (r#""public_clients":["cli"]"#, false),
        (r#""clients":["cli"]"#, true),
        (r#""clients":["cluade"]"#, true),
        (r#""clients":["claude"],"scopes":"notes:raed""#, true),
    ] {
        let issuers = format!(r#"[{{"issuer":"https://acme.example",{list}}}]"#);
        let mut configuration = read(&[("TRUSTED_ISSUERS", &issuers), ("OAUTH_CLIENTS", clients)]);
        configuration.check_scopes(&ScopeSet::parse("notes:read").unwrap());
        let errors: Vec<Setting> = configuration.errors.iter().map(|error| error.setting).collect();
        assert_eq!(errors, if is_wrong { vec![Setting::TrustedIssuers] } else { vec![] }, "{list}");
    }
}
