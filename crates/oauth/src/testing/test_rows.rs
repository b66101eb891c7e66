//! A [`GrantRows`] in memory.

use mcp_connector_base::row::Row as _;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::convert::Infallible;

use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::timestamp::Timestamp;

use crate::external_issuer::assertion_id::AssertionId;
use crate::grants::access_keys::stored_key::StoredKey;
use crate::grants::assertions::ends::AssertionEnds;
use crate::grants::assertions::used::UsedAssertion;
use crate::grants::codes::authorization_code::CodeId;
use crate::grants::codes::pending_code::PendingCode;
use crate::grants::grant::Grant;
use crate::grants::history::record::AccessRecord;
use crate::grants::identity::stored_identity::StoredIdentity;
use crate::grants::rows::GrantRows;
use crate::login::passkeys::registered_passkeys::Passkeys;
use crate::login::remembered::remembered_browsers::RememberedBrowsers;
use crate::upstream::connection::UpstreamConnection;
use crate::upstream::name::UpstreamName;

/// Rows in memory, and the number of writes.
#[derive(Clone, Default)]
pub(crate) struct TestRows {
    codes: BTreeMap<String, (PendingCode, Timestamp)>,
    grants: BTreeMap<GrantId, (Grant, Timestamp)>,
    access_keys: BTreeMap<GrantId, (StoredKey, Timestamp)>,
    signed_out: Option<(Timestamp, Timestamp)>,
    identity: Option<StoredIdentity>,
    recorded_at: BTreeMap<GrantId, Timestamp>,
    remembered: Option<(RememberedBrowsers, Timestamp)>,
    passkeys: Option<(Passkeys, Timestamp)>,
    upstreams: BTreeMap<UpstreamName, UpstreamConnection>,
    assertions: BTreeMap<AssertionId, (UsedAssertion, Timestamp)>,
    assertion_ends: Option<(AssertionEnds, Timestamp)>,
    past: BTreeMap<GrantId, (AccessRecord, Timestamp)>,
    pub(crate) writes: Cell<usize>,
}

impl TestRows {
    fn wrote(&self) {
        self.writes.set(self.writes.get() + 1);
    }
}

impl GrantRows for TestRows {
    type Error = Infallible;

    fn code(&self, id: CodeId) -> Result<Option<PendingCode>, Infallible> {
        Ok(self.codes.get(&id.to_string()).map(|row| row.0.clone()))
    }

    fn codes(&self) -> Result<Vec<PendingCode>, Infallible> {
        Ok(self.codes.values().map(|row| row.0.clone()).collect())
    }

    fn codes_that_may_wait(&self, now: Timestamp) -> Result<Vec<PendingCode>, Infallible> {
        let waiting = self.codes.values().filter(|row| PendingCode::may_wait_until(now).contains(&row.1));
        Ok(waiting.map(|row| row.0.clone()).collect())
    }

    fn put_code(&mut self, code: &PendingCode, forget_at: Timestamp) -> Result<(), Infallible> {
        self.wrote();
        // Encoded and decoded, as a real store does it.
        let code = PendingCode::from_row(&code.to_row().unwrap()).unwrap();
        self.codes.insert(PendingCode::id(&code).to_string(), (code, forget_at));
        Ok(())
    }

    fn grant(&self, id: GrantId) -> Result<Option<Grant>, Infallible> {
        Ok(self.grants.get(&id).map(|row| row.0.clone()))
    }

    fn grants(&self) -> Result<Vec<Grant>, Infallible> {
        Ok(self.grants.values().map(|row| row.0.clone()).collect())
    }

    fn number_of_grants(&self) -> Result<usize, Infallible> {
        Ok(self.grants.len())
    }

    fn put_grant(&mut self, grant: &Grant, forget_at: Timestamp) -> Result<(), Infallible> {
        self.wrote();
        let grant = Grant::from_row(&grant.to_row().unwrap()).unwrap();
        self.grants.insert(grant.id(), (grant, forget_at));
        Ok(())
    }

    fn access_key(&self, id: GrantId) -> Result<Option<StoredKey>, Infallible> {
        Ok(self.access_keys.get(&id).map(|row| row.0.clone()))
    }

    fn access_keys(&self) -> Result<Vec<StoredKey>, Infallible> {
        Ok(self.access_keys.values().map(|row| row.0.clone()).collect())
    }

    fn access_key_ids(&self) -> Result<Vec<GrantId>, Infallible> {
        Ok(self.access_keys.keys().copied().collect())
    }

    fn put_access_key(&mut self, key: &StoredKey, forget_at: Timestamp) -> Result<(), Infallible> {
        self.wrote();
        let key = StoredKey::from_row(&key.to_row().unwrap()).unwrap();
        self.access_keys.insert(key.id(), (key, forget_at));
        Ok(())
    }

    fn delete_access_key(&mut self, id: GrantId) -> Result<(), Infallible> {
        self.wrote();
        self.access_keys.remove(&id);
        Ok(())
    }

    fn identity(&self) -> Result<Option<StoredIdentity>, Infallible> {
        Ok(self.identity.clone())
    }

    fn put_identity(&mut self, identity: &StoredIdentity) -> Result<(), Infallible> {
        self.wrote();
        self.identity = Some(StoredIdentity::from_row(&identity.to_row().unwrap()).unwrap());
        Ok(())
    }

    fn recorded_at(&self, grant: GrantId) -> Result<Option<Timestamp>, Infallible> {
        Ok(self.recorded_at.get(&grant).copied())
    }

    fn put_recorded_at(&mut self, grant: GrantId, at: Timestamp) -> Result<(), Infallible> {
        self.wrote();
        self.recorded_at.insert(grant, at);
        Ok(())
    }

    fn signed_out_at(&self) -> Result<Option<Timestamp>, Infallible> {
        Ok(self.signed_out.map(|row| row.0))
    }

    fn put_signed_out_at(&mut self, at: Timestamp, forget_at: Timestamp) -> Result<(), Infallible> {
        self.wrote();
        self.signed_out = Some((at, forget_at));
        Ok(())
    }

    fn remembered(&self) -> Result<Option<RememberedBrowsers>, Infallible> {
        Ok(self.remembered.as_ref().map(|row| row.0.clone()))
    }

    fn put_remembered(&mut self, row: &RememberedBrowsers, forget_at: Timestamp) -> Result<(), Infallible> {
        self.wrote();
        self.remembered = Some((RememberedBrowsers::from_row(&row.to_row().unwrap()).unwrap(), forget_at));
        Ok(())
    }

    fn passkeys(&self) -> Result<Option<Passkeys>, Infallible> {
        Ok(self.passkeys.as_ref().map(|row| row.0.clone()))
    }

    fn put_passkeys(&mut self, row: &Passkeys, forget_at: Timestamp) -> Result<(), Infallible> {
        self.wrote();
        self.passkeys = Some((Passkeys::from_row(&row.to_row().unwrap()).unwrap(), forget_at));
        Ok(())
    }

    fn upstream(&self, name: &UpstreamName) -> Result<Option<UpstreamConnection>, Infallible> {
        Ok(self.upstreams.get(name).cloned())
    }

    fn upstreams(&self) -> Result<Vec<(UpstreamName, UpstreamConnection)>, Infallible> {
        Ok(self.upstreams.iter().map(|(name, row)| (name.clone(), row.clone())).collect())
    }

    fn put_upstream(&mut self, name: &UpstreamName, row: &UpstreamConnection) -> Result<(), Infallible> {
        self.wrote();
        self.upstreams.insert(name.clone(), UpstreamConnection::from_row(&row.to_row().unwrap()).unwrap());
        Ok(())
    }

    fn delete_upstream(&mut self, name: &UpstreamName) -> Result<(), Infallible> {
        self.wrote();
        self.upstreams.remove(name);
        Ok(())
    }

    fn delete_all_upstreams(&mut self) -> Result<(), Infallible> {
        self.wrote();
        self.upstreams.clear();
        Ok(())
    }

    fn used_assertion(&self, id: &AssertionId) -> Result<Option<UsedAssertion>, Infallible> {
        Ok(self.assertions.get(id).map(|row| row.0))
    }

    fn count_assertions(&self, now: Timestamp) -> Result<usize, Infallible> {
        Ok(self.assertions.values().filter(|row| row.1 > now).count())
    }

    fn put_assertion(
        &mut self,
        id: &AssertionId,
        used: &UsedAssertion,
        forget_at: Timestamp,
    ) -> Result<(), Infallible> {
        self.wrote();
        let used = UsedAssertion::from_row(&used.to_row().unwrap()).unwrap();
        self.assertions.insert(id.clone(), (used, forget_at));
        Ok(())
    }

    fn assertion_ends(&self) -> Result<Option<AssertionEnds>, Infallible> {
        Ok(self.assertion_ends.as_ref().map(|row| row.0.clone()))
    }

    fn put_assertion_ends(&mut self, row: &AssertionEnds, forget_at: Timestamp) -> Result<(), Infallible> {
        self.wrote();
        self.assertion_ends = Some((AssertionEnds::from_row(&row.to_row().unwrap()).unwrap(), forget_at));
        Ok(())
    }

    fn grants_to_forget(&self, now: Timestamp) -> Result<Vec<Grant>, Infallible> {
        Ok(self.grants.values().filter(|row| row.1 <= now).map(|row| row.0.clone()).collect())
    }

    fn access_keys_to_forget(&self, now: Timestamp) -> Result<Vec<StoredKey>, Infallible> {
        Ok(self.access_keys.values().filter(|row| row.1 <= now).map(|row| row.0.clone()).collect())
    }

    fn past_accesses(&self) -> Result<Vec<AccessRecord>, Infallible> {
        Ok(self.past.values().map(|row| row.0.clone()).collect())
    }

    fn put_past_access(&mut self, record: &AccessRecord, forget_at: Timestamp, most: usize) -> Result<(), Infallible> {
        self.wrote();
        self.past.insert(record.id, (AccessRecord::from_row(&record.to_row().unwrap()).unwrap(), forget_at));
        while self.past.len() > most {
            let first = self.past.iter().min_by_key(|(_, row)| row.1).map(|(id, _)| *id).unwrap();
            self.past.remove(&first);
        }
        Ok(())
    }

    fn forget(&mut self, now: Timestamp) -> Result<Option<Timestamp>, Infallible> {
        self.codes.retain(|_, row| row.1 > now);
        self.grants.retain(|_, row| row.1 > now);
        self.access_keys.retain(|_, row| row.1 > now);
        if self.codes.is_empty() && self.grants.is_empty() && self.access_keys.is_empty() {
            self.identity = None;
        }
        let grants = &self.grants;
        self.recorded_at.retain(|grant, _| grants.contains_key(grant));
        self.signed_out = self.signed_out.filter(|row| row.1 > now);
        self.remembered = self.remembered.take().filter(|row| row.1 > now);
        let rows = self.codes.values().map(|row| row.1).chain(self.grants.values().map(|row| row.1));
        let rows = rows.chain(self.access_keys.values().map(|row| row.1));
        self.passkeys = self.passkeys.take().filter(|row| row.1 > now);
        self.upstreams.retain(|_, row| row.forget_at() > now);
        let rows = rows.chain(self.upstreams.values().map(UpstreamConnection::forget_at));
        self.past.retain(|_, row| row.1 > now);
        let rows = rows.chain(self.past.values().map(|row| row.1));
        self.assertions.retain(|_, row| row.1 > now);
        self.assertion_ends = self.assertion_ends.take().filter(|row| row.1 > now);
        let rows = rows.chain(self.assertions.values().map(|row| row.1));
        let others = [
            self.assertion_ends.as_ref().map(|row| row.1),
            self.signed_out.map(|row| row.1),
            self.remembered.as_ref().map(|row| row.1),
            self.passkeys.as_ref().map(|row| row.1),
        ];
        Ok(rows.chain(others.into_iter().flatten()).min())
    }
}
