//! The settings of a deployment: variables and secrets of the Worker. A value that makes no sense is an error that names the
//! variable, never a silent default.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

use crate::oauth::external::{ForeignIssuer, InvalidForeignIssuer};
use crate::oauth::keys::{InvalidMasterKey, MasterKey};
use crate::oauth::origin::{InvalidIssuer, Issuer, Origin};
use crate::oauth::passphrase::{Passphrase, WeakPassphrase};
use crate::oauth::pre_registered::{InvalidClients, PreRegisteredClients};
use crate::oauth::redirect_uri::{InvalidRedirectPolicy, RedirectPolicy};

use super::addresses::{AddressList, InvalidAddressList};
use super::identity::{InvalidIdentity, Provider};
use super::visit::Log;

/// What the variables say.
#[derive(Debug)]
pub(crate) struct Configuration {
    /// `PUBLIC_URL`: the origin that all documents name. None: the one that was asked.
    pub(crate) public_url: Option<Issuer>,
    /// `ALLOWED_ORIGINS`: web pages that may call the connector from a browser.
    pub(crate) allowed_origins: Vec<Origin>,
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
    pub(crate) issuer: ForeignIssuer,
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

/// A variable that makes no sense.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum ConfigurationError {
    #[error("PUBLIC_URL must be an origin such as https://mcp.example.com: {0}")]
    PublicUrl(InvalidIssuer),
    #[error("PUBLIC_URL must be https, or http on this machine")]
    InsecurePublicUrl,
    #[error("ALLOWED_ORIGINS must list origins such as https://example.com, separated by spaces")]
    AllowedOrigins,
    #[error("ALLOWED_ADDRESSES: {0}")]
    AllowedAddresses(InvalidAddressList),
    #[error("PRIVATE_SIGN_IN must be \"first\" or \"all\"")]
    PrivateSignIn,
    #[error("CHALLENGE must be \"http\" or \"result\"")]
    Challenge,
    #[error("LOG must be \"all\", \"errors\" or \"off\"")]
    Log,
    #[error("SSE_TRANSPORT must be \"on\" or \"off\"")]
    SseTransport,
    #[error("{name}: {error}")]
    MasterKey { name: &'static str, error: InvalidMasterKey },
    #[error("MASTER_KEY_PREVIOUS needs MASTER_KEY beside it")]
    NoMasterKey,
    #[error("REDIRECT_URIS: {0}")]
    RedirectUris(InvalidRedirectPolicy),
    #[error("OAUTH_CLIENTS: {0}")]
    Clients(InvalidClients),
    #[error(transparent)]
    Identity(#[from] InvalidIdentity),
    #[error("AUTH_ISSUER: {0}")]
    AuthIssuer(InvalidForeignIssuer),
    #[error("the Worker does not say what it serves: call worker::start in its `start` event")]
    NoConnector,
    #[error("{0} must be \"true\" or \"false\"")]
    Flag(&'static str),
    #[error("{name} must be a whole number from {least} to {most}")]
    Number { name: &'static str, least: u32, most: u32 },
}

/// An hour, which is also the longest: marks of revoked grants live no longer.
const LONGEST_ACCESS_TOKEN: u32 = 3600;
const DAY: u32 = 24 * 3600;
const DEFAULT_MAX_BODY_BYTES: u32 = 1024 * 1024;
/// What a Worker may hold in memory leaves no room for more.
const MOST_BODY_BYTES: u32 = 32 * 1024 * 1024;

impl Configuration {
    /// Reads the settings; `variable` gives the text of a variable, if it is set.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigurationError> {
        let set = |name: &str| variable(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let number = |name: &'static str, default: u32, least: u32, most: u32| match set(name) {
            None => Ok(default),
            Some(text) => match text.parse() {
                Ok(number) if (least..=most).contains(&number) => Ok(number),
                _ => Err(ConfigurationError::Number { name, least, most }),
            },
        };
        let flag = |name: &'static str, default: bool| match set(name).as_deref() {
            None => Ok(default),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(_) => Err(ConfigurationError::Flag(name)),
        };
        let redirect_policy = RedirectPolicy::with_private_use(&set("REDIRECT_URIS").unwrap_or_default())
            .map_err(ConfigurationError::RedirectUris)?;
        let clients = PreRegisteredClients::parse(&set("OAUTH_CLIENTS").unwrap_or_default(), &redirect_policy)
            .map_err(ConfigurationError::Clients)?;
        let auth_issuer = match set("AUTH_ISSUER") {
            None => None,
            Some(issuer) => Some(AuthIssuer {
                issuer: ForeignIssuer::parse(&issuer).map_err(ConfigurationError::AuthIssuer)?,
                audiences: set("AUTH_AUDIENCE").unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
                plain_jwt: flag("AUTH_PLAIN_JWT", false)?,
            }),
        };
        let allowed = set("ALLOWED_ORIGINS").unwrap_or_default();
        let page_size = number("PAGE_SIZE", 250, 1, 1000)?;
        Ok(Self {
            public_url: set("PUBLIC_URL").map(|text| public_url(&text)).transpose()?,
            allowed_origins: allowed
                .split([' ', ','])
                .filter(|text| !text.is_empty())
                .map(|text| Issuer::parse(text).map(|issuer| issuer.origin().clone()))
                .collect::<Result<_, _>>()
                .map_err(|_| ConfigurationError::AllowedOrigins)?,
            allowed_addresses: set("ALLOWED_ADDRESSES")
                .map(|text| AddressList::parse(&text))
                .transpose()
                .map_err(ConfigurationError::AllowedAddresses)?,
            private_sign_in: match set("PRIVATE_SIGN_IN").as_deref() {
                None | Some("first") => PrivateSignIn::First,
                Some("all") => PrivateSignIn::All,
                Some(_) => return Err(ConfigurationError::PrivateSignIn),
            },
            challenge: match set("CHALLENGE").as_deref() {
                None | Some("http") => ChallengeForm::Http,
                Some("result") => ChallengeForm::Result,
                Some(_) => return Err(ConfigurationError::Challenge),
            },
            log: match set("LOG").as_deref() {
                None | Some("all") => Log::All,
                Some("errors") => Log::Errors,
                Some("off") => Log::Off,
                Some(_) => return Err(ConfigurationError::Log),
            },
            passphrase: Passphrase::new(&set("OWNER_PASSPHRASE").unwrap_or_default()),
            provider: Provider::read(set)?,
            auth_issuer,
            master_keys: master_keys(set("MASTER_KEY").as_deref(), set("MASTER_KEY_PREVIOUS").as_deref())?,
            redirect_policy,
            clients,
            access_token_seconds: number("ACCESS_TOKEN_SECONDS", LONGEST_ACCESS_TOKEN, 60, LONGEST_ACCESS_TOKEN)?,
            announce_iss: flag("ANNOUNCE_ISS", true)?,
            sse_transport: match set("SSE_TRANSPORT").as_deref() {
                None | Some("on") => true,
                Some("off") => false,
                Some(_) => return Err(ConfigurationError::SseTransport),
            },
            max_body_bytes: number("MAX_BODY_BYTES", DEFAULT_MAX_BODY_BYTES, 1024, MOST_BODY_BYTES)?,
            page_size: usize::try_from(page_size).unwrap_or(usize::MAX),
            keep_alive: Duration::from_millis(number("KEEP_ALIVE_MS", 15_000, 100, 60_000)?.into()),
            time_limit: Duration::from_secs(number("TIME_LIMIT_SECONDS", 300, 1, 3600)?.into()),
            task_time_limit: Duration::from_secs(number("TASK_TIME_LIMIT_SECONDS", 600, 1, 3600)?.into()),
            task_ttl: Duration::from_secs(number("TASK_TTL_SECONDS", DAY, 1, 30 * DAY)?.into()),
        })
    }
}

impl Configuration {
    /// Why nobody can sign in, if nobody can.
    pub(crate) fn missing(&self) -> Option<WeakPassphrase> {
        if self.provider.is_some() || self.auth_issuer.is_some() {
            None
        } else {
            self.passphrase.as_ref().err().copied()
        }
    }
}

fn master_keys(current: Option<&str>, previous: Option<&str>) -> Result<Option<MasterKeys>, ConfigurationError> {
    let key = |name: &'static str, text: &str| {
        MasterKey::parse(text).map_err(|error| ConfigurationError::MasterKey { name, error })
    };
    match (current, previous) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(ConfigurationError::NoMasterKey),
        (Some(current), previous) => {
            let previous = previous.unwrap_or_default().split_whitespace();
            let previous = previous.map(|text| key("MASTER_KEY_PREVIOUS", text)).collect::<Result<_, _>>()?;
            Ok(Some(MasterKeys { current: key("MASTER_KEY", current)?, previous }))
        }
    }
}

fn public_url(text: &str) -> Result<Issuer, ConfigurationError> {
    let issuer = Issuer::parse(text).map_err(ConfigurationError::PublicUrl)?;
    if !issuer.origin().is_loopback() && !issuer.as_str().starts_with("https://") {
        return Err(ConfigurationError::InsecurePublicUrl);
    }
    Ok(issuer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<Configuration, ConfigurationError> {
        Configuration::read(|name| {
            settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn nothing_needs_to_be_set() {
        let configuration = read(&[]).unwrap();
        assert_eq!(configuration.max_body_bytes, 1024 * 1024);
        assert_eq!(configuration.challenge, ChallengeForm::Http);
        assert_eq!(configuration.private_sign_in, PrivateSignIn::First);
        assert!(configuration.public_url.is_none() && configuration.allowed_origins.is_empty());
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        assert!(read(&[("PUBLIC_URL", " "), ("MAX_BODY_BYTES", ""), ("CHALLENGE", "")]).is_ok());
    }

    #[test]
    fn a_value_that_makes_no_sense_names_its_variable() {
        for (name, value) in [
            ("PUBLIC_URL", "mcp.example.com"),
            ("PUBLIC_URL", "https://mcp.example.com/mcp"),
            ("PUBLIC_URL", "http://mcp.example.com"),
            ("ALLOWED_ORIGINS", "*"),
            ("ALLOWED_ORIGINS", "https://a.example https://b.example/path"),
            ("ALLOWED_ADDRESSES", "160.79.104.0/33"),
            ("CHALLENGE", "HTTP"),
            ("PRIVATE_SIGN_IN", "everything"),
            ("LOG", "none"),
            ("MAX_BODY_BYTES", "1MB"),
            ("MAX_BODY_BYTES", "0"),
            ("PAGE_SIZE", "0"),
            ("MASTER_KEY", "too short"),
            ("MASTER_KEY_PREVIOUS", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"),
            ("REDIRECT_URIS", "javascript:alert(1)"),
            ("OAUTH_CLIENTS", "{}"),
            ("ACCESS_TOKEN_SECONDS", "3601"),
            ("ANNOUNCE_ISS", "no"),
            ("AUTH_ISSUER", "http://id.example"),
            ("IDENTITY", "anybody"),
            ("KEEP_ALIVE_MS", "-1"),
            ("SSE_TRANSPORT", "true"),
        ] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(name), "{name}={value}: {error}");
        }
    }

    #[test]
    fn a_weak_passphrase_is_no_reason_to_serve_nothing() {
        assert_eq!(read(&[]).unwrap().passphrase.unwrap_err(), WeakPassphrase::Missing);
        assert_eq!(read(&[("OWNER_PASSPHRASE", "hunter2")]).unwrap().passphrase.unwrap_err(), WeakPassphrase::TooShort);
        assert!(read(&[("OWNER_PASSPHRASE", "correct horse battery staple")]).unwrap().passphrase.is_ok());
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
        let printed = format!("{:?}", read(&settings).unwrap());
        for secret in ["horse", "AAECA", "0123456789"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }

    #[test]
    fn origins_are_a_list() {
        let configuration = read(&[("ALLOWED_ORIGINS", "https://a.example, https://B.example/")]).unwrap();
        let origins: Vec<_> = configuration.allowed_origins.iter().map(Origin::as_str).collect();
        assert_eq!(origins, ["https://a.example", "https://b.example"]);
    }

    #[test]
    fn every_variable_is_documented() {
        let reference = include_str!("../../docs/configuration.md");
        let sources = [include_str!("configuration.rs"), include_str!("identity.rs")];
        let quoted = sources.iter().flat_map(|source| source.split('"'));
        let is_name = |text: &&str| {
            text.len() > 4 && text.contains('_') && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        };
        let names: Vec<_> = quoted.filter(is_name).collect();
        assert!(names.len() > 20, "{names:?}");
        for name in names {
            assert!(reference.contains(&format!("`{name}`")), "docs/configuration.md does not name {name}");
        }
    }
}
