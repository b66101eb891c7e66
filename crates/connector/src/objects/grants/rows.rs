//! The rows of the `Grants` object of one subject: codes, grants, access keys, what signs the person in, and when they last signed
//! out everywhere.

use worker::{SqlStorage, SqlStorageValue, console_error};

use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::row::Row;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::external_issuer::assertion_id::AssertionId;
use mcp_connector_oauth::grants::access_keys::stored_key::StoredKey;
use mcp_connector_oauth::grants::assertions::ends::AssertionEnds;
use mcp_connector_oauth::grants::assertions::used::UsedAssertion;
use mcp_connector_oauth::grants::codes::authorization_code::CodeId;
use mcp_connector_oauth::grants::codes::pending_code::PendingCode;
use mcp_connector_oauth::grants::grant::Grant;
use mcp_connector_oauth::grants::history::record::AccessRecord;
use mcp_connector_oauth::grants::identity::stored_identity::StoredIdentity;
use mcp_connector_oauth::grants::rows::GrantRows;
use mcp_connector_oauth::login::passkeys::registered_passkeys::Passkeys;
use mcp_connector_oauth::login::remembered::remembered_browsers::RememberedBrowsers;
use mcp_connector_oauth::upstream::connection::UpstreamConnection;
use mcp_connector_oauth::upstream::name::UpstreamName;

use mcp_connector_base::codec::DecodeError;

use crate::objects::rows::{blob, blobs, find, integer, number, read, seconds, unreadable, values};
use crate::objects::tables::Schema;

/// The rows of one subject. Each is written into one column, beside the columns by which it is found.
pub(crate) struct SqlRows(SqlStorage);

/// The tables.
pub(crate) const SCHEMA: Schema = Schema {
    create: &[TABLES],
    names: &["codes", "grants", "access_keys", "signed_out", "entered", "sign_in", "identity", "upstreams"],
};

const TABLES: &str = "\
    CREATE TABLE IF NOT EXISTS codes (id TEXT PRIMARY KEY, value BLOB NOT NULL, forget_at INTEGER NOT NULL) WITHOUT ROWID;\
    CREATE TABLE IF NOT EXISTS grants (id TEXT PRIMARY KEY, value BLOB NOT NULL, forget_at INTEGER NOT NULL) WITHOUT ROWID;\
    CREATE TABLE IF NOT EXISTS access_keys (id TEXT PRIMARY KEY, value BLOB NOT NULL, forget_at INTEGER NOT NULL) WITHOUT ROWID;\
    CREATE TABLE IF NOT EXISTS signed_out (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, forget_at INTEGER NOT NULL);\
    CREATE TABLE IF NOT EXISTS entered (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;\
    CREATE TABLE IF NOT EXISTS sign_in (id TEXT PRIMARY KEY, value BLOB NOT NULL, forget_at INTEGER NOT NULL) WITHOUT ROWID;\
    CREATE TABLE IF NOT EXISTS identity (one INTEGER PRIMARY KEY CHECK (one = 1), value BLOB NOT NULL);\
    CREATE TABLE IF NOT EXISTS upstreams (name TEXT PRIMARY KEY, value BLOB NOT NULL, forget_at INTEGER NOT NULL) WITHOUT ROWID";

/// The tables whose rows are deleted when their time has come.
const LAPSING: [&str; 6] = ["codes", "grants", "access_keys", "signed_out", "sign_in", "upstreams"];
/// The row of the remembered browsers in the table `sign_in`.
const BROWSERS: &str = "browsers";
/// The row of the passkeys in the same table.
const PASSKEYS: &str = "passkeys";
/// The beginning of the name of each used assertion in the same table, and what follows all of them. A table of their own would be
/// made, and counted, in the object of everybody.
const ASSERTION: &str = "assertion:";
const AFTER_ASSERTIONS: &str = "assertion;";
/// The row of what the owner has ended of the person, in the same table.
const ASSERTION_ENDS: &str = "assertion_ends";

/// The beginning of the name of each access that has ended, in the same table, and what follows all of them.
const PAST: &str = "past:";
const AFTER_PAST: &str = "past;";

impl SqlRows {
    /// The rows in tables that exist.
    pub(crate) const fn new(sql: SqlStorage) -> Self {
        Self(sql)
    }

    fn put(&self, upsert: &str, id: String, row: &impl Row, forget_at: Timestamp) -> worker::Result<()> {
        self.0.exec(upsert, vec![id.into(), blob(row)?, seconds(forget_at)?]).map(drop)
    }

    /// Returns a row of the table `sign_in`, if there is one that can be read. One that cannot be read signs nobody in, and must
    /// not keep the person from signing in otherwise.
    fn sign_in<T: Row>(&self, id: &str) -> worker::Result<Option<T>> {
        let row = blobs(&self.0, "SELECT value FROM sign_in WHERE id = ?", vec![id.into()])?.pop();
        let row = row.map(|row| T::from_row(&row).inspect_err(|error| console_error!("sign-in: a row is {error}")));
        Ok(row.and_then(Result::ok))
    }

    fn put_sign_in(&self, id: &str, row: &impl Row, forget_at: Timestamp) -> worker::Result<()> {
        let upsert = "INSERT INTO sign_in VALUES (?, ?, ?) \
            ON CONFLICT (id) DO UPDATE SET value = excluded.value, forget_at = excluded.forget_at";
        self.put(upsert, id.to_owned(), row, forget_at)
    }

    fn moment(&self, query: &str) -> worker::Result<Option<Timestamp>> {
        Ok(number(&self.0, query, vec![])?.map(Timestamp::from_seconds))
    }
}

impl GrantRows for SqlRows {
    type Error = worker::Error;

    fn code(&self, id: CodeId) -> worker::Result<Option<PendingCode>> {
        find(&self.0, "SELECT value FROM codes WHERE id = ?", vec![id.to_string().into()])
    }

    fn codes(&self) -> worker::Result<Vec<PendingCode>> {
        read(&self.0, "SELECT value FROM codes", vec![])
    }

    fn codes_that_may_wait(&self, now: Timestamp) -> worker::Result<Vec<PendingCode>> {
        let (first, last) = PendingCode::may_wait_until(now).into_inner();
        let query = "SELECT value FROM codes WHERE forget_at BETWEEN ? AND ?";
        read(&self.0, query, vec![seconds(first)?, seconds(last)?])
    }

    fn put_code(&mut self, code: &PendingCode, forget_at: Timestamp) -> worker::Result<()> {
        let upsert = "INSERT INTO codes VALUES (?, ?, ?) \
            ON CONFLICT (id) DO UPDATE SET value = excluded.value, forget_at = excluded.forget_at";
        self.put(upsert, code.id().to_string(), code, forget_at)
    }

    fn grant(&self, id: GrantId) -> worker::Result<Option<Grant>> {
        find(&self.0, "SELECT value FROM grants WHERE id = ?", vec![id.to_string().into()])
    }

    fn grants(&self) -> worker::Result<Vec<Grant>> {
        read(&self.0, "SELECT value FROM grants", vec![])
    }

    fn readable_grants(&self) -> worker::Result<Vec<Grant>> {
        let rows = blobs(&self.0, "SELECT value FROM grants", vec![])?;
        let grants = rows.iter().map(|row| Grant::from_row(row));
        Ok(grants
            .filter_map(|grant| grant.inspect_err(|error| console_error!("grants: a row is {error}")).ok())
            .collect())
    }

    fn number_of_grants(&self) -> worker::Result<usize> {
        let number = number(&self.0, "SELECT count(*) FROM grants", vec![])?.unwrap_or_default();
        Ok(usize::try_from(number).unwrap_or(usize::MAX))
    }

    fn put_grant(&mut self, grant: &Grant, forget_at: Timestamp) -> worker::Result<()> {
        let upsert = "INSERT INTO grants VALUES (?, ?, ?) \
            ON CONFLICT (id) DO UPDATE SET value = excluded.value, forget_at = excluded.forget_at";
        self.put(upsert, grant.id().to_string(), grant, forget_at)
    }

    fn access_key(&self, id: GrantId) -> worker::Result<Option<StoredKey>> {
        find(&self.0, "SELECT value FROM access_keys WHERE id = ?", vec![id.to_string().into()])
    }

    fn access_keys(&self) -> worker::Result<Vec<StoredKey>> {
        read(&self.0, "SELECT value FROM access_keys", vec![])
    }

    fn access_key_ids(&self) -> worker::Result<Vec<GrantId>> {
        let ids = values(&self.0, "SELECT id FROM access_keys", vec![])?.into_iter().map(|row| match row {
            [SqlStorageValue::String(id)] => GrantId::try_from(id).map_err(|_| unreadable(DecodeError)),
            _ => Err(unreadable(DecodeError)),
        });
        ids.collect()
    }

    fn put_access_key(&mut self, key: &StoredKey, forget_at: Timestamp) -> worker::Result<()> {
        let upsert = "INSERT INTO access_keys VALUES (?, ?, ?) \
            ON CONFLICT (id) DO UPDATE SET value = excluded.value, forget_at = excluded.forget_at";
        self.put(upsert, key.id().to_string(), key, forget_at)
    }

    fn delete_access_key(&mut self, id: GrantId) -> worker::Result<()> {
        self.0.exec("DELETE FROM access_keys WHERE id = ?", vec![id.to_string().into()]).map(drop)
    }

    fn identity(&self) -> worker::Result<Option<StoredIdentity>> {
        let row = blobs(&self.0, "SELECT value FROM identity", vec![])?.pop();
        let row = row
            .map(|row| StoredIdentity::from_row(&row).inspect_err(|error| console_error!("identity: it is {error}")));
        Ok(row.and_then(Result::ok))
    }

    fn put_identity(&mut self, identity: &StoredIdentity) -> worker::Result<()> {
        let upsert = "INSERT INTO identity VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET value = excluded.value";
        self.0.exec(upsert, vec![blob(identity)?]).map(drop)
    }

    fn recorded_at(&self, grant: GrantId) -> worker::Result<Option<Timestamp>> {
        let at = number(&self.0, "SELECT at FROM entered WHERE id = ?", vec![grant.to_string().into()])?;
        Ok(at.map(Timestamp::from_seconds))
    }

    fn put_recorded_at(&mut self, grant: GrantId, at: Timestamp) -> worker::Result<()> {
        let upsert = "INSERT INTO entered VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at";
        self.0.exec(upsert, vec![grant.to_string().into(), seconds(at)?]).map(drop)
    }

    fn signed_out_at(&self) -> worker::Result<Option<Timestamp>> {
        self.moment("SELECT max(at) AS at FROM signed_out")
    }

    fn put_signed_out_at(&mut self, at: Timestamp, forget_at: Timestamp) -> worker::Result<()> {
        let upsert = "INSERT INTO signed_out VALUES (0, ?, ?) \
            ON CONFLICT (id) DO UPDATE SET at = excluded.at, forget_at = excluded.forget_at";
        self.0.exec(upsert, vec![seconds(at)?, seconds(forget_at)?]).map(|_| ())
    }

    fn remembered(&self) -> worker::Result<Option<RememberedBrowsers>> {
        self.sign_in(BROWSERS)
    }

    fn put_remembered(&mut self, row: &RememberedBrowsers, forget_at: Timestamp) -> worker::Result<()> {
        self.put_sign_in(BROWSERS, row, forget_at)
    }

    fn passkeys(&self) -> worker::Result<Option<Passkeys>> {
        self.sign_in(PASSKEYS)
    }

    fn put_passkeys(&mut self, row: &Passkeys, forget_at: Timestamp) -> worker::Result<()> {
        self.put_sign_in(PASSKEYS, row, forget_at)
    }

    fn upstream(&self, name: &UpstreamName) -> worker::Result<Option<UpstreamConnection>> {
        let row = blobs(&self.0, "SELECT value FROM upstreams WHERE name = ?", vec![name.as_str().into()])?.pop();
        Ok(row.and_then(|row| readable(&row)))
    }

    fn upstreams(&self) -> worker::Result<Vec<(UpstreamName, UpstreamConnection)>> {
        let rows = values(&self.0, "SELECT name, value FROM upstreams ORDER BY name", vec![])?;
        let read = |row: [SqlStorageValue; 2]| match row {
            [SqlStorageValue::String(name), SqlStorageValue::Blob(row)] => {
                Some((UpstreamName::parse(&name).ok()?, readable(&row)?))
            }
            _ => None,
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }

    fn put_upstream(&mut self, name: &UpstreamName, row: &UpstreamConnection) -> worker::Result<()> {
        let upsert = "INSERT INTO upstreams VALUES (?, ?, ?) \
            ON CONFLICT (name) DO UPDATE SET value = excluded.value, forget_at = excluded.forget_at";
        self.put(upsert, name.to_string(), row, row.forget_at())
    }

    fn delete_upstream(&mut self, name: &UpstreamName) -> worker::Result<()> {
        self.0.exec("DELETE FROM upstreams WHERE name = ?", vec![name.as_str().into()]).map(drop)
    }

    fn delete_all_upstreams(&mut self) -> worker::Result<()> {
        self.0.exec("DELETE FROM upstreams", None).map(drop)
    }

    fn used_assertion(&self, id: &AssertionId) -> worker::Result<Option<UsedAssertion>> {
        find(&self.0, "SELECT value FROM sign_in WHERE id = ?", vec![name_of(id).into()])
    }

    fn count_assertions(&self, now: Timestamp) -> worker::Result<usize> {
        let query = "SELECT count(*) FROM sign_in WHERE id > ? AND id < ? AND forget_at > ?";
        let count = number(&self.0, query, vec![ASSERTION.into(), AFTER_ASSERTIONS.into(), seconds(now)?])?;
        Ok(count.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX))
    }

    fn put_assertion(&mut self, id: &AssertionId, used: &UsedAssertion, forget_at: Timestamp) -> worker::Result<()> {
        // No `ON CONFLICT`: an assertion that is there already is an error, and the transaction does not happen.
        self.put("INSERT INTO sign_in VALUES (?, ?, ?)", name_of(id), used, forget_at)
    }

    fn assertion_ends(&self) -> worker::Result<Option<AssertionEnds>> {
        find(&self.0, "SELECT value FROM sign_in WHERE id = ?", vec![ASSERTION_ENDS.into()])
    }

    fn put_assertion_ends(&mut self, row: &AssertionEnds, forget_at: Timestamp) -> worker::Result<()> {
        self.put_sign_in(ASSERTION_ENDS, row, forget_at)
    }

    fn readable_access_key(&self, id: GrantId) -> worker::Result<Option<StoredKey>> {
        let query = "SELECT value FROM access_keys WHERE id = ?";
        Ok(blobs(&self.0, query, vec![id.to_string().into()])?.pop().and_then(|row| StoredKey::from_row(&row).ok()))
    }

    fn grants_to_forget(&self, now: Timestamp) -> worker::Result<Vec<Grant>> {
        let rows = blobs(&self.0, "SELECT value FROM grants WHERE forget_at <= ?", vec![seconds(now)?])?;
        Ok(rows.iter().filter_map(|row| Grant::from_row(row).ok()).collect())
    }

    fn access_keys_to_forget(&self, now: Timestamp) -> worker::Result<Vec<StoredKey>> {
        let rows = blobs(&self.0, "SELECT value FROM access_keys WHERE forget_at <= ?", vec![seconds(now)?])?;
        Ok(rows.iter().filter_map(|row| StoredKey::from_row(row).ok()).collect())
    }

    fn past_accesses(&self) -> worker::Result<Vec<AccessRecord>> {
        let query = "SELECT value FROM sign_in WHERE id > ? AND id < ?";
        let rows = blobs(&self.0, query, vec![PAST.into(), AFTER_PAST.into()])?;
        Ok(rows.iter().filter_map(|row| AccessRecord::from_row(row).ok()).collect())
    }

    fn put_past_access(&mut self, record: &AccessRecord, forget_at: Timestamp, most: usize) -> worker::Result<()> {
        self.put_sign_in(&format!("{PAST}{}", record.id), record, forget_at)?;
        let surplus = "DELETE FROM sign_in WHERE id IN (SELECT id FROM sign_in WHERE id > ? AND id < ? \
            ORDER BY forget_at DESC LIMIT -1 OFFSET ?)";
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        self.0.exec(surplus, vec![PAST.into(), AFTER_PAST.into(), integer(most)?]).map(drop)
    }

    fn forget(&mut self, now: Timestamp) -> worker::Result<Option<Timestamp>> {
        for table in LAPSING {
            self.0.exec(&format!("DELETE FROM {table} WHERE forget_at <= ?"), vec![seconds(now)?])?;
        }
        self.0.exec("DELETE FROM entered WHERE id NOT IN (SELECT id FROM grants)", None)?;
        let in_use = "SELECT 1 FROM codes UNION ALL SELECT 1 FROM grants UNION ALL SELECT 1 FROM access_keys";
        self.0.exec(&format!("DELETE FROM identity WHERE NOT EXISTS ({in_use})"), None)?;
        // One query for each table: the runtime takes no more than five terms in a compound `SELECT`.
        let mut earliest = None;
        for table in LAPSING {
            let of_table = self.moment(&format!("SELECT min(forget_at) AS at FROM {table}"))?;
            earliest = earliest.into_iter().chain(of_table).min();
        }
        Ok(earliest)
    }
}

/// Returns a connection to an upstream service, if its row can be read.
fn readable(row: &[u8]) -> Option<UpstreamConnection> {
    UpstreamConnection::from_row(row).inspect_err(|error| console_error!("upstream: a row is {error}")).ok()
}

fn name_of(assertion: &AssertionId) -> String {
    [ASSERTION, assertion.as_str()].concat()
}
