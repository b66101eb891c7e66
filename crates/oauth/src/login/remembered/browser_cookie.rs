//! The cookie of a remembered browser.
//!
//! It is sealed and bound to the version of the passphrase, so that a made-up cookie, and one from before a change of the
//! passphrase, cost no request to an object.

use serde::{Deserialize, Serialize};

use mcp_connector_base::random::Random;

use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::credential_version::CredentialVersion;
use crate::crypto::keys::ring::KeyRing;
use crate::crypto::seal::{Sealable, Sealed};
use crate::web::cookie::HostCookie;
use crate::web::web_url::WebScheme;

const COOKIE: HostCookie = HostCookie::new("mcp-remembered");

/// The identifier of a remembered browser. It is not secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrowserId([u8; 16]);

impl BrowserId {
    /// Creates the identifier of another browser.
    #[must_use]
    pub fn new(random: &impl Random) -> Self {
        let mut bytes = [0; 16];
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// Parses what [`Display`](std::fmt::Display) writes: thirty-two hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        digits.then(|| u128::from_str_radix(text, 16).ok()).flatten().map(|number| Self(number.to_be_bytes()))
    }
}

impl std::fmt::Display for BrowserId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// What the cookie of a remembered browser says.
///
/// Each use of a remembered browser has the next number. A cookie with an earlier number was copied, or is a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrowserCookie {
    pub(crate) id: BrowserId,
    pub(crate) number: u32,
    /// When the browser is forgotten. Use does not extend it.
    pub(crate) until: Timestamp,
}

impl Sealable for BrowserCookie {
    const PURPOSE: &'static str = "remembered browser";
}

impl BrowserCookie {
    /// Returns the browser that the cookie names.
    #[must_use]
    pub const fn id(&self) -> BrowserId {
        self.id
    }

    /// Reads the cookie of a browser, if this server made it for one of these versions of the passphrase and it is still valid.
    #[must_use]
    pub fn read(
        scheme: WebScheme,
        cookie_header: Option<&str>,
        versions: &[CredentialVersion],
        keys: &KeyRing,
        now: Timestamp,
    ) -> Option<Self> {
        let sealed = Sealed::<Self>::from_text(COOKIE.read(scheme, cookie_header)?);
        versions.iter().find_map(|version| sealed.open(version.to_string().as_bytes(), now, keys.seal()).ok())
    }

    /// Returns the `Set-Cookie` header that sets the cookie, bound to the current version of the passphrase.
    #[must_use]
    pub fn set(
        &self,
        scheme: WebScheme,
        version: CredentialVersion,
        keys: &KeyRing,
        random: &impl Random,
        now: Timestamp,
    ) -> Option<String> {
        let sealed = Sealed::seal(self, version.to_string().as_bytes(), self.until, keys.seal(), random).ok()?;
        COOKIE.set(scheme, sealed.as_str(), u32::try_from(self.until.seconds_since(now)).unwrap_or(u32::MAX))
    }

    /// Returns whether a browser sends such a cookie, valid or not.
    #[must_use]
    pub fn is_sent(scheme: WebScheme, cookie_header: Option<&str>) -> bool {
        COOKIE.read(scheme, cookie_header).is_some()
    }

    /// Returns the `Set-Cookie` header that removes the cookie.
    #[must_use]
    pub fn clear(scheme: WebScheme) -> String {
        COOKIE.clear(scheme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test_keys::{TestRandom, ring};

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const VERSION: CredentialVersion = CredentialVersion::from_bytes([1; 8]);
    const OTHER: CredentialVersion = CredentialVersion::from_bytes([2; 8]);

    #[test]
    fn the_cookie_of_a_remembered_browser_is_read_under_its_own_passphrase_and_key_until_it_ends() {
        let cookie = BrowserCookie { id: BrowserId::new(&TestRandom::from(1)), number: 3, until: NOW.plus(100) };
        let set = cookie.set(WebScheme::Https, VERSION, &ring(1), &TestRandom::from(2), NOW).unwrap();
        assert!(set.starts_with("__Host-mcp-remembered="), "{set}");
        assert!(set.ends_with("; Max-Age=100; Path=/; HttpOnly; SameSite=Lax; Secure"), "{set}");
        let header = set.split(';').next().unwrap();
        let read = |header: &str, versions: &[CredentialVersion], seed, now| {
            BrowserCookie::read(WebScheme::Https, Some(header), versions, &ring(seed), now)
        };
        assert_eq!(read(header, &[VERSION], 1, NOW.plus(99)), Some(cookie));
        assert_eq!(read(header, &[OTHER, VERSION], 1, NOW), Some(cookie), "the version under a previous master key");
        for (name, header, versions, seed, now) in [
            ("another passphrase", header, &[OTHER][..], 1, NOW),
            ("no passphrase", header, &[], 1, NOW),
            ("another key", header, &[VERSION], 2, NOW),
            ("its end", header, &[VERSION], 1, NOW.plus(100)),
            ("an invented one", "__Host-mcp-remembered=owner", &[VERSION], 1, NOW),
            ("set by another host", &header.replace("__Host-", ""), &[VERSION], 1, NOW),
        ] {
            assert_eq!(read(header, versions, seed, now), None, "{name}");
        }
    }

    #[test]
    fn the_identifier_of_a_browser_is_read_as_it_is_written() {
        let id = BrowserId::new(&TestRandom::from(1));
        assert_eq!(BrowserId::parse(&id.to_string()), Some(id));
        for text in ["", "0", &"F".repeat(32), &"0".repeat(33), &"ö".repeat(16)] {
            assert_eq!(BrowserId::parse(text), None, "{text}");
        }
    }
}
