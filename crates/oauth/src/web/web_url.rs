//! The http and https URLs that OAuth compares and trusts. They are parsed by `url`, and accepted only as that parser writes
//! them.
//!
//! The parser repairs its input as a browser does: backslashes, missing slashes, numbers as addresses, tabs, dot segments. This
//! module refuses all of that, so that an accepted text means the same host and path to every later reader. Two variations are
//! accepted: upper case in scheme and host, and an explicit default port.

use thiserror::Error;
use url::{ParseError, Position, Url};

use crate::web::host::Host;

/// Maximum length of a URL, in bytes.
const MAX_URL: usize = 2048;

/// Why a text is not an http or https URL. The text of the error never repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidUrl {
    #[error("a URL is too long")]
    TooLong,
    /// The text has a space, a control character, a backslash, or another character that RFC 3986 requires to be percent-encoded.
    #[error("a URL contains a character that must be percent-encoded")]
    Character,
    #[error("a URL must begin with https:// or http://")]
    Scheme,
    /// There is a user name or a password before the host.
    #[error("a URL must not contain a user name or password")]
    UserInfo,
    /// The host is missing, or is neither a DNS name nor an address in its usual form.
    #[error("a URL must name a host: a DNS name, or an address in its usual form")]
    Host,
    /// The port is not a number from 1 to 65535.
    #[error("the port of a URL is a number from 1 to 65535")]
    Port,
    /// A parser would rewrite what follows the host: it has dot segments, or a character that the parser percent-encodes.
    #[error("a URL must have no dot segments, and nothing that a parser rewrites")]
    NotNormalized,
}

impl From<ParseError> for InvalidUrl {
    fn from(error: ParseError) -> Self {
        match error {
            ParseError::InvalidPort => Self::Port,
            ParseError::Overflow => Self::TooLong,
            ParseError::RelativeUrlWithoutBase
            | ParseError::RelativeUrlWithCannotBeABaseBase
            | ParseError::SetHostOnCannotBeABaseUrl => Self::Scheme,
            // This arm includes the errors of later versions of the crate.
            ParseError::EmptyHost
            | ParseError::IdnaError
            | ParseError::InvalidIpv4Address
            | ParseError::InvalidIpv6Address
            | ParseError::InvalidDomainCharacter
            | _ => Self::Host,
        }
    }
}

/// `http` or `https`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WebScheme {
    Http,
    Https,
}

impl WebScheme {
    /// Returns the text before `://`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// Returns the port that is left out.
    pub(crate) const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// An http or https URL in parts. The parts after the host stay as they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebUrl<'a> {
    /// The scheme, in any case.
    pub scheme: WebScheme,
    pub host: Host,
    /// The host, as it was written.
    pub raw_host: &'a str,
    /// The port, if it was written.
    pub port: Option<u16>,
    /// The path: empty, or from its first slash.
    pub path: &'a str,
    /// The text after `?`.
    pub query: Option<&'a str>,
    /// The text after `#`.
    pub fragment: Option<&'a str>,
}

impl<'a> WebUrl<'a> {
    /// Parses `text`.
    ///
    /// # Errors
    ///
    /// [`InvalidUrl`] says what is wrong with it.
    pub fn parse(text: &'a str) -> Result<Self, InvalidUrl> {
        if text.len() > MAX_URL {
            return Err(InvalidUrl::TooLong);
        }
        if !text.bytes().all(is_url_byte) {
            return Err(InvalidUrl::Character);
        }
        let url = Url::parse(text)?;
        let scheme = match url.scheme() {
            "https" => WebScheme::Https,
            "http" => WebScheme::Http,
            _ => return Err(InvalidUrl::Scheme),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidUrl::UserInfo);
        }
        let host = url.host().and_then(|host| Host::from_parsed(&host)).ok_or(InvalidUrl::Host)?;
        let (origin, rest) = split_before_path(text, &url)?;
        let authority = strip_prefix_ignoring_case(origin, scheme.as_str())
            .and_then(|rest| rest.strip_prefix("://"))
            .ok_or(InvalidUrl::Scheme)?;
        if authority.contains('@') {
            return Err(InvalidUrl::UserInfo);
        }
        if authority.contains('/') && !authority.starts_with('/') {
            return Err(InvalidUrl::NotNormalized);
        }
        let port_on = strip_prefix_ignoring_case(authority, &host.to_string()).ok_or(InvalidUrl::Host)?;
        let port = written_port(port_on, &url)?;
        let raw_host = authority.strip_suffix(port_on).unwrap_or(authority);
        let (before_fragment, fragment) = split_off(rest, '#');
        let (path, query) = split_off(before_fragment, '?');
        // The parser accepts brackets in a path, and percent signs without digits.
        if path.contains(['[', ']']) || !percent_signs_encode(before_fragment) {
            return Err(InvalidUrl::Character);
        }
        Ok(Self { scheme, host, raw_host, port, path, query, fragment })
    }
}

/// Returns whether a text is a URL with an authority, of any scheme.
#[must_use]
pub fn has_authority(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.has_authority())
}

/// Splits a text before its path. The path has to be as the parser writes it, except that a lone slash may be missing.
fn split_before_path<'a>(text: &'a str, url: &Url) -> Result<(&'a str, &'a str), InvalidUrl> {
    let written = &url[Position::BeforePath..];
    let without_slash = written.strip_prefix('/').filter(|_| url.path() == "/");
    for rest in std::iter::once(written).chain(without_slash) {
        if let Some(parts) = text.len().checked_sub(rest.len()).and_then(|at| text.split_at_checked(at))
            && parts.1 == rest
        {
            return Ok(parts);
        }
    }
    Err(InvalidUrl::NotNormalized)
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Returns the port from the text after the host, which is empty, or a colon and the number as the parser writes it.
fn written_port(port_on: &str, url: &Url) -> Result<Option<u16>, InvalidUrl> {
    if port_on.is_empty() {
        return Ok(None);
    }
    let port = url.port_or_known_default().filter(|port| *port != 0).ok_or(InvalidUrl::Port)?;
    if port_on.strip_prefix(':') == Some(&*port.to_string()) { Ok(Some(port)) } else { Err(InvalidUrl::Port) }
}

/// Returns the text before `mark`, and the text after it.
fn split_off(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

/// Returns whether RFC 3986 §2 allows a byte in a URI.
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

/// Returns whether two hexadecimal digits follow every `%`.
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
    fn a_url_that_a_browser_would_repair_is_refused() {
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
    fn a_url_whose_path_or_query_a_parser_would_rewrite_is_refused() {
        for rest in ["/a/../b", "/..", "/./", "/%2e%2E/x", "/.%2e", "/a/%2e", "/a/..", "/?a='b'"] {
            let url = format!("https://example.com{rest}");
            assert_eq!(WebUrl::parse(&url), Err(InvalidUrl::NotNormalized), "{rest}");
        }
        for rest in [
            "",
            "/",
            "/a",
            "/.well-known/x",
            "/a..b",
            "/...",
            "/%2e%2ea",
            "/a%2Fb",
            "?x",
            "/?",
            "/#",
            "#x",
            "//a",
            "/a'b",
        ] {
            let url = format!("https://example.com{rest}");
            let parsed = WebUrl::parse(&url).unwrap();
            let written =
                [parsed.query.map(|query| format!("?{query}")), parsed.fragment.map(|text| format!("#{text}"))];
            assert_eq!([Some(parsed.path.to_owned())].into_iter().chain(written).flatten().collect::<String>(), rest);
        }
    }

    #[test]
    fn only_upper_case_and_a_default_port_are_normalised_in_a_host() {
        for (url, host, port) in [
            ("HTTPS://Example.COM:443/A", "example.com", Some(443)),
            ("http://localhost:80", "localhost", Some(80)),
            ("http://LOCALHOST:8787/x", "localhost", Some(8787)),
            ("http://[::1]:1", "[::1]", Some(1)),
            ("https://xn--nxasmq6b.example", "xn--nxasmq6b.example", None),
        ] {
            let parsed = WebUrl::parse(url).unwrap();
            assert_eq!((parsed.host.to_string().as_str(), parsed.port), (host, port), "{url}");
            assert!(parsed.raw_host.eq_ignore_ascii_case(host), "{url}");
        }
        for (url, why) in [
            ("https://example.com:0443", InvalidUrl::Port),
            ("http://[0:0:0:0:0:0:0:1]", InvalidUrl::Host),
            ("http://[::FFFF:127.0.0.1]", InvalidUrl::Host),
            ("https://xn--a", InvalidUrl::Host),
        ] {
            assert_eq!(WebUrl::parse(url), Err(why), "{url}");
        }
    }

    #[test]
    fn a_url_with_an_authority_is_told_from_other_identifiers() {
        for (text, is) in [
            ("https://app.example/c.json", true),
            ("http://localhost", true),
            ("myapp://callback", true),
            ("c1_AgAAAABrSdIA", false),
            ("client:robot", false),
            ("robot", false),
            ("", false),
        ] {
            assert_eq!(has_authority(text), is, "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsing_any_text_as_a_url_does_not_panic(text in ".{0,80}") {
            let _ = WebUrl::parse(&text);
        }
    }
}
