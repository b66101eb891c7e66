//! The access keys of one subject, beside their grants. Each function is one transaction.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::opaque::Secret;
use crate::grants::access_keys::stored_key::StoredKey;
use crate::grants::access_keys::summary::AccessKeySummary;
use crate::grants::ended::EndReason;
use crate::grants::grant_store::GrantStore;
use crate::grants::rows::GrantRows;
use crate::login::access_rules::AccessKeyRule;
use crate::login::admission::AdmissionPolicy;

/// Why a key is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum StoreKeyError {
    /// The person has as many keys as a person may have.
    #[error("there are too many access keys")]
    TooMany,
    /// The same form has made a key already, whose secret is another one.
    #[error("this key was made already")]
    Made,
    /// The settings do not admit it: there are no access keys, or the person has no group that the endpoint needs.
    #[error("the settings do not admit this key")]
    NotAdmitted,
}

impl<R: GrantRows> GrantStore<R> {
    /// Stores a key, unless there are too many. Rows of keys that are no longer valid make room.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if a key cannot be read, stored or deleted.
    ///
    /// The inner error is [`StoreKeyError::NotAdmitted`] if the settings do not admit the key, [`StoreKeyError::Made`]
    /// if the same form has made another one, and [`StoreKeyError::TooMany`] if the person has as many as they may
    /// have.
    pub fn store_key(
        &mut self,
        key: &StoredKey,
        policy: &AdmissionPolicy,
        now: Timestamp,
    ) -> Result<Result<(), StoreKeyError>, R::Error> {
        if policy.rules().keys == AccessKeyRule::Off || !self.has_group_for(key, policy)? {
            return Ok(Err(StoreKeyError::NotAdmitted));
        }
        let mut others = 0;
        for known in self.rows.access_keys()? {
            if known.id() == key.id() {
                // The answer may have been lost, and the same command was sent again.
                return Ok(if known == *key { Ok(()) } else { Err(StoreKeyError::Made) });
            }
            if known.is_valid(policy, now) {
                others += 1;
            } else {
                self.remember_key(&known, EndReason::CredentialsChanged, now)?;
                self.rows.delete_access_key(known.id())?;
            }
        }
        if others >= self.limits.access_keys {
            return Ok(Err(StoreKeyError::TooMany));
        }
        self.rows.put_access_key(key, key.expires())?;
        Ok(Ok(()))
    }

    /// Returns the key with this id and secret, if it is valid, and notes the use.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if the key cannot be read, or its use cannot be stored. A key that is not valid is
    /// no error.
    pub fn use_key(
        &mut self,
        id: GrantId,
        digest: &Secret,
        policy: &AdmissionPolicy,
        now: Timestamp,
    ) -> Result<Option<StoredKey>, R::Error> {
        let Some(key) = self.rows.access_key(id)?.filter(|key| key.has_digest(digest) && key.is_valid(policy, now))
        else {
            return Ok(None);
        };
        if !self.has_group_for(&key, policy)? {
            return Ok(None);
        }
        self.note_use(&key, now)?;
        Ok(Some(key))
    }

    /// Returns whether there is a valid key with this id, and notes the use: only an isolate that was sent the key asks.
    pub(in crate::grants) fn is_active_key(
        &mut self,
        id: GrantId,
        policy: &AdmissionPolicy,
        now: Timestamp,
    ) -> Result<bool, R::Error> {
        let Some(key) = self.rows.access_key(id)?.filter(|key| key.is_valid(policy, now)) else { return Ok(false) };
        if !self.has_group_for(&key, policy)? {
            return Ok(false);
        }
        self.note_use(&key, now)?;
        Ok(true)
    }

    /// Returns the valid keys, the newest first.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if a key cannot be read.
    pub fn list_keys(&self, policy: &AdmissionPolicy, now: Timestamp) -> Result<Vec<AccessKeySummary>, R::Error> {
        let mut keys = self.rows.access_keys()?;
        keys.retain(|key| key.is_valid(policy, now));
        keys.sort_unstable_by_key(|key| Reverse((key.created_at(), key.id())));
        Ok(keys.iter().map(|key| AccessKeySummary::of(key, policy)).collect())
    }

    /// Ends a key. Returns whether there was one.
    pub(in crate::grants) fn end_key(
        &mut self,
        id: GrantId,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<bool, R::Error> {
        // Also one whose row cannot be read.
        let is_known = self.rows.access_key_ids()?.contains(&id);
        if is_known {
            if let Some(key) = self.rows.readable_access_key(id)? {
                self.remember_key(&key, reason, now)?;
            }
            self.rows.delete_access_key(id)?;
        }
        Ok(is_known)
    }

    /// Ends all keys, and returns them.
    pub(in crate::grants) fn end_all_keys(
        &mut self,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<Vec<GrantId>, R::Error> {
        let ids = self.rows.access_key_ids()?;
        for id in &ids {
            self.end_key(*id, reason, now)?;
        }
        Ok(ids)
    }

    fn note_use(&mut self, key: &StoredKey, now: Timestamp) -> Result<(), R::Error> {
        key.used(now).map_or(Ok(()), |used| self.rows.put_access_key(&used, used.expires()))
    }
}
