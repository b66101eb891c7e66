//! The hosts that the handlers of a connector may send requests to, as its author declares them.

use std::net::IpAddr;

use thiserror::Error;
use url::{Host, Url};

/// The hosts that requests may go to.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    patterns: Vec<HostPattern>,
    errors: Vec<InvalidHost>,
}

/// A host, or all hosts below a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
struct HostPattern {
    /// The name, as the parser of URLs writes it.
    name: String,
    names: Names,
    /// The port, if one was declared.
    port: Option<u16>,
    is_loopback: bool,
}

/// Which names a pattern stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    /// The name itself.
    Exact,
    /// Every name below it.
    Below,
}

/// A declared host that no request can go to.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "`{0}` is not a host: write a name such as `api.example.com`, perhaps with a port, or `*.example.com`; of IP addresses and names \
     without a dot only loopback ones are hosts"
)]
pub struct InvalidHost(String);

impl Hosts {
    /// Makes the set of these hosts. What is not one can be asked for with [`Hosts::errors`].
    #[must_use]
    pub fn of(hosts: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let mut all = Self::default();
        for host in hosts {
            all.add(host.as_ref());
        }
        all
    }

    pub(crate) fn add(&mut self, host: &str) {
        match HostPattern::parse(host) {
            Some(pattern) => self.patterns.push(pattern),
            None => self.errors.push(InvalidHost(host.to_owned())),
        }
    }

    /// Returns the texts that are not hosts.
    #[must_use]
    pub fn errors(&self) -> &[InvalidHost] {
        &self.errors
    }

    /// Returns whether a request may go to `url`: its host and port are declared, it is https or loopback, and it holds no
    /// password.
    #[must_use]
    pub fn admit(&self, url: &Url) -> bool {
        url.username().is_empty() && url.password().is_none() && self.patterns.iter().any(|pattern| pattern.admits(url))
    }
}

impl HostPattern {
    fn parse(text: &str) -> Option<Self> {
        let (names, rest) = match text.strip_prefix("*.") {
            Some(rest) => (Names::Below, rest),
            None => (Names::Exact, text),
        };
        // An origin and nothing else: the parser would read a path, a query or a password out of the text.
        if rest.is_empty() || rest.contains(['/', '\\', '?', '#', '@', '*', '%']) || rest.contains(char::is_whitespace)
        {
            return None;
        }
        let url = Url::parse(&format!("https://{rest}")).ok()?;
        let is_loopback = is_loopback(&url);
        let is_name = matches!(url.host(), Some(Host::Domain(name)) if name.trim_end_matches('.').contains('.'));
        if !(is_name || is_loopback) || (is_loopback && names == Names::Below) {
            return None;
        }
        // The parser leaves out the default port.
        let port = url.port().or_else(|| rest.ends_with(":443").then_some(443));
        Some(Self { name: url.host_str()?.to_owned(), names, port, is_loopback })
    }

    fn admits(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        let is_named = match self.names {
            Names::Exact => host == self.name,
            Names::Below => host.strip_suffix(&self.name).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
        };
        let port = url.port_or_known_default();
        is_named
            && match (url.scheme(), self.is_loopback) {
                ("https" | "http", true) => self.port.is_none() || self.port == port,
                ("https", false) => port == Some(self.port.unwrap_or(443)),
                _ => false,
            }
    }
}

/// Whether a URL stays on this machine.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(declared: &str, url: &str) -> bool {
        let hosts = Hosts::of([declared]);
        assert_eq!(hosts.errors(), [], "{declared}");
        hosts.admit(&Url::parse(url).unwrap())
    }

    #[test]
    fn a_request_goes_only_to_a_declared_host_by_https() {
        for (declared, url, admitted) in [
            ("api.example.com", "https://api.example.com/a?b=c", true),
            ("API.Example.com", "https://api.example.COM:443/", true),
            ("api.example.com:443", "https://api.example.com/", true),
            ("api.example.com", "http://api.example.com/", false),
            ("api.example.com", "http://api.example.com:443/", false),
            ("api.example.com", "https://api.example.com:8443/", false),
            ("api.example.com:8443", "https://api.example.com:8443/", true),
            ("api.example.com:8443", "https://api.example.com/", false),
            ("api.example.com", "https://example.com/", false),
            ("api.example.com", "https://x.api.example.com/", false),
            ("api.example.com", "https://api.example.com./", false),
            ("api.example.com", "https://api.example.com.evil.example/", false),
            ("api.example.com", "https://api.example.com@evil.example/", false),
            ("api.example.com", "https://key@api.example.com/", false),
            ("api.example.com", "https://:key@api.example.com/", false),
            ("api.example.com", "ftp://api.example.com/", false),
            ("*.example.com", "https://a.example.com/", true),
            ("*.example.com", "https://a.b.example.com/", true),
            ("*.example.com", "https://example.com/", false),
            ("*.example.com", "https://evilexample.com/", false),
            ("*.example.com", "https://a.example.com:8443/", false),
            ("bücher.example", "https://xn--bcher-kva.example/", true),
        ] {
            assert_eq!(admits(declared, url), admitted, "{declared}: {url}");
        }
    }

    #[test]
    fn a_loopback_host_is_reached_by_http_too() {
        for (declared, url, admitted) in [
            ("localhost", "http://localhost:8080/", true),
            ("localhost", "https://localhost/", true),
            ("localhost:8080", "http://localhost:8080/", true),
            ("localhost:8080", "http://localhost:8081/", false),
            ("127.0.0.1", "http://127.1:80/", true),
            ("[::1]", "http://[0::1]:3000/", true),
            ("api.example.com", "http://localhost/", false),
        ] {
            assert_eq!(admits(declared, url), admitted, "{declared}: {url}");
        }
    }

    #[test]
    fn what_is_not_a_host_of_the_internet_is_an_error() {
        for text in [
            "",
            "*.",
            "*",
            "*.com",
            "*.localhost",
            "a.*.example.com",
            "https://api.example.com",
            "api.example.com/v1",
            "user@api.example.com",
            "api.example.com?x",
            "api example.com",
            "api.example.com:99999",
            "10.0.0.1",
            "3232235777",
            "[fd00::1]",
            "intranet",
        ] {
            let hosts = Hosts::of([text]);
            assert_eq!(hosts.errors(), [InvalidHost(text.to_owned())], "{text}");
            assert!(hosts.patterns.is_empty(), "{text}");
        }
    }
}
