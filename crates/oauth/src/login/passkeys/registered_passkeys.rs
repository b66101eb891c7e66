//! The row of a person's passkeys, and of the challenges that were used.
//!
//! It is valid under the passphrase under which it was written, so another passphrase removes all passkeys.

use serde::{Deserialize, Serialize};

use mcp_connector_base::row::Row;
use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::credential_version::CredentialVersion;
use crate::login::passkeys::assertion::PasskeyUse;
use crate::login::passkeys::authenticator_data::CredentialId;
use crate::login::passkeys::ceremony::{ChallengeDigest, PasskeyError};
use crate::login::passkeys::public_key::PasskeyKey;
use crate::login::passkeys::registration::NewPasskey;

/// Maximum number of passkeys. The row then has at most 40 KB.
const MAX_PASSKEYS: usize = 20;
/// How long a used challenge is remembered, in seconds. A form expires earlier.
const MEMORY: u64 = 20 * 60;
/// Maximum number of used challenges. Only the owner uses them up.
const MAX_USED: usize = 128;
/// How long the row is kept after its last change, in seconds: ten years.
const LIFETIME: u64 = 10 * 365 * 24 * 3600;

/// A passkey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkey {
    credential: CredentialId,
    key: PasskeyKey,
    relying_party: String,
    name: String,
    counter: u32,
    is_backed_up: bool,
    created_at: Timestamp,
    used_at: Option<Timestamp>,
}

/// A challenge that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct UsedChallenge {
    challenge: ChallengeDigest,
    attempt: [u8; 16],
    at: Timestamp,
}

/// The passkeys of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkeys {
    credential_version: CredentialVersion,
    registered: Vec<Passkey>,
    used: Vec<UsedChallenge>,
}

impl Row for Passkeys {
    const VERSION: u8 = 1;
}

/// A passkey, as the account page lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeySummary {
    pub credential: CredentialId,
    pub name: String,
    /// The host for which it was made.
    pub relying_party: String,
    /// Whether it exists on more than one device.
    pub is_backed_up: bool,
    pub created_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

impl Passkeys {
    /// Creates the row of a person with this version of the passphrase.
    #[must_use]
    pub const fn new(credential_version: CredentialVersion) -> Self {
        Self { credential_version, registered: Vec::new(), used: Vec::new() }
    }

    /// Returns what of `row` is still valid, under the current version of the passphrase.
    ///
    /// `versions` are the current version under the current master key, and then under previous ones. `None` without a passphrase.
    pub(crate) fn current(row: Option<Self>, versions: &[CredentialVersion], now: Timestamp) -> Option<Self> {
        let version = *versions.first()?;
        let mut current = row.filter(|row| versions.contains(&row.credential_version)).unwrap_or(Self::new(version));
        current.credential_version = version;
        current.used.retain(|used| now.seconds_since(used.at) < MEMORY);
        Some(current)
    }

    /// Adds a passkey. The same request again changes nothing.
    ///
    /// # Errors
    ///
    /// Returns [`PasskeyError::Replayed`] if another request has used the challenge, [`PasskeyError::Registered`] if
    /// the passkey is registered already, and [`PasskeyError::TooMany`] if there are 20 passkeys, or if 128
    /// used challenges are remembered.
    pub fn add(
        &mut self,
        new: NewPasskey,
        name: String,
        attempt: [u8; 16],
        now: Timestamp,
    ) -> Result<(), PasskeyError> {
        if self.is_same_attempt(new.challenge, attempt)? {
            return Ok(());
        }
        if self.find(&new.credential).is_some() {
            return Err(PasskeyError::Registered);
        }
        if self.registered.len() >= MAX_PASSKEYS {
            return Err(PasskeyError::TooMany);
        }
        self.note(new.challenge, attempt, now)?;
        let NewPasskey { credential, key, relying_party, counter, is_backed_up, .. } = new;
        let passkey =
            Passkey { credential, key, relying_party, name, counter, is_backed_up, created_at: now, used_at: None };
        self.registered.push(passkey);
        Ok(())
    }

    /// Returns the key by which the signature of a credential is verified.
    pub(crate) fn key(&self, credential: &CredentialId) -> Option<&PasskeyKey> {
        self.find(credential).map(|passkey| &passkey.key)
    }

    fn find(&self, credential: &CredentialId) -> Option<&Passkey> {
        self.registered.iter().find(|passkey| passkey.credential == *credential)
    }

    /// Notes the use of a passkey whose signature was verified. Each challenge can be used once; the same request again is the same
    /// use.
    ///
    /// # Errors
    ///
    /// Returns [`PasskeyError::Replayed`] if another request has used the challenge, [`PasskeyError::Unknown`] or
    /// [`PasskeyError::WrongRelyingParty`] if there is no such passkey for this site, [`PasskeyError::CounterWentBack`]
    /// if its counter did not increase, and [`PasskeyError::TooMany`] if 128 used challenges are remembered.
    pub fn note_use(&mut self, used: &PasskeyUse, now: Timestamp) -> Result<(), PasskeyError> {
        if self.is_same_attempt(used.challenge, used.attempt)? {
            return Ok(());
        }
        let known = self.find(&used.credential).ok_or(PasskeyError::Unknown)?;
        if known.relying_party != used.relying_party {
            return Err(PasskeyError::WrongRelyingParty);
        }
        // An authenticator without a counter always says zero.
        let has_counter = known.counter > 0 || used.counter > 0;
        if has_counter && used.counter <= known.counter {
            return Err(PasskeyError::CounterWentBack);
        }
        self.note(used.challenge, used.attempt, now)?;
        for passkey in self.registered.iter_mut().filter(|passkey| passkey.credential == used.credential) {
            passkey.counter = used.counter;
            passkey.is_backed_up = used.is_backed_up;
            passkey.used_at = Some(now);
        }
        Ok(())
    }

    /// Returns whether this request has used the challenge before.
    fn is_same_attempt(&self, challenge: ChallengeDigest, attempt: [u8; 16]) -> Result<bool, PasskeyError> {
        match self.used.iter().find(|used| used.challenge == challenge) {
            None => Ok(false),
            Some(used) if used.attempt == attempt => Ok(true),
            Some(_) => Err(PasskeyError::Replayed),
        }
    }

    fn note(&mut self, challenge: ChallengeDigest, attempt: [u8; 16], now: Timestamp) -> Result<(), PasskeyError> {
        // To forget one would make it good again.
        if self.used.len() >= MAX_USED {
            return Err(PasskeyError::TooMany);
        }
        self.used.push(UsedChallenge { challenge, attempt, at: now });
        Ok(())
    }

    /// Removes a passkey.
    pub(crate) fn remove(&mut self, credential: &CredentialId) {
        self.registered.retain(|passkey| passkey.credential != *credential);
    }

    /// Returns the passkeys, the oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<PasskeySummary> {
        let summary = |passkey: &Passkey| PasskeySummary {
            credential: passkey.credential.clone(),
            name: passkey.name.clone(),
            relying_party: passkey.relying_party.clone(),
            is_backed_up: passkey.is_backed_up,
            created_at: passkey.created_at,
            used_at: passkey.used_at,
        };
        self.registered.iter().map(summary).collect()
    }

    /// Returns when the row may be deleted.
    pub(crate) fn forget_at(&self, now: Timestamp) -> Timestamp {
        now.plus(if self.registered.is_empty() { MEMORY } else { LIFETIME })
    }
}
