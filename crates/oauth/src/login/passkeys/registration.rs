//! The registration of a passkey (Web Authentication §7.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use minicbor::{Decoder, decode};
use serde::{Deserialize, Serialize};

use crate::login::passkeys::authenticator_data::{AuthenticatorData, CredentialId};
use crate::login::passkeys::ceremony::{Challenge, ChallengeDigest, PasskeyError, RelyingParty};
use crate::login::passkeys::client_data;
use crate::login::passkeys::client_data::Ceremony;
use crate::login::passkeys::public_key::PasskeyKey;

/// Maximum length of a response, in bytes. The largest keys and identifiers need about 3 KB.
const MAX_RESPONSE: usize = 8 * 1024;

/// Maximum number of members of an attestation object that are looked at. It has three.
const MAX_MEMBERS: u64 = 8;

/// A passkey that was made, and checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPasskey {
    pub(crate) credential: CredentialId,
    pub(crate) key: PasskeyKey,
    pub(crate) relying_party: String,
    pub(crate) counter: u32,
    pub(crate) is_backed_up: bool,
    pub(crate) challenge: ChallengeDigest,
}

impl NewPasskey {
    /// Checks the response of an authenticator, as the script of the page writes it: the client data and the attestation object,
    /// each in base64url, with a dot between them.
    ///
    /// No attestation is asked for, and none is looked at: it would say of which model the authenticator is, on which nothing here
    /// depends.
    ///
    /// # Errors
    ///
    /// The response is malformed, answers another challenge, was made on another site or without user verification, or the key is of
    /// an unsupported kind.
    pub fn check(response: &str, challenge: Challenge, party: &RelyingParty) -> Result<Self, PasskeyError> {
        if response.len() > MAX_RESPONSE {
            return Err(PasskeyError::Malformed);
        }
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| PasskeyError::Malformed);
        let (client_data, attestation) = response.split_once('.').ok_or(PasskeyError::Malformed)?;
        client_data::check(&decode(client_data)?, Ceremony::Registration, challenge, party)?;
        let attestation = decode(attestation)?;
        let data = authenticator_data(&attestation).map_err(|_| PasskeyError::Malformed)?;
        let data = data.ok_or(PasskeyError::Malformed)?;
        let data = AuthenticatorData::check(data, party)?;
        let (credential, key) = data.attested_credential()?;
        Ok(Self {
            credential,
            key: PasskeyKey::from_cose(key)?,
            relying_party: party.id().to_owned(),
            counter: data.counter,
            is_backed_up: data.is_backed_up,
            challenge: challenge.digest(),
        })
    }
}

/// Returns the authenticator data in an attestation object (§6.5.4).
fn authenticator_data(attestation: &[u8]) -> Result<Option<&[u8]>, decode::Error> {
    let mut decoder = Decoder::new(attestation);
    for _ in 0..decoder.map()?.unwrap_or_default().min(MAX_MEMBERS) {
        if decoder.str()? == "authData" {
            return decoder.bytes().map(Some);
        }
        decoder.skip()?;
    }
    Ok(None)
}
