//! The commands about passkeys to the object that stores the grants of the person.

use serde::{Deserialize, Serialize};

use mcp_connector_base::commands;
use mcp_connector_base::timestamp::{Random, Timestamp};

use crate::crypto::credential_version::CredentialVersion;
use crate::grants::commands::GrantsCommand;
use crate::grants::grant_store::GrantStore;
use crate::grants::rows::GrantRows;
use crate::login::passkeys::assertion::PasskeyUse;
use crate::login::passkeys::authenticator_data::CredentialId;
use crate::login::passkeys::ceremony::PasskeyError;
use crate::login::passkeys::public_key::PasskeyKey;
use crate::login::passkeys::registration::NewPasskey;

/// Asks for the key by which the signature of a passkey is verified. Nothing changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindPasskeyKey {
    pub credential: CredentialId,
    /// The current version of the passphrase, then those under previous master keys.
    pub versions: Vec<CredentialVersion>,
}

/// Notes the use of a passkey whose signature was verified, for anything but a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsePasskey {
    pub used: PasskeyUse,
    /// The current version of the passphrase, then those under previous master keys.
    pub versions: Vec<CredentialVersion>,
}

/// Adds a passkey for the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddPasskey {
    /// When the person signed in.
    pub signed_in_at: Timestamp,
    pub passkey: NewPasskey,
    /// What the person calls it.
    pub name: String,
    /// Random, for each request of a browser. The same passkey with the same number is the same request, whose answer was lost.
    pub attempt: [u8; 16],
    /// The current version of the passphrase, then those under previous master keys.
    pub versions: Vec<CredentialVersion>,
}

/// Removes a passkey for the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovePasskey {
    /// When the person signed in.
    pub signed_in_at: Timestamp,
    pub credential: CredentialId,
}

commands! {
    // `None` if there is no such passkey.
    FindPasskeyKey => Option<PasskeyKey>;
    UsePasskey => Result<(), PasskeyError>;
    // `None` if the person has signed out everywhere since this sign-in.
    AddPasskey => Option<Result<(), PasskeyError>>;
    RemovePasskey => Option<()>;
}

impl GrantsCommand for FindPasskeyKey {
    fn carry_out<R: GrantRows>(
        self,
        store: &mut GrantStore<R>,
        now: Timestamp,
        _: &impl Random,
    ) -> Result<Self::Answer, R::Error> {
        store.passkey_key(&self.credential, &self.versions, now)
    }
}

impl GrantsCommand for UsePasskey {
    fn carry_out<R: GrantRows>(
        self,
        store: &mut GrantStore<R>,
        now: Timestamp,
        _: &impl Random,
    ) -> Result<Self::Answer, R::Error> {
        store.change_passkeys(&self.versions, now, |passkeys| passkeys.note_use(&self.used, now))
    }
}

impl GrantsCommand for AddPasskey {
    fn carry_out<R: GrantRows>(
        self,
        store: &mut GrantStore<R>,
        now: Timestamp,
        _: &impl Random,
    ) -> Result<Self::Answer, R::Error> {
        if store.has_signed_out_since(self.signed_in_at)? {
            return Ok(None);
        }
        let Self { passkey, name, attempt, versions, .. } = self;
        store.change_passkeys(&versions, now, |passkeys| passkeys.add(passkey, name, attempt, now)).map(Some)
    }
}

impl GrantsCommand for RemovePasskey {
    fn carry_out<R: GrantRows>(
        self,
        store: &mut GrantStore<R>,
        now: Timestamp,
        _: &impl Random,
    ) -> Result<Self::Answer, R::Error> {
        if store.has_signed_out_since(self.signed_in_at)? {
            return Ok(None);
        }
        store.remove_passkey(&self.credential, now).map(Some)
    }
}
