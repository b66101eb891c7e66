//! The settings of a deployment: variables and secrets of the Worker. One that cannot be read is kept as a problem that names
//! it ([`SettingProblem`]), and what depends on it is closed ([`Configuration::closed`]).

use std::fmt;
use std::time::Duration;

use mcp_connector_base::identifier::Subject;
use mcp_connector_oauth::clients::pre_registered::PreRegisteredClients;
use mcp_connector_oauth::crypto::keys::master::MasterKey;
use mcp_connector_oauth::login::owners::Owners;
use mcp_connector_oauth::login::passphrase::{Passphrase, WeakPassphrase};
use mcp_connector_oauth::web::discovery::ExternalIssuer;
use mcp_connector_oauth::web::origin::Issuer;
use mcp_connector_oauth::web::redirect_uri::RedirectPolicy;

use crate::config::bindings::MissingBinding;
use crate::config::settings::{Expected, Part, Setting, SettingProblem};
use crate::config::variables::Variables;
use crate::http::addresses::AddressList;
use crate::http::web_origins::WebOrigins;
use crate::log::request_log::Log;
use crate::oauth::identity::settings::{OWNER_SUBJECT, Provider};

/// What the variables say. A field whose variable cannot be read holds what lets nobody in, or its default where nothing is
/// closed ([`Setting::closes`]).
#[derive(Debug)]
pub(crate) struct Configuration {
    /// `PUBLIC_URL`: the origin that all documents name. None: the one that was asked.
    pub(crate) public_url: Option<Issuer>,
    /// `ALLOWED_ORIGINS`: web pages that may call the connector from a browser.
    pub(crate) allowed_origins: WebOrigins,
    /// `ALLOWED_ADDRESSES`: the networks from which the connector may be called. None: from everywhere.
    pub(crate) allowed_addresses: Option<AddressList>,
    /// `PRIVATE_SIGN_IN`: what a first sign-in at the private endpoint asks for.
    pub(crate) private_sign_in: PrivateSignIn,
    /// `CHALLENGE`: how a tool call without the needed sign-in is refused.
    pub(crate) challenge: ChallengeForm,
    /// `OWNER_PASSPHRASE`, a secret: with what the owner signs in. Without a good one nobody does, and nothing else suffers.
    pub(crate) passphrase: Result<Passphrase, WeakPassphrase>,
    /// `IDENTITY`: who finds out who a person is, if not the passphrase does.
    pub(crate) provider: Option<Provider>,
    /// `OWNER`: who sees and ends everybody's clients, where people sign in with a provider.
    pub(crate) owner: Owners,
    /// `AUTH_ISSUER`: somebody else's authorization server instead of ours.
    pub(crate) auth_issuer: Option<AuthIssuer>,
    /// `MASTER_KEY`, a secret, instead of the key that the `Keyring` makes; and `MASTER_KEY_PREVIOUS`, those it replaces.
    pub(crate) master_keys: Option<MasterKeys>,
    /// `REDIRECT_URIS`: redirect URIs with a scheme of their own that clients may have, beside those known to be needed.
    pub(crate) redirect_policy: RedirectPolicy,
    /// `OAUTH_CLIENTS`: clients that need not register. JSON; a secret where one of them has one.
    pub(crate) clients: PreRegisteredClients,
    /// `ACCESS_TOKEN_SECONDS`: how long an access token is good for.
    pub(crate) access_token_seconds: u32,
    /// `ANNOUNCE_ISS`: whether metadata says that `iss` comes with every authorization response, which it does in any case.
    pub(crate) announce_iss: bool,
    /// `LOG`: which requests get a line in the log.
    pub(crate) log: Log,
    /// `SSE_TRANSPORT`: whether `/sse` speaks the transport of 2024-11-05.
    pub(crate) sse_transport: bool,
    /// `MAX_BODY_BYTES`: largest body that is read.
    pub(crate) max_body_bytes: u32,
    /// `MAX_GUEST_BODY_BYTES`: the same for callers without a token; never more than with one.
    pub(crate) max_guest_body_bytes: u32,
    /// `PAGE_SIZE`: most items on one page of a list.
    pub(crate) page_size: usize,
    /// `KEEP_ALIVE_MS`: a silent stream sends a comment after this long.
    pub(crate) keep_alive: Duration,
    /// `TIME_LIMIT_SECONDS`: a handler is stopped after this long.
    pub(crate) time_limit: Duration,
    /// `TASK_TIME_LIMIT_SECONDS`: a run of a handler in the background is stopped after this long.
    pub(crate) task_time_limit: Duration,
    /// `TASK_TTL_SECONDS`: a task and its result are kept this long from its beginning.
    pub(crate) task_ttl: Duration,
    /// The variables that cannot be read.
    pub(crate) problems: Vec<SettingProblem>,
    /// The bindings that are needed and missing.
    pub(crate) missing_bindings: Vec<MissingBinding>,
}

/// Why a part is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed<'a> {
    /// A setting cannot be read.
    Setting(&'a SettingProblem),
    /// A binding is missing.
    Binding(&'a MissingBinding),
}

impl Closed<'_> {
    /// Returns the lines that `wrangler.toml` needs, where that is what is missing.
    pub(crate) fn lines(self) -> Option<String> {
        match self {
            Self::Setting(_) => None,
            Self::Binding(missing) => Some(missing.lines()),
        }
    }
}

impl fmt::Display for Closed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting(problem) => problem.fmt(f),
            Self::Binding(missing) => missing.fmt(f),
        }
    }
}

/// Master keys that are kept outside.
pub(crate) struct MasterKeys {
    /// The one that is used.
    pub(crate) current: MasterKey,
    /// Those that are still honoured, the newest first.
    pub(crate) previous: Vec<MasterKey>,
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKeys")
    }
}

/// An authorization server of somebody else, which issues the tokens that are accepted here.
#[derive(Debug)]
pub(crate) struct AuthIssuer {
    /// Its name.
    pub(crate) issuer: ExternalIssuer,
    /// `AUTH_AUDIENCE`: other names of our resources, for issuers that know them by a number.
    pub(crate) audiences: Vec<String>,
    /// `AUTH_PLAIN_JWT`: whether its access tokens call themselves plain JWTs.
    pub(crate) plain_jwt: bool,
}

/// What a first sign-in at the private endpoint asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrivateSignIn {
    /// What one asks for anywhere. The rest comes when a tool needs it.
    First,
    /// Every scope there is, for clients that sign in when they connect and never again.
    All,
}

/// The form of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChallengeForm {
    /// 401 or 403 with `WWW-Authenticate`, as the specification says.
    Http,
    /// 200 with the challenge in the tool's result, as ChatGPT's tool-level linking reads it.
    Result,
}

/// The longest lifetime of an access token, and the default, in seconds.
const LONGEST_ACCESS_TOKEN: u32 = 3600;
const DAY: u32 = 24 * 3600;
const DEFAULT_MAX_BODY_BYTES: u32 = 1024 * 1024;
const DEFAULT_MAX_GUEST_BODY_BYTES: u32 = 256 * 1024;
/// What a Worker may hold in memory leaves no room for more.
const MOST_BODY_BYTES: u32 = 32 * 1024 * 1024;

impl Configuration {
    /// Reads the settings; `variable` gives the text of a variable, if it is set.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let mut read = Variables::new(&variable);
        let auth_issuer = AuthIssuer::read(&mut read);
        // Where somebody else issues the tokens, nobody signs in here.
        let provider = if auth_issuer.is_none() { read.read(None, Provider::read) } else { None };
        let (redirect_policy, clients) = clients(&mut read);
        let max_body_bytes = read.number(Setting::MaxBodyBytes, DEFAULT_MAX_BODY_BYTES, 1024, MOST_BODY_BYTES);
        let max_guest_body_bytes =
            read.number(Setting::MaxGuestBodyBytes, DEFAULT_MAX_GUEST_BODY_BYTES, 1024, MOST_BODY_BYTES);
        let page_size = read.number(Setting::PageSize, 250, 1, 1000);
        Self {
            public_url: read.parsed(Setting::PublicUrl, None, None, |text| public_url(text).map(Some)),
            allowed_origins: read.parsed(
                Setting::AllowedOrigins,
                WebOrigins::default(),
                WebOrigins::default(),
                WebOrigins::parse,
            ),
            allowed_addresses: read
                .parsed(Setting::AllowedAddresses, None, None, |text| AddressList::parse(text).map(Some)),
            private_sign_in: read.choice(
                Setting::PrivateSignIn,
                &[("first", PrivateSignIn::First), ("all", PrivateSignIn::All)],
                PrivateSignIn::First,
                PrivateSignIn::First,
            ),
            challenge: read.choice(
                Setting::Challenge,
                &[("http", ChallengeForm::Http), ("result", ChallengeForm::Result)],
                ChallengeForm::Http,
                ChallengeForm::Http,
            ),
            log: read.choice(
                Setting::Log,
                &[("all", Log::All), ("errors", Log::Errors), ("off", Log::Off)],
                Log::All,
                Log::Off,
            ),
            passphrase: Passphrase::new(&read.text(Setting::OwnerPassphrase).unwrap_or_default()),
            provider,
            owner: read.parsed(Setting::Owner, Owners::default(), Owners::default(), Owners::parse),
            auth_issuer,
            master_keys: read.read(None, MasterKeys::read),
            redirect_policy,
            clients,
            access_token_seconds: read.number(
                Setting::AccessTokenSeconds,
                LONGEST_ACCESS_TOKEN,
                60,
                LONGEST_ACCESS_TOKEN,
            ),
            announce_iss: read.flag(Setting::AnnounceIss, true),
            sse_transport: read.choice(Setting::SseTransport, &[("on", true), ("off", false)], false, false),
            max_body_bytes,
            max_guest_body_bytes: max_guest_body_bytes.min(max_body_bytes),
            page_size: usize::try_from(page_size).unwrap_or(usize::MAX),
            keep_alive: Duration::from_millis(read.number(Setting::KeepAlive, 15_000, 100, 60_000).into()),
            time_limit: Duration::from_secs(read.number(Setting::TimeLimit, 300, 1, 3600).into()),
            task_time_limit: Duration::from_secs(read.number(Setting::TaskTimeLimit, 600, 1, 3600).into()),
            task_ttl: Duration::from_secs(read.number(Setting::TaskTtl, DAY, 1, 30 * DAY).into()),
            problems: read.into_problems(),
            missing_bindings: Vec::new(),
        }
    }

    /// Returns whether somebody who is signed in is the owner: who knows the passphrase, or whom `OWNER` names.
    pub(crate) fn is_owner(&self, subject: &Subject) -> bool {
        match &self.provider {
            None => subject.as_str() == OWNER_SUBJECT,
            Some(provider) => self.owner.name(subject, provider.issuer()),
        }
    }

    /// Returns what is wrong with the passphrase, if that keeps everybody from signing in.
    pub(crate) fn missing(&self) -> Option<WeakPassphrase> {
        let passphrase_is_asked = self.provider.is_none() && self.auth_issuer.is_none();
        if !passphrase_is_asked || self.closed(Part::AccessTokens).is_some() {
            None
        } else {
            self.passphrase.as_ref().err().copied()
        }
    }

    /// Returns why a part is closed, if it is.
    pub(crate) fn closed(&self, part: Part) -> Option<Closed<'_>> {
        let setting = self.problems.iter().find(|problem| problem.setting.closes().contains(&part));
        let binding = || self.missing_bindings.iter().find(|missing| missing.closes().contains(&part));
        setting.map(Closed::Setting).or_else(|| binding().map(Closed::Binding))
    }
}

impl AuthIssuer {
    fn read(read: &mut Variables<'_>) -> Option<Self> {
        let issuer = read.parsed(Setting::AuthIssuer, None, None, |text| ExternalIssuer::parse(text).map(Some))?;
        let audiences = read.text(Setting::AuthAudience).unwrap_or_default();
        Some(Self {
            issuer,
            audiences: audiences.split_whitespace().map(str::to_owned).collect(),
            plain_jwt: read.flag(Setting::AuthPlainJwt, false),
        })
    }
}

impl MasterKeys {
    fn read(read: &Variables<'_>) -> Result<Option<Self>, SettingProblem> {
        let key = |setting: Setting, text: &str| {
            MasterKey::parse(text).map_err(|error| SettingProblem { setting, expected: error.into() })
        };
        match (read.text(Setting::MasterKey), read.text(Setting::MasterKeyPrevious)) {
            (None, None) => Ok(None),
            (None, Some(_)) => {
                let expected = Expected::Beside(Setting::MasterKey);
                Err(SettingProblem { setting: Setting::MasterKeyPrevious, expected })
            }
            (Some(current), previous) => {
                let previous = previous.unwrap_or_default();
                let previous = previous.split_whitespace().map(|text| key(Setting::MasterKeyPrevious, text));
                Ok(Some(Self {
                    previous: previous.collect::<Result<_, _>>()?,
                    current: key(Setting::MasterKey, &current)?,
                }))
            }
        }
    }
}

/// Where clients may be sent, and those of the configuration, which may be sent nowhere else.
fn clients(read: &mut Variables<'_>) -> (RedirectPolicy, PreRegisteredClients) {
    let policy = read.parsed(Setting::RedirectUris, Some(RedirectPolicy::default()), None, |text| {
        RedirectPolicy::with_private_use(text).map(Some)
    });
    let Some(policy) = policy else { return Default::default() };
    let none = PreRegisteredClients::default;
    let clients = read.parsed(Setting::OAuthClients, none(), none(), |text| PreRegisteredClients::parse(text, &policy));
    (policy, clients)
}

fn public_url(text: &str) -> Result<Issuer, Expected> {
    let issuer = Issuer::parse(text)?;
    if !issuer.origin().is_loopback() && !issuer.as_str().starts_with("https://") {
        return Err(Expected::SecureOrigin);
    }
    Ok(issuer)
}

#[cfg(test)]
mod tests {
    use Part::{AccessTokens, AuthorizationServer, Calls, HttpSse, Keys, Metadata, RequestLog, WebPages};

    use super::*;

    fn read(settings: &[(&str, &str)]) -> Configuration {
        Configuration::read(|name| {
            settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn nothing_needs_to_be_set() {
        let configuration = read(&[]);
        assert_eq!(configuration.problems, []);
        assert_eq!((configuration.max_body_bytes, configuration.max_guest_body_bytes), (1024 * 1024, 256 * 1024));
        assert_eq!(configuration.challenge, ChallengeForm::Http);
        assert_eq!(configuration.private_sign_in, PrivateSignIn::First);
        assert_eq!(configuration.log, Log::All);
        assert!(configuration.public_url.is_none() && configuration.allowed_origins == WebOrigins::default());
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        for setting in Setting::ALL {
            assert_eq!(read(&[(setting.name(), " ")]).problems, [], "{setting:?}");
        }
    }

    /// A setting, others beside it without which it is not read, values of it that make no sense, and what is closed then.
    type Unreadable = (Setting, &'static [(&'static str, &'static str)], &'static [&'static str], &'static [Part]);

    const UNREADABLE: &[Unreadable] = {
        const OPENID: &[(&str, &str)] = &[
            ("IDENTITY", "openid"),
            ("OPENID_ISSUER", "https://login.microsoftonline.com/common/v2.0"),
            ("OPENID_CLIENT_ID", "us"),
            ("OPENID_CLIENT_SECRET", "s3cret-s3cret"),
            ("ALLOWED_USERS", "jane@example.com"),
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
        const PEOPLE: &[Part] = &[AuthorizationServer, AccessTokens];
        const EVERYTHING_WITH_A_KEY: &[Part] = &[AuthorizationServer, AccessTokens, Keys];
        const EVERYTHING_WITH_A_URL: &[Part] = &[Metadata, AuthorizationServer, AccessTokens];
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
            (Setting::SseTransport, &[], &["true", "yes"], &[HttpSse]),
            (Setting::MaxBodyBytes, &[], &["1MB", "0", "-1", "99999999999"], &[]),
            (Setting::MaxGuestBodyBytes, &[], &["1MB", "0", "-1", "99999999999"], &[]),
            (Setting::PageSize, &[], &["0", "1001", "ten"], &[]),
            (Setting::KeepAlive, &[], &["-1", "15s", "0"], &[]),
            (Setting::TimeLimit, &[], &["0", "3601", "5m"], &[]),
            (Setting::TaskTimeLimit, &[], &["0", "3601"], &[]),
            (Setting::TaskTtl, &[], &["0", "2592001", "1.5"], &[]),
            (Setting::Identity, &[], &["anybody", "OpenID", "passphrase,openid"], PEOPLE),
            (Setting::AllowedUsers, OPENID, &["", ","], PEOPLE),
            (Setting::AllowedUsers, GITHUB, &[""], PEOPLE),
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
            (Setting::MasterKey, &[], &["too short"], EVERYTHING_WITH_A_KEY),
            (Setting::MasterKeyPrevious, &[], &[KEY], EVERYTHING_WITH_A_KEY),
            (Setting::MasterKeyPrevious, &[("MASTER_KEY", KEY)], &["too short"], EVERYTHING_WITH_A_KEY),
            (Setting::RedirectUris, &[], &["javascript:alert(1)", "my-app"], &[AuthorizationServer]),
            (Setting::OAuthClients, &[], &["{}", "[{", "[{\"client_id\":\"x\"}]"], &[AuthorizationServer]),
            (Setting::AccessTokenSeconds, &[], &["3601", "1h", "0"], &[AuthorizationServer]),
            (Setting::AnnounceIss, &[], &["no", "off"], &[]),
        ]
    };

    #[test]
    fn a_guest_may_send_no_more_than_a_caller() {
        let limits = |settings| {
            let configuration = read(settings);
            (configuration.max_body_bytes, configuration.max_guest_body_bytes)
        };
        assert_eq!(limits(&[("MAX_BODY_BYTES", "2000")]), (2000, 2000));
        assert_eq!(limits(&[("MAX_GUEST_BODY_BYTES", "4000")]), (1024 * 1024, 4000));
        assert_eq!(limits(&[("MAX_GUEST_BODY_BYTES", "4000000")]), (1024 * 1024, 1024 * 1024));
    }

    #[test]
    fn a_value_that_makes_no_sense_names_its_variable_and_closes_what_depends_on_it() {
        for (setting, beside, values, closed) in UNREADABLE {
            for value in *values {
                let name = setting.name();
                let mut settings = vec![(name, *value)];
                settings.extend(beside.iter().filter(|(other, _)| *other != name));
                let configuration = read(&settings);
                let problems: Vec<Setting> = configuration.problems.iter().map(|problem| problem.setting).collect();
                assert_eq!(problems, [*setting], "{name}={value}");
                let text = configuration.problems[0].report();
                assert!(text.starts_with(&format!("{name} ")), "{text}");
                assert!(value.len() < 8 || !text.contains(*value), "{text} shows {value}");
                assert!(
                    text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')),
                    "{text}"
                );
                for part in [Calls, WebPages, HttpSse, Metadata, AuthorizationServer, AccessTokens, Keys, RequestLog] {
                    assert_eq!(
                        configuration.closed(part).is_some(),
                        closed.contains(&part),
                        "{name}={value}: {part:?}"
                    );
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
    fn where_nobody_can_be_known_nobody_is() {
        let configuration = read(&[
            ("IDENTITY", "openid"),
            ("OWNER_PASSPHRASE", "maple-orbit-crayon-ninety"),
            ("ALLOWED_ADDRESSES", "x"),
            ("SSE_TRANSPORT", "x"),
            ("LOG", "x"),
            ("ALLOWED_ORIGINS", "https://a.example null"),
        ]);
        assert!(configuration.closed(Part::AuthorizationServer).is_some(), "the passphrase is not asked instead");
        assert_eq!(configuration.problems.len(), 5);
        assert!(!configuration.allowed_origins.contains("https://a.example"), "no entry of a list that cannot be read");
        assert_eq!((configuration.log, configuration.sse_transport), (Log::Off, false));
    }

    #[test]
    fn settings_that_another_one_replaces_close_nothing() {
        let configuration = read(&[("AUTH_ISSUER", "https://id.example"), ("IDENTITY", "openid")]);
        assert_eq!(configuration.problems, []);
        assert!(configuration.provider.is_none());
    }

    #[test]
    fn a_weak_passphrase_is_no_reason_to_serve_nothing() {
        assert_eq!(read(&[]).passphrase.unwrap_err(), WeakPassphrase::Missing);
        assert_eq!(read(&[("OWNER_PASSPHRASE", "hunter2")]).passphrase.unwrap_err(), WeakPassphrase::TooShort);
        assert!(read(&[("OWNER_PASSPHRASE", "correct horse battery staple")]).passphrase.is_ok());
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
}
