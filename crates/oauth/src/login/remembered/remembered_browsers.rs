//! The row of a person's remembered browsers, and of the redirect URIs that the person has allowed.
//!
//! It is valid under the passphrase under which it was written. So another passphrase forgets all browsers and all redirect URIs,
//! including those that somebody else allowed who knew the old one.

use serde::{Deserialize, Serialize};

use mcp_connector_base::row::Row;
use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::credential_version::CredentialVersion;
use crate::login::remembered::allowed_redirect::{AllowedRedirect, MEMORY, RedirectDigest};
use crate::login::remembered::browser_cookie::{BrowserCookie, BrowserId};
use crate::login::remembered::remembered_browser::{CookieUse, NewBrowser, RememberedBrowser};

/// Maximum number of browsers. The one that was used longest ago makes room for another.
const MAX_BROWSERS: usize = 20;
/// Maximum number of redirect URIs. The one that was allowed longest ago makes room for another. The row then has about 6 KB.
const MAX_REDIRECTS: usize = 200;
/// How often the time at which a redirect URI was allowed is written anew, in seconds.
const NOTE_AFTER: u64 = 24 * 3600;

/// The remembered browsers of a person, and the redirect URIs that the person has allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedBrowsers {
    credential_version: CredentialVersion,
    browsers: Vec<RememberedBrowser>,
    redirects: Vec<AllowedRedirect>,
}

impl Row for RememberedBrowsers {
    const VERSION: u8 = 1;
}

/// What a remembered browser may do for a person who wants to go to a redirect URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BrowserStanding {
    /// The browser is not remembered, or no longer.
    Unknown,
    /// The browser is remembered. The redirect URI is new to the person, who has to prove who they are.
    NewRedirect,
    /// The browser is remembered and the redirect URI was allowed before. Consent is enough.
    Known,
}

/// Why a cookie does not take the place of the passphrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CookieRefused {
    /// [`BrowserStanding::Unknown`] or [`BrowserStanding::NewRedirect`].
    NotKnown,
    /// The cookie was copied. The browser is forgotten, with all its cookies.
    Copied,
}

impl RememberedBrowsers {
    /// Creates the row of a person with this version of the passphrase.
    #[must_use]
    pub const fn new(credential_version: CredentialVersion) -> Self {
        Self { credential_version, browsers: Vec::new(), redirects: Vec::new() }
    }

    /// Returns what of `row` is still valid, under the current version of the passphrase.
    ///
    /// `versions` are the current version under the current master key, and then under previous ones. `None` without a passphrase.
    pub(crate) fn current(row: Option<Self>, versions: &[CredentialVersion], now: Timestamp) -> Option<Self> {
        let version = *versions.first()?;
        let mut current = row.filter(|row| versions.contains(&row.credential_version)).unwrap_or(Self::new(version));
        current.credential_version = version;
        current.browsers.retain(|browser| !browser.is_over(now));
        current.redirects.retain(|redirect| now.seconds_since(redirect.at) < MEMORY);
        Some(current)
    }

    /// Remembers a browser. One of the same identifier stays as it is, because the same command was sent twice.
    pub(crate) fn remember(&mut self, new: NewBrowser, now: Timestamp) -> BrowserCookie {
        if let Some(known) = self.browsers.iter().find(|known| known.id() == new.id) {
            return known.cookie();
        }
        if self.browsers.len() >= MAX_BROWSERS {
            let idle = self.browsers.iter().enumerate().min_by_key(|(_, browser)| browser.used_at()).map(|(at, _)| at);
            idle.map(|at| self.browsers.remove(at));
        }
        let browser = RememberedBrowser::new(new, now);
        let cookie = browser.cookie();
        self.browsers.push(browser);
        cookie
    }

    /// Returns what the browser with this cookie may do. Nothing changes.
    pub(crate) fn standing(&self, cookie: &BrowserCookie, redirect: RedirectDigest, now: Timestamp) -> BrowserStanding {
        let browser = self.browsers.iter().find(|browser| browser.id() == cookie.id);
        match browser.map(|browser| browser.judge(cookie, now)) {
            None | Some(CookieUse::Copied) => BrowserStanding::Unknown,
            Some(CookieUse::Genuine) if self.allows(redirect) => BrowserStanding::Known,
            Some(CookieUse::Genuine) => BrowserStanding::NewRedirect,
        }
    }

    /// Takes a cookie in the place of the passphrase. Returns the cookie that replaces it.
    pub(crate) fn use_cookie(
        &mut self,
        cookie: &BrowserCookie,
        redirect: RedirectDigest,
        now: Timestamp,
    ) -> Result<BrowserCookie, CookieRefused> {
        let is_allowed = self.allows(redirect);
        let browser = self.browsers.iter_mut().find(|browser| browser.id() == cookie.id);
        let Some(browser) = browser else { return Err(CookieRefused::NotKnown) };
        match browser.judge(cookie, now) {
            CookieUse::Copied => {
                self.forget(cookie.id);
                Err(CookieRefused::Copied)
            }
            CookieUse::Genuine if is_allowed => {
                browser.rotate(cookie, now);
                Ok(browser.cookie())
            }
            CookieUse::Genuine => Err(CookieRefused::NotKnown),
        }
    }

    fn allows(&self, redirect: RedirectDigest) -> bool {
        self.redirects.iter().any(|allowed| allowed.digest == redirect)
    }

    /// Notes that the person has allowed a redirect URI.
    pub(crate) fn allow(&mut self, redirect: RedirectDigest, now: Timestamp) {
        if let Some(known) = self.redirects.iter_mut().find(|allowed| allowed.digest == redirect) {
            if now.seconds_since(known.at) >= NOTE_AFTER {
                known.at = now;
            }
            return;
        }
        if self.redirects.len() >= MAX_REDIRECTS {
            let oldest = self.redirects.iter().enumerate().min_by_key(|(_, allowed)| allowed.at).map(|(at, _)| at);
            oldest.map(|at| self.redirects.remove(at));
        }
        self.redirects.push(AllowedRedirect { digest: redirect, at: now });
    }

    /// Treats redirect URIs as new again.
    pub(crate) fn disallow(&mut self, redirects: &[RedirectDigest]) {
        self.redirects.retain(|allowed| !redirects.contains(&allowed.digest));
    }

    /// Treats all redirect URIs as new again.
    pub(crate) fn disallow_all(&mut self) {
        self.redirects.clear();
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.browsers.clear();
        self.redirects.clear();
    }

    /// Forgets a browser.
    pub(crate) fn forget(&mut self, id: BrowserId) {
        self.browsers.retain(|browser| browser.id() != id);
    }

    /// Returns the browsers, the last used first.
    #[must_use]
    pub fn browsers(&self) -> Vec<RememberedBrowser> {
        let mut browsers = self.browsers.clone();
        browsers.sort_by_key(|browser| std::cmp::Reverse(browser.used_at()));
        browsers
    }

    /// Returns when the row may be deleted.
    pub(crate) fn forget_at(&self) -> Timestamp {
        let browsers = self.browsers.iter().map(RememberedBrowser::until);
        browsers.chain(self.redirects.iter().map(|allowed| allowed.at.plus(MEMORY))).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test_keys::TestRandom;
    use crate::web::redirect_uri::{RedirectPolicy, RedirectUri};

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const VERSION: CredentialVersion = CredentialVersion::from_bytes([1; 8]);
    const OTHER: CredentialVersion = CredentialVersion::from_bytes([2; 8]);
    const DAY: u64 = 24 * 3600;

    fn digest(uri: &str) -> RedirectDigest {
        RedirectDigest::of(&RedirectUri::parse(uri, &RedirectPolicy::default()).unwrap())
    }

    fn new(seed: u64) -> NewBrowser {
        NewBrowser {
            id: BrowserId::new(&TestRandom::from(seed)),
            name: "Firefox".to_owned(),
            until: NOW.plus(30 * DAY),
        }
    }

    /// Returns the row after a sign-in to `https://app.example/cb`, and the cookie of the browser.
    fn signed_in() -> (RememberedBrowsers, BrowserCookie) {
        let mut row = RememberedBrowsers::new(VERSION);
        let cookie = row.remember(new(1), NOW);
        row.allow(digest("https://app.example/cb"), NOW);
        (row, cookie)
    }

    #[test]
    fn a_remembered_browser_is_enough_for_a_redirect_uri_that_was_allowed_and_no_other() {
        let (row, cookie) = signed_in();
        for (uri, standing) in [
            ("https://app.example/cb", BrowserStanding::Known),
            ("https://app.example/cb/", BrowserStanding::NewRedirect),
            ("https://app.example.evil.example/cb", BrowserStanding::NewRedirect),
            ("https://evil.example/cb", BrowserStanding::NewRedirect),
            ("http://127.0.0.1:5000/cb", BrowserStanding::NewRedirect),
        ] {
            assert_eq!(row.standing(&cookie, digest(uri), NOW), standing, "{uri}");
            let (mut used, before) = (row.clone(), row.clone());
            let is_known = standing == BrowserStanding::Known;
            assert_eq!(used.use_cookie(&cookie, digest(uri), NOW).is_ok(), is_known, "{uri}");
            assert_eq!(used == before, !is_known, "{uri}: a refusal changes nothing");
        }
    }

    #[test]
    fn a_browser_is_remembered_until_its_end_and_under_its_passphrase() {
        let (row, cookie) = signed_in();
        let redirect = digest("https://app.example/cb");
        for (name, versions, later, standing) in [
            ("its last second", &[VERSION][..], 30 * DAY - 1, Some(BrowserStanding::Known)),
            ("its end", &[VERSION], 30 * DAY, Some(BrowserStanding::Unknown)),
            ("after a new master key", &[OTHER, VERSION], 0, Some(BrowserStanding::Known)),
            ("another passphrase", &[OTHER], 0, Some(BrowserStanding::Unknown)),
            ("no passphrase", &[], 0, None),
        ] {
            let now = NOW.plus(later);
            let current = RememberedBrowsers::current(Some(row.clone()), versions, now);
            assert_eq!(current.map(|row| row.standing(&cookie, redirect, now)), standing, "{name}");
        }
    }

    #[test]
    fn another_passphrase_forgets_the_redirect_uris_too() {
        let (row, _) = signed_in();
        let mut current = RememberedBrowsers::current(Some(row), &[OTHER], NOW).unwrap();
        let cookie = current.remember(new(2), NOW);
        assert_eq!(current.standing(&cookie, digest("https://app.example/cb"), NOW), BrowserStanding::NewRedirect);
    }

    #[test]
    fn each_use_of_a_remembered_browser_replaces_its_cookie_and_does_not_extend_it() {
        let (mut row, first) = signed_in();
        let redirect = digest("https://app.example/cb");
        let second = row.use_cookie(&first, redirect, NOW.plus(DAY)).unwrap();
        assert_ne!(second, first);
        assert_eq!(second.until, first.until);
        let again = row.use_cookie(&first, redirect, NOW.plus(DAY + 59));
        assert_eq!(again, Ok(second), "a form that was sent twice, or an answer that was lost");
        let third = row.use_cookie(&second, redirect, NOW.plus(2 * DAY)).unwrap();
        assert_eq!(row.standing(&third, redirect, NOW.plus(2 * DAY)), BrowserStanding::Known);
    }

    #[test]
    fn a_copied_cookie_ends_the_browser_for_its_owner_and_for_the_thief() {
        let (mut row, copy) = signed_in();
        let (redirect, now) = (digest("https://app.example/cb"), NOW.plus(60));
        let next = row.use_cookie(&copy, redirect, NOW).unwrap();
        assert_eq!(row.standing(&copy, redirect, now), BrowserStanding::Unknown, "looking changes nothing");
        assert_eq!(row.standing(&next, redirect, now), BrowserStanding::Known);
        assert_eq!(row.use_cookie(&copy, redirect, now), Err(CookieRefused::Copied));
        assert_eq!(row.use_cookie(&next, redirect, now), Err(CookieRefused::NotKnown));
    }

    #[test]
    fn the_row_of_remembered_browsers_stays_small() {
        let (mut row, first) = signed_in();
        for n in 0..300 {
            row.remember(new(1000 + n), NOW.plus(n));
            row.allow(digest(&format!("https://app{n}.example/cb")), NOW.plus(n));
        }
        assert_eq!((row.browsers.len(), row.redirects.len()), (MAX_BROWSERS, MAX_REDIRECTS));
        assert_eq!(
            row.standing(&first, digest("https://app299.example/cb"), NOW),
            BrowserStanding::Unknown,
            "the oldest"
        );
        assert!(row.to_row().unwrap().len() < 8_000);
    }

    #[test]
    fn a_redirect_uri_is_written_anew_once_a_day_and_forgotten_after_a_year() {
        let (mut row, _) = signed_in();
        let before = row.clone();
        row.allow(digest("https://app.example/cb"), NOW.plus(DAY - 1));
        assert_eq!(row, before);
        row.allow(digest("https://app.example/cb"), NOW.plus(DAY));
        assert_ne!(row, before);
        assert_eq!(row.forget_at(), NOW.plus(DAY + MEMORY));
        let later = RememberedBrowsers::current(Some(row), &[VERSION], NOW.plus(DAY + MEMORY)).unwrap();
        assert_eq!(later, RememberedBrowsers::new(VERSION));
    }
}
