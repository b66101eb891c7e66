//! Cookies of this server (RFC 6265): their names, how they are set and read, and the cookie that binds a pending sign-in to its
//! browser.
//!
//! Over https a cookie has the prefix `__Host-`, so that no other host can set it and no other path can shadow it. Http is for
//! loopback only. There a cookie has neither the prefix nor `Secure`, because browsers and scripted clients treat `Secure`
//! cookies differently.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use mcp_connector_base::random::Random;

use crate::web::web_url::WebScheme;

/// Maximum length of a `Cookie` header, in bytes. A browser that carries long requests to a provider sends about 50 KB (see
/// [`provider::state`](crate::login::provider::state)). Cloudflare accepts 128 KB of headers.
const MAX_COOKIES: usize = 64 * 1024;
/// Maximum length of a value, in bytes. Browsers store 4096 bytes, name and attributes included.
const MAX_VALUE: usize = 3800;

/// Maximum number of nonces of one browser: of sign-ins that it began in parallel before it sent its first cookie.
const MAX_NONCES: usize = 8;
/// Maximum number of cookies that one response removes. A browser has no more of the cookies that this server sets.
const MAX_CLEARED: usize = 32;
/// Number of characters of a nonce that are part of its cookie's name.
const NONCE_NAME: usize = 8;

/// A cookie of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostCookie(&'static str);

/// The prefix of the cookies that hold a [`BrowserNonce`].
const BROWSER: &str = "mcp-browser-";

impl HostCookie {
    /// Creates a cookie. The name has letters, digits and hyphens.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// Returns the name on the wire.
    #[must_use]
    pub fn name(self, scheme: WebScheme) -> String {
        [prefix(scheme), self.0].concat()
    }

    /// Returns the `Set-Cookie` header that sets the cookie for `max_age` seconds, or `None` if the value is too long or has
    /// characters that a cookie cannot have.
    ///
    /// The cookie is `SameSite=Lax` and not `Strict`, because an identity provider sends the person back by a link from its own
    /// site.
    #[must_use]
    pub fn set(self, scheme: WebScheme, value: &str, max_age: u32) -> Option<String> {
        set_cookie(scheme, self.0, value, max_age)
    }

    /// Returns the `Set-Cookie` header that removes the cookie.
    #[must_use]
    pub fn clear(self, scheme: WebScheme) -> String {
        clear_cookie(scheme, self.0)
    }

    /// Returns the value in a `Cookie` header, or `None` if the cookie is repeated: another site may have added one.
    #[must_use]
    pub fn read(self, scheme: WebScheme, header: Option<&str>) -> Option<&str> {
        let mut values = cookies(scheme, header).filter_map(|(name, value)| (name == self.0).then_some(value));
        let value = values.next()?;
        values.next().is_none().then_some(value).filter(|value| !value.is_empty())
    }
}

const fn prefix(scheme: WebScheme) -> &'static str {
    match scheme {
        WebScheme::Https => "__Host-",
        WebScheme::Http => "",
    }
}

/// Returns the `Set-Cookie` header for a cookie of this name; see [`HostCookie::set`].
pub(crate) fn set_cookie(scheme: WebScheme, name: &str, value: &str, max_age: u32) -> Option<String> {
    let plain = |byte: u8| matches!(byte, 0x21 | 0x23..=0x2B | 0x2D..=0x3A | 0x3C..=0x5B | 0x5D..=0x7E);
    if value.len() > MAX_VALUE || !value.bytes().all(plain) {
        return None;
    }
    let secure = match scheme {
        WebScheme::Https => "; Secure",
        WebScheme::Http => "",
    };
    Some(format!("{}{name}={value}; Max-Age={max_age}; Path=/; HttpOnly; SameSite=Lax{secure}", prefix(scheme)))
}

/// Returns the `Set-Cookie` header that removes a cookie of this name.
pub(crate) fn clear_cookie(scheme: WebScheme, name: &str) -> String {
    set_cookie(scheme, name, "", 0).unwrap_or_default()
}

/// Returns the names, without the prefix that they must have, and the values in a `Cookie` header.
pub(crate) fn cookies(scheme: WebScheme, header: Option<&str>) -> impl Iterator<Item = (&str, &str)> {
    let header = header.filter(|header| header.len() <= MAX_COOKIES).unwrap_or_default();
    let pairs = header.split(';').filter_map(|pair| pair.split_once('='));
    pairs.filter_map(move |(name, value)| Some((name.trim().strip_prefix(prefix(scheme))?, value.trim())))
}

/// Random bytes that only one browser has.
///
/// A sealed authorization request is bound to them. A form that was begun in one browser cannot be finished in another, so nobody
/// can be tricked into finishing an attacker's sign-in.
///
/// A browser keeps its nonce, because several sign-ins may be open in several tabs. If a browser without a nonce opens several
/// tabs at once, each tab gets its own. So each nonce has a cookie with its own name; otherwise the last tab would overwrite the
/// nonces of the others.
#[derive(Clone, PartialEq, Eq)]
pub struct BrowserNonce([u8; 32]);

impl BrowserNonce {
    /// Lifetime of the cookie, in seconds. It is longer than that of a pending sign-in, which expires by itself.
    pub const MAX_AGE: u32 = 60 * 60;

    /// Creates a nonce for a browser that has none.
    #[must_use]
    pub fn new(random: &impl Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// Returns the nonces that a browser sends, newest first, at most eight. A browser sends its cookies in the order in
    /// which it received them (RFC 6265 §5.4).
    #[must_use]
    pub fn all(scheme: WebScheme, cookie_header: Option<&str>) -> Vec<Self> {
        // Counted once for all names: a `Cookie` header has room for a thousand of them.
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, _) in cookies(scheme, cookie_header).filter(|(name, _)| name.starts_with(BROWSER)) {
            *times.entry(name).or_default() += 1;
        }
        let mut shown: Vec<Self> = Vec::new();
        for (name, value) in cookies(scheme, cookie_header) {
            // This server sets each name once, so another site has added a repeated cookie.
            if times.get(name) == Some(&1) {
                shown.extend(name.strip_prefix(BROWSER).and_then(|name| Self::read(name, value)));
            }
        }
        shown.reverse();
        shown.truncate(MAX_NONCES);
        shown
    }

    /// Returns the nonce for the next sign-in of a browser: its newest one, or a new one.
    #[must_use]
    pub fn of(scheme: WebScheme, cookie_header: Option<&str>, random: &impl Random) -> Self {
        Self::all(scheme, cookie_header).into_iter().next().unwrap_or_else(|| Self::new(random))
    }

    fn read(name: &str, value: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(value).ok()?;
        bytes.try_into().ok().map(Self).filter(|nonce| nonce.name() == name)
    }

    /// Returns the `Set-Cookie` headers that set or extend the nonce, and that remove those beyond the eighth.
    #[must_use]
    pub fn set_cookies(&self, scheme: WebScheme, cookie_header: Option<&str>) -> Vec<String> {
        let known: Vec<String> = Self::all(scheme, cookie_header).iter().map(Self::name).collect();
        let shown = cookies(scheme, cookie_header).filter_map(|(name, _)| name.strip_prefix(BROWSER));
        let surplus = shown.filter(|name| is_name(name) && !known.iter().any(|known| known == name)).take(MAX_CLEARED);
        let cleared = surplus.map(|name| clear_cookie(scheme, &[BROWSER, name].concat()));
        let value = URL_SAFE_NO_PAD.encode(self.0);
        set_cookie(scheme, &[BROWSER, &self.name()].concat(), &value, Self::MAX_AGE)
            .into_iter()
            .chain(cleared)
            .collect()
    }

    /// Returns the end of its cookie's name.
    fn name(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0).chars().take(NONCE_NAME).collect()
    }

    /// Returns the bytes to which a seal is bound.
    #[must_use]
    pub const fn binding(&self) -> &[u8] {
        &self.0
    }
}

/// Returns whether a text has the form of the end of such a cookie's name.
fn is_name(text: &str) -> bool {
    text.len() == NONCE_NAME && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

impl fmt::Debug for BrowserNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrowserNonce")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::test_keys::TestRandom;

    const COOKIE: HostCookie = HostCookie::new("mcp-browser");

    fn nonce(seed: u64) -> BrowserNonce {
        BrowserNonce::new(&TestRandom::from(seed))
    }

    /// Returns the `Cookie` header of a browser that received these headers.
    fn shown(set: &[String]) -> String {
        set.iter().map(|header| header.split(';').next().unwrap()).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn a_cookie_over_https_has_the_host_prefix() {
        let header = COOKIE.set(WebScheme::Https, "abc", 60).unwrap();
        assert_eq!(header, "__Host-mcp-browser=abc; Max-Age=60; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(
            COOKIE.read(WebScheme::Https, Some("mcp-browser=abc")),
            None,
            "without the prefix anybody may set it"
        );
    }

    #[test]
    fn a_cookie_over_http_on_loopback_has_no_prefix() {
        let header = COOKIE.set(WebScheme::Http, "abc", 60).unwrap();
        assert_eq!(header, "mcp-browser=abc; Max-Age=60; Path=/; HttpOnly; SameSite=Lax");
        assert_eq!(COOKIE.read(WebScheme::Http, Some("mcp-browser=abc")), Some("abc"));
    }

    #[test]
    fn a_cookie_is_found_among_others_unless_it_is_repeated() {
        for (header, value) in [
            (Some("a=b; __Host-mcp-browser=abc; c=d"), Some("abc")),
            (Some("__Host-mcp-browser=abc"), Some("abc")),
            (Some("a=b;__Host-mcp-browser=abc"), Some("abc")),
            (Some("__Host-mcp-browser=a=b"), Some("a=b")),
            (Some("__Host-mcp-browser=abc; __Host-mcp-browser=abd"), None),
            (Some("__Host-mcp-browser=abc; __Host-mcp-browser="), None),
            (Some("__Host-mcp-browser="), None),
            (Some("__Host-mcp-browser"), None),
            (Some("__host-mcp-browser=abc"), None),
            (Some("x__Host-mcp-browser=abc"), None),
            (Some("a=__Host-mcp-browser=abc"), None),
            (Some(""), None),
            (None, None),
        ] {
            assert_eq!(COOKIE.read(WebScheme::Https, header), value, "{header:?}");
        }
        let flood = format!("{}__Host-mcp-browser=abc", "a=b; ".repeat(MAX_COOKIES));
        assert_eq!(COOKIE.read(WebScheme::Https, Some(&flood)), None);
    }

    #[test]
    fn a_cookie_value_cannot_add_attributes_or_headers() {
        for value in ["a; Domain=evil.example", "a\r\nX: y", "a b", "a,b", "a\"b", "ö", &"a".repeat(MAX_VALUE + 1)] {
            assert_eq!(COOKIE.set(WebScheme::Https, value, 60), None, "{value}");
        }
    }

    #[test]
    fn a_cookie_is_cleared_with_the_attributes_it_was_set_with() {
        let header = COOKIE.clear(WebScheme::Https);
        assert_eq!(header, "__Host-mcp-browser=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure");
    }

    #[test]
    fn a_browser_nonce_is_read_back_from_its_cookie() {
        let nonce = nonce(1);
        for scheme in [WebScheme::Https, WebScheme::Http] {
            let set = nonce.set_cookies(scheme, None);
            assert_eq!(set.len(), 1, "{set:?}");
            assert_eq!(BrowserNonce::all(scheme, Some(&shown(&set))), std::slice::from_ref(&nonce), "{set:?}");
        }
        let value = URL_SAFE_NO_PAD.encode(nonce.0);
        let name = format!("mcp-browser-{}", nonce.name());
        for header in [
            format!("{name}=abc"),
            format!("{name}="),
            format!("{name}=!!!"),
            format!("{name}={value}AA"),
            format!("mcp-browser={value}"),
            format!("mcp-browser-AAAAAAAA={value}"),
            format!("{name}A={value}"),
            format!("x{name}={value}"),
            format!("{name}={value}; {name}={value}"),
        ] {
            assert_eq!(BrowserNonce::all(WebScheme::Http, Some(&header)), [], "{header}");
        }
        assert_eq!(BrowserNonce::all(WebScheme::Https, Some(&format!("{name}={value}"))), [], "set by another host");
        assert_eq!(format!("{nonce:?}"), "BrowserNonce");
    }

    #[test]
    fn tabs_that_are_opened_at_once_have_a_browser_nonce_each() {
        let set: Vec<String> =
            [1, 100].iter().flat_map(|seed| nonce(*seed).set_cookies(WebScheme::Https, None)).collect();
        let header = shown(&set);
        assert_eq!(BrowserNonce::all(WebScheme::Https, Some(&header)), [nonce(100), nonce(1)]);
        let next = BrowserNonce::of(WebScheme::Https, Some(&header), &TestRandom::from(9));
        assert_eq!(next, nonce(100), "the next sign-in needs no other");
        assert_eq!(next.set_cookies(WebScheme::Https, Some(&header)), [set[1].clone()], "it lives on");
    }

    #[test]
    fn a_browser_has_at_most_eight_browser_nonces() {
        let all: Vec<BrowserNonce> = (0..11).map(|n| nonce(n * 100)).collect();
        let set: Vec<String> = all.iter().flat_map(|nonce| nonce.set_cookies(WebScheme::Http, None)).collect();
        let header = shown(&set);
        let read = BrowserNonce::all(WebScheme::Http, Some(&header));
        assert!(read.iter().eq(all[3..].iter().rev()), "the last eight");
        let cookies = all[10].set_cookies(WebScheme::Http, Some(&header));
        let cleared: Vec<String> = all[..3]
            .iter()
            .map(|nonce| format!("mcp-browser-{}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax", nonce.name()))
            .collect();
        assert_eq!(cookies[1..], cleared);
        let nasty = "mcp-browser-a\r\nb=c; mcp-browser-=c; mcp-browser-12345678901=c";
        assert_eq!(all[0].set_cookies(WebScheme::Http, Some(nasty)).len(), 1, "no name that is none of ours");
    }

    #[test]
    fn a_header_full_of_nonce_cookies_clears_a_limited_number() {
        let set: Vec<String> = (0..800).flat_map(|n| nonce(n * 100).set_cookies(WebScheme::Http, None)).collect();
        let header = shown(&set);
        assert!(header.len() <= MAX_COOKIES, "{}", header.len());
        assert_eq!(BrowserNonce::all(WebScheme::Http, Some(&header)).len(), MAX_NONCES);
        assert_eq!(nonce(1).set_cookies(WebScheme::Http, Some(&header)).len(), 1 + MAX_CLEARED);
    }

    proptest! {
        #[test]
        fn reading_any_cookie_header_does_not_panic(header in ".{0,120}") {
            let _ = COOKIE.read(WebScheme::Http, Some(&header));
            let _ = BrowserNonce::all(WebScheme::Http, Some(&header));
        }
    }
}
