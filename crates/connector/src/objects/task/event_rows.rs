//! The rows of an event: what was delivered, by the person whom it concerns, and which tasks wait.

use worker::{SqlStorage, SqlStorageValue};

use mcp_connector_base::identifier::Subject;
use mcp_connector_protocol::deliveries::{DeliverEvent, DeliveriesFull, EventKey, ResumeTask, WaitingTask};

use crate::objects::rows::{has_table, integer, number, values};

/// Maximum number of people to whom an event is delivered, and of tasks that wait for it.
const MAX_ROWS: u64 = 1000;
/// Maximum number of tasks of one person that wait for one event: whoever makes many leaves room for those of others.
const MAX_OF_PERSON: u64 = 50;
/// How long an event is kept, in milliseconds.
const KEEP_EVENT: u64 = 24 * 60 * 60 * 1000;
/// The person of what was delivered to everybody. No person has an empty name.
const EVERYBODY: &str = "";

/// The rows.
pub(crate) struct EventRows(SqlStorage);

impl EventRows {
    pub(crate) const fn new(sql: SqlStorage) -> Self {
        Self(sql)
    }

    /// Returns whether this is the object of an event. Reading writes nothing.
    pub(crate) fn exist(&self) -> worker::Result<bool> {
        has_table(&self.0, "deliveries")
    }

    fn make(&self) -> worker::Result<()> {
        self.0.exec(
            "CREATE TABLE IF NOT EXISTS deliveries (person TEXT PRIMARY KEY, value TEXT NOT NULL, forget_at INTEGER NOT NULL) \
             WITHOUT ROWID",
            None,
        )?;
        let waits = "CREATE TABLE IF NOT EXISTS waits (task TEXT PRIMARY KEY, person TEXT NOT NULL, key TEXT NOT NULL, \
                     forget_at INTEGER NOT NULL) WITHOUT ROWID";
        self.0.exec(waits, None).map(drop)
    }

    /// Keeps an event. The first delivery to the same person stays.
    pub(crate) fn deliver(&self, event: &DeliverEvent, now: u64) -> worker::Result<Result<(), DeliveriesFull>> {
        self.make()?;
        self.sweep(now)?;
        let person = event.to.as_ref().map_or(EVERYBODY, Subject::as_str);
        if self.count("SELECT count(*) AS n FROM deliveries WHERE person = ?", vec![person.into()])? > 0 {
            return Ok(Ok(()));
        }
        if self.count("SELECT count(*) AS n FROM deliveries", vec![])? >= MAX_ROWS {
            return Ok(Err(DeliveriesFull));
        }
        let forget_at = integer(now.saturating_add(KEEP_EVENT))?;
        let row = vec![person.into(), event.value.clone().into(), forget_at];
        self.0.exec("INSERT INTO deliveries VALUES (?, ?, ?)", row)?;
        Ok(Ok(()))
    }

    /// Returns what was delivered to `person`, or to everybody.
    pub(crate) fn find(&self, person: &Subject, now: u64) -> worker::Result<Option<String>> {
        if !self.exist()? {
            return Ok(None);
        }
        let query =
            "SELECT value FROM deliveries WHERE person IN (?, '') AND forget_at > ? ORDER BY person DESC LIMIT 1";
        let found = values(&self.0, query, vec![person.as_str().into(), integer(now)?])?.pop();
        Ok(found.and_then(|[value]| text(value)))
    }

    /// Notes that a task of `person` waits.
    pub(crate) fn add_wait(
        &self,
        task: &WaitingTask,
        person: &Subject,
        now: u64,
    ) -> worker::Result<Result<(), DeliveriesFull>> {
        if task.until <= now {
            return Ok(Ok(()));
        }
        self.make()?;
        self.sweep(now)?;
        let others = vec![task.object.clone().into()];
        let of_person = vec![task.object.clone().into(), person.as_str().into()];
        if self.count("SELECT count(*) AS n FROM waits WHERE task <> ?", others)? >= MAX_ROWS
            || self.count("SELECT count(*) AS n FROM waits WHERE task <> ? AND person = ?", of_person)? >= MAX_OF_PERSON
        {
            return Ok(Err(DeliveriesFull));
        }
        let row =
            vec![task.object.clone().into(), person.as_str().into(), task.key.as_str().into(), integer(task.until)?];
        self.0.exec("INSERT OR REPLACE INTO waits VALUES (?, ?, ?, ?)", row)?;
        Ok(Ok(()))
    }

    /// Returns at most `most` tasks that wait for what was delivered to their person, each with the event.
    pub(crate) fn due(&self, most: u32) -> worker::Result<Vec<(String, ResumeTask)>> {
        let query = "SELECT task, key, (SELECT value FROM deliveries WHERE deliveries.person IN (waits.person, '') \
                     ORDER BY deliveries.person DESC LIMIT 1) AS value FROM waits \
                     WHERE EXISTS (SELECT 1 FROM deliveries WHERE deliveries.person IN (waits.person, '')) LIMIT ?";
        let rows = values(&self.0, query, vec![integer(most.into())?])?;
        Ok(rows
            .into_iter()
            .filter_map(|[task, key, value]| {
                let key = EventKey::parse(&text(key)?).ok()?;
                Some((text(task)?, ResumeTask { key, value: text(value)? }))
            })
            .collect())
    }

    /// Notes that a task does not wait any more.
    pub(crate) fn end_wait(&self, task: &str) -> worker::Result<()> {
        self.0.exec("DELETE FROM waits WHERE task = ?", vec![task.into()]).map(drop)
    }

    /// Forgets what has expired.
    pub(crate) fn sweep(&self, now: u64) -> worker::Result<()> {
        self.0.exec("DELETE FROM deliveries WHERE forget_at <= ?", vec![integer(now)?])?;
        self.0.exec("DELETE FROM waits WHERE forget_at <= ?", vec![integer(now)?]).map(drop)
    }

    /// Returns when the next row expires, in milliseconds since 1970; none if there is no row.
    pub(crate) fn next_end(&self) -> worker::Result<Option<u64>> {
        let query =
            "SELECT min(forget_at) AS at FROM (SELECT forget_at FROM deliveries UNION ALL SELECT forget_at FROM waits)";
        number(&self.0, query, vec![])
    }

    fn count(&self, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<u64> {
        Ok(number(&self.0, query, bindings)?.unwrap_or_default())
    }
}

fn text(value: SqlStorageValue) -> Option<String> {
    if let SqlStorageValue::String(text) = value { Some(text) } else { None }
}
