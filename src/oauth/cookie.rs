//! Cookies of this server: how they are named, set and read (RFC 6265), and the one that binds a pending sign-in to the browser
//! it was begun in.
//!
//! Over https a cookie has the prefix `__Host-`: then no other host can have set it, and no other path can shadow it. Over
//! http, which is for loopback only, browsers and scripted clients differ about `Secure` cookies, so there it has neither.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::timestamp::Random;
use super::web_url::WebScheme;

/// Longest `Cookie` header that is looked at, in bytes.
const MAX_COOKIES: usize = 16 * 1024;
/// Longest value that is set, in bytes. Browsers keep 4096 with name and attributes.
const MAX_VALUE: usize = 3800;

/// A cookie of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostCookie(&'static str);

/// Binds a pending sign-in to its browser. See [`BrowserNonce`].
const BROWSER: HostCookie = HostCookie::new("mcp-browser");

impl HostCookie {
    /// A cookie of this name, of letters, digits and hyphens.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name on the wire.
    #[must_use]
    pub fn name(self, scheme: WebScheme) -> String {
        match scheme {
            WebScheme::Https => format!("__Host-{}", self.0),
            WebScheme::Http => self.0.to_owned(),
        }
    }

    /// The `Set-Cookie` header that sets it for `max_age` seconds. `Lax`, not `Strict`: an upstream provider sends the person
    /// back by a link from its own site. Nothing if the value is too long or has characters that a cookie cannot have.
    #[must_use]
    pub fn set(self, scheme: WebScheme, value: &str, max_age: u32) -> Option<String> {
        let plain = |byte: u8| matches!(byte, 0x21 | 0x23..=0x2B | 0x2D..=0x3A | 0x3C..=0x5B | 0x5D..=0x7E);
        if value.len() > MAX_VALUE || !value.bytes().all(plain) {
            return None;
        }
        let secure = match scheme {
            WebScheme::Https => "; Secure",
            WebScheme::Http => "",
        };
        Some(format!("{}={value}; Max-Age={max_age}; Path=/; HttpOnly; SameSite=Lax{secure}", self.name(scheme)))
    }

    /// The `Set-Cookie` header that takes it away.
    #[must_use]
    pub fn clear(self, scheme: WebScheme) -> String {
        self.set(scheme, "", 0).unwrap_or_default()
    }

    /// Its value in a `Cookie` header. Nothing if it is there twice: then somebody has put one beside ours.
    #[must_use]
    pub fn read(self, scheme: WebScheme, header: Option<&str>) -> Option<&str> {
        let header = header.filter(|header| header.len() <= MAX_COOKIES)?;
        let name = self.name(scheme);
        let mut values = header.split(';').filter_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            (key.trim() == name).then(|| value.trim())
        });
        let value = values.next()?;
        values.next().is_none().then_some(value).filter(|value| !value.is_empty())
    }
}

/// Random bytes that only one browser has. A sealed authorization request is bound to them: a form that was begun in one
/// browser cannot be finished in another, so nobody can be made to finish somebody else's sign-in.
///
/// It is kept as long as it is there, not made anew for each request: several sign-ins may be open in several tabs.
#[derive(Clone, PartialEq, Eq)]
pub struct BrowserNonce([u8; 32]);

impl BrowserNonce {
    /// How long the cookie lives, in seconds: longer than a pending sign-in, which is sealed with a time of its own.
    pub const MAX_AGE: u32 = 60 * 60;

    /// For a browser that has none.
    #[must_use]
    pub fn new(random: &impl Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// The one that a browser shows.
    #[must_use]
    pub fn read(scheme: WebScheme, cookie_header: Option<&str>) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(BROWSER.read(scheme, cookie_header)?).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// The one that a browser shows, or else a new one for it.
    #[must_use]
    pub fn of(scheme: WebScheme, cookie_header: Option<&str>, random: &impl Random) -> Self {
        Self::read(scheme, cookie_header).unwrap_or_else(|| Self::new(random))
    }

    /// The `Set-Cookie` header that gives it to the browser, or prolongs it.
    #[must_use]
    pub fn set_cookie(&self, scheme: WebScheme) -> String {
        BROWSER.set(scheme, &URL_SAFE_NO_PAD.encode(self.0), Self::MAX_AGE).unwrap_or_default()
    }

    /// What a seal is bound to.
    #[must_use]
    pub const fn binding(&self) -> &[u8] {
        &self.0
    }
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

    struct Sevens;

    impl Random for Sevens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[test]
    fn over_https_a_cookie_belongs_to_this_host_alone() {
        let header = BROWSER.set(WebScheme::Https, "abc", 60).unwrap();
        assert_eq!(header, "__Host-mcp-browser=abc; Max-Age=60; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(
            BROWSER.read(WebScheme::Https, Some("mcp-browser=abc")),
            None,
            "without the prefix anybody may set it"
        );
    }

    #[test]
    fn over_http_on_loopback_it_has_no_prefix() {
        let header = BROWSER.set(WebScheme::Http, "abc", 60).unwrap();
        assert_eq!(header, "mcp-browser=abc; Max-Age=60; Path=/; HttpOnly; SameSite=Lax");
        assert_eq!(BROWSER.read(WebScheme::Http, Some("mcp-browser=abc")), Some("abc"));
    }

    #[test]
    fn a_cookie_is_found_among_others_and_only_if_it_is_there_once() {
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
            assert_eq!(BROWSER.read(WebScheme::Https, header), value, "{header:?}");
        }
        let flood = format!("{}__Host-mcp-browser=abc", "a=b; ".repeat(MAX_COOKIES));
        assert_eq!(BROWSER.read(WebScheme::Https, Some(&flood)), None);
    }

    #[test]
    fn a_value_cannot_bring_attributes_or_headers_of_its_own() {
        for value in ["a; Domain=evil.example", "a\r\nX: y", "a b", "a,b", "a\"b", "ö", &"a".repeat(MAX_VALUE + 1)] {
            assert_eq!(BROWSER.set(WebScheme::Https, value, 60), None, "{value}");
        }
    }

    #[test]
    fn a_cookie_can_be_taken_away() {
        let header = BROWSER.clear(WebScheme::Https);
        assert_eq!(header, "__Host-mcp-browser=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure");
    }

    #[test]
    fn a_browser_shows_the_bytes_it_was_given() {
        let nonce = BrowserNonce::new(&Sevens);
        for scheme in [WebScheme::Https, WebScheme::Http] {
            let header = nonce.set_cookie(scheme);
            let shown = header.split(';').next().unwrap();
            assert_eq!(BrowserNonce::read(scheme, Some(shown)), Some(nonce.clone()));
        }
        for shown in ["mcp-browser=abc", "mcp-browser=", "mcp-browser=!!!", &format!("mcp-browser={}", "A".repeat(44))]
        {
            assert_eq!(BrowserNonce::read(WebScheme::Http, Some(shown)), None, "{shown}");
        }
        assert_eq!(format!("{nonce:?}"), "BrowserNonce");
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_a_panic(header in ".{0,120}") {
            let _ = BROWSER.read(WebScheme::Http, Some(&header));
        }
    }
}
