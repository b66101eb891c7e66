//! A strict parser for the http and https URLs that OAuth compares and trusts: the grammar of RFC 3986, nothing repaired.
//!
//! A browser repairs what it is given: backslashes, missing slashes, numbers as addresses, tabs. Here all of that is refused,
//! so that a text which passes means the same host to everybody who reads it afterwards.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use thiserror::Error;

use super::origin::Origin;

/// Longest URL that is looked at, in bytes.
const MAX_URL: usize = 2048;
/// Longest host name (RFC 1035 §2.3.4).
const MAX_HOST: usize = 253;

/// Why a text is not an http or https URL. Never echoes the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidUrl {
    /// Longer than anybody needs.
    #[error("a URL is too long")]
    TooLong,
    /// A space, a control character, a backslash, or anything else that RFC 3986 wants percent-encoded.
    #[error("a URL contains a character that must be percent-encoded")]
    Character,
    /// Another scheme, or none.
    #[error("a URL must begin with https:// or http://")]
    Scheme,
    /// A user name or a password before the host.
    #[error("a URL must not contain a user name or password")]
    UserInfo,
    /// No host, or one that is neither a DNS name nor an address in its usual form.
    #[error("a URL must name a host: a DNS name, or an address in its usual form")]
    Host,
    /// Not a number from 1 to 65535.
    #[error("the port of a URL is a number from 1 to 65535")]
    Port,
}

/// `http` or `https`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WebScheme {
    /// Without TLS.
    Http,
    /// With TLS.
    Https,
}

impl WebScheme {
    /// As it is written before `://`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that is not written.
    pub(super) const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Where a URL points.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A DNS name in lower case.
    Name(String),
    /// An IPv4 address, four decimal numbers without leading zeros.
    V4(Ipv4Addr),
    /// An IPv6 address, which stood in brackets.
    V6(Ipv6Addr),
}

impl Host {
    fn parse(text: &str) -> Result<Self, InvalidUrl> {
        if let Some(inside) = text.strip_prefix('[') {
            let address = inside.strip_suffix(']').ok_or(InvalidUrl::Host)?;
            return address.parse().map(Self::V6).map_err(|_| InvalidUrl::Host);
        }
        let mut labels = text.split('.');
        let well_formed = text.len() <= MAX_HOST && labels.clone().all(is_label);
        // A name whose last label is a number is an IPv4 address to every browser, in whatever odd form (`127.1`, `0x7f.1`,
        // `2130706433`): only the usual form passes.
        let number = labels.next_back().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit()));
        match text.parse() {
            Ok(address) => Ok(Self::V4(address)),
            Err(_) if well_formed && !number => Ok(Self::Name(text.to_ascii_lowercase())),
            Err(_) => Err(InvalidUrl::Host),
        }
    }

    /// Whether it is this very machine: `localhost` and its subdomains (RFC 6761 §6.3), `127.0.0.0/8`, `::1`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
            Self::V4(address) => address.is_loopback(),
            Self::V6(address) => address.is_loopback(),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

/// One label of a DNS name. Underscores are no host name by RFC 952, but they resolve and are in use.
fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// An http or https URL, cut into its parts. The parts after the host stay as they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebUrl<'a> {
    /// The scheme, whatever its case was.
    pub scheme: WebScheme,
    /// The host.
    pub host: Host,
    /// The host as it was written.
    pub raw_host: &'a str,
    /// The port, if it was written.
    pub port: Option<u16>,
    /// The path, empty or from its first slash.
    pub path: &'a str,
    /// What follows `?`.
    pub query: Option<&'a str>,
    /// What follows `#`.
    pub fragment: Option<&'a str>,
}

impl<'a> WebUrl<'a> {
    /// Cuts `text` into its parts, or says what is wrong with it.
    pub fn parse(text: &'a str) -> Result<Self, InvalidUrl> {
        if text.len() > MAX_URL {
            return Err(InvalidUrl::TooLong);
        }
        if !text.bytes().all(is_url_byte) {
            return Err(InvalidUrl::Character);
        }
        let (scheme, rest) = text.split_once("://").ok_or(InvalidUrl::Scheme)?;
        let scheme = if scheme.eq_ignore_ascii_case("https") {
            WebScheme::Https
        } else if scheme.eq_ignore_ascii_case("http") {
            WebScheme::Http
        } else {
            return Err(InvalidUrl::Scheme);
        };
        let (rest, fragment) = split_off(rest, '#');
        let (rest, query) = split_off(rest, '?');
        let (authority, path) = match rest.find('/').and_then(|at| rest.split_at_checked(at)) {
            Some(parts) => parts,
            None => (rest, ""),
        };
        if authority.contains('@') {
            return Err(InvalidUrl::UserInfo);
        }
        // The colons of an IPv6 address stand inside its brackets.
        let (raw_host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(parse_port(port)?)),
            _ => (authority, None),
        };
        // Brackets belong around an address and nowhere else; percent signs are legal in a path only if they encode something.
        if path.contains(['[', ']']) || !percent_signs_encode(rest) || !query.is_none_or(percent_signs_encode) {
            return Err(InvalidUrl::Character);
        }
        Ok(Self { scheme, host: Host::parse(raw_host)?, raw_host, port, path, query, fragment })
    }

    /// Scheme, host and port, in their one canonical form.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin::from_url(self)
    }

    /// Whether a path segment is `.` or `..`, also if its dots are percent-encoded: browsers resolve those away.
    #[must_use]
    pub fn has_dot_segments(&self) -> bool {
        self.path.split('/').any(|segment| {
            let plain = segment.replace("%2e", ".").replace("%2E", ".");
            plain == "." || plain == ".."
        })
    }
}

/// The text before `mark`, and the text after it.
fn split_off(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn parse_port(text: &str) -> Result<u16, InvalidUrl> {
    // `parse` would take a plus sign.
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidUrl::Port);
    }
    text.parse().ok().filter(|port| *port != 0).ok_or(InvalidUrl::Port)
}

/// The characters that RFC 3986 §2 lets stand in a URI.
const fn is_url_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.'
                | b'_'
                | b'~'
                | b':'
                | b'/'
                | b'?'
                | b'#'
                | b'['
                | b']'
                | b'@'
                | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
                | b'%'
        )
}

/// Whether two hexadecimal digits follow every `%`.
fn percent_signs_encode(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| {
        let mut bytes = rest.bytes();
        matches!((bytes.next(), bytes.next()), (Some(a), Some(b)) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_browser_would_repair_is_refused() {
        for (name, url, why) in [
            ("empty", "", InvalidUrl::Scheme),
            ("no scheme", "example.com/", InvalidUrl::Scheme),
            ("no slashes", "https:example.com", InvalidUrl::Scheme),
            ("one slash", "https:/example.com", InvalidUrl::Scheme),
            ("three slashes", "https:///example.com", InvalidUrl::Host),
            ("other scheme", "ftp://example.com", InvalidUrl::Scheme),
            ("scheme with a space", " https://example.com", InvalidUrl::Character),
            ("tab in the scheme", "ht\ttps://example.com", InvalidUrl::Character),
            ("newline at the end", "https://example.com\n", InvalidUrl::Character),
            ("null", "https://example.com\0", InvalidUrl::Character),
            ("backslash", "https://example.com\\@evil.example", InvalidUrl::Character),
            ("not ASCII", "https://exämple.com", InvalidUrl::Character),
            ("angle bracket", "https://example.com/<script>", InvalidUrl::Character),
            ("quote", "https://example.com/\"", InvalidUrl::Character),
            ("user name", "https://user@example.com", InvalidUrl::UserInfo),
            ("password", "https://user:pass@example.com", InvalidUrl::UserInfo),
            ("empty user name", "https://@example.com", InvalidUrl::UserInfo),
            ("several at signs", "https://a@b@example.com", InvalidUrl::UserInfo),
            ("no host", "https://:443", InvalidUrl::Host),
            ("empty label", "https://a..b", InvalidUrl::Host),
            ("dot at the end", "https://example.com.", InvalidUrl::Host),
            ("encoded host", "https://ex%61mple.com", InvalidUrl::Host),
            ("hyphen first", "https://-a.example", InvalidUrl::Host),
            ("short IPv4", "http://127.1", InvalidUrl::Host),
            ("number as a host", "http://2130706433", InvalidUrl::Host),
            ("hexadecimal IPv4", "http://0x7f.0.0.1", InvalidUrl::Host),
            ("hexadecimal number", "http://0x7f000001", InvalidUrl::Host),
            ("octal IPv4", "http://0177.0.0.1", InvalidUrl::Host),
            ("IPv6 without brackets", "http://::1", InvalidUrl::Host),
            ("IPv6 not closed", "http://[::1", InvalidUrl::Host),
            ("IPv6 with a zone", "http://[fe80::1%25eth0]", InvalidUrl::Host),
            ("text after IPv6", "http://[::1]x", InvalidUrl::Host),
            ("empty port", "https://example.com:", InvalidUrl::Port),
            ("port zero", "https://example.com:0", InvalidUrl::Port),
            ("port too large", "https://example.com:65536", InvalidUrl::Port),
            ("port with a sign", "https://example.com:+443", InvalidUrl::Port),
            ("bad percent-encoding", "https://example.com/%zz", InvalidUrl::Character),
            ("cut percent-encoding", "https://example.com/%4", InvalidUrl::Character),
            ("bad percent-encoding in the query", "https://example.com/?%", InvalidUrl::Character),
            ("bracket in the path", "https://example.com/[", InvalidUrl::Character),
        ] {
            assert_eq!(WebUrl::parse(url), Err(why), "{name}");
        }
        let long = format!("https://example.com/{}", "a".repeat(MAX_URL));
        assert_eq!(WebUrl::parse(&long), Err(InvalidUrl::TooLong));
    }

    #[test]
    fn dot_segments_are_seen_in_every_spelling() {
        for path in ["/a/../b", "/..", "/./", "/%2e%2E/x", "/.%2e", "/a/%2e"] {
            let url = format!("https://example.com{path}");
            assert!(WebUrl::parse(&url).unwrap().has_dot_segments(), "{path}");
        }
        for path in ["", "/", "/a", "/.well-known/x", "/a..b", "/...", "/%2e%2ea"] {
            let url = format!("https://example.com{path}");
            assert!(!WebUrl::parse(&url).unwrap().has_dot_segments(), "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused_without_a_panic(text in ".{0,80}") {
            let _ = WebUrl::parse(&text);
        }
    }
}
