//! The use of a passkey (Web Authentication §7.2), up to the signature, which the platform verifies.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::Subject;

use crate::crypto::keys::mac::MacKey;
use crate::login::passkeys::authenticator_data::{AuthenticatorData, CredentialId};
use crate::login::passkeys::ceremony::{Challenge, ChallengeDigest, PasskeyError, RelyingParty, is_user_handle};
use crate::login::passkeys::client_data;
use crate::login::passkeys::client_data::Ceremony;

/// Maximum length of a response, in bytes.
const MAX_RESPONSE: usize = 8 * 1024;

/// A response that passed all checks but that of its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnverifiedAssertion {
    credential: CredentialId,
    relying_party: String,
    /// What was signed: the authenticator data, and the hash of the client data.
    message: Vec<u8>,
    signature: Vec<u8>,
    counter: u32,
    is_backed_up: bool,
    challenge: ChallengeDigest,
}

/// The use of a passkey whose signature was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyUse {
    pub(crate) credential: CredentialId,
    pub(crate) relying_party: String,
    pub(crate) counter: u32,
    pub(crate) is_backed_up: bool,
    pub(crate) challenge: ChallengeDigest,
    /// Random, for each request of a browser. The same use with the same number is the same request, whose answer was lost.
    pub(crate) attempt: [u8; 16],
}

impl UnverifiedAssertion {
    /// Checks the response of an authenticator, as the script of the page writes it: identifier, client data, authenticator data,
    /// signature and user handle, each in base64url, with dots between them.
    ///
    /// # Errors
    ///
    /// The response is malformed, answers another challenge, was made on another site or without user verification, or is of another
    /// user.
    pub fn check(
        response: &str,
        challenge: Challenge,
        party: &RelyingParty,
        subject: &Subject,
        key: &MacKey,
    ) -> Result<Self, PasskeyError> {
        if response.len() > MAX_RESPONSE {
            return Err(PasskeyError::Malformed);
        }
        let decoded: Vec<Vec<u8>> = response
            .split('.')
            .map(|part| URL_SAFE_NO_PAD.decode(part).map_err(|_| PasskeyError::Malformed))
            .collect::<Result<_, _>>()?;
        let [credential, client_data, data, signature, handle] =
            <[Vec<u8>; 5]>::try_from(decoded).map_err(|_| PasskeyError::Malformed)?;
        // First, because only who has used a passkey of the person can have it.
        if !is_user_handle(&handle, subject, key) {
            return Err(PasskeyError::WrongUser);
        }
        let client_data_hash = client_data::check(&client_data, Ceremony::Assertion, challenge, party)?;
        let checked = AuthenticatorData::check(&data, party)?;
        if !checked.has_no_credential() {
            return Err(PasskeyError::Malformed);
        }
        Ok(Self {
            credential: CredentialId::new(&credential)?,
            relying_party: party.id().to_owned(),
            counter: checked.counter,
            is_backed_up: checked.is_backed_up,
            challenge: challenge.digest(),
            message: [data.as_slice(), &client_data_hash].concat(),
            signature,
        })
    }

    /// Returns the credential that the response is of, by whose key the signature has to be verified.
    #[must_use]
    pub const fn credential(&self) -> &CredentialId {
        &self.credential
    }

    /// Returns what was signed.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// Returns the signature, as the authenticator wrote it.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Returns the use of the passkey. The caller has verified the signature.
    #[must_use]
    pub fn verified(self, attempt: [u8; 16]) -> PasskeyUse {
        let Self { credential, relying_party, counter, is_backed_up, challenge, .. } = self;
        PasskeyUse { credential, relying_party, counter, is_backed_up, challenge, attempt }
    }
}
