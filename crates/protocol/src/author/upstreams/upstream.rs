//! An upstream service as the author declares it.

use std::rc::Rc;

use mcp_connector_base::authorization_parameters::OWN_PARAMETERS;
use url::Url;

use crate::author::handler::HandlerFuture;
use crate::author::hosts::Hosts;
use crate::author::tools::tool_error::ToolError;
use crate::author::upstreams::invalid_upstream::InvalidUpstream;
use crate::host::bundle::Host;

/// Maximum length of a name, in bytes.
const MAX_NAME: usize = 32;

/// An upstream service: one that a connector uses in the name of each person, with the account that they have there.
///
/// A person connects their account once, on a page of the connector, to which the first call that needs it leads them. After that,
/// [`Context::upstream`](crate::call::context::Context::upstream) gives a client that sends their token to the
/// [`hosts`](Self::hosts) of the service and nowhere else. The tokens are stored encrypted in the person's own object, and refreshed
/// before they end.
///
/// # Examples
///
/// ```
/// use mcp_connector::{Connector, Context, Scope, Tool, ToolError, Upstream};
///
/// const ISSUES: Scope = Scope::new("issues", "Read your issues");
///
/// async fn my_issues(cx: Context) -> Result<String, ToolError> {
///     let github = cx.upstream("github").await?;
///     Ok(github.get("https://api.github.com/issues").text().await?)
/// }
///
/// let github = Upstream::oauth(
///     "github",
///     "https://github.com/login/oauth/authorize",
///     "https://github.com/login/oauth/access_token",
/// )
/// .title("GitHub")
/// .scopes(["repo"])
/// .client("GITHUB_ID", "GITHUB_SECRET")
/// .hosts(["api.github.com"]);
/// let connector = Connector::new("issues", "1.0.0")
///     .sign_in([ISSUES])
///     .upstream(github)
///     .tool(Tool::new("my_issues", "Lists your issues.", my_issues).title("My issues").scope(ISSUES).read_only());
/// assert_eq!(connector.check(), []);
/// ```
pub struct Upstream<H> {
    pub name: String,
    pub title: Option<String>,
    pub kind: UpstreamKind,
    /// The hosts that get the token, each perhaps with a port.
    pub hosts: Vec<String>,
    pub scopes: Vec<String>,
    pub client: Option<UpstreamClientNames>,
    pub parameters: Vec<(String, String)>,
    pub account: Option<UpstreamAccountName<H>>,
}

/// How people allow the use of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpstreamKind {
    /// OAuth 2.0 at these endpoints.
    OAuth {
        authorize_url: String,
        token_url: String,
        /// Where tokens are revoked (RFC 7009).
        revoke_url: Option<String>,
        /// What the service calls itself in every authorization response (RFC 9207).
        issuer: Option<String>,
        secret: ClientSecretPlace,
    },
    /// OpenID Connect, whose endpoints are in the metadata of this issuer.
    OpenId { issuer: String },
    /// A key, which people type into a field of this name.
    ApiKey { label: String },
}

/// Where the client secret is in a token request (RFC 6749 §2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientSecretPlace {
    /// In the body (`client_secret_post`).
    Body,
    /// In the `Authorization` header (`client_secret_basic`).
    Header,
}

/// The names of what this server is at a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamClientNames {
    /// The variable with the client id.
    pub id: String,
    /// The secret with the client secret.
    pub secret: String,
}

/// Finds out what a person is called at a service, with a client that sends their token.
pub type UpstreamAccountName<H> = Rc<dyn Fn(&H, &[String], &str) -> HandlerFuture<String>>;

impl<H> Upstream<H> {
    fn new(name: impl Into<String>, kind: UpstreamKind) -> Self {
        Self {
            name: name.into(),
            title: None,
            kind,
            hosts: Vec::new(),
            scopes: Vec::new(),
            client: None,
            parameters: Vec::new(),
            account: None,
        }
    }

    /// Declares a service with OAuth 2.0 (RFC 6749), by the URLs of its authorization and its token endpoint.
    ///
    /// `name` is 1 to 32 characters of `a-z 0-9 -`. Register this server as a client of the service, with the redirect URI
    /// `/upstream/callback/` and the name on the origin of the Worker.
    #[must_use]
    pub fn oauth(name: impl Into<String>, authorize_url: impl Into<String>, token_url: impl Into<String>) -> Self {
        let kind = UpstreamKind::OAuth {
            authorize_url: authorize_url.into(),
            token_url: token_url.into(),
            revoke_url: None,
            issuer: None,
            secret: ClientSecretPlace::Body,
        };
        Self::new(name, kind)
    }

    /// Declares a service with OpenID Connect, by its issuer. Its metadata names the endpoints.
    ///
    /// The scope `openid` is added to the [`scopes`](Self::scopes). A service that gives refresh tokens only for `offline_access`
    /// needs that scope, too.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::Upstream;
    ///
    /// let calendar = Upstream::oidc("google", "https://accounts.google.com")
    ///     .title("Google Calendar")
    ///     .scopes(["email", "https://www.googleapis.com/auth/calendar.readonly"])
    ///     .client("GOOGLE_ID", "GOOGLE_SECRET")
    ///     // Google gives a refresh token only for these.
    ///     .parameter("access_type", "offline")
    ///     .parameter("prompt", "consent")
    ///     .hosts(["www.googleapis.com"]);
    /// # let _ = mcp_connector::Connector::new("a", "1").upstream(calendar);
    /// ```
    #[must_use]
    pub fn oidc(name: impl Into<String>, issuer: impl Into<String>) -> Self {
        Self::new(name, UpstreamKind::OpenId { issuer: issuer.into() })
    }

    /// Sets the name that people see. Without it, they see the name of the upstream service.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Sets the scopes that are asked for at the service.
    #[must_use]
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// Sets what this server is at the service: the name of the variable with the client id, and the name of the secret with the client
    /// secret.
    #[must_use]
    pub fn client(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.client = Some(UpstreamClientNames { id: id.into(), secret: secret.into() });
        self
    }

    /// Sets the hosts that get the token, each as in [`Connector::hosts`](crate::author::connector::Connector::hosts). It is sent to
    /// these hosts and to no other, and no redirect is followed with it.
    #[must_use]
    pub fn hosts(mut self, hosts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.hosts.extend(hosts.into_iter().map(Into::into));
        self
    }

    /// Adds a parameter to the authorization request.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// Sends the client secret in the `Authorization` header of a token request (`client_secret_basic`, RFC 6749 §2.3.1). Without
    /// this, it is in the body. An OpenID provider says in its metadata what it takes.
    #[must_use]
    pub fn client_secret_basic(mut self) -> Self {
        if let UpstreamKind::OAuth { secret, .. } = &mut self.kind {
            *secret = ClientSecretPlace::Header;
        }
        self
    }

    /// Sets the URL at which tokens are revoked when a person disconnects (RFC 7009). An OpenID provider says it in its metadata.
    #[must_use]
    pub fn revocation(mut self, url: impl Into<String>) -> Self {
        if let UpstreamKind::OAuth { revoke_url, .. } = &mut self.kind {
            *revoke_url = Some(url.into());
        }
        self
    }

    /// Sets the issuer that a service with OAuth 2.0 names in every authorization response (`iss`, RFC 9207). A response without it
    /// is then refused. An OpenID provider says in its metadata whether it does.
    #[must_use]
    pub fn issuer(mut self, url: impl Into<String>) -> Self {
        if let UpstreamKind::OAuth { issuer, .. } = &mut self.kind {
            *issuer = Some(url.into());
        }
        self
    }

    /// Returns the name that people see.
    #[must_use]
    pub fn display_name(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.name)
    }

    /// Returns what is wrong with it.
    pub(crate) fn errors(&self) -> Vec<InvalidUpstream> {
        let mut errors = Vec::new();
        let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if self.name.is_empty() || self.name.len() > MAX_NAME || !self.name.bytes().all(is_plain) {
            errors.push(InvalidUpstream::Name);
        }
        let urls: Vec<&String> = match &self.kind {
            UpstreamKind::OAuth { authorize_url, token_url, revoke_url, issuer, .. } => {
                [authorize_url, token_url].into_iter().chain(revoke_url).chain(issuer).collect()
            }
            UpstreamKind::OpenId { issuer } => vec![issuer],
            UpstreamKind::ApiKey { .. } => Vec::new(),
        };
        errors.extend(urls.into_iter().filter(|url| !is_safe_url(url)).cloned().map(InvalidUpstream::Url));
        if self.hosts.is_empty() {
            errors.push(InvalidUpstream::NoHosts);
        }
        errors.extend(Hosts::of(&self.hosts).errors().iter().cloned().map(InvalidUpstream::Host));
        if self.client.is_none() && !matches!(self.kind, UpstreamKind::ApiKey { .. }) {
            errors.push(InvalidUpstream::NoClient);
        }
        // RFC 6749 §3.3.
        let is_scope_byte = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
        let is_scope = |scope: &String| !scope.is_empty() && scope.len() <= 256 && scope.bytes().all(is_scope_byte);
        errors.extend(self.scopes.iter().filter(|scope| !is_scope(scope)).cloned().map(InvalidUpstream::Scope));
        let own = self.parameters.iter().filter(|(name, _)| OWN_PARAMETERS.contains(&name.as_str()));
        errors.extend(own.map(|(name, _)| InvalidUpstream::Parameter(name.clone())));
        errors
    }
}

impl<H: Host> Upstream<H> {
    /// Declares a service that takes a key, which each person types into a page of the connector. `label` names the field, as in “Your
    /// Acme key”.
    ///
    /// `check` gets a client that sends the key as a bearer token. It makes a request that only a valid key passes, and returns what
    /// the person is called at the service. A key for which it fails is not stored; the text of its error is shown.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{HttpClient, ToolError, Upstream};
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Me {
    ///     email: String,
    /// }
    ///
    /// async fn check(acme: HttpClient) -> Result<String, ToolError> {
    ///     let me: Me = acme.get("https://api.acme.example/me").json().await?;
    ///     Ok(me.email)
    /// }
    ///
    /// let acme = Upstream::api_key("acme", "Your Acme key", check).title("Acme").hosts(["api.acme.example"]);
    /// # let _ = mcp_connector::Connector::new("a", "1").upstream(acme);
    /// ```
    #[must_use]
    pub fn api_key<F, Fut>(name: impl Into<String>, label: impl Into<String>, check: F) -> Self
    where
        F: Fn(H::UpstreamClient) -> Fut + 'static,
        Fut: Future<Output = Result<String, ToolError>> + 'static,
    {
        Self::new(name, UpstreamKind::ApiKey { label: label.into() }).account(check)
    }

    /// Sets how to find out what a person is called at the service, for the account page. `name` gets a client that sends their token.
    /// Where it fails, the account has no name.
    ///
    /// An OpenID provider says the name in its ID token.
    #[must_use]
    pub fn account<F, Fut>(mut self, name: F) -> Self
    where
        F: Fn(H::UpstreamClient) -> Fut + 'static,
        Fut: Future<Output = Result<String, ToolError>> + 'static,
    {
        self.account = Some(Rc::new(move |host, hosts, secret| Box::pin(name(host.upstream_client(hosts, secret)))));
        self
    }
}

/// Returns whether a URL is https, or http on loopback, without a password and a fragment.
fn is_safe_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        let host = url.host_str().unwrap_or_default();
        url.fragment().is_none()
            && Hosts::of([url.port().map_or(host.to_owned(), |port| format!("{host}:{port}"))]).admit(&url)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn github() -> Upstream<()> {
        Upstream::oauth("github", "https://github.com/login/oauth/authorize", "https://github.com/token")
            .client("ID", "SECRET")
            .scopes(["repo", "read:org", "https://www.googleapis.com/auth/calendar"])
            .hosts(["api.github.com", "127.0.0.1:8080", "[::1]:80", "localhost"])
    }

    #[test]
    fn a_declaration_says_which_hosts_get_the_token_and_what_this_server_is_there() {
        assert_eq!(github().errors(), []);
        let bare: Upstream<()> = Upstream::oauth("github", "https://a.example", "http://127.0.0.1:9/token");
        assert_eq!(bare.errors(), [InvalidUpstream::NoHosts, InvalidUpstream::NoClient]);
        let oidc: Upstream<()> = Upstream::oidc("GitHub", "http://id.example").hosts(["a.example"]).client("a", "b");
        assert_eq!(oidc.errors(), [InvalidUpstream::Name, InvalidUpstream::Url("http://id.example".to_owned())]);
        assert_eq!(github().parameter("state", "x").errors(), [InvalidUpstream::Parameter("state".to_owned())]);
        assert_eq!(github().scopes(["a b"]).errors(), [InvalidUpstream::Scope("a b".to_owned())]);
    }

    #[test]
    fn a_host_that_gets_a_token_is_a_host_and_no_url() {
        for host in ["", "https://api.example.com", "api.example.com/", "a b", "intranet"] {
            let errors = github().hosts([host]).errors();
            assert!(matches!(errors[..], [InvalidUpstream::Host(_)]), "{host}: {errors:?}");
        }
    }

    #[test]
    fn the_urls_of_a_service_are_https_or_on_this_machine() {
        for url in
            ["http://a.example/r", "ftp://a.example", "https://", "https://a.example/#x", "https://u:p@a.example", "x"]
        {
            assert_eq!(github().revocation(url).errors(), [InvalidUpstream::Url(url.to_owned())], "{url}");
        }
        for url in ["https://a.example:8443/r?x=1", "http://localhost:1/r", "http://[::1]/r"] {
            assert_eq!(github().revocation(url).issuer(url).errors(), [], "{url}");
        }
    }

    #[test]
    fn people_see_the_title_or_else_the_name() {
        assert_eq!((github().display_name(), github().title("GitHub").display_name()), ("github", "GitHub"));
    }
}
