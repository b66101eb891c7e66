//! Sign-ins, as transactions over the rows of one subject.

use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::credential_version::CredentialVersion;
use crate::grants::grant::Grant;
use crate::grants::grant_store::GrantStore;
use crate::grants::rows::GrantRows;
use crate::grants::sign_in::commands::{BrowserChange, CheckBrowser, SignInProof, SignInRefused, StoreSignIn};
use crate::login::remembered::allowed_redirect::RedirectDigest;
use crate::login::remembered::browser_cookie::{BrowserCookie, BrowserId};
use crate::login::remembered::remembered_browser::RememberedBrowser;
use crate::login::remembered::remembered_browsers::{BrowserStanding, CookieRefused, RememberedBrowsers};

impl BrowserChange {
    /// Applies the change. Returns the cookie of the browser, if it is remembered.
    fn apply(self, remembered: &mut RememberedBrowsers, now: Timestamp) -> Option<BrowserCookie> {
        if let Some(browser) = self.forget {
            remembered.forget(browser);
        }
        self.remember.map(|new| remembered.remember(new, now))
    }
}

impl<R: GrantRows> GrantStore<R> {
    /// Stores the code of a sign-in, if its proof holds. Returns the cookie that the browser is to have from now on.
    pub(crate) fn store_sign_in(
        &mut self,
        sign_in: StoreSignIn,
        now: Timestamp,
    ) -> Result<Result<Option<BrowserCookie>, SignInRefused>, R::Error> {
        let before = self.rows.remembered()?;
        let Some(mut remembered) = RememberedBrowsers::current(before.clone(), &sign_in.versions, now) else {
            return Ok(Err(SignInRefused::NotRemembered));
        };
        let mut passkeys = None;
        let cookie = match sign_in.proof {
            SignInProof::Passphrase(change) => change.apply(&mut remembered, now),
            SignInProof::Passkey(used, change) => {
                match self.changed_passkeys(&sign_in.versions, now, |passkeys| passkeys.note_use(&used, now))? {
                    Ok(changed) => passkeys = Some(changed),
                    Err(refused) => return Ok(Err(SignInRefused::Passkey(refused))),
                }
                change.apply(&mut remembered, now)
            }
            SignInProof::Remembered(cookie) => match remembered.use_cookie(&cookie, sign_in.redirect, now) {
                Ok(next) => Some(next),
                Err(CookieRefused::NotKnown) => return Ok(Err(SignInRefused::NotRemembered)),
                Err(CookieRefused::Copied) => {
                    self.put_remembered(&remembered)?;
                    return Ok(Err(SignInRefused::CookieCopied));
                }
            },
        };
        if let Err(refused) = self.store_code(&sign_in.code, None, now)? {
            return Ok(Err(SignInRefused::Code(refused)));
        }
        remembered.allow(sign_in.redirect, now);
        if before.as_ref() != Some(&remembered) {
            self.put_remembered(&remembered)?;
        }
        if let Some(passkeys) = passkeys {
            self.rows.put_passkeys(&passkeys, passkeys.forget_at(now))?;
        }
        Ok(Ok(cookie))
    }

    /// Returns what a remembered browser may do.
    pub(crate) fn standing(&self, check: &CheckBrowser, now: Timestamp) -> Result<BrowserStanding, R::Error> {
        let remembered = RememberedBrowsers::current(self.rows.remembered()?, &check.versions, now);
        Ok(remembered.map_or(BrowserStanding::Unknown, |row| row.standing(&check.cookie, check.redirect, now)))
    }

    /// Returns the remembered browsers, the last used first.
    pub(crate) fn browsers(
        &self,
        versions: &[CredentialVersion],
        now: Timestamp,
    ) -> Result<Vec<RememberedBrowser>, R::Error> {
        let remembered = RememberedBrowsers::current(self.rows.remembered()?, versions, now);
        Ok(remembered.map(|row| row.browsers()).unwrap_or_default())
    }

    /// Forgets a browser.
    pub(crate) fn forget_browser(&mut self, browser: BrowserId) -> Result<(), R::Error> {
        self.change_remembered(|remembered| remembered.forget(browser))
    }

    /// Forgets all browsers and all redirect URIs.
    pub(crate) fn forget_all_browsers(&mut self) -> Result<(), R::Error> {
        self.change_remembered(RememberedBrowsers::clear)
    }

    /// Treats the redirect URIs of ended grants as new again: who has ended an application proves who they are when it comes back.
    pub(crate) fn disallow_redirects_of(&mut self, grants: &[&Grant]) -> Result<(), R::Error> {
        let redirects: Vec<RedirectDigest> = grants
            .iter()
            .filter_map(|grant| RedirectDigest::of_accepted(&grant.authorization().redirect_uri))
            .collect();
        self.change_remembered(|remembered| remembered.disallow(&redirects))
    }

    /// Treats all redirect URIs as new again.
    pub(crate) fn disallow_all_redirects(&mut self) -> Result<(), R::Error> {
        self.change_remembered(RememberedBrowsers::disallow_all)
    }

    fn change_remembered(&mut self, change: impl FnOnce(&mut RememberedBrowsers)) -> Result<(), R::Error> {
        let Some(before) = self.rows.remembered()? else { return Ok(()) };
        let mut after = before.clone();
        change(&mut after);
        if after == before { Ok(()) } else { self.put_remembered(&after) }
    }

    fn put_remembered(&mut self, remembered: &RememberedBrowsers) -> Result<(), R::Error> {
        self.rows.put_remembered(remembered, remembered.forget_at())
    }
}
