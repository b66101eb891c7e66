//! What both ceremonies share: the challenge, where they may take place, and for whom.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use mcp_connector_base::identifier::Subject;

use crate::crypto::keys::mac::MacKey;
use crate::web::host::Host;
use crate::web::origin::Origin;
use crate::web::web_url::WebUrl;

/// What a passkey is used for. A response that was made for one purpose is none for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To sign in on the consent page or the login page.
    SignIn,
    /// To sign in to the account page.
    Account,
    /// To confirm an action on the account page.
    Confirm,
    /// To register a passkey.
    Register,
}

impl Purpose {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::SignIn => b"sign-in",
            Self::Account => b"account",
            Self::Confirm => b"confirm",
            Self::Register => b"register",
        }
    }
}

/// The challenge of one form (Web Authentication §13.4.3).
///
/// It is the digest of the sealed value of the form. That value has 24 random bytes, expires, and opens only in the browser for which
/// it was made. So the challenge needs no cookie and no row, and nobody can choose it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Challenge([u8; 32]);

impl Challenge {
    /// Returns the challenge of the form with this sealed value. The caller has opened it, or opens it before a response counts.
    #[must_use]
    pub fn of(purpose: Purpose, sealed: &str) -> Self {
        let digest = Sha256::new()
            .chain_update(b"passkey challenge\0")
            .chain_update(purpose.name())
            .chain_update(b"\0")
            .chain_update(sealed)
            .finalize();
        Self(digest.into())
    }

    /// Returns the text in a page and in the client data: base64url without padding.
    #[must_use]
    pub fn to_text(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Returns what is stored of a challenge that was used.
    #[must_use]
    pub fn digest(self) -> ChallengeDigest {
        ChallengeDigest(self.0.first_chunk().copied().unwrap_or_default())
    }
}

/// What is stored of a challenge that was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeDigest([u8; 16]);

/// Where a ceremony takes place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    origin: Origin,
    /// The relying party identifier (§5.1.2): the host that was asked, and no domain above it.
    id: String,
}

impl RelyingParty {
    /// Returns the relying party of the site that was asked. `None` for an IP address, which cannot have passkeys.
    #[must_use]
    pub fn of(asked: &Origin) -> Option<Self> {
        match WebUrl::parse(asked.as_str()).ok()?.host {
            Host::Name(id) => Some(Self { origin: asked.clone(), id }),
            Host::V4(_) | Host::V6(_) => None,
        }
    }

    /// Returns the relying party identifier.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn origin(&self) -> &str {
        self.origin.as_str()
    }

    pub(crate) fn id_hash(&self) -> [u8; 32] {
        Sha256::digest(&self.id).into()
    }
}

/// The user handle of a person (§5.4.3), which an authenticator returns only after it has verified its user.
///
/// It is a MAC, so that a response that was made up costs no request to an object. It is the same for all passkeys of a person: an
/// authenticator has one for each handle and replaces it.
#[must_use]
pub fn user_handle(subject: &Subject, key: &MacKey) -> String {
    URL_SAFE_NO_PAD.encode(key.tag(&[HANDLE, subject.as_str().as_bytes()]))
}

pub(crate) fn is_user_handle(handle: &[u8], subject: &Subject, key: &MacKey) -> bool {
    handle.len() == 32 && key.verify(&[HANDLE, subject.as_str().as_bytes()], handle)
}

const HANDLE: &[u8] = b"passkey user handle";

/// Why a response of an authenticator is refused. The page says only that the passkey was not accepted; the log has the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum PasskeyError {
    #[error("a passkey response is malformed")]
    Malformed,
    /// The client data is of the other ceremony.
    #[error("a passkey response is of another ceremony")]
    WrongType,
    /// The response answers another form, or another purpose.
    #[error("a passkey response has another challenge")]
    WrongChallenge,
    /// The response was made on another site.
    #[error("a passkey response is of another origin")]
    WrongOrigin,
    /// The response was made in a frame of another site.
    #[error("a passkey response is of a frame on another site")]
    Framed,
    #[error("a passkey response is of another relying party")]
    WrongRelyingParty,
    /// The authenticator did not ask for a fingerprint, a face or a PIN.
    #[error("a passkey was used without user verification")]
    NotVerified,
    /// The credential is of somebody else, or not one that was registered here.
    #[error("a passkey is of another user")]
    WrongUser,
    #[error("a passkey has a key of an unsupported kind")]
    UnsupportedKey,
    #[error("a passkey is unknown")]
    Unknown,
    #[error("the signature of a passkey is wrong")]
    BadSignature,
    /// The counter did not increase, so the passkey may have been copied (§6.1.1).
    #[error("the counter of a passkey went back")]
    CounterWentBack,
    /// The challenge was used before.
    #[error("a passkey response was sent again")]
    Replayed,
    #[error("too many passkeys")]
    TooMany,
    /// The passkey is registered already.
    #[error("a passkey is registered already")]
    Registered,
}
