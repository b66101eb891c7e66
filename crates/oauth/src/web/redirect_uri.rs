//! Redirect URIs (RFC 6749 §3.1.2, OAuth 2.1 §2.3, RFC 8252 §7), however the client was registered. Three kinds are accepted:
//!
//! * `https`, compared byte for byte.
//! * `http` on loopback, compared byte for byte except its port, which a native application chooses when it starts (RFC 8252
//!   §7.3). The host is one of three literals, and one does not match another.
//! * A private-use scheme. Any application can claim one, so the URI must be in the [`RedirectPolicy`].

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::web::allowed_clients::AllowedClients;
use crate::web::form::decode;
use crate::web::web_url::{InvalidUrl, WebScheme, WebUrl};

/// Maximum length of a redirect URI, in bytes.
const MAX_REDIRECT_URI: usize = 512;
/// Maximum number of private-use URIs in the configuration.
const MAX_PRIVATE_USE: usize = 32;
/// The hosts of loopback redirect URIs. RFC 8252 does not list `localhost`, but most clients use it.
const LOOPBACK_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];
/// Private-use URIs that are always allowed: of common applications that register no other URI, or none that works.
const KNOWN: [&str; 2] = [CURSOR, CLAUDE];
/// The URI of Cursor, which registers it together with others.
const CURSOR: &str = "cursor://anysphere.cursor-mcp/oauth/callback";
/// The URI of Claude's desktop app when Claude Code in it signs in, as of September 2026.
const CLAUDE: &str = "claude://claude.ai/mcp-auth-callback/sdk";
/// Schemes that run code, or read files, in the browser.
const DANGEROUS_SCHEMES: [&str; 11] =
    ["about", "blob", "data", "file", "filesystem", "ftp", "http", "https", "javascript", "vbscript", "view-source"];

/// The parameters of an authorization response (RFC 6749 §4.1.2, RFC 9207 §2).
const ANSWERS: [&str; 5] = ["code", "state", "iss", "error", "error_description"];

/// Why a redirect URI is refused. The text becomes `error_description` and never repeats the URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidRedirectUri {
    #[error("a redirect URI is too long")]
    TooLong,
    /// RFC 6749 §3.1.2 forbids a fragment.
    #[error("a redirect URI must not have a fragment")]
    Fragment,
    /// The query has a parameter of the response. The response would have it twice (RFC 6749 §3.1), and the first would be an
    /// attacker's.
    #[error("a redirect URI must not have a parameter of the answer in its query")]
    Answer,
    /// The scheme is `http` and the host is not loopback.
    #[error("http is for redirect URIs on localhost, 127.0.0.1 or [::1] only; use https")]
    PlainHttp,
    /// The scheme is missing, or a private-use scheme that the configuration does not allow.
    #[error("a redirect URI must begin with https://, or http:// on a loopback host, or be allowed by the server")]
    Scheme,
    /// The owner of this server allows some clients only, and not those that have this redirect URI.
    #[error(
        "the owner of this server does not allow clients at this host, or does not allow programs on a person's computer"
    )]
    NotAllowed,
    /// The URL is malformed.
    #[error(transparent)]
    Url(#[from] InvalidUrl),
}

/// The redirect URIs that this server allows: private-use ones byte for byte, all others by their hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectPolicy {
    private_use: Vec<Arc<str>>,
    clients: AllowedClients,
}

/// An entry of the configuration that is not a private-use URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a private-use redirect URI has a scheme of its own and visible ASCII characters, and there are at most 32")]
pub struct InvalidRedirectPolicy;

impl RedirectPolicy {
    /// Creates a policy that allows the entries of `configured`, separated by spaces or commas, and those that are always
    /// allowed.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidRedirectPolicy`] if an entry is not a private-use URI that can be allowed, or if there are more
    /// than 32.
    pub fn with_private_use(configured: &str) -> Result<Self, InvalidRedirectPolicy> {
        let Self { mut private_use, clients } = Self::default();
        for entry in configured.split([' ', ',', '\n', '\t']).filter(|entry| !entry.is_empty()) {
            if private_use_scheme(entry).is_none() || private_use.len() >= MAX_PRIVATE_USE + KNOWN.len() {
                return Err(InvalidRedirectPolicy);
            }
            private_use.push(Arc::from(entry));
        }
        Ok(Self { private_use, clients })
    }

    /// Returns the policy that allows the redirect URIs of some clients only.
    #[must_use]
    pub fn limited_to(self, clients: AllowedClients) -> Self {
        Self { clients, ..self }
    }

    /// Returns the clients whose redirect URIs are allowed.
    #[must_use]
    pub const fn clients(&self) -> &AllowedClients {
        &self.clients
    }
}

impl Default for RedirectPolicy {
    fn default() -> Self {
        Self { private_use: KNOWN.map(Arc::from).into(), clients: AllowedClients::ALL }
    }
}

/// Returns the scheme of a private-use URI (RFC 3986 §3.1), if it is none that a browser acts on by itself.
fn private_use_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(':')?;
    let mut bytes = scheme.bytes();
    let well_formed = bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.'));
    let visible = rest.bytes().all(|byte| byte.is_ascii_graphic()) && !rest.is_empty();
    let allowed = !DANGEROUS_SCHEMES.contains(&scheme) && !rest.contains('#') && text.len() <= MAX_REDIRECT_URI;
    (well_formed && visible && allowed).then_some(scheme)
}

/// Returns whether a query has a parameter of an authorization response.
fn says_an_answer(query: &str) -> bool {
    let names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
    names.filter_map(|name| decode(name.as_bytes()).ok()).any(|name| ANSWERS.contains(&name.as_str()))
}

/// What receives the response at a redirect URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RedirectKind {
    Https,
    /// A program on the person's own machine that listens on a port.
    Loopback,
    /// An application on the person's own machine that has claimed a scheme.
    PrivateUse,
}

/// Returns the kind of a redirect URI that was accepted once, whatever the policy is now, and the host (and port) or the scheme.
#[must_use]
pub fn destination_of(raw: &str) -> (RedirectKind, String) {
    match WebUrl::parse(raw) {
        Ok(url) => {
            let kind = match url.scheme {
                WebScheme::Https => RedirectKind::Https,
                WebScheme::Http => RedirectKind::Loopback,
            };
            (kind, url.origin().authority().to_owned())
        }
        Err(_) => (RedirectKind::PrivateUse, raw.split(':').next().unwrap_or_default().to_owned()),
    }
}

/// A redirect URI that a client may be sent to.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri {
    raw: Arc<str>,
    kind: RedirectKind,
}

impl RedirectUri {
    /// Parses a redirect URI.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidRedirectUri::NotAllowed`] if the URI is that of a client that is not allowed here, and
    /// otherwise fails as [`parse_of_any_client`](Self::parse_of_any_client) does. The text of the error becomes
    /// `error_description`.
    pub fn parse(raw: &str, policy: &RedirectPolicy) -> Result<Self, InvalidRedirectUri> {
        let uri = Self::parse_of_any_client(raw, policy)?;
        if policy.clients.admits_redirect(uri.as_str()) { Ok(uri) } else { Err(InvalidRedirectUri::NotAllowed) }
    }

    /// Parses a redirect URI of a client that may not be allowed here. So it is known when it asks, and can be told that it is not.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidRedirectUri`] if the URI is malformed or too long, has a fragment or a parameter of the
    /// response, or is neither https, nor http on a loopback host, nor a private-use URI that `policy` allows.
    pub fn parse_of_any_client(raw: &str, policy: &RedirectPolicy) -> Result<Self, InvalidRedirectUri> {
        if policy.private_use.iter().any(|allowed| &**allowed == raw) {
            return Ok(Self { raw: raw.into(), kind: RedirectKind::PrivateUse });
        }
        Self::parse_web(raw)
    }

    fn parse_web(raw: &str) -> Result<Self, InvalidRedirectUri> {
        if raw.len() > MAX_REDIRECT_URI {
            return Err(InvalidRedirectUri::TooLong);
        }
        let url = match WebUrl::parse(raw) {
            Err(InvalidUrl::Scheme) => return Err(InvalidRedirectUri::Scheme),
            other => other?,
        };
        if url.fragment.is_some() {
            return Err(InvalidRedirectUri::Fragment);
        }
        if url.query.is_some_and(says_an_answer) {
            return Err(InvalidRedirectUri::Answer);
        }
        // The scheme has one spelling, because the URI is compared byte for byte.
        if !raw.starts_with("https://") && !raw.starts_with("http://") {
            return Err(InvalidRedirectUri::Scheme);
        }
        let kind = match url.scheme {
            WebScheme::Https => RedirectKind::Https,
            WebScheme::Http if LOOPBACK_HOSTS.contains(&url.raw_host) => RedirectKind::Loopback,
            WebScheme::Http => return Err(InvalidRedirectUri::PlainHttp),
        };
        Ok(Self { raw: raw.into(), kind })
    }

    /// Returns whether `requested` may be used where `self` was registered.
    #[must_use]
    pub fn admits(&self, requested: &Self) -> bool {
        match (self.loopback_parts(), requested.loopback_parts()) {
            (Some(registered), Some(requested)) => registered == requested,
            _ => self.raw == requested.raw,
        }
    }

    /// Returns the URI; a loopback URI without its port. Two URIs for which this is the same [admit](Self::admits) each other.
    #[must_use]
    pub fn without_loopback_port(&self) -> Cow<'_, str> {
        match self.loopback_parts() {
            Some((host, after_port)) => Cow::Owned(["http://", host, after_port].concat()),
            None => Cow::Borrowed(&self.raw),
        }
    }

    /// Returns the host of a loopback URI, and what follows the port.
    fn loopback_parts(&self) -> Option<(&str, &str)> {
        if self.kind != RedirectKind::Loopback {
            return None;
        }
        let authority_on = self.raw.strip_prefix("http://")?;
        let host = LOOPBACK_HOSTS.into_iter().find(|host| authority_on.starts_with(host))?;
        let port_on = authority_on.strip_prefix(host)?;
        let after_port = port_on.strip_prefix(':').map(|port| port.trim_start_matches(|c: char| c.is_ascii_digit()));
        Some((host, after_port.unwrap_or(port_on)))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.raw
    }

    #[must_use]
    pub const fn kind(&self) -> RedirectKind {
        self.kind
    }

    /// Returns what a person should look at before consent: the host (and port), or the scheme of the application, that will
    /// receive the code.
    #[must_use]
    pub fn destination(&self) -> String {
        destination_of(&self.raw).1
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = InvalidRedirectUri;

    /// Reads a URI from a sealed or signed text of this server. The policy accepted it when the text was made.
    fn try_from(raw: String) -> Result<Self, InvalidRedirectUri> {
        if private_use_scheme(&raw).is_some() {
            return Ok(Self { raw: raw.into(), kind: RedirectKind::PrivateUse });
        }
        Self::parse_web(&raw)
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.as_str().to_owned()
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.raw)
    }
}

impl fmt::Debug for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.raw)
    }
}

#[cfg(test)]
mod tests;
