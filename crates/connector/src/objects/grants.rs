//! The Durable Object `Grants`, one for each subject: its codes and grants, in `SQLite`. What becomes of them is decided by
//! [`GrantStore`]; here each decision is one transaction, and what is over is swept. Isolates ask here whether a grant is still
//! valid.

use std::time::Duration;

use worker::{
    DurableObject, Env, Request, Response, SqlStorage, SqlStorageValue, State, console_error, durable_object,
};

use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::outage::Outage;
use mcp_connector_base::row::Row;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::clients::client::Standing;
use mcp_connector_oauth::clients::client_hash::ClientHash;
use mcp_connector_oauth::crypto::opaque::ObjectName;
use mcp_connector_oauth::grants::codes::authorization_code::CodeId;
use mcp_connector_oauth::grants::codes::pending_code::PendingCode;
use mcp_connector_oauth::grants::grant::Grant;
use mcp_connector_oauth::grants::grant_store::{GrantStore, UseToEnter};
use mcp_connector_oauth::grants::limits::Limits;
use mcp_connector_oauth::grants::message::{AccountAction, Call, Reply};
use mcp_connector_oauth::grants::refresh::request::RefreshRefusal;
use mcp_connector_oauth::grants::refresh::request::Refreshed;
use mcp_connector_oauth::grants::rows::Rows;
use mcp_connector_protocol::Unavailable;

use crate::objects::command;
use crate::objects::directory::{Authentication, DirectoryOf};
use crate::objects::rows::{blob, find, integer, number, read};
use crate::platform::clock::{Entropy, now};

/// Rows are swept no more often than this: a code that is over may lie about for a while.
const SWEEP_AFTER: u64 = 3600;

/// The ledgers of all subjects, as the endpoints reach them.
pub(crate) struct GrantsOf<'a> {
    pub(crate) env: &'a Env,
}

impl mcp_connector_oauth::grants::message::Grants for GrantsOf<'_> {
    async fn call(&self, object: ObjectName, call: Call) -> Result<Reply, Outage> {
        // Each call gives the same answer again: a redemption names the grant that comes of it, and a refresh the generation.
        let answer = command::ask_again(self.env, "GRANTS", &object.to_string(), &call).await;
        answer.map_err(|Unavailable| Outage::Storage)
    }
}

/// The object.
#[durable_object(alarm)]
pub struct Grants {
    state: State,
    env: Env,
}

impl DurableObject for Grants {
    fn new(state: State, env: Env) -> Self {
        Self { state, env }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        command::answer(request, async |call| self.carry_out(call).await).await
    }

    /// Sweeps.
    async fn alarm(&self) -> worker::Result<Response> {
        let now = now();
        match self.with_ledger(move |ledger| ledger.sweep(now))? {
            None => self.state.storage().delete_all().await?,
            Some(next) => self.wake_in(next.seconds_since(now).max(SWEEP_AFTER)).await?,
        }
        Response::empty()
    }
}

impl Grants {
    async fn carry_out(&self, call: Call) -> worker::Result<Reply> {
        let now = now();
        let entropy = Entropy::new().map_err(|_| "no randomness")?;
        let refreshed_grant = if let Call::Refresh(refresh) = &call { Some(refresh.grant) } else { None };
        let begins = matches!(call, Call::StoreCode(_) | Call::ForPerson { wish: AccountAction::SignOut, .. });
        let reply = self.with_ledger(move |ledger| ledger.answer(call, now, &entropy))?;
        let reply = match (reply, refreshed_grant) {
            (Reply::Refresh(answered), Some(grant)) if answered.answer.is_ok() => {
                Reply::Refresh(self.enter_use(grant, answered, now).await?)
            }
            (reply, _) => reply,
        };
        if begins {
            self.sweep_later(now).await?;
        }
        Ok(reply)
    }

    /// Enters the use of a refreshed grant in the directory, at most once a day. If the owner has ended the client, the grant
    /// ends here; this concerns grants from before there was a directory. If the directory does not answer, the refresh
    /// succeeds, and the next one asks again.
    async fn enter_use(&self, grant: GrantId, refreshed: Refreshed, now: Timestamp) -> worker::Result<Refreshed> {
        let Some(to_enter) = self.with_ledger(move |ledger| ledger.use_to_enter(grant, now))? else {
            return Ok(refreshed);
        };
        let UseToEnter { authorization, signed_in_at } = to_enter;
        let authentication = Authentication { subject: authorization.subject, name: authorization.display_name };
        let client = ClientHash::of(&authorization.client_id);
        let directory = DirectoryOf { env: &self.env };
        match directory.enter_use(authentication, client.clone(), signed_in_at).await {
            Ok(Standing::Stands) => {
                self.with_ledger(move |ledger| ledger.entered(grant, now))?;
                Ok(Refreshed { entered: true, ..refreshed })
            }
            Ok(Standing::Ended) => {
                self.with_ledger(move |ledger| ledger.end_client(&client, now))?;
                Ok(Refreshed { answer: Err(RefreshRefusal::Ended), entered: false })
            }
            Err(Unavailable) => {
                console_error!("directory: the use of a client could not be recorded");
                Ok(refreshed)
            }
        }
    }

    /// Runs `work` as one transaction, which happens whole or not at all.
    fn with_ledger<T: 'static>(
        &self,
        work: impl FnOnce(&mut GrantStore<SqlRows>) -> worker::Result<T> + 'static,
    ) -> worker::Result<T> {
        let storage = self.state.storage();
        let sql = storage.sql();
        command::transaction(&storage, move || work(&mut GrantStore::new(SqlRows::new(sql)?, Limits::default())))
    }

    async fn sweep_later(&self, now: Timestamp) -> worker::Result<()> {
        let planned = self.state.storage().get_alarm().await?.and_then(|at| u64::try_from(at).ok());
        let latest = now.plus(SWEEP_AFTER).as_seconds().saturating_mul(1000);
        if planned.is_none_or(|planned| planned > latest) { self.wake_in(SWEEP_AFTER).await } else { Ok(()) }
    }

    async fn wake_in(&self, seconds: u64) -> worker::Result<()> {
        self.state.storage().set_alarm(Duration::from_secs(seconds)).await
    }
}

/// The rows of one subject. Each is written down in one column, beside what it is found by.
struct SqlRows(SqlStorage);

const TABLES: &str = "\
    CREATE TABLE IF NOT EXISTS codes (id TEXT PRIMARY KEY, value BLOB NOT NULL, forget_at INTEGER NOT NULL) WITHOUT ROWID;\
    CREATE TABLE IF NOT EXISTS grants (id TEXT PRIMARY KEY, value BLOB NOT NULL, forget_at INTEGER NOT NULL) WITHOUT ROWID;\
    CREATE TABLE IF NOT EXISTS signed_out (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, forget_at INTEGER NOT NULL);\
    CREATE TABLE IF NOT EXISTS entered (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID";

impl SqlRows {
    fn new(sql: SqlStorage) -> worker::Result<Self> {
        sql.exec(TABLES, None)?;
        Ok(Self(sql))
    }

    fn put(&self, upsert: &str, id: String, row: &impl Row, forget_at: Timestamp) -> worker::Result<()> {
        self.0.exec(upsert, vec![id.into(), blob(row)?, seconds(forget_at)?]).map(drop)
    }

    fn moment(&self, query: &str) -> worker::Result<Option<Timestamp>> {
        Ok(number(&self.0, query, vec![])?.map(Timestamp::from_seconds))
    }
}

impl Rows for SqlRows {
    type Error = worker::Error;

    fn code(&self, id: CodeId) -> worker::Result<Option<PendingCode>> {
        find(&self.0, "SELECT value FROM codes WHERE id = ?", vec![id.to_string().into()])
    }

    fn codes(&self) -> worker::Result<Vec<PendingCode>> {
        read(&self.0, "SELECT value FROM codes", vec![])
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

    fn put_grant(&mut self, grant: &Grant, forget_at: Timestamp) -> worker::Result<()> {
        let upsert = "INSERT INTO grants VALUES (?, ?, ?) \
            ON CONFLICT (id) DO UPDATE SET value = excluded.value, forget_at = excluded.forget_at";
        self.put(upsert, grant.id().to_string(), grant, forget_at)
    }

    fn entered_at(&self, grant: GrantId) -> worker::Result<Option<Timestamp>> {
        let at = number(&self.0, "SELECT at FROM entered WHERE id = ?", vec![grant.to_string().into()])?;
        Ok(at.map(Timestamp::from_seconds))
    }

    fn put_entered_at(&mut self, grant: GrantId, at: Timestamp) -> worker::Result<()> {
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

    fn forget(&mut self, now: Timestamp) -> worker::Result<Option<Timestamp>> {
        for delete in [
            "DELETE FROM codes WHERE forget_at <= ?",
            "DELETE FROM grants WHERE forget_at <= ?",
            "DELETE FROM signed_out WHERE forget_at <= ?",
        ] {
            self.0.exec(delete, vec![seconds(now)?])?;
        }
        self.0.exec("DELETE FROM entered WHERE id NOT IN (SELECT id FROM grants)", None)?;
        self.moment(
            "SELECT min(forget_at) AS at FROM (SELECT forget_at FROM codes UNION ALL SELECT forget_at FROM grants \
            UNION ALL SELECT forget_at FROM signed_out)",
        )
    }
}

fn seconds(at: Timestamp) -> worker::Result<SqlStorageValue> {
    integer(at.as_seconds())
}
