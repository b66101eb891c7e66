//! The commands of a sign-in to the object that stores the grants of the person.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use mcp_connector_base::commands;
use mcp_connector_base::random::Random;
use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::credential_version::CredentialVersion;
use crate::grants::codes::pending_code::PendingCode;
use crate::grants::codes::redemption::StoreCodeError;
use crate::grants::commands::{GrantsCommand, carried_out};
use crate::grants::grant_store::GrantStore;
use crate::grants::rows::GrantRows;
use crate::login::passkeys::assertion::PasskeyUse;
use crate::login::passkeys::ceremony::PasskeyError;
use crate::login::remembered::allowed_redirect::RedirectDigest;
use crate::login::remembered::browser_cookie::{BrowserCookie, BrowserId};
use crate::login::remembered::remembered_browser::NewBrowser;
use crate::login::remembered::remembered_browsers::BrowserStanding;

/// What proves who the person is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignInProof {
    /// The passphrase, which was checked.
    Passphrase(BrowserChange),
    /// The cookie of a remembered browser.
    Remembered(BrowserCookie),
    /// A passkey, whose signature was verified.
    Passkey(PasskeyUse, BrowserChange),
}

/// What is to become of the browser in which the person has proved who they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrowserChange {
    /// The browser as it was remembered until now. It is forgotten with all its cookies, also with those that somebody has copied.
    pub forget: Option<BrowserId>,
    /// The browser as it is to be remembered.
    pub remember: Option<NewBrowser>,
}

/// Stores the code of a person who has allowed a request and signed in, and remembers the redirect URI and perhaps the browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreSignIn {
    pub code: PendingCode,
    /// The redirect URI of the code.
    pub redirect: RedirectDigest,
    pub proof: SignInProof,
    /// The current version of the passphrase, then those under previous master keys.
    pub versions: Vec<CredentialVersion>,
}

/// Why a sign-in is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum SignInRefused {
    #[error(transparent)]
    Code(StoreCodeError),
    /// The browser is not remembered, or the redirect URI is new to the person.
    #[error("the browser is not remembered for this redirect URI")]
    NotRemembered,
    /// The passkey is unknown, or its response is not acceptable.
    #[error(transparent)]
    Passkey(PasskeyError),
    /// The cookie was used before. The browser is forgotten.
    #[error("the cookie of a remembered browser was copied")]
    CookieCopied,
}

/// Asks what a remembered browser may do. Nothing changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckBrowser {
    pub cookie: BrowserCookie,
    /// The redirect URI of the request.
    pub redirect: RedirectDigest,
    /// The current version of the passphrase, then those under previous master keys.
    pub versions: Vec<CredentialVersion>,
}

/// Forgets a remembered browser for the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgetBrowser {
    /// When the person signed in.
    pub signed_in_at: Timestamp,
    pub browser: BrowserId,
}

commands! {
    // The cookie that the browser is to have from now on.
    StoreSignIn => Result<Option<BrowserCookie>, SignInRefused>;
    CheckBrowser => BrowserStanding;
    // `None` if the person has signed out everywhere since this sign-in.
    ForgetBrowser => Option<()>;
}

carried_out! {
    StoreSignIn: |command, store, now, _| store.store_sign_in(command, now);
    CheckBrowser: |command, store, now, _| store.standing(&command, now);
    ForgetBrowser: |command, store, _now, _| {
        if store.has_signed_out_since(command.signed_in_at)? {
            return Ok(None);
        }
        store.forget_browser(command.browser).map(Some)
    };
}
