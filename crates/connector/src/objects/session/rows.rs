//! The rows of a session: one for the session itself, and one for each event of a stream whose connection broke. Reading writes nothing, not
//! even an empty table.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use worker::{SqlStorageValue, State};

use mcp_connector_base::row::Row;
use mcp_connector_protocol::{Event, Replays, SessionOwner};

use crate::objects::anonymous_quota::commands::Quota;
use crate::objects::rows::{blob, find, has_table, integer, read};
use crate::platform::clock::now;

/// A session is forgotten this long after something was stored for it.
const LIFETIME: Duration = Duration::from_hours(24);

/// The same for one of a client that has not signed in.
const LIFETIME_OF_ANONYMOUS: Duration = Duration::from_secs(Quota::State.lifetime());

/// Largest message that is written to a row. A larger one lives in memory only.
const MAX_ROW_BYTES: usize = 1_900_000;

/// The state of a session that is stored.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredSession {
    pub(crate) owner: SessionOwner,
    pub(crate) log_level: Option<String>,
    pub(crate) has_ended: bool,
}

impl Row for StoredSession {
    const VERSION: u8 = 1;
}

/// The rows.
pub(crate) struct Rows(State);

impl Rows {
    pub(crate) const fn new(state: State) -> Self {
        Self(state)
    }

    /// Stores events of a stream whose connection broke.
    pub(crate) async fn store_events(
        &self,
        stream: &str,
        events: &[Event],
        owner: &SessionOwner,
    ) -> worker::Result<()> {
        let at = now().as_seconds();
        self.sql(
            "CREATE TABLE IF NOT EXISTS events (stream TEXT, number INTEGER, event BLOB NOT NULL, at INTEGER NOT NULL, \
             PRIMARY KEY (stream, number)) WITHOUT ROWID",
            vec![],
        )?;
        self.sql("DELETE FROM events WHERE at < ?", vec![integer(at.saturating_sub(Replays::LIFETIME))?])?;
        for event in events.iter().filter(|event| event.message.len() <= MAX_ROW_BYTES) {
            let row = vec![stream.into(), integer(event.number)?, blob(event)?, integer(at)?];
            self.sql("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?)", row)?;
        }
        self.forget_later(owner).await
    }

    /// Returns the stored events of a stream that are not too old.
    pub(crate) fn events(&self, stream: &str) -> worker::Result<Vec<Event>> {
        let sql = self.0.storage().sql();
        if !has_table(&sql, "events")? {
            return Ok(Vec::new());
        }
        let since = integer(now().as_seconds().saturating_sub(Replays::LIFETIME))?;
        let query = "SELECT event FROM events WHERE stream = ? AND at >= ? ORDER BY number";
        read(&sql, query, vec![stream.into(), since])
    }

    /// Returns what was stored, or the default.
    pub(crate) fn session(&self) -> worker::Result<StoredSession> {
        let sql = self.0.storage().sql();
        if !has_table(&sql, "kept")? {
            return Ok(StoredSession::default());
        }
        Ok(find(&sql, "SELECT value FROM kept", vec![])?.unwrap_or_default())
    }

    /// Stores what has to last.
    pub(crate) async fn store(&self, session: &StoredSession) -> worker::Result<()> {
        self.sql(
            "CREATE TABLE IF NOT EXISTS kept (one INTEGER PRIMARY KEY CHECK (one = 1), value BLOB NOT NULL)",
            vec![],
        )?;
        let upsert = "INSERT INTO kept VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET value = excluded.value";
        self.sql(upsert, vec![blob(session)?])?;
        self.forget_later(&session.owner).await
    }

    /// Deletes all of it.
    pub(crate) async fn forget(&self) -> worker::Result<()> {
        self.0.storage().delete_all().await
    }

    /// Has the session forgotten some time after this, the last thing that was stored for it.
    async fn forget_later(&self, owner: &SessionOwner) -> worker::Result<()> {
        let lifetime = match owner {
            SessionOwner::Subject(_) => LIFETIME,
            SessionOwner::Nobody | SessionOwner::Anonymous => LIFETIME_OF_ANONYMOUS,
        };
        self.0.storage().set_alarm(lifetime).await
    }

    fn sql(&self, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<worker::SqlCursor> {
        self.0.storage().sql().exec(query, bindings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcp_connector_base::identifier::Subject;
    use mcp_connector_base::test_storage_compat::assert_storage_compat;

    #[test]
    fn rows_of_every_version_are_read_and_those_of_today_are_known() {
        let owner = SessionOwner::Subject(Subject::new("owner").unwrap());
        assert_storage_compat(
            &StoredSession { owner, log_level: Some("debug".into()), has_ended: false },
            &["AQIFb3duZXIBBWRlYnVnAA"],
        );
        assert_storage_compat(
            &StoredSession { owner: SessionOwner::Anonymous, log_level: None, has_ended: true },
            &["AQEAAQ"],
        );
        assert_storage_compat(&Event { number: 300, message: b"{}".to_vec(), is_last: true }, &["AawCAnt9AQ"]);
    }
}
