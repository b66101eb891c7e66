//! The [`Origin`] of a URL (RFC 6454 §4), and the [`Issuer`] identifier of this server (RFC 8414 §2).

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::web::web_url::{InvalidUrl, WebScheme, WebUrl};

/// Scheme, host and port of a server: in lower case, without the default port, without a slash at the end. Two origins are the
/// same if and only if their texts are (RFC 6454 §4).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    text: Arc<str>,
    scheme: WebScheme,
    loopback: bool,
}

impl Origin {
    /// Returns the origin of a URL. Path, query and fragment are ignored.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidUrl`] if the text is not a URL that [`WebUrl::parse`] accepts.
    pub fn of(url: &str) -> Result<Self, InvalidUrl> {
        WebUrl::parse(url).map(|url| url.origin())
    }

    fn from_url(url: &WebUrl<'_>) -> Self {
        let mut text = format!("{}://{}", url.scheme.as_str(), url.host);
        if let Some(port) = url.port.filter(|port| *port != url.scheme.default_port()) {
            text.push(':');
            text.push_str(&port.to_string());
        }
        Self { text: text.into(), scheme: url.scheme, loopback: url.host.is_loopback() }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub const fn scheme(&self) -> WebScheme {
        self.scheme
    }

    /// Returns host and port, as people see them and as a `Host` header has them.
    #[must_use]
    pub fn authority(&self) -> &str {
        let scheme = self.scheme.as_str();
        self.text.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://")).unwrap_or_default()
    }

    /// Returns whether the host is a loopback host.
    #[must_use]
    pub const fn is_loopback(&self) -> bool {
        self.loopback
    }
}

impl WebUrl<'_> {
    /// Returns scheme, host and port in their canonical form.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin::from_url(self)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Issuer::deserialize(deserializer).map(|issuer| issuer.0)
    }
}

/// Why a text is not an issuer identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidIssuer {
    #[error(transparent)]
    Url(#[from] InvalidUrl),
    /// The URL has more than scheme, host and port.
    #[error("the public URL of this server has a scheme, a host, perhaps a port, and nothing else")]
    NotBare,
}

/// The issuer identifier of this authorization server: a bare origin.
///
/// It is byte for byte the same in the metadata, in every `iss`, and in the metadata of the resources (RFC 8414 §3.3, RFC 9207
/// §2). It has no path, because clients of some protocol revisions find no other issuer.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct Issuer(Origin);

impl Issuer {
    /// Returns the issuer at this origin.
    #[must_use]
    pub const fn new(origin: Origin) -> Self {
        Self(origin)
    }

    /// Parses the setting `PUBLIC_URL`: an origin, with at most one slash at the end.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidIssuer::Url`] if the text is not an http or https URL, and [`InvalidIssuer::NotBare`] if it has
    /// a path other than `/`, a query or a fragment.
    pub fn parse(text: &str) -> Result<Self, InvalidIssuer> {
        let url = WebUrl::parse(text)?;
        if !matches!(url.path, "" | "/") || url.query.is_some() || url.fragment.is_some() {
            return Err(InvalidIssuer::NotBare);
        }
        Ok(Self(url.origin()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.0
    }

    /// Returns the URL of `path`, which begins with a slash.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.as_str())
    }
}

impl<'de> Deserialize<'de> for Issuer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_origin_has_one_canonical_form() {
        for (name, url, origin) in [
            ("as it is", "https://mcp.example.com", "https://mcp.example.com"),
            ("upper case", "HTTPS://MCP.Example.COM/Path", "https://mcp.example.com"),
            ("default port", "https://mcp.example.com:443/", "https://mcp.example.com"),
            ("default port of http", "http://localhost:80/x", "http://localhost"),
            ("other port", "http://localhost:8787/mcp?a=b#c", "http://localhost:8787"),
            ("port of the other scheme", "https://mcp.example.com:80", "https://mcp.example.com:80"),
            ("IPv4", "http://127.0.0.1:1/", "http://127.0.0.1:1"),
            ("IPv6", "http://[::1]:8787/", "http://[::1]:8787"),
            ("underscore", "https://a_b.example.com", "https://a_b.example.com"),
            ("query without a path", "https://example.com?x", "https://example.com"),
        ] {
            assert_eq!(Origin::of(url).unwrap().as_str(), origin, "{name}");
        }
    }

    #[test]
    fn an_issuer_is_a_bare_origin() {
        assert_eq!(Issuer::parse("https://MCP.example.com/").unwrap().as_str(), "https://mcp.example.com");
        assert_eq!(Issuer::parse("https://mcp.example.com").unwrap().at("/token"), "https://mcp.example.com/token");
        for text in ["https://mcp.example.com/mcp", "https://mcp.example.com?", "https://mcp.example.com#"] {
            assert_eq!(Issuer::parse(text), Err(InvalidIssuer::NotBare), "{text}");
        }
        assert_eq!(Issuer::parse("mcp.example.com"), Err(InvalidIssuer::Url(InvalidUrl::Scheme)));
    }

    #[test]
    fn loopback_is_recognised_by_name_and_by_address() {
        for url in ["http://localhost", "http://a.localhost", "http://127.0.0.1", "http://127.255.0.1", "http://[::1]"]
        {
            assert!(Origin::of(url).unwrap().is_loopback(), "{url}");
        }
        for url in ["http://localhost.example", "http://128.0.0.1", "http://[::2]", "http://127.0.0.1.example"] {
            assert!(!Origin::of(url).unwrap().is_loopback(), "{url}");
        }
    }

    proptest! {
        #[test]
        fn the_origin_of_an_accepted_url_is_its_own_canonical_form(
            text in "(http|https|HTTP)://[a-zA-Z0-9.:@%_\\[\\]-]{1,24}(/[a-z%/.?#]{0,12})?"
        ) {
            if let Ok(url) = WebUrl::parse(&text) {
                let origin = url.origin();
                prop_assert_eq!(Origin::of(origin.as_str()).unwrap(), origin.clone());
                prop_assert!(!origin.as_str().contains('@'));
                prop_assert!(origin.as_str().bytes().all(|byte| !byte.is_ascii_uppercase()));
            }
        }
    }
}
