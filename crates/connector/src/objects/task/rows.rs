//! The rows of a task: the call until the task is over, the state, and whether streams listen.

use worker::{SqlStorage, SqlStorageValue};

use mcp_connector_base::row::Row;
use mcp_connector_protocol::tasks;
use mcp_connector_protocol::tasks::{JournalEntry, StoreEntryError, TaskCall, TaskId};

use crate::objects::rows::{blob, blobs, has_table, unreadable};

/// The rows.
pub(crate) struct Rows(SqlStorage);

impl Rows {
    pub(crate) const fn new(sql: SqlStorage) -> Self {
        Self(sql)
    }

    /// Returns none if there is no task. Reading writes nothing.
    fn read_bytes(&self, part: &str) -> worker::Result<Option<Vec<u8>>> {
        if !has_table(&self.0, "task")? {
            return Ok(None);
        }
        Ok(blobs(&self.0, "SELECT value FROM task WHERE part = ?", vec![part.into()])?.pop())
    }

    fn read<T: Row>(&self, part: &str) -> worker::Result<Option<T>> {
        self.read_bytes(part)?.map(|row| T::from_row(&row).map_err(unreadable)).transpose()
    }

    fn write_value(&self, part: &str, value: SqlStorageValue) -> worker::Result<()> {
        let upsert = "INSERT INTO task VALUES (?, ?) ON CONFLICT (part) DO UPDATE SET value = excluded.value";
        self.0.exec(upsert, vec![part.into(), value]).map(drop)
    }

    fn write(&self, part: &str, row: &impl Row) -> worker::Result<()> {
        self.write_value(part, blob(row)?)
    }

    pub(crate) fn begin(&self, call: &TaskCall, task: &tasks::Task) -> worker::Result<()> {
        self.0
            .exec("CREATE TABLE IF NOT EXISTS task (part TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID", None)?;
        self.write("call", call)?;
        self.write("state", task)
    }

    pub(crate) fn task(&self) -> worker::Result<Option<tasks::Task>> {
        self.read("state")
    }

    /// Adds an entry to the journal of the task.
    pub(crate) fn note(&self, entry: &JournalEntry) -> Result<(), StoreEntryError> {
        let Some(mut task) = self.task().map_err(|_| StoreEntryError::Storage)? else { return Ok(()) };
        task.note(entry.clone())?;
        self.save(&task).map_err(|_| StoreEntryError::Storage)
    }

    pub(crate) fn call(&self) -> worker::Result<Option<TaskCall>> {
        self.read("call")
    }

    /// Returns since when the state of the task cannot be read, in milliseconds since 1970, and notes `now` if that is new. None if
    /// it can be read, or if there is none.
    pub(crate) fn unreadable_since(&self, now: u64) -> worker::Result<Option<u64>> {
        let is_readable = |row: Vec<u8>| tasks::Task::from_row(&row).is_ok();
        if self.read_bytes("state")?.is_none_or(is_readable) {
            return Ok(None);
        }
        if let Some(since) = self.read_bytes("unreadable")?.and_then(|since| since.try_into().ok()) {
            return Ok(Some(u64::from_be_bytes(since)));
        }
        self.write_value("unreadable", SqlStorageValue::Blob(now.to_be_bytes().to_vec()))?;
        Ok(Some(now))
    }

    /// Returns the id of the task, if streams listen to it.
    pub(crate) fn listening(&self) -> worker::Result<Option<TaskId>> {
        Ok(self.read_bytes("listening")?.and_then(|id| TaskId::from_bytes(&id)))
    }

    pub(crate) fn listen(&self, id: &TaskId) -> worker::Result<()> {
        self.write_value("listening", SqlStorageValue::Blob(id.as_str().into()))
    }

    pub(crate) fn listen_no_more(&self) -> worker::Result<()> {
        self.0.exec("DELETE FROM task WHERE part = 'listening'", None).map(|_| ())
    }

    pub(crate) fn save(&self, task: &tasks::Task) -> worker::Result<()> {
        self.write("state", task)?;
        if task.is_over() {
            self.0.exec("DELETE FROM task WHERE part = 'call'", None)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::*;
    use mcp_connector_base::test_storage_compat::assert_storage_compat;

    /// A task that waits, with a journal of each kind of entry.
    const WAITING: &str = "AgEFb3duZXIDYXBwAawCgLiZKQEEaGFsZgUJcGF5bWVudDo4rAICAQNrZXkCe30DAAVwbGFjZQE3AQlwYXltZW50OjYAAQlwYXltZW50OjcBAnt9";

    #[test]
    fn rows_of_every_version_are_read_and_those_of_today_are_known() {
        let owner = json!({"subject": "owner", "client_id": "app"});
        let call = json!({
            "tool": "report", "arguments": "{}", "version": 5, "capabilities": 17,
            "caller": {"subject": "owner", "client_id": "app", "scopes": "notes:read", "display_name": "Zoë", "grant": "00010203040506ff"},
        });
        assert_storage_compat::<TaskCall>(
            &serde_json::from_value(call).unwrap(),
            &[
                "AQZyZXBvcnQCe30FEQEFb3duZXIDYXBwCm5vdGVzOnJlYWQBBFpvw6sBEDAwMDEwMjAzMDQwNTA2ZmY",
                "AgZyZXBvcnQCe30FEQEFb3duZXIDYXBwCm5vdGVzOnJlYWQBBFpvw6sBEDAwMDEwMjAzMDQwNTA2ZmYA",
            ],
        );
        let task = |phase: Value, journal: &Value| -> tasks::Task {
            let seen =
                json!({"created_at": 1, "updated_at": 300, "ttl": 86_400_000, "message": "half", "phase": phase});
            let task =
                json!({"owner": owner, "view": seen, "begun": 2, "answers": [["key", "{}"]], "journal": journal});
            serde_json::from_value(task).unwrap()
        };
        for (phase, rows) in [
            (
                json!("Working"),
                &[
                    "AQEFb3duZXIDYXBwAawCgLiZKQEEaGFsZgACAQNrZXkCe30",
                    "AgEFb3duZXIDYXBwAawCgLiZKQEEaGFsZgACAQNrZXkCe30A",
                ],
            ),
            (
                json!({"InputRequired": [["key", "{}"]]}),
                &[
                    "AQEFb3duZXIDYXBwAawCgLiZKQEEaGFsZgEBA2tleQJ7fQIBA2tleQJ7fQ",
                    "AgEFb3duZXIDYXBwAawCgLiZKQEEaGFsZgEBA2tleQJ7fQIBA2tleQJ7fQA",
                ],
            ),
            (
                json!({"Completed": "{}"}),
                &[
                    "AQEFb3duZXIDYXBwAawCgLiZKQEEaGFsZgICe30CAQNrZXkCe30",
                    "AgEFb3duZXIDYXBwAawCgLiZKQEEaGFsZgICe30CAQNrZXkCe30A",
                ],
            ),
            (
                json!({"Failed": {"error": "{}", "message": "broken"}}),
                &[
                    "AQEFb3duZXIDYXBwAawCgLiZKQEEaGFsZgMCe30GYnJva2VuAgEDa2V5Ant9",
                    "AgEFb3duZXIDYXBwAawCgLiZKQEEaGFsZgMCe30GYnJva2VuAgEDa2V5Ant9AA",
                ],
            ),
            (
                json!("Cancelled"),
                &[
                    "AQEFb3duZXIDYXBwAawCgLiZKQEEaGFsZgQCAQNrZXkCe30",
                    "AgEFb3duZXIDYXBwAawCgLiZKQEEaGFsZgQCAQNrZXkCe30A",
                ],
            ),
        ] {
            assert_storage_compat(&task(phase, &json!([])), rows);
        }
        let journal = json!([
            {"Step": {"name": "place", "value": "7"}}, {"Event": {"key": "payment:6", "value": null}},
            {"Event": {"key": "payment:7", "value": "{}"}},
        ]);
        let waiting = task(json!({"Waiting": {"key": "payment:8", "until": 300}}), &journal);
        assert_eq!(URL_SAFE_NO_PAD.encode(waiting.to_row().unwrap()), WAITING);
        assert_eq!(tasks::Task::from_row(&URL_SAFE_NO_PAD.decode(WAITING).unwrap()).ok(), Some(waiting));
    }
}
