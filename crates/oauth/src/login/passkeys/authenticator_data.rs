//! Authenticator data (Web Authentication §6.1): what the authenticator vouches for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::login::passkeys::ceremony::{PasskeyError, RelyingParty};

/// Maximum length of a credential identifier, in bytes (§4).
pub const MAX_CREDENTIAL_ID: usize = 1023;

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const ATTESTED_CREDENTIAL_DATA: u8 = 0x40;
const EXTENSION_DATA: u8 = 0x80;

/// The identifier of a credential, which the authenticator has chosen. It is not secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialId(Vec<u8>);

impl CredentialId {
    pub(crate) fn new(bytes: &[u8]) -> Result<Self, PasskeyError> {
        let fits = (1..=MAX_CREDENTIAL_ID).contains(&bytes.len());
        if fits { Ok(Self(bytes.to_vec())) } else { Err(PasskeyError::Malformed) }
    }

    /// Returns the identifier as the forms of the account page and the script of its page have it: in base64url.
    #[must_use]
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.0)
    }

    /// Parses what [`to_text`](Self::to_text) returned.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| Self::new(&bytes).ok())
    }
}

impl std::fmt::Debug for CredentialId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CredentialId({} bytes)", self.0.len())
    }
}

/// Authenticator data that passed the checks of both ceremonies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthenticatorData<'a> {
    /// The signature counter (§6.1.1). Zero if the authenticator has none.
    pub(crate) counter: u32,
    /// Whether the credential exists on more than one device.
    pub(crate) is_backed_up: bool,
    /// The attested credential data, and the extensions after it.
    rest: &'a [u8],
    flags: u8,
}

impl<'a> AuthenticatorData<'a> {
    /// Parses authenticator data of `party`. The user must have been present and verified.
    pub(crate) fn check(bytes: &'a [u8], party: &RelyingParty) -> Result<Self, PasskeyError> {
        let (rp_id_hash, rest) = bytes.split_first_chunk::<32>().ok_or(PasskeyError::Malformed)?;
        let (flags, rest) = rest.split_first().ok_or(PasskeyError::Malformed)?;
        let (counter, rest) = rest.split_first_chunk::<4>().ok_or(PasskeyError::Malformed)?;
        let has = |flag: u8| flags & flag != 0;
        if *rp_id_hash != party.id_hash() {
            return Err(PasskeyError::WrongRelyingParty);
        }
        if !has(USER_PRESENT) || !has(USER_VERIFIED) {
            return Err(PasskeyError::NotVerified);
        }
        let is_consistent = has(BACKUP_ELIGIBLE) || !has(BACKED_UP);
        let has_rest = has(ATTESTED_CREDENTIAL_DATA) || has(EXTENSION_DATA);
        if !is_consistent || has_rest == rest.is_empty() {
            return Err(PasskeyError::Malformed);
        }
        Ok(Self { counter: u32::from_be_bytes(*counter), is_backed_up: has(BACKED_UP), rest, flags: *flags })
    }

    /// Returns the credential that was made (§6.5.1), and the bytes from its public key on.
    pub(crate) fn attested_credential(&self) -> Result<(CredentialId, &'a [u8]), PasskeyError> {
        if self.flags & ATTESTED_CREDENTIAL_DATA == 0 {
            return Err(PasskeyError::Malformed);
        }
        let (_model, rest) = self.rest.split_first_chunk::<16>().ok_or(PasskeyError::Malformed)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(PasskeyError::Malformed)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (id, key) = rest.split_at_checked(length).ok_or(PasskeyError::Malformed)?;
        Ok((CredentialId::new(id)?, key))
    }

    /// Returns whether there is no credential in it, as in the response of a sign-in.
    pub(crate) const fn has_no_credential(&self) -> bool {
        self.flags & ATTESTED_CREDENTIAL_DATA == 0
    }
}
