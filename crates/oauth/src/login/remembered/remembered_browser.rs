//! One remembered browser, and what the use of its cookie means.

use serde::{Deserialize, Serialize};

use mcp_connector_base::timestamp::Timestamp;

use crate::login::remembered::browser_cookie::{BrowserCookie, BrowserId};

/// How long the cookie before the last one is still accepted, in seconds. A form may be sent twice, and an answer may be lost.
const RETRY_WINDOW: u64 = 60;

/// A browser that is to be remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewBrowser {
    pub id: BrowserId,
    /// What the person calls it; see [`browser_name`](crate::login::remembered::browser_name::browser_name).
    pub name: String,
    /// When it is forgotten.
    pub until: Timestamp,
}

/// A remembered browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedBrowser {
    id: BrowserId,
    name: String,
    /// The number of the cookie that it has now.
    number: u32,
    /// When it was given that cookie.
    rotated_at: Timestamp,
    created_at: Timestamp,
    until: Timestamp,
}

/// What the use of a cookie means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CookieUse {
    /// It is the last cookie of the browser, or was until a moment ago.
    Genuine,
    /// A later cookie exists already. So there are two copies, and nobody knows which is the thief's.
    Copied,
}

impl RememberedBrowser {
    pub(crate) fn new(new: NewBrowser, now: Timestamp) -> Self {
        let NewBrowser { id, name, until } = new;
        Self { id, name, number: 0, rotated_at: now, created_at: now, until }
    }

    /// Decides what the use of one of this browser's cookies means.
    pub(crate) const fn judge(&self, cookie: &BrowserCookie, now: Timestamp) -> CookieUse {
        let is_last = cookie.number == self.number;
        let was_last = cookie.number.saturating_add(1) == self.number;
        if is_last || (was_last && now.seconds_since(self.rotated_at) < RETRY_WINDOW) {
            CookieUse::Genuine
        } else {
            CookieUse::Copied
        }
    }

    /// Notes a use by `cookie`. Its last cookie makes way for the next one. A cookie that was used a moment ago changes nothing, so
    /// that the same form leads to the same cookie.
    pub(crate) const fn rotate(&mut self, cookie: &BrowserCookie, now: Timestamp) {
        if cookie.number == self.number {
            self.number = self.number.saturating_add(1);
            self.rotated_at = now;
        }
    }

    /// Returns the cookie that the browser has now.
    pub(crate) const fn cookie(&self) -> BrowserCookie {
        BrowserCookie { id: self.id, number: self.number, until: self.until }
    }

    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        now >= self.until
    }

    /// Returns its identifier.
    #[must_use]
    pub const fn id(&self) -> BrowserId {
        self.id
    }

    /// Returns its name, such as "Firefox on Windows".
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns when the person signed in with it.
    #[must_use]
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// Returns when it last took the place of the passphrase, or when the person signed in with it.
    #[must_use]
    pub const fn used_at(&self) -> Timestamp {
        self.rotated_at
    }

    /// Returns when it is forgotten.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.until
    }
}
