//! All settings of a deployment by their names, and the features that are closed while one of them cannot be read.
//!
//! A setting that cannot be read never stops the whole Worker. If it decides who may do what, it is never replaced by a
//! guess. The features that depend on it are closed and say why; everything else is served.

use thiserror::Error;

use mcp_connector_oauth::clients::pre_registered::InvalidClientConfig;
use mcp_connector_oauth::crypto::keys::master::InvalidMasterKey;
use mcp_connector_oauth::external_issuer::identity_claims::InvalidIdentityClaims;
use mcp_connector_oauth::external_issuer::trusted_issuers::InvalidTrustedIssuers;
use mcp_connector_oauth::login::allowed_users::InvalidAllowedUsers;
use mcp_connector_oauth::login::disallowed_user::SeveralTenants;
use mcp_connector_oauth::login::owners::InvalidOwners;
use mcp_connector_oauth::login::required_groups::InvalidRequiredGroups;
use mcp_connector_oauth::login::roles::parse::InvalidRoles;
use mcp_connector_oauth::resource::connectors::InvalidConnectors;
use mcp_connector_oauth::web::allowed_clients::InvalidClientHosts;
use mcp_connector_oauth::web::discovery::InvalidExternalIssuer;
use mcp_connector_oauth::web::origin::InvalidIssuer;
use mcp_connector_oauth::web::redirect_uri::InvalidRedirectPolicy;

use crate::http::addresses::InvalidAddressList;
use crate::http::domain_proof::{InvalidAppsChallenge, InvalidRegistryProof};
use crate::http::key_header::InvalidKeyHeader;
use crate::http::web_origins::InvalidWebOrigins;

/// Declares the settings: the variant, the name of the variable, and the features that depend on it.
macro_rules! settings {
    ($($(#[$about:meta])* $variant:ident = $name:literal closes [$($feature:ident),*];)*) => {
        /// A variable or secret of the Worker.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Setting {
            $($(#[$about])* $variant,)*
        }

        impl Setting {
            /// All of them.
            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the name of the variable.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Returns what is closed while it cannot be read. If that is nothing, its default is used.
            pub(crate) const fn closes(self) -> &'static [Feature] {
                match self {
                    $(Self::$variant => &[$(Feature::$feature),*],)*
                }
            }
        }
    };
}

settings! {
    /// The origin that all documents name. Without it, the audience of a token is unknown.
    PublicUrl = "PUBLIC_URL" closes [Metadata, AuthorizationServer, AccessTokens];
    /// Web pages that may call the connector.
    AllowedOrigins = "ALLOWED_ORIGINS" closes [WebPages];
    /// Networks from which the connector may be called: the one restriction that covers public tools, too.
    AllowedAddresses = "ALLOWED_ADDRESSES" closes [Calls];
    /// What a first sign-in at the private endpoint asks for. The default asks for less.
    PrivateSignIn = "PRIVATE_SIGN_IN" closes [];
    /// The header that takes access keys beside `Authorization`. The default takes the same keys.
    KeyHeader = "KEY_HEADER" closes [];
    /// The form of a refusal.
    Challenge = "CHALLENGE" closes [];
    /// Which requests are logged.
    Log = "LOG" closes [RequestLog];
    /// What a line in the log says of the person.
    LogPerson = "LOG_PERSON" closes [];
    /// Whether `/sse` is there.
    SseTransport = "SSE_TRANSPORT" closes [HttpSse];
    /// Largest body.
    MaxBodyBytes = "MAX_BODY_BYTES" closes [];
    /// Largest body of a caller without a token.
    MaxAnonymousBodyBytes = "MAX_ANONYMOUS_BODY_BYTES" closes [];
    /// Items on a page of a list.
    PageSize = "PAGE_SIZE" closes [];
    /// When a silent stream sends a comment.
    KeepAlive = "KEEP_ALIVE_MS" closes [];
    /// How many streams of changes one object takes.
    StreamsPerObject = "STREAMS_PER_OBJECT" closes [];
    /// How long a call may take.
    TimeLimit = "TIME_LIMIT_SECONDS" closes [];
    /// How long a run of a task may take.
    TaskTimeLimit = "TASK_TIME_LIMIT_SECONDS" closes [];
    /// How long a task is stored.
    TaskTtl = "TASK_TTL_SECONDS" closes [];
    /// The passphrase of the owner. With a weak one, nobody can sign in, and a page says so.
    OwnerPassphrase = "OWNER_PASSPHRASE" closes [AuthorizationServer, AccessTokens];
    /// The identity provider.
    Identity = "IDENTITY" closes [AuthorizationServer, AccessTokens];
    /// The people who may sign in.
    AllowedUsers = "ALLOWED_USERS" closes [AuthorizationServer, AccessTokens];
    /// The scopes that are asked for at the identity provider.
    IdentityScope = "IDENTITY_SCOPE" closes [AuthorizationServer, AccessTokens];
    /// Further parameters of the request to the identity provider.
    IdentityParameters = "IDENTITY_PARAMETERS" closes [AuthorizationServer, AccessTokens];
    /// The claims of the identity provider that are kept.
    IdentityClaims = "IDENTITY_CLAIMS" closes [AuthorizationServer, AccessTokens];
    /// Which people may have which scopes.
    Roles = "ROLES" closes [AuthorizationServer, AccessTokens];
    /// The people who may see and end everybody's clients. The default is nobody.
    Owner = "OWNER" closes [];
    /// The OpenID provider.
    OpenIdIssuer = "OPENID_ISSUER" closes [AuthorizationServer, AccessTokens];
    /// This server's name there.
    OpenIdClientId = "OPENID_CLIENT_ID" closes [AuthorizationServer, AccessTokens];
    /// Its secret there.
    OpenIdClientSecret = "OPENID_CLIENT_SECRET" closes [AuthorizationServer, AccessTokens];
    /// Whether an address counts that the provider does not mark as verified.
    OpenIdTrustEmail = "OPENID_TRUST_EMAIL" closes [AuthorizationServer, AccessTokens];
    /// A GitHub of one's own.
    GitHubUrl = "GITHUB_URL" closes [AuthorizationServer, AccessTokens];
    /// This server's name there.
    GitHubClientId = "GITHUB_CLIENT_ID" closes [AuthorizationServer, AccessTokens];
    /// Its secret there.
    GitHubClientSecret = "GITHUB_CLIENT_SECRET" closes [AuthorizationServer, AccessTokens];
    /// The team of Cloudflare Access.
    AccessTeamUrl = "ACCESS_TEAM_URL" closes [AuthorizationServer, AccessTokens];
    /// The application there.
    AccessAudience = "ACCESS_AUDIENCE" closes [AuthorizationServer, AccessTokens];
    /// An external authorization server.
    AuthIssuer = "AUTH_ISSUER" closes [Metadata, AuthorizationServer, AccessTokens];
    /// What it calls this connector. Any text is an audience.
    AuthAudience = "AUTH_AUDIENCE" closes [AccessTokens];
    /// Whether its tokens call themselves plain JWTs.
    AuthPlainJwt = "AUTH_PLAIN_JWT" closes [AccessTokens];
    /// The identity providers whose assertions about people are exchanged for access tokens.
    TrustedIssuers = "TRUSTED_ISSUERS" closes [Metadata, AuthorizationServer, AccessTokens];
    /// Other connectors for which tokens are issued here.
    Connectors = "CONNECTORS" closes [Metadata, AuthorizationServer, AccessTokens];
    /// The connector of another Worker that issues the tokens for this one.
    AuthorizationServer = "AUTHORIZATION_SERVER" closes [Metadata, AuthorizationServer, AccessTokens];
    /// The master key.
    MasterKey = "MASTER_KEY" closes [AuthorizationServer, AccessTokens, Keys];
    /// The master keys that it replaces.
    MasterKeyPrevious = "MASTER_KEY_PREVIOUS" closes [AuthorizationServer, AccessTokens, Keys];
    /// Private-use redirect URIs.
    RedirectUris = "REDIRECT_URIS" closes [AuthorizationServer];
    /// Clients that need not register.
    OAuthClients = "OAUTH_CLIENTS" closes [AuthorizationServer];
    /// How long an access token lives. A longer life than the owner wants is not handed out.
    AccessTokenSeconds = "ACCESS_TOKEN_SECONDS" closes [AuthorizationServer];
    /// How long a browser is remembered after a sign-in. It is not remembered longer than the owner wants.
    RememberBrowserDays = "REMEMBER_BROWSER_DAYS" closes [AuthorizationServer];
    /// The groups that a person needs, by endpoint.
    RequiredGroups = "REQUIRED_GROUPS" closes [AuthorizationServer, AccessTokens];
    /// Whether nobody has access but by the identity provider, or by a trusted issuer.
    ProviderOnly = "PROVIDER_ONLY" closes [AuthorizationServer, AccessTokens];
    /// Whether there are access keys.
    AccessKeys = "ACCESS_KEYS" closes [AuthorizationServer, AccessTokens];
    /// How long an access key is valid.
    AccessKeyDays = "ACCESS_KEY_DAYS" closes [AuthorizationServer, AccessTokens];
    /// How long the sign-in of an app lasts.
    SignInHours = "SIGN_IN_HOURS" closes [AuthorizationServer, AccessTokens];
    /// How long it lasts without being used.
    SignInIdleHours = "SIGN_IN_IDLE_HOURS" closes [AuthorizationServer, AccessTokens];
    /// The hosts of clients.
    AllowedClientHosts = "ALLOWED_CLIENT_HOSTS" closes [AuthorizationServer, AccessTokens];
    /// Whether programs on the computer of a person may be clients.
    LocalClients = "LOCAL_CLIENTS" closes [AuthorizationServer, AccessTokens];
    /// Whether metadata says that `iss` comes with every answer.
    AnnounceIss = "ANNOUNCE_ISS" closes [];
    /// The proof for the MCP registry that the domain is the owner's.
    McpRegistryAuth = "MCP_REGISTRY_AUTH" closes [RegistryProof];
    /// The same for ChatGPT's directory.
    OpenAiAppsChallenge = "OPENAI_APPS_CHALLENGE" closes [AppsChallenge];
}

impl Setting {
    /// Returns the name that the variable had in an earlier version, which is still read.
    pub(crate) const fn former_name(self) -> Option<&'static str> {
        if matches!(self, Self::MaxAnonymousBodyBytes) { Some("MAX_GUEST_BODY_BYTES") } else { None }
    }
}

/// A feature of the Worker that a setting or a missing binding closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feature {
    /// The MCP endpoints.
    Calls,
    /// The MCP endpoints for web pages of other origins.
    WebPages,
    /// `/sse`.
    HttpSse,
    /// The documents that say where this server is and whose tokens it takes.
    Metadata,
    /// Giving applications access: `/authorize`, `/token`, `/register` and `/revoke`.
    AuthorizationServer,
    /// Knowing people: calls with a token, and `/account`.
    AccessTokens,
    /// Whatever is signed or sealed, such as the state of a call that asks a question.
    Keys,
    /// Lines about requests in the log.
    RequestLog,
    /// `/.well-known/mcp-registry-auth`.
    RegistryProof,
    /// `/.well-known/openai-apps-challenge`.
    AppsChallenge,
    /// Sessions of clients of 2025-11-25 and earlier.
    Sessions,
    /// Streams of clients that listen for changes.
    Streams,
    /// Calls that go on in the background.
    Tasks,
    /// The state that is stored for clients without a token.
    AnonymousState,
}

impl Feature {
    const fn in_words(self) -> &'static str {
        match self {
            Self::Calls => "the MCP endpoints",
            Self::WebPages => "calls from web pages of other sites",
            Self::HttpSse => "/sse",
            Self::Metadata => "the metadata documents",
            Self::AuthorizationServer => "sign-in for applications",
            Self::AccessTokens => "calls with a token, the account page",
            Self::Keys => "calls that ask a question",
            Self::RequestLog => "the log of requests",
            Self::RegistryProof => "the proof for the MCP registry",
            Self::AppsChallenge => "the proof for OpenAI's directory",
            Self::Sessions => "sessions",
            Self::Streams => "streams of changes",
            Self::Tasks => "tasks",
            Self::AnonymousState => "sessions and tasks of clients without a token",
        }
    }

    /// Returns the names of several features, for a sentence.
    pub(crate) fn list(features: &[Self]) -> String {
        features.iter().map(|feature| feature.in_words()).collect::<Vec<_>>().join(", ")
    }
}

/// What a setting should be. It never holds the value, which may be a secret.
///
/// The texts go into `error_description`, so they have no quotation marks (RFC 6749 §5.2).
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum Expected {
    #[error("must be an origin such as https://mcp.example.com: {0}")]
    Origin(#[from] InvalidIssuer),
    #[error("must be https, or http on this machine")]
    SecureOrigin,
    #[error("{0}")]
    KeyHeader(#[from] InvalidKeyHeader),
    #[error("{0}")]
    WebOrigins(#[from] InvalidWebOrigins),
    #[error("must {0}")]
    Addresses(#[from] InvalidAddressList),
    #[error("must {0}")]
    RegistryProof(#[from] InvalidRegistryProof),
    #[error("must {0}")]
    AppsChallenge(#[from] InvalidAppsChallenge),
    #[error("must be {}", alternatives(.0))]
    OneOf(Vec<&'static str>),
    #[error("must be a whole number from {least} to {most}")]
    Number {
        /// The smallest.
        least: u32,
        /// The largest.
        most: u32,
    },
    #[error("is not a master key: {0}")]
    MasterKey(#[from] InvalidMasterKey),
    #[error("needs {} beside it", .0.name())]
    Beside(Setting),
    #[error("is not set, and {} needs it", .0.name())]
    Missing(Setting),
    #[error("cannot be read: {0}")]
    RedirectUris(#[from] InvalidRedirectPolicy),
    #[error("cannot be read: {0}")]
    Clients(#[from] InvalidClientConfig),
    #[error("must be an https URL without query and fragment")]
    Issuer(#[from] InvalidExternalIssuer),
    #[error("must {0}")]
    People(#[from] InvalidAllowedUsers),
    #[error("must {0}")]
    Owners(#[from] InvalidOwners),
    #[error("must {0}")]
    IdentityClaims(#[from] InvalidIdentityClaims),
    #[error(
        "must be the names of scopes of the identity provider, separated by spaces, with openid for an OpenID provider"
    )]
    IdentityScope,
    #[error("must be name=value, joined by &, without the parameters that this server sets")]
    IdentityParameters,
    #[error("cannot be read: {0}")]
    Roles(#[from] InvalidRoles),
    #[error("{0}")]
    TrustedIssuers(#[from] InvalidTrustedIssuers),
    #[error("cannot be true: {0}")]
    OneTenant(#[from] SeveralTenants),
    #[error("{0}")]
    RequiredGroups(#[from] InvalidRequiredGroups),
    /// Groups are required, and nobody has any.
    #[error("needs IDENTITY = openid, github or access, or TRUSTED_ISSUERS: with the passphrase, no groups are known")]
    GroupsOfNobody,
    #[error("needs IDENTITY = openid, github or access: the passphrase is not an identity provider")]
    NoProvider,
    #[error("must be off if {} is set", .0.name())]
    OffBeside(Setting),
    #[error("{0}")]
    ClientHosts(#[from] InvalidClientHosts),
    #[error("{0}")]
    Connectors(#[from] InvalidConnectors),
    #[error("cannot be set together with {}: both say who issues the tokens", .0.name())]
    NotBeside(Setting),
    #[error("must name another server: it is the PUBLIC_URL of this one")]
    AnotherServer,
}

fn alternatives(names: &[&str]) -> String {
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, first)) => format!("{} or {last}", first.join(", ")),
        None => String::new(),
    }
}

/// A setting that cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{} {expected}", .setting.name())]
pub(crate) struct SettingError {
    /// The setting.
    pub(crate) setting: Setting,
    /// What it should be.
    pub(crate) expected: Expected,
}

impl SettingError {
    /// Returns the problem and what follows from it, for the log.
    pub(crate) fn report(&self) -> String {
        match self.setting.closes() {
            [] => format!("{self}; the default is used"),
            features => format!("{self}; closed until that is corrected: {}", Feature::list(features)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_config_error_says_what_is_expected_and_what_is_closed() {
        for (setting, expected, report) in [
            (
                Setting::Challenge,
                Expected::OneOf(vec!["http", "result"]),
                "CHALLENGE must be http or result; the default is used",
            ),
            (
                Setting::AccessTokenSeconds,
                Expected::Number { least: 60, most: 86_400 },
                "ACCESS_TOKEN_SECONDS must be a whole number from 60 to 86400; closed until that is corrected: sign-in for applications",
            ),
            (
                Setting::OpenIdClientId,
                Expected::Missing(Setting::Identity),
                "OPENID_CLIENT_ID is not set, and IDENTITY needs it; closed until that is corrected: sign-in for applications, calls \
                 with a token, the account page",
            ),
            (
                Setting::Log,
                Expected::OneOf(vec!["all", "errors", "off"]),
                "LOG must be all, errors or off; closed until that is corrected: the log of requests",
            ),
        ] {
            assert_eq!(SettingError { setting, expected }.report(), report);
        }
    }

    #[test]
    fn every_setting_is_documented() {
        let documentation = include_str!("../../../../docs/configuration.md");
        for setting in Setting::ALL {
            assert!(documentation.contains(&format!("`{}`", setting.name())), "{}", setting.name());
        }
    }
}
