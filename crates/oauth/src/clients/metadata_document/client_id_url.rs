//! A client identifier that is an https URL, from which a Client ID Metadata Document may be fetched.

use std::fmt;

use thiserror::Error;

use mcp_connector_base::identifier::ClientId;

use crate::web::host::Host;
use crate::web::origin::Origin;
use crate::web::web_url::{InvalidUrl, WebScheme, WebUrl, has_authority};

/// Names that are not public (RFC 6761, RFC 8375, ICANN, and common private ones), as the last label or the last two.
const PRIVATE_NAMES: [&str; 10] =
    ["localhost", "local", "internal", "home.arpa", "localdomain", "intranet", "private", "corp", "home", "lan"];

/// Why a document is not fetched from an identifier. Such a client is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidClientIdUrl {
    #[error(transparent)]
    Url(#[from] InvalidUrl),
    #[error("the URL of a client must begin with https://")]
    NotHttps,
    /// The URL has no path (draft §3).
    #[error("the URL of a client must have a path")]
    NoPath,
    /// The URL has a fragment (draft §3).
    #[error("the URL of a client must not have a fragment")]
    Fragment,
    /// The URL is not in canonical form. The document could not repeat it byte for byte, or the fetch would go elsewhere.
    #[error("scheme and host of a client's URL must be in lower case")]
    NotCanonical,
    /// The host is an address, this server, or not public.
    #[error("the URL of a client must be on a public host other than this one")]
    Host,
    /// The port is not 443.
    #[error("the URL of a client must use the port 443")]
    Port,
}

/// An identifier from which a document may be fetched. Compared byte for byte.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ClientIdUrl {
    id: ClientId,
    host: String,
}

impl ClientIdUrl {
    /// Returns whether an identifier has the form of a URL. It may still not be allowed to fetch it.
    #[must_use]
    pub fn is_url_form(id: &ClientId) -> bool {
        has_authority(id.as_str())
    }

    /// Checks an identifier. `own` is the origin of this server, from which a fetch would be a loop.
    ///
    /// A query is allowed: the draft only advises against it, and it is no more dangerous than a path.
    ///
    /// # Errors
    ///
    /// Returns the [`InvalidClientIdUrl`] that says what the identifier is not: an https URL in canonical form, with a
    /// path and without a fragment, on port 443 of a public host that is not `own`.
    pub fn parse(id: &ClientId, own: &Origin) -> Result<Self, InvalidClientIdUrl> {
        let host = Self::check(id)?;
        let own_host = WebUrl::parse(own.as_str()).is_ok_and(|own| own.host == Host::Name(host.clone()));
        if own_host { Err(InvalidClientIdUrl::Host) } else { Ok(Self { id: id.clone(), host }) }
    }

    /// Checks everything but whether the host is this server's, and returns the host.
    pub(crate) fn check(id: &ClientId) -> Result<String, InvalidClientIdUrl> {
        let url = WebUrl::parse(id.as_str())?;
        if url.scheme != WebScheme::Https {
            return Err(InvalidClientIdUrl::NotHttps);
        }
        if matches!(url.path, "" | "/") {
            return Err(InvalidClientIdUrl::NoPath);
        }
        if url.fragment.is_some() {
            return Err(InvalidClientIdUrl::Fragment);
        }
        if url.port.is_some_and(|port| port != 443) {
            return Err(InvalidClientIdUrl::Port);
        }
        let Host::Name(host) = &url.host else { return Err(InvalidClientIdUrl::Host) };
        if !is_public_name(host) {
            return Err(InvalidClientIdUrl::Host);
        }
        if url.raw_host != host || !id.as_str().starts_with("https://") {
            return Err(InvalidClientIdUrl::NotCanonical);
        }
        Ok(host.clone())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        self.id.as_str()
    }

    #[must_use]
    pub const fn id(&self) -> &ClientId {
        &self.id
    }

    /// Returns the host, which is responsible for the document.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl fmt::Debug for ClientIdUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Returns whether a name has more than one label and does not end in a private one.
fn is_public_name(host: &str) -> bool {
    host.contains('.')
        && !PRIVATE_NAMES
            .into_iter()
            .any(|private| host.strip_suffix(private).is_some_and(|before| before.is_empty() || before.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn url(text: &str) -> Result<ClientIdUrl, InvalidClientIdUrl> {
        ClientIdUrl::parse(&ClientId::new(text).unwrap(), &Origin::of("https://mcp.example.org").unwrap())
    }

    #[test]
    fn urls_of_real_clients_may_be_fetched() {
        for (text, host) in [
            ("https://claude.ai/oauth/mcp-oauth-client-metadata", "claude.ai"),
            ("https://chatgpt.com/oauth/client.json", "chatgpt.com"),
            ("https://app.example.com:443/c", "app.example.com"),
            ("https://app.example.com/c?version=2", "app.example.com"),
            ("https://xn--bcher-kva.example/c", "xn--bcher-kva.example"),
        ] {
            assert_eq!(url(text).unwrap().host(), host, "{text}");
        }
    }

    #[test]
    fn client_id_urls_that_are_not_https_on_a_public_host_are_refused() {
        use InvalidClientIdUrl as E;
        for (name, text, why) in [
            ("http", "http://app.example.com/c", E::NotHttps),
            ("other scheme", "ftp://app.example.com/c", E::Url(InvalidUrl::Scheme)),
            ("no path", "https://app.example.com", E::NoPath),
            ("bare slash", "https://app.example.com/", E::NoPath),
            ("query without a path", "https://app.example.com?c", E::NoPath),
            ("fragment", "https://app.example.com/c#x", E::Fragment),
            ("empty fragment", "https://app.example.com/c#", E::Fragment),
            ("dot segment", "https://app.example.com/a/../c", E::Url(InvalidUrl::NotNormalized)),
            ("encoded dot segment", "https://app.example.com/%2e%2E/c", E::Url(InvalidUrl::NotNormalized)),
            ("user name", "https://claude.ai@evil.example/c", E::Url(InvalidUrl::UserInfo)),
            ("password", "https://a:b@app.example.com/c", E::Url(InvalidUrl::UserInfo)),
            ("other port", "https://app.example.com:8443/c", E::Port),
            ("port of ssh", "https://app.example.com:22/c", E::Port),
            ("IPv4", "https://93.184.216.34/c", E::Host),
            ("private IPv4", "https://10.0.0.1/c", E::Host),
            ("link-local IPv4", "https://169.254.169.254/latest/meta-data", E::Host),
            ("IPv6", "https://[2606:4700::1111]/c", E::Host),
            ("IPv6 loopback", "https://[::1]/c", E::Host),
            ("decimal address", "https://2130706433/c", E::Url(InvalidUrl::Host)),
            ("octal address", "https://0177.0.0.1/c", E::Url(InvalidUrl::Host)),
            ("localhost", "https://localhost/c", E::Host),
            ("below localhost", "https://app.localhost/c", E::Host),
            ("single label", "https://metadata/c", E::Host),
            ("local", "https://printer.local/c", E::Host),
            ("internal", "https://metadata.google.internal/c", E::Host),
            ("home.arpa", "https://router.home.arpa/c", E::Host),
            ("this server", "https://mcp.example.org/c", E::Host),
            ("this server with its port", "https://mcp.example.org:443/c", E::Host),
            ("dot at the end of the host", "https://localhost./c", E::Url(InvalidUrl::Host)),
            ("upper-case host", "https://App.example.com/c", E::NotCanonical),
            ("upper-case scheme", "HTTPS://app.example.com/c", E::NotCanonical),
            ("backslash", "https://app.example.com\\c", E::Url(InvalidUrl::Character)),
            ("missing slash", "https:/app.example.com/c", E::Url(InvalidUrl::Scheme)),
            ("space", "https://app.example.com/c d", E::Url(InvalidUrl::Character)),
        ] {
            assert_eq!(url(text).unwrap_err(), why, "{name}");
        }
        for text in ["https://notlocalhost.example/c", "https://local.example/c", "https://shop.milan/c"] {
            assert!(url(text).is_ok(), "{text}: a private name is a whole label at the end");
        }
    }

    proptest! {
        #[test]
        fn a_url_that_may_be_fetched_is_https_on_a_public_name(text in "https?://[a-z0-9.:@\\[\\]%-]{1,20}/[a-z.%#?/]{0,8}") {
            if let Ok(url) = url(&text) {
                prop_assert!(url.as_str().starts_with("https://"));
                prop_assert!(url.host().contains('.') && !url.host().ends_with("localhost"));
                prop_assert!(url.host().parse::<std::net::IpAddr>().is_err());
                prop_assert!(!url.as_str().contains(['#', '@']));
            }
        }
    }
}
