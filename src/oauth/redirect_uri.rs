//! Where a client may be sent with a code: the one type for redirect URIs, whoever registered them (RFC 6749 §3.1.2, OAuth 2.1
//! §2.3, RFC 8252 §7).
//!
//! Three kinds are acceptable. `https` is compared byte for byte. Loopback `http` is compared byte for byte except its port,
//! which a native application picks when it starts (RFC 8252 §7.3); its host is one of three literals and is not exchanged
//! for another. A private-use scheme belongs to nobody, so such a URI passes only if it stands in the [`RedirectPolicy`].

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::form::decode;
use super::web_url::{InvalidUrl, WebScheme, WebUrl};

/// Longest redirect URI, in bytes.
const MAX_REDIRECT_URI: usize = 512;
/// Most private-use URIs that a configuration allows.
const MAX_PRIVATE_USE: usize = 32;
/// The hosts a native application may listen on. `localhost` is not in RFC 8252, but most clients use it.
const LOOPBACK_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];
/// Allowed without configuration: Cursor registers it together with others, and gives up if one of them is refused.
const CURSOR: &str = "cursor://anysphere.cursor-mcp/oauth/callback";
/// Schemes that run code or read files where the browser stands.
const DANGEROUS_SCHEMES: [&str; 11] =
    ["about", "blob", "data", "file", "filesystem", "ftp", "http", "https", "javascript", "vbscript", "view-source"];

/// What an answer says in the query (RFC 6749 §4.1.2, RFC 9207 §2).
const ANSWERS: [&str; 5] = ["code", "state", "iss", "error", "error_description"];

/// Why a redirect URI was refused. Its text goes into `error_description`; it never echoes the URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidRedirectUri {
    /// Longer than anybody needs.
    #[error("a redirect URI is too long")]
    TooLong,
    /// RFC 6749 §3.1.2 forbids it.
    #[error("a redirect URI must not have a fragment")]
    Fragment,
    /// The answer would have a parameter twice (RFC 6749 §3.1), and the first one would be somebody's own.
    #[error("a redirect URI must not have a parameter of the answer in its query")]
    Answer,
    /// `http` to another machine.
    #[error("http is for redirect URIs on localhost, 127.0.0.1 or [::1] only; use https")]
    PlainHttp,
    /// A private-use scheme that the configuration does not name, or one that is none.
    #[error("a redirect URI must begin with https://, or http:// on a loopback host, or be allowed by the server")]
    Scheme,
    /// Not the URL it wants to be.
    #[error(transparent)]
    Url(#[from] InvalidUrl),
}

/// Which private-use redirect URIs this server lets pass, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectPolicy {
    private_use: Vec<Arc<str>>,
}

/// An entry of the configuration that is no private-use URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a private-use redirect URI has a scheme of its own and visible ASCII characters, and there are at most 32")]
pub struct InvalidRedirectPolicy;

impl RedirectPolicy {
    /// What is always allowed, and the entries of `configured`, which are separated by spaces or commas.
    pub fn with_private_use(configured: &str) -> Result<Self, InvalidRedirectPolicy> {
        let mut private_use = vec![Arc::from(CURSOR)];
        for entry in configured.split([' ', ',', '\n', '\t']).filter(|entry| !entry.is_empty()) {
            if private_use_scheme(entry).is_none() || private_use.len() > MAX_PRIVATE_USE {
                return Err(InvalidRedirectPolicy);
            }
            private_use.push(Arc::from(entry));
        }
        Ok(Self { private_use })
    }
}

impl Default for RedirectPolicy {
    fn default() -> Self {
        Self { private_use: vec![Arc::from(CURSOR)] }
    }
}

/// The scheme of a URI whose scheme is nobody's: RFC 3986 §3.1, and none that a browser acts on by itself.
fn private_use_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(':')?;
    let mut bytes = scheme.bytes();
    let well_formed = bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.'));
    let visible = rest.bytes().all(|byte| byte.is_ascii_graphic()) && !rest.is_empty();
    let allowed = !DANGEROUS_SCHEMES.contains(&scheme) && !rest.contains('#') && text.len() <= MAX_REDIRECT_URI;
    (well_formed && visible && allowed).then_some(scheme)
}

/// Whether a query has a parameter that the answer has.
fn says_an_answer(query: &str) -> bool {
    let names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
    names.filter_map(|name| decode(name.as_bytes()).ok()).any(|name| ANSWERS.contains(&name.as_str()))
}

/// What a redirect URI leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RedirectKind {
    /// A web site.
    Https,
    /// A program on the person's own machine, which listens on some port.
    Loopback,
    /// An application that has claimed a scheme on the person's own machine.
    PrivateUse,
}

/// Where a redirect URI leads that was good once, whatever the policy says today: its kind, and the host (and port) or the
/// scheme.
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
    /// Reads one from outside. Fails with the reason that goes into `error_description`.
    pub fn parse(raw: &str, policy: &RedirectPolicy) -> Result<Self, InvalidRedirectUri> {
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
        // Byte for byte means that also the scheme is written in one way only.
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

    /// Whether `requested` may be used where `self` was registered.
    #[must_use]
    pub fn admits(&self, requested: &Self) -> bool {
        match (self.loopback_parts(), requested.loopback_parts()) {
            (Some(registered), Some(requested)) => registered == requested,
            _ => self.raw == requested.raw,
        }
    }

    /// Host and what follows the port, of a loopback URI.
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

    /// The text, as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.raw
    }

    /// What it leads to.
    #[must_use]
    pub const fn kind(&self) -> RedirectKind {
        self.kind
    }

    /// What a person should look at before consenting: the host (and port) that will receive the code, or the scheme of the
    /// application that will.
    #[must_use]
    pub fn destination(&self) -> String {
        destination_of(&self.raw).1
    }

    /// The source expression that lets a form lead there (Content Security Policy, `form-action`): browsers apply it to the
    /// redirect that answers the form, too.
    #[must_use]
    pub fn form_action_source(&self) -> String {
        match WebUrl::parse(&self.raw) {
            // The grammar of source expressions has no IPv6 addresses.
            Ok(url) if url.raw_host.starts_with('[') => format!("{}:", url.scheme.as_str()),
            Ok(url) => url.origin().as_str().to_owned(),
            Err(_) => format!("{}:", self.scheme()),
        }
    }

    fn scheme(&self) -> &str {
        self.raw.split(':').next().unwrap_or_default()
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = InvalidRedirectUri;

    /// Reads one that this server wrote down itself, in a sealed or signed text, after the policy had admitted it.
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn uri(raw: &str) -> RedirectUri {
        RedirectUri::parse(raw, &RedirectPolicy::default()).unwrap()
    }

    #[test]
    fn what_real_clients_register_is_accepted() {
        for (raw, kind, destination) in [
            ("https://claude.ai/api/mcp/auth_callback", RedirectKind::Https, "claude.ai"),
            ("https://chatgpt.com/connector_platform_oauth_redirect", RedirectKind::Https, "chatgpt.com"),
            ("https://www.cursor.com/agents/mcp/oauth/callback", RedirectKind::Https, "www.cursor.com"),
            ("cursor://anysphere.cursor-mcp/oauth/callback", RedirectKind::PrivateUse, "cursor"),
            ("http://localhost:8787/callback", RedirectKind::Loopback, "localhost:8787"),
            ("http://localhost/callback", RedirectKind::Loopback, "localhost"),
            ("http://127.0.0.1:33418/", RedirectKind::Loopback, "127.0.0.1:33418"),
            ("http://127.0.0.1:33418", RedirectKind::Loopback, "127.0.0.1:33418"),
            ("http://[::1]:3000/cb", RedirectKind::Loopback, "[::1]:3000"),
            ("https://localhost:3000/cb", RedirectKind::Https, "localhost:3000"),
            ("https://App.Example.com:8443/cb?x=1&encode=code&codes", RedirectKind::Https, "app.example.com:8443"),
        ] {
            let uri = uri(raw);
            assert_eq!((uri.kind(), uri.destination().as_str()), (kind, destination), "{raw}");
            assert!(uri.admits(&uri), "{raw}");
            assert_eq!(
                serde_json::from_str::<RedirectUri>(&serde_json::to_string(&uri).unwrap()).unwrap(),
                uri,
                "{raw}"
            );
        }
    }

    #[test]
    fn what_could_leak_a_code_is_refused() {
        use InvalidRedirectUri as E;
        for (name, raw, why) in [
            ("http to another machine", "http://example.com/cb", E::PlainHttp),
            ("http to a name that looks local", "http://localhost.example.com/cb", E::PlainHttp),
            ("http to a subdomain of localhost", "http://app.localhost/cb", E::PlainHttp),
            ("other loopback address", "http://127.0.0.2/cb", E::PlainHttp),
            ("loopback literal in another case", "http://LOCALHOST/cb", E::PlainHttp),
            ("loopback address written at length", "http://[0:0:0:0:0:0:0:1]/cb", E::PlainHttp),
            ("any address", "http://0.0.0.0/cb", E::PlainHttp),
            ("fragment", "https://example.com/cb#x", E::Fragment),
            ("empty fragment", "https://example.com/cb#", E::Fragment),
            ("a code of its own", "https://example.com/cb?x=1&code=stolen", E::Answer),
            ("a code of its own, encoded", "https://example.com/cb?c%6Fde=stolen", E::Answer),
            ("another issuer", "https://example.com/cb?iss=https://evil.example", E::Answer),
            ("a state of its own", "http://127.0.0.1/cb?state", E::Answer),
            ("user name", "https://claude.ai@evil.example/cb", E::Url(InvalidUrl::UserInfo)),
            ("several at signs", "https://a@b@c/cb", E::Url(InvalidUrl::UserInfo)),
            ("user name on loopback", "http://localhost@evil.example/cb", E::Url(InvalidUrl::UserInfo)),
            ("script", "javascript:alert(1)", E::Scheme),
            ("script in another case", "JaVaScRiPt:alert(1)", E::Scheme),
            ("script with a space", " javascript:alert(1)", E::Url(InvalidUrl::Character)),
            ("script with a newline", "java\nscript:alert(1)", E::Url(InvalidUrl::Character)),
            ("data", "data:text/html,x", E::Scheme),
            ("file", "file:///etc/passwd", E::Scheme),
            ("unknown scheme", "myapp://callback", E::Scheme),
            ("Cursor's scheme with another path", "cursor://anysphere.cursor-mcp/oauth/callbackx", E::Scheme),
            ("Cursor's scheme with a query", "cursor://anysphere.cursor-mcp/oauth/callback?x", E::Scheme),
            ("out of band", "urn:ietf:wg:oauth:2.0:oob", E::Scheme),
            ("upper-case scheme", "HTTPS://example.com/cb", E::Scheme),
            ("relative", "/cb", E::Scheme),
            ("scheme only", "https://", E::Url(InvalidUrl::Host)),
            ("backslash", "https://example.com\\.evil.example/cb", E::Url(InvalidUrl::Character)),
            ("wildcard host", "https://*.example.com/cb", E::Url(InvalidUrl::Host)),
            ("not ASCII", "https://exаmple.com/cb", E::Url(InvalidUrl::Character)),
            ("header injection", "https://example.com/cb\r\nSet-Cookie: a=b", E::Url(InvalidUrl::Character)),
            ("null", "https://example.com/\0", E::Url(InvalidUrl::Character)),
            ("empty", "", E::Scheme),
        ] {
            assert_eq!(RedirectUri::parse(raw, &RedirectPolicy::default()), Err(why), "{name}");
        }
        let long = format!("https://example.com/{}", "a".repeat(MAX_REDIRECT_URI));
        assert_eq!(RedirectUri::parse(&long, &RedirectPolicy::default()), Err(E::TooLong));
    }

    #[test]
    fn https_is_compared_byte_for_byte() {
        let registered = uri("https://example.com/cb?x=1");
        for other in [
            "https://example.com/cb",
            "https://example.com/cb?x=2",
            "https://example.com/cb?x=1&y=2",
            "https://example.com/cb?y=2&x=1",
            "https://example.com/CB?x=1",
            "https://EXAMPLE.com/cb?x=1",
            "https://example.com:443/cb?x=1",
            "https://example.com/cb/?x=1",
            "https://example.com/./cb?x=1",
            "https://example.com/%63b?x=1",
            "https://example.com.evil.example/cb?x=1",
            "http://localhost/cb?x=1",
        ] {
            assert!(!registered.admits(&uri(other)), "{other}");
        }
    }

    #[test]
    fn the_port_of_a_loopback_uri_does_not_matter_and_all_else_does() {
        let registered = uri("http://localhost/callback?a=1");
        for (other, admitted) in [
            ("http://localhost:1/callback?a=1", true),
            ("http://localhost:65535/callback?a=1", true),
            ("http://127.0.0.1/callback?a=1", false),
            ("http://[::1]/callback?a=1", false),
            ("http://localhost/callback", false),
            ("http://localhost/callback?a=2", false),
            ("http://localhost/callback/?a=1", false),
            ("http://localhost:1/other?a=1", false),
            ("https://localhost/callback?a=1", false),
        ] {
            assert_eq!(registered.admits(&uri(other)), admitted, "{other}");
            assert_eq!(uri(other).admits(&registered), admitted, "{other} reversed");
        }
        assert!(uri("http://127.0.0.1:33418/").admits(&uri("http://127.0.0.1:50000/")));
        assert!(uri("http://[::1]:33418").admits(&uri("http://[::1]:50000")));
        assert!(!uri("https://localhost:1/cb").admits(&uri("https://localhost:2/cb")), "https has one port");
    }

    #[test]
    fn private_use_uris_come_from_the_configuration() {
        let policy = RedirectPolicy::with_private_use("com.example.app:/cb, myapp://callback").unwrap();
        for raw in ["com.example.app:/cb", "myapp://callback", CURSOR] {
            let uri = RedirectUri::parse(raw, &policy).unwrap();
            assert_eq!(uri.kind(), RedirectKind::PrivateUse, "{raw}");
        }
        assert!(RedirectUri::parse("myapp://callback/x", &policy).is_err());
        for entry in
            ["javascript:alert(1)", "https://example.com", "HTTP://x", "x", "my app:/cb", "a:b#c", "a:", "1a:b"]
        {
            assert_eq!(RedirectPolicy::with_private_use(entry), Err(InvalidRedirectPolicy), "{entry}");
        }
    }

    #[test]
    fn a_form_may_lead_to_the_redirect_host_and_no_further() {
        for (raw, source) in [
            ("https://claude.ai/api/mcp/auth_callback", "https://claude.ai"),
            ("http://localhost:5/callback", "http://localhost:5"),
            ("http://[::1]:5/callback", "http:"),
            (CURSOR, "cursor:"),
        ] {
            assert_eq!(uri(raw).form_action_source(), source, "{raw}");
        }
    }

    /// Changes one character, inserts one, or drops one.
    fn mutated() -> impl Strategy<Value = (String, String)> {
        let registered = prop_oneof![
            Just("https://claude.ai/api/mcp/auth_callback"),
            Just("http://localhost:8787/callback"),
            Just("http://127.0.0.1/callback?x=1"),
            Just("http://[::1]:9/cb"),
            Just(CURSOR),
        ];
        (registered, any::<prop::sample::Index>(), any::<char>(), 0..3_u8).prop_map(|(registered, index, with, how)| {
            let mut characters: Vec<char> = registered.chars().collect();
            let at = index.index(characters.len());
            match how {
                0 => characters[at] = with,
                1 => characters.insert(at, with),
                _ => drop(characters.remove(at)),
            }
            (registered.to_owned(), characters.into_iter().collect())
        })
    }

    /// The part before the port, and the part behind it, by a way that has nothing to do with the parser.
    fn around_port(raw: &str) -> (String, String) {
        let after_scheme = raw.split_once("://").map_or("", |(_, rest)| rest);
        let end = after_scheme.find(['/', '?', '#']).unwrap_or(after_scheme.len());
        let (authority, rest) = after_scheme.split_at(end);
        let digits = authority.trim_end_matches(|c: char| c.is_ascii_digit());
        (digits.strip_suffix(':').unwrap_or(authority).to_owned(), rest.to_owned())
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused_without_a_panic(text in ".{0,60}") {
            let _ = RedirectUri::parse(&text, &RedirectPolicy::default());
        }

        #[test]
        fn a_mutation_is_never_admitted_unless_only_a_loopback_port_changed((registered, other) in mutated()) {
            if let Ok(requested) = RedirectUri::parse(&other, &RedirectPolicy::default())
                && uri(&registered).admits(&requested)
                && registered != other
            {
                prop_assert!(registered.starts_with("http://"), "{} for {}", other, registered);
                prop_assert!(other.starts_with("http://"), "{} for {}", other, registered);
                prop_assert_eq!(around_port(&registered), around_port(&other));
            }
        }

        #[test]
        fn every_loopback_port_is_admitted(port in 1..=u16::MAX) {
            let requested = format!("http://localhost:{port}/cb");
            prop_assert!(uri("http://localhost/cb").admits(&uri(&requested)));
        }

        #[test]
        fn what_passes_can_stand_in_a_header(text in "(https://|http://localhost|cursor:)[ -~\\r\\n\\t]{0,40}") {
            if let Ok(uri) = RedirectUri::parse(&text, &RedirectPolicy::default()) {
                prop_assert!(uri.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert!(!uri.form_action_source().contains([' ', ';', ',']));
            }
        }
    }
}
