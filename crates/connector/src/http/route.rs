//! The paths and what they lead to. Both forms of a path, with and without a slash at its end, are the same. A redirect
//! instead would cost a client its token or its body.

use mcp_connector_oauth::resource::metadata::{MetadataForm, authorization_server_metadata, path as paths};
use mcp_connector_oauth::resource::protected_resource::{
    MCP_PATH, PRIVATE_MCP_PATH, PROTECTED_RESOURCE_METADATA_PATH, SSE_PATH,
};
use mcp_connector_oauth::upstream::name::UpstreamName;
use mcp_connector_protocol::{AI_CATALOG_PATH, SERVER_CARD_SUFFIX};

/// One of the MCP endpoints. Each is a protected resource of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum McpEndpoint {
    /// `/mcp`: sign-in only where a tool needs it.
    Lazy,
    /// `/private/mcp`: every request needs a token.
    Private,
    /// `/sse` and where its streams say that messages go: the transport of 2024-11-05, with sign-in as at `/mcp`.
    HttpSse,
}

/// The path to which messages of the transport of 2024-11-05 are posted.
pub(crate) const SSE_MESSAGES_PATH: &str = "/sse/messages";

impl McpEndpoint {
    /// All endpoints.
    pub(crate) const ALL: [Self; 3] = [Self::Lazy, Self::Private, Self::HttpSse];

    /// Returns its path.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Lazy => MCP_PATH,
            Self::Private => PRIVATE_MCP_PATH,
            Self::HttpSse => SSE_PATH,
        }
    }
}

/// One of the endpoints of the authorization server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OAuthEndpoint {
    /// Metadata of the authorization server (RFC 8414 §3), under each name that a client may try.
    Metadata(MetadataForm),
    /// The key set (RFC 7517 §5).
    Jwks,
    /// A page of the sign-in.
    SignIn(SignInStep),
    /// The account page.
    Account(AccountStep),
    /// A page for an upstream account.
    Upstream(UpstreamStep),
    /// An endpoint that programs post to.
    Direct(DirectEndpoint),
}

/// The pages for an upstream account. The path of each ends with the name of its service ([`upstream_name`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UpstreamStep {
    /// Where a person connects the account.
    Connect,
    /// The redirect URI at the service.
    Callback,
}

/// The steps of a sign-in, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignInStep {
    /// The authorization endpoint (RFC 6749 §3.1).
    Ask,
    /// The path of the form of the consent page.
    Consent,
    /// The path of the form of the login page.
    Login,
    /// The redirect URI at identity providers.
    Callback,
}

/// The parts of the account page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccountStep {
    /// The page, and where its forms go.
    Page,
    /// Where a sign-in to it begins, or the form of its login page goes.
    SignIn,
    /// Every client, for the owner.
    Clients,
    /// Everybody who has signed in, for the owner.
    People,
    /// Who had access when, as a file for the owner.
    Export,
    /// Where a person proves who they are before an action.
    Confirm,
    /// Where the form with a new passkey goes.
    Passkeys,
}

/// The endpoints that programs post to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DirectEndpoint {
    /// The token endpoint (RFC 6749 §3.2).
    Token,
    /// The registration endpoint (RFC 7591 §3).
    Register,
    /// The revocation endpoint (RFC 7009 §2).
    Revoke,
}

/// The path of the form of the consent page.
pub(crate) const CONSENT_PATH: &str = "/authorize/consent";
/// The path of the form of the login page.
pub(crate) const LOGIN_PATH: &str = "/authorize/login";
/// The path below which upload links are.
pub(crate) const UPLOAD_PATH: &str = "/files/upload/";
/// The path below which download links are.
pub(crate) const DOWNLOAD_PATH: &str = "/files/download/";

/// The redirect URI at identity providers.
pub(crate) const CALLBACK_PATH: &str = "/authorize/callback";

/// The page on which a person sees their connected apps.
pub(crate) const ACCOUNT_PATH: &str = "/account";
/// The page on which the owner sees every client.
pub(crate) const ACCOUNT_CLIENTS_PATH: &str = "/account/clients";
/// The page on which a person proves who they are before an action.
pub(crate) const ACCOUNT_CONFIRM_PATH: &str = "/account/confirm";
/// The page on which the owner sees everybody who has signed in.
pub(crate) const ACCOUNT_PEOPLE_PATH: &str = "/account/people";
/// Where the owner gets the file that says who had access when.
pub(crate) const ACCOUNT_EXPORT_PATH: &str = "/account/people/export";
/// Where the form with a new passkey goes.
pub(crate) const ACCOUNT_PASSKEYS_PATH: &str = "/account/passkeys";
/// The sign-in to the account page. It is below `/authorize`, so that Cloudflare Access covers both.
pub(crate) const ACCOUNT_SIGN_IN_PATH: &str = "/authorize/account";

/// The same, with the choice of an account.
pub(crate) const OTHER_ACCOUNT_PATH: &str = "/authorize/account?prompt=select_account";

/// What the path of the page begins with on which a person connects an upstream account.
const CONNECT_PATH: &str = "/account/connect/";
/// What the redirect URI at an upstream service begins with.
const UPSTREAM_CALLBACK_PATH: &str = "/upstream/callback/";

/// Returns the path of the page on which a person connects an account at the service of this name.
pub(crate) fn connect_path(upstream: &str) -> String {
    [CONNECT_PATH, upstream].concat()
}

/// Returns the path of the redirect URI at the service of this name.
pub(crate) fn upstream_callback_path(upstream: &str) -> String {
    [UPSTREAM_CALLBACK_PATH, upstream].concat()
}

/// Returns the name of the service in the path of one of its pages.
pub(crate) fn upstream_name(path: &str) -> Option<UpstreamName> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let name = path.strip_prefix(CONNECT_PATH).or_else(|| path.strip_prefix(UPSTREAM_CALLBACK_PATH))?;
    UpstreamName::parse(name).ok()
}

impl UpstreamStep {
    fn of(path: &str) -> Option<Self> {
        upstream_name(path)?;
        Some(if path.starts_with(CONNECT_PATH) { Self::Connect } else { Self::Callback })
    }
}

impl OAuthEndpoint {
    fn of(path: &str) -> Option<Self> {
        if let Some(step) = UpstreamStep::of(path) {
            return Some(Self::Upstream(step));
        }
        Some(match path {
            paths::AUTHORIZE => Self::SignIn(SignInStep::Ask),
            CONSENT_PATH => Self::SignIn(SignInStep::Consent),
            LOGIN_PATH => Self::SignIn(SignInStep::Login),
            CALLBACK_PATH => Self::SignIn(SignInStep::Callback),
            ACCOUNT_PATH => Self::Account(AccountStep::Page),
            ACCOUNT_SIGN_IN_PATH => Self::Account(AccountStep::SignIn),
            ACCOUNT_CLIENTS_PATH => Self::Account(AccountStep::Clients),
            ACCOUNT_PEOPLE_PATH => Self::Account(AccountStep::People),
            ACCOUNT_EXPORT_PATH => Self::Account(AccountStep::Export),
            ACCOUNT_CONFIRM_PATH => Self::Account(AccountStep::Confirm),
            ACCOUNT_PASSKEYS_PATH => Self::Account(AccountStep::Passkeys),
            paths::TOKEN => Self::Direct(DirectEndpoint::Token),
            paths::REGISTER => Self::Direct(DirectEndpoint::Register),
            paths::REVOKE => Self::Direct(DirectEndpoint::Revoke),
            paths::JWKS => Self::Jwks,
            _ => Self::Metadata(authorization_server_metadata(path)?),
        })
    }
}

/// The links to files. What follows the path of one is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileEndpoint {
    Upload,
    Download,
}

/// A document by which the owner proves that the domain is theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DomainProof {
    /// For the MCP registry.
    McpRegistry,
    /// For the directory of ChatGPT.
    OpenAiApps,
}

/// The icon of the connector, in a form that browsers ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Favicon {
    /// Whatever image there is; a PNG before an SVG, which not every browser shows.
    Any,
    Png,
    Svg,
}

/// The endpoint of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/`.
    Home,
    Mcp(McpEndpoint),
    /// The metadata of a protected resource. The well-known segment is before the path of the resource (RFC 9728 §3.1).
    /// Without a path it describes `/mcp`.
    ProtectedResourceMetadata(McpEndpoint),
    /// The server card of an endpoint that speaks Streamable HTTP (SEP-2127).
    ServerCard(McpEndpoint),
    /// The catalog that leads to the server card.
    AiCatalog,
    DomainProof(DomainProof),
    Favicon(Favicon),
    OAuth(OAuthEndpoint),
    File(FileEndpoint),
    NotFound,
}

impl Route {
    /// Returns the route of a path as it was sent.
    pub(crate) fn of(path: &str) -> Self {
        let path = path.strip_suffix('/').unwrap_or(path);
        match path {
            "" => return Self::Home,
            SSE_MESSAGES_PATH => return Self::Mcp(McpEndpoint::HttpSse),
            PROTECTED_RESOURCE_METADATA_PATH => return Self::ProtectedResourceMetadata(McpEndpoint::Lazy),
            AI_CATALOG_PATH => return Self::AiCatalog,
            "/.well-known/mcp-registry-auth" => return Self::DomainProof(DomainProof::McpRegistry),
            "/.well-known/openai-apps-challenge" => return Self::DomainProof(DomainProof::OpenAiApps),
            "/favicon.ico" => return Self::Favicon(Favicon::Any),
            "/favicon.png" => return Self::Favicon(Favicon::Png),
            "/favicon.svg" => return Self::Favicon(Favicon::Svg),
            _ => {}
        }
        for endpoint in McpEndpoint::ALL {
            if path == endpoint.path() {
                return Self::Mcp(endpoint);
            }
            if path.strip_prefix(PROTECTED_RESOURCE_METADATA_PATH) == Some(endpoint.path()) {
                return Self::ProtectedResourceMetadata(endpoint);
            }
            if endpoint != McpEndpoint::HttpSse && path.strip_suffix(SERVER_CARD_SUFFIX) == Some(endpoint.path()) {
                return Self::ServerCard(endpoint);
            }
        }
        if path.starts_with(UPLOAD_PATH) {
            return Self::File(FileEndpoint::Upload);
        }
        if path.starts_with(DOWNLOAD_PATH) {
            return Self::File(FileEndpoint::Download);
        }
        OAuthEndpoint::of(path).map_or(Self::NotFound, Self::OAuth)
    }

    /// Returns what the log has in place of a path that is a secret.
    pub(crate) const fn logged_path(self) -> Option<&'static str> {
        match self {
            Self::File(FileEndpoint::Upload) => Some("/files/upload"),
            Self::File(FileEndpoint::Download) => Some("/files/download"),
            Self::Home
            | Self::Mcp(_)
            | Self::ProtectedResourceMetadata(_)
            | Self::ServerCard(_)
            | Self::AiCatalog
            | Self::DomainProof(_)
            | Self::Favicon(_)
            | Self::OAuth(_)
            | Self::NotFound => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_slash_forms_are_the_same_path() {
        for (path, route) in [
            ("/", Route::Home),
            ("/mcp", Route::Mcp(McpEndpoint::Lazy)),
            ("/mcp/", Route::Mcp(McpEndpoint::Lazy)),
            ("/private/mcp/", Route::Mcp(McpEndpoint::Private)),
            ("/sse", Route::Mcp(McpEndpoint::HttpSse)),
            ("/sse/messages", Route::Mcp(McpEndpoint::HttpSse)),
            ("/.well-known/oauth-protected-resource/sse", Route::ProtectedResourceMetadata(McpEndpoint::HttpSse)),
            ("/.well-known/oauth-protected-resource", Route::ProtectedResourceMetadata(McpEndpoint::Lazy)),
            ("/.well-known/oauth-protected-resource/mcp", Route::ProtectedResourceMetadata(McpEndpoint::Lazy)),
            (
                "/.well-known/oauth-protected-resource/private/mcp/",
                Route::ProtectedResourceMetadata(McpEndpoint::Private),
            ),
            ("/.well-known/oauth-authorization-server", Route::OAuth(OAuthEndpoint::Metadata(MetadataForm::OAuth))),
            (
                "/.well-known/oauth-authorization-server/private/mcp/",
                Route::OAuth(OAuthEndpoint::Metadata(MetadataForm::OAuth)),
            ),
            ("/mcp/.well-known/openid-configuration", Route::OAuth(OAuthEndpoint::Metadata(MetadataForm::OpenId))),
            ("/mcp/server-card", Route::ServerCard(McpEndpoint::Lazy)),
            ("/private/mcp/server-card/", Route::ServerCard(McpEndpoint::Private)),
            ("/.well-known/ai-catalog.json", Route::AiCatalog),
            ("/.well-known/mcp-registry-auth", Route::DomainProof(DomainProof::McpRegistry)),
            ("/.well-known/openai-apps-challenge", Route::DomainProof(DomainProof::OpenAiApps)),
            ("/favicon.ico", Route::Favicon(Favicon::Any)),
            ("/favicon.svg", Route::Favicon(Favicon::Svg)),
            ("/.well-known/jwks.json", Route::OAuth(OAuthEndpoint::Jwks)),
            ("/authorize/", Route::OAuth(OAuthEndpoint::SignIn(SignInStep::Ask))),
            ("/authorize/consent", Route::OAuth(OAuthEndpoint::SignIn(SignInStep::Consent))),
            ("/authorize/login", Route::OAuth(OAuthEndpoint::SignIn(SignInStep::Login))),
            ("/account", Route::OAuth(OAuthEndpoint::Account(AccountStep::Page))),
            ("/account/", Route::OAuth(OAuthEndpoint::Account(AccountStep::Page))),
            ("/account/passkeys", Route::OAuth(OAuthEndpoint::Account(AccountStep::Passkeys))),
            ("/account/confirm", Route::OAuth(OAuthEndpoint::Account(AccountStep::Confirm))),
            ("/account/connect/github", Route::OAuth(OAuthEndpoint::Upstream(UpstreamStep::Connect))),
            ("/upstream/callback/github/", Route::OAuth(OAuthEndpoint::Upstream(UpstreamStep::Callback))),
            ("/authorize/account", Route::OAuth(OAuthEndpoint::Account(AccountStep::SignIn))),
            ("/token/", Route::OAuth(OAuthEndpoint::Direct(DirectEndpoint::Token))),
            ("/register", Route::OAuth(OAuthEndpoint::Direct(DirectEndpoint::Register))),
            ("/files/upload/x", Route::File(FileEndpoint::Upload)),
            ("/files/download/x/", Route::File(FileEndpoint::Download)),
            ("/revoke", Route::OAuth(OAuthEndpoint::Direct(DirectEndpoint::Revoke))),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }

    #[test]
    fn the_path_of_an_upstream_account_names_its_service() {
        for path in [connect_path("github"), upstream_callback_path("github") + "/"] {
            assert_eq!(upstream_name(&path).unwrap().as_str(), "github", "{path}");
        }
        assert_eq!(upstream_name("/account/connect/a/b"), None);
    }

    #[test]
    fn no_webhook_can_have_the_path_of_an_endpoint() {
        let paths =
            [MCP_PATH, PRIVATE_MCP_PATH, SSE_PATH, PROTECTED_RESOURCE_METADATA_PATH, UPLOAD_PATH, DOWNLOAD_PATH]
                .into_iter()
                .chain([AI_CATALOG_PATH, CONSENT_PATH, ACCOUNT_PATH, paths::AUTHORIZE, paths::TOKEN, paths::REGISTER])
                .chain([paths::REVOKE, paths::JWKS, "/favicon.ico", "/favicon.png", "/favicon.svg"]);
        for path in paths {
            let first = path.split('/').nth(1).unwrap();
            assert!(mcp_connector_protocol::RESERVED.contains(&first), "{path}");
        }
    }

    #[test]
    fn other_paths_are_no_endpoints() {
        for path in [
            "/mcp//",
            "/MCP",
            "/mcp/x",
            "//mcp",
            "/private",
            "/private/mcpx",
            "/%6dcp",
            "/.well-known",
            "/mcp.",
            "mcp",
            "/Token",
            "/server-card",
            "/sse/server-card",
            "/mcp/server-cards",
            "/ai-catalog.json",
            "/favicon",
            "/authorize/x",
            "/account/x",
            "/account/connect",
            "/account/connect/GitHub",
            "/account/connect/a/b",
            "/upstream/callback",
            "/upstream/callback/a%20b",
            "/token/token",
            "/files",
            "/files/upload/",
            "/files/uploads/x",
        ] {
            assert_eq!(Route::of(path), Route::NotFound, "{path}");
        }
    }
}
