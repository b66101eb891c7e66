//! The passkeys of a person, as transactions over the rows of one subject.

use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::credential_version::CredentialVersion;
use crate::grants::grant_store::GrantStore;
use crate::grants::rows::GrantRows;
use crate::login::passkeys::authenticator_data::CredentialId;
use crate::login::passkeys::ceremony::PasskeyError;
use crate::login::passkeys::public_key::PasskeyKey;
use crate::login::passkeys::registered_passkeys::{PasskeySummary, Passkeys};

impl<R: GrantRows> GrantStore<R> {
    /// Returns the key of a passkey.
    pub(crate) fn passkey_key(
        &self,
        credential: &CredentialId,
        versions: &[CredentialVersion],
        now: Timestamp,
    ) -> Result<Option<PasskeyKey>, R::Error> {
        let passkeys = Passkeys::current(self.rows.passkeys()?, versions, now);
        Ok(passkeys.as_ref().and_then(|row| row.key(credential)).cloned())
    }

    /// Returns the passkeys, the oldest first.
    pub(crate) fn passkeys(
        &self,
        versions: &[CredentialVersion],
        now: Timestamp,
    ) -> Result<Vec<PasskeySummary>, R::Error> {
        let passkeys = Passkeys::current(self.rows.passkeys()?, versions, now);
        Ok(passkeys.map(|row| row.list()).unwrap_or_default())
    }

    /// Changes the passkeys, unless `change` refuses.
    pub(crate) fn change_passkeys(
        &mut self,
        versions: &[CredentialVersion],
        now: Timestamp,
        change: impl FnOnce(&mut Passkeys) -> Result<(), PasskeyError>,
    ) -> Result<Result<(), PasskeyError>, R::Error> {
        match self.changed_passkeys(versions, now, change)? {
            Ok(passkeys) => self.rows.put_passkeys(&passkeys, passkeys.forget_at(now)).map(Ok),
            Err(refused) => Ok(Err(refused)),
        }
    }

    /// Returns the passkeys as `change` leaves them. Nothing is stored.
    pub(crate) fn changed_passkeys(
        &self,
        versions: &[CredentialVersion],
        now: Timestamp,
        change: impl FnOnce(&mut Passkeys) -> Result<(), PasskeyError>,
    ) -> Result<Result<Passkeys, PasskeyError>, R::Error> {
        let Some(mut passkeys) = Passkeys::current(self.rows.passkeys()?, versions, now) else {
            return Ok(Err(PasskeyError::Unknown));
        };
        Ok(change(&mut passkeys).map(|()| passkeys))
    }

    /// Removes a passkey, under whatever passphrase it was added.
    pub(crate) fn remove_passkey(&mut self, credential: &CredentialId, now: Timestamp) -> Result<(), R::Error> {
        let Some(mut passkeys) = self.rows.passkeys()? else { return Ok(()) };
        passkeys.remove(credential);
        self.rows.put_passkeys(&passkeys, passkeys.forget_at(now))
    }
}
