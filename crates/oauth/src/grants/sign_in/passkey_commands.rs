//! The commands about passkeys to the object that stores the grants of the person.

use serde::{Deserialize, Serialize};

use mcp_connector_base::commands;
use mcp_connector_base::random::Random;
use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::credential_version::CredentialVersion;
use crate::grants::commands::{GrantsCommand, carried_out};
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

carried_out! {
    FindPasskeyKey: |command, store, now, _| store.passkey_key(&command.credential, &command.versions, now);
    UsePasskey: |command, store, now, _| {
        store.change_passkeys(&command.versions, now, |passkeys| passkeys.note_use(&command.used, now))
    };
    AddPasskey: |command, store, now, _| {
        if store.has_signed_out_since(command.signed_in_at)? {
            return Ok(None);
        }
        let AddPasskey { passkey, name, attempt, versions, .. } = command;
        store.change_passkeys(&versions, now, |passkeys| passkeys.add(passkey, name, attempt, now)).map(Some)
    };
    RemovePasskey: |command, store, now, _| {
        if store.has_signed_out_since(command.signed_in_at)? {
            return Ok(None);
        }
        store.remove_passkey(&command.credential, now).map(Some)
    };
}
