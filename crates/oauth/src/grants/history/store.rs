//! The accesses of one subject, also those that have ended. The row of an ended grant stays for an hour; the sweep that deletes it
//! remembers the access, so that neither a sign-in nor a revocation writes a row for that. A key is remembered when it ends.

use std::cmp::Reverse;

use mcp_connector_base::timestamp::Timestamp;

use crate::grants::access_keys::stored_key::StoredKey;
use crate::grants::ended::EndReason;
use crate::grants::grant_store::GrantStore;
use crate::grants::history::record::{AccessEnd, AccessRecord};
use crate::grants::rows::GrantRows;
use crate::login::admission::AdmissionPolicy;

/// How long an access is remembered after its end, in seconds: half a year.
const REMEMBERED: u64 = 180 * 24 * 3600;
/// Maximum number of ended accesses of one subject that are remembered. The one that ended first makes room for another.
pub(in crate::grants) const MAX_PAST: usize = 200;

impl<R: GrantRows> GrantStore<R> {
    /// Returns all accesses, the newest first. A row that cannot be read is left out.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if they cannot be looked up.
    pub fn access_records(&self, policy: &AdmissionPolicy, now: Timestamp) -> Result<Vec<AccessRecord>, R::Error> {
        let mut records = self.rows.past_accesses()?;
        for grant in self.rows.readable_grants()? {
            let is_admitted = self.is_admitted(grant.authorization(), policy)?;
            records.push(AccessRecord::of_grant(&grant, &self.limits, is_admitted, now));
        }
        for id in self.rows.access_key_ids()? {
            let Some(key) = self.rows.readable_access_key(id)? else { continue };
            let is_admitted = key.is_valid(policy, now) && self.has_group_for(&key, policy)?;
            records.push(AccessRecord::of_key(&key, policy, is_admitted, now));
        }
        records.sort_unstable_by_key(|record| Reverse((record.began_at, record.id)));
        Ok(records)
    }

    /// Remembers what the next sweep deletes.
    pub(in crate::grants) fn remember_forgotten(&mut self, now: Timestamp) -> Result<(), R::Error> {
        for grant in self.rows.grants_to_forget(now)? {
            self.remember(&AccessRecord::of_grant(&grant, &self.limits, false, now), now)?;
        }
        for key in self.rows.access_keys_to_forget(now)? {
            self.remember(&AccessRecord::of_ended_key(&key, now, None), now)?;
        }
        Ok(())
    }

    /// Remembers a key that ends now.
    pub(in crate::grants) fn remember_key(
        &mut self,
        key: &StoredKey,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<(), R::Error> {
        self.remember(&AccessRecord::of_ended_key(key, now, Some(reason)), now)
    }

    fn remember(&mut self, record: &AccessRecord, now: Timestamp) -> Result<(), R::Error> {
        let ended_at = match record.end {
            AccessEnd::Ended(ended) => ended.at,
            AccessEnd::Expired(at) => at,
            AccessEnd::Until(_) | AccessEnd::NotAdmitted(_) => now,
        };
        let forget_at = ended_at.plus(REMEMBERED);
        if forget_at <= now {
            return Ok(());
        }
        self.rows.put_past_access(record, forget_at, MAX_PAST)
    }
}
