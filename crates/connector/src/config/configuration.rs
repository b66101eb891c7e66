//! The settings of a deployment: variables and secrets of the Worker. A setting that cannot be read becomes a
//! [`SettingError`], and the features that depend on it are closed ([`Configuration::closed`]).

use std::fmt;
use std::time::Duration;

use mcp_connector_base::identifier::{ClientId, Subject};
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_oauth::clients::client::Client;
use mcp_connector_oauth::clients::client_id::is_registered_form;
use mcp_connector_oauth::clients::metadata_document::client_id_url::ClientIdUrl;
use mcp_connector_oauth::clients::pre_registered::PreRegisteredClients;
use mcp_connector_oauth::crypto::keys::master::MasterKey;
use mcp_connector_oauth::external_issuer::identity_claims::IdentityClaims;
use mcp_connector_oauth::external_issuer::trusted_issuers::TrustedIssuers;
use mcp_connector_oauth::login::owners::Owners;
use mcp_connector_oauth::login::passphrase::{Passphrase, WeakPassphrase};
use mcp_connector_oauth::login::roles::policy::{RolePolicy, Roles};
use mcp_connector_oauth::resource::connectors::Connectors;
use mcp_connector_oauth::web::allowed_clients::AllowedClients;
use mcp_connector_oauth::web::discovery::ExternalIssuer;
use mcp_connector_oauth::web::origin::Issuer;
use mcp_connector_oauth::web::redirect_uri::RedirectPolicy;

use crate::config::bindings::MissingBinding;
use crate::config::policy::{IdentitySources, Policy};
use crate::config::settings::{Expected, Feature, Setting, SettingError};
use crate::config::shared_sign_in::{SharedAuthorizationServer, connectors};
use crate::config::variables::{Variables, secure_origin};
use crate::http::addresses::AddressList;
use crate::http::domain_proof::{AppsChallenge, RegistryProof};
use crate::http::key_header::KeyHeader;
use crate::http::web_origins::WebOrigins;
use crate::log::request_log::{Log, LogPerson};
use crate::oauth::identity::settings::{OWNER_SUBJECT, Provider};

/// The settings. A field whose variable cannot be read lets nobody in, or has its default if no feature depends on it
/// ([`Setting::closes`]).
#[derive(Debug)]
pub(crate) struct Configuration {
    /// `PUBLIC_URL`: the origin that all documents name. None for the origin that was asked.
    pub(crate) public_url: Option<Issuer>,
    /// `ALLOWED_ORIGINS`: web pages that may call the connector from a browser.
    pub(crate) allowed_origins: WebOrigins,
    /// `ALLOWED_ADDRESSES`: the networks from which the connector may be called. None for all.
    pub(crate) allowed_addresses: Option<AddressList>,
    /// `PRIVATE_SIGN_IN`: what a first sign-in at the private endpoint asks for.
    pub(crate) private_sign_in: PrivateSignIn,
    /// `KEY_HEADER`: the header that takes access keys beside `Authorization`.
    pub(crate) key_header: KeyHeader,
    /// `CHALLENGE`: how a tool call without the needed sign-in is refused.
    pub(crate) challenge: ChallengeForm,
    /// `OWNER_PASSPHRASE`, a secret: the owner's passphrase. Without a strong one nobody can sign in, and everything
    /// else works.
    pub(crate) passphrase: Result<Passphrase, WeakPassphrase>,
    /// `IDENTITY`: the identity provider instead of the passphrase.
    pub(crate) provider: Option<Provider>,
    /// `OWNER`: who sees and ends everybody's clients, where people sign in with a provider.
    pub(crate) owner: Owners,
    /// `IDENTITY_CLAIMS`: which claims of the identity provider are kept.
    pub(crate) identity_claims: IdentityClaims,
    /// `ROLES`: which people may have which scopes.
    pub(crate) roles: RolePolicy,
    /// `AUTH_ISSUER`: an external authorization server instead of ours.
    pub(crate) auth_issuer: Option<AuthIssuer>,
    /// `AUTHORIZATION_SERVER`: the connector of another Worker that issues the tokens for this one.
    pub(crate) authorization_server: Option<SharedAuthorizationServer>,
    /// `CONNECTORS`: other connectors for which our authorization server issues tokens.
    pub(crate) connectors: Connectors,
    /// `TRUSTED_ISSUERS`: identity providers whose assertions our authorization server exchanges for its own tokens.
    pub(crate) trusted_issuers: TrustedIssuers,
    /// `MASTER_KEY`, a secret, instead of the key that the `Keyring` makes; and `MASTER_KEY_PREVIOUS`, those that
    /// it replaces.
    pub(crate) master_keys: Option<MasterKeys>,
    /// `REDIRECT_URIS`: redirect URIs with a scheme of their own that clients may have, beside those known to be needed.
    pub(crate) redirect_policy: RedirectPolicy,
    /// What a company requires beside a sign-in.
    pub(crate) policy: Policy,
    /// `OAUTH_CLIENTS`: clients that need not register. JSON; a secret where one of them has one.
    pub(crate) clients: PreRegisteredClients,
    /// `ACCESS_TOKEN_SECONDS`: the lifetime of an access token.
    pub(crate) access_token_seconds: u32,
    /// `REMEMBER_BROWSER_DAYS`: how long a browser is remembered in which the owner has signed in. Zero for not at all.
    pub(crate) remember_browser: Duration,
    /// `ANNOUNCE_ISS`: whether metadata says that `iss` comes with every authorization response, which it does in any case.
    pub(crate) announce_iss: bool,
    /// `MCP_REGISTRY_AUTH`: what proves to the MCP registry that the domain is the owner's.
    pub(crate) mcp_registry_auth: Option<RegistryProof>,
    /// `OPENAI_APPS_CHALLENGE`: the same for ChatGPT's directory.
    pub(crate) openai_apps_challenge: Option<AppsChallenge>,
    /// `LOG`: which requests get a line in the log.
    pub(crate) log: Log,
    /// `LOG_PERSON`: what such a line says of its person.
    pub(crate) log_person: LogPerson,
    /// `SSE_TRANSPORT`: whether `/sse` speaks the transport of 2024-11-05.
    pub(crate) sse_transport: bool,
    /// `MAX_BODY_BYTES`: the largest body that is read.
    pub(crate) max_body_bytes: u32,
    /// `MAX_ANONYMOUS_BODY_BYTES`: the same for callers without a token; never more than with one.
    pub(crate) max_anonymous_body_bytes: u32,
    /// `PAGE_SIZE`: maximum number of items on one page of a list.
    pub(crate) page_size: usize,
    /// `KEEP_ALIVE_MS`: a silent stream sends a comment after this long.
    pub(crate) keep_alive: Duration,
    /// `STREAMS_PER_OBJECT`: how many streams of changes one object holds before another one takes the next.
    pub(crate) streams_per_object: u32,
    /// `TIME_LIMIT_SECONDS`: a handler is stopped after this long.
    pub(crate) time_limit: Duration,
    /// `TASK_TIME_LIMIT_SECONDS`: a run of a handler in the background is stopped after this long.
    pub(crate) task_time_limit: Duration,
    /// `TASK_TTL_SECONDS`: a task and its result are stored for this long from its beginning.
    pub(crate) task_ttl: Duration,
    /// The variables that cannot be read.
    pub(crate) errors: Vec<SettingError>,
    /// The bindings that are needed and missing.
    pub(crate) missing_bindings: Vec<MissingBinding>,
}

/// Why a feature is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed<'a> {
    /// A setting cannot be read.
    Setting(&'a SettingError),
    /// A binding is missing.
    Binding(&'a MissingBinding),
}

impl Closed<'_> {
    /// Returns the lines that `wrangler.toml` needs, if a binding is missing.
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

/// The master keys of the configuration.
pub(crate) struct MasterKeys {
    /// The key that is used.
    pub(crate) current: MasterKey,
    /// The keys that are still accepted, the newest first.
    pub(crate) previous: Vec<MasterKey>,
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKeys")
    }
}

/// An external authorization server, whose tokens are accepted here.
#[derive(Debug)]
pub(crate) struct AuthIssuer {
    /// Its identifier.
    pub(crate) issuer: ExternalIssuer,
    /// `AUTH_AUDIENCE`: other names of our resources, for issuers that know them by a number.
    pub(crate) audiences: Vec<String>,
    /// `AUTH_PLAIN_JWT`: whether its access tokens call themselves plain JWTs.
    pub(crate) plain_jwt: bool,
}

/// What a first sign-in at the private endpoint asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrivateSignIn {
    /// The scopes of a first sign-in at any endpoint. The others come when a tool needs them.
    First,
    /// All scopes, for clients that sign in when they connect and never again.
    All,
}

impl PrivateSignIn {
    fn read(read: &mut Variables<'_>) -> Self {
        let words = [("first", Self::First), ("all", Self::All)];
        read.choice(Setting::PrivateSignIn, &words, Self::First, Self::First)
    }
}

/// The form in which a tool call without the needed sign-in is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChallengeForm {
    /// 401 or 403 with `WWW-Authenticate`, as the specification says.
    Http,
    /// 200 with the challenge in the tool's result, as ChatGPT's tool-level linking reads it.
    Result,
}

impl ChallengeForm {
    fn read(read: &mut Variables<'_>) -> Self {
        let words = [("http", Self::Http), ("result", Self::Result)];
        read.choice(Setting::Challenge, &words, Self::Http, Self::Http)
    }
}

/// The lifetime of an access token in seconds, and the longest that can be set.
const DEFAULT_ACCESS_TOKEN: u32 = 3600;
const LONGEST_ACCESS_TOKEN: u32 = DAY;
const DAY: u32 = 24 * 3600;
const DEFAULT_MAX_BODY_BYTES: u32 = 1024 * 1024;
const DEFAULT_MAX_ANONYMOUS_BODY_BYTES: u32 = 256 * 1024;
/// The memory of a Worker has no room for more.
const MOST_BODY_BYTES: u32 = 32 * 1024 * 1024;

impl Configuration {
    /// Reads the settings; `variable` gives the text of a variable, if it is set.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let mut read = Variables::new(&variable);
        let public_url = read.parsed(Setting::PublicUrl, None, None, |text| secure_origin(text).map(Some));
        let auth_issuer = AuthIssuer::read(&mut read);
        let authorization_server =
            read.read(None, |variables| SharedAuthorizationServer::read(variables, public_url.as_ref()));
        // If another server gives out the tokens, nobody signs in here.
        let other_server = other_server(auth_issuer.as_ref(), authorization_server.as_ref());
        let signs_in_here = other_server.is_none();
        let provider = if signs_in_here { read.read(None, Provider::read) } else { None };
        let none = IdentityClaims::default;
        let identity_claims = read.parsed(Setting::IdentityClaims, none(), none(), IdentityClaims::parse);
        let roles = role_policy(&mut read, auth_issuer.as_ref(), provider.as_ref());
        let allowed_clients = Policy::read_clients(&mut read);
        let (redirect_policy, clients) = clients(&mut read, &allowed_clients);
        let (trusted_issuers, connectors) =
            if signs_in_here { for_own_tokens(&mut read, public_url.as_ref()) } else { Default::default() };
        let sources = IdentitySources::read(&read, other_server);
        let policy = Policy::read(&mut read, allowed_clients, sources);
        let (max_body_bytes, max_anonymous_body_bytes) = body_limits(&mut read);
        let page_size = read.number(Setting::PageSize, 250, 1, 1000);
        Self {
            public_url,
            allowed_origins: allowed_origins(&mut read),
            allowed_addresses: read
                .parsed(Setting::AllowedAddresses, None, None, |text| AddressList::parse(text).map(Some)),
            private_sign_in: PrivateSignIn::read(&mut read),
            key_header: read.parsed(Setting::KeyHeader, KeyHeader::default(), KeyHeader::default(), KeyHeader::parse),
            challenge: ChallengeForm::read(&mut read),
            log: log(&mut read),
            log_person: log_person(&mut read),
            passphrase: Passphrase::new(&read.text(Setting::OwnerPassphrase).unwrap_or_default()),
            provider,
            identity_claims,
            roles,
            owner: read.parsed(Setting::Owner, Owners::default(), Owners::default(), Owners::parse),
            auth_issuer,
            authorization_server,
            connectors,
            trusted_issuers,
            master_keys: read.read(None, MasterKeys::read),
            redirect_policy,
            policy,
            clients,
            access_token_seconds: access_token_seconds(&mut read),
            remember_browser: remember_browser(&mut read),
            announce_iss: read.flag(Setting::AnnounceIss, true),
            mcp_registry_auth: read
                .parsed(Setting::McpRegistryAuth, None, None, |text| RegistryProof::parse(text).map(Some)),
            openai_apps_challenge: read
                .parsed(Setting::OpenAiAppsChallenge, None, None, |text| AppsChallenge::parse(text).map(Some)),
            sse_transport: read.choice(Setting::SseTransport, &[("on", true), ("off", false)], false, false),
            max_body_bytes,
            max_anonymous_body_bytes,
            page_size: usize::try_from(page_size).unwrap_or(usize::MAX),
            keep_alive: Duration::from_millis(read.number(Setting::KeepAlive, 15_000, 100, 60_000).into()),
            streams_per_object: read.number(Setting::StreamsPerObject, 2000, 1, 10_000),
            time_limit: Duration::from_secs(read.number(Setting::TimeLimit, 300, 1, 3600).into()),
            task_time_limit: Duration::from_secs(read.number(Setting::TaskTimeLimit, 600, 1, 3600).into()),
            task_ttl: Duration::from_secs(read.number(Setting::TaskTtl, DAY, 1, 30 * DAY).into()),
            errors: read.into_errors(),
            missing_bindings: Vec::new(),
        }
    }

    /// Returns whether people sign in here, and not at another server.
    pub(crate) const fn signs_in_here(&self) -> bool {
        self.auth_issuer.is_none() && self.authorization_server.is_none()
    }

    /// Returns the setting that names the other server where people sign in.
    pub(crate) fn other_server(&self) -> Option<Setting> {
        other_server(self.auth_issuer.as_ref(), self.authorization_server.as_ref())
    }

    /// Checks the settings that name scopes against those of the connector, and of the others for which tokens are issued here.
    pub(crate) fn check_scopes(&mut self, scopes: &ScopeSet) {
        let scopes = &scopes.union(&self.connectors.scopes());
        if let Err(error) = self.roles.roles.check(scopes, &self.identity_claims) {
            self.errors.push(SettingError { setting: Setting::Roles, expected: error.into() });
        }
        // A client that registers itself, or has a document, is not known here.
        let can_authenticate =
            |id: &ClientId| self.clients.find(id).map_or_else(|| names_itself(id), Client::is_confidential);
        if let Err(error) = self.trusted_issuers.check(scopes, can_authenticate) {
            self.errors.push(SettingError { setting: Setting::TrustedIssuers, expected: error.into() });
        }
    }

    /// Returns whether a person who is signed in is the owner: the one who knows the passphrase, or whom `OWNER` names.
    pub(crate) fn is_owner(&self, subject: &Subject) -> bool {
        match &self.provider {
            None => subject.as_str() == OWNER_SUBJECT,
            Some(provider) => self.owner.contains(subject, provider.issuer()),
        }
    }

    /// Returns what is wrong with the passphrase, if that keeps everybody from signing in.
    pub(crate) fn weak_passphrase(&self) -> Option<WeakPassphrase> {
        let passphrase_is_asked = self.provider.is_none() && self.signs_in_here();
        if !passphrase_is_asked || self.closed(Feature::AccessTokens).is_some() {
            None
        } else {
            self.passphrase.as_ref().err().copied()
        }
    }

    /// Returns why a feature is closed, if it is.
    pub(crate) fn closed(&self, feature: Feature) -> Option<Closed<'_>> {
        let setting = self.errors.iter().find(|error| error.setting.closes().contains(&feature));
        let binding = || self.missing_bindings.iter().find(|missing| missing.closes().contains(&feature));
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
    fn read(read: &Variables<'_>) -> Result<Option<Self>, SettingError> {
        let key = |setting: Setting, text: &str| {
            MasterKey::parse(text).map_err(|error| SettingError { setting, expected: error.into() })
        };
        match (read.text(Setting::MasterKey), read.text(Setting::MasterKeyPrevious)) {
            (None, None) => Ok(None),
            (None, Some(_)) => {
                let expected = Expected::Beside(Setting::MasterKey);
                Err(SettingError { setting: Setting::MasterKeyPrevious, expected })
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

/// Reads the roles, which name people as the provider of the sign-in does.
fn role_policy(read: &mut Variables<'_>, auth_issuer: Option<&AuthIssuer>, provider: Option<&Provider>) -> RolePolicy {
    let roles = read.parsed(Setting::Roles, Roles::default(), Roles::default(), Roles::parse);
    let issuer = auth_issuer.map(|auth_issuer| &auth_issuer.issuer).or_else(|| provider.map(Provider::issuer));
    RolePolicy { roles, issuer: issuer.cloned() }
}

/// Returns the setting that names the other server where people sign in.
fn other_server(
    auth_issuer: Option<&AuthIssuer>,
    authorization_server: Option<&SharedAuthorizationServer>,
) -> Option<Setting> {
    let shared = || authorization_server.map(|_| Setting::AuthorizationServer);
    auth_issuer.map(|_| Setting::AuthIssuer).or_else(shared)
}

/// Reads the origins of web pages that may call.
fn allowed_origins(read: &mut Variables<'_>) -> WebOrigins {
    read.parsed(Setting::AllowedOrigins, WebOrigins::default(), WebOrigins::default(), WebOrigins::parse)
}

/// Reads which requests get a line in the log. Where that cannot be read, none does.
fn log(read: &mut Variables<'_>) -> Log {
    let words = [("all", Log::All), ("errors", Log::Errors), ("off", Log::Off)];
    read.choice(Setting::Log, &words, Log::All, Log::Off)
}

/// Reads how the log names people.
fn log_person(read: &mut Variables<'_>) -> LogPerson {
    let words = [("off", LogPerson::Off), ("hash", LogPerson::Hash), ("id", LogPerson::Id)];
    read.choice(Setting::LogPerson, &words, LogPerson::Off, LogPerson::Off)
}

fn access_token_seconds(read: &mut Variables<'_>) -> u32 {
    read.number(Setting::AccessTokenSeconds, DEFAULT_ACCESS_TOKEN, 60, LONGEST_ACCESS_TOKEN)
}

fn remember_browser(read: &mut Variables<'_>) -> Duration {
    Duration::from_secs(u64::from(read.number(Setting::RememberBrowserDays, 30, 0, 365)) * u64::from(DAY))
}

/// Reads the largest bodies of a caller with a token and of one without, in bytes. The second is never larger.
fn body_limits(read: &mut Variables<'_>) -> (u32, u32) {
    let of_callers = read.number(Setting::MaxBodyBytes, DEFAULT_MAX_BODY_BYTES, 1024, MOST_BODY_BYTES);
    let of_anonymous =
        read.number(Setting::MaxAnonymousBodyBytes, DEFAULT_MAX_ANONYMOUS_BODY_BYTES, 1024, MOST_BODY_BYTES);
    (of_callers, of_anonymous.min(of_callers))
}

/// Reads for whom and for which connectors the token endpoint of this server issues tokens. Where another server gives out the tokens,
/// there is no token endpoint here.
fn for_own_tokens(read: &mut Variables<'_>, public_url: Option<&Issuer>) -> (TrustedIssuers, Connectors) {
    let nobody = TrustedIssuers::default;
    let trusted = read.parsed(Setting::TrustedIssuers, nobody(), nobody(), TrustedIssuers::parse);
    (trusted, read.read(Connectors::default(), |variables| connectors(variables, public_url)))
}

/// Returns whether an identifier is one that no configuration has: that of a document, or of a registration.
fn names_itself(id: &ClientId) -> bool {
    ClientIdUrl::is_url_form(id) || is_registered_form(id)
}

/// Reads which redirect URIs are allowed, and the clients of the configuration, which must keep to them.
fn clients(read: &mut Variables<'_>, allowed: &AllowedClients) -> (RedirectPolicy, PreRegisteredClients) {
    let policy = read.parsed(Setting::RedirectUris, Some(RedirectPolicy::default()), None, |text| {
        RedirectPolicy::with_private_use(text).map(Some)
    });
    let Some(policy) = policy.map(|policy| policy.limited_to(allowed.clone())) else { return Default::default() };
    let none = PreRegisteredClients::default;
    let clients = read.parsed(Setting::OAuthClients, none(), none(), |text| PreRegisteredClients::parse(text, &policy));
    (policy, clients)
}

#[cfg(test)]
mod tests;
