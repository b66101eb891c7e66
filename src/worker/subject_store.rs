//! The Durable Object behind [`super::store::Store`]: the records of one person in one collection, in `SQLite`.

use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Request, Response, SqlStorage, SqlStorageValue, State, durable_object};

use crate::oauth::compact::Unreadable;

use super::durable;
use super::rows::{integer, number, unreadable, values};

/// Largest record, in bytes of JSON.
pub(super) const MAX_RECORD_BYTES: usize = 64 * 1024;
/// Most records of one object.
pub(super) const MAX_RECORDS: usize = 1000;

#[derive(Serialize, Deserialize)]
pub(super) enum Command {
    List,
    Get {
        id: u64,
    },
    /// The value of a record is JSON.
    Add {
        value: String,
    },
    Replace {
        id: u64,
        value: String,
    },
    Delete {
        id: u64,
    },
}

#[derive(Serialize, Deserialize)]
pub(super) enum Outcome {
    Records(Vec<(u64, String)>),
    Added(u64),
    /// Whether the record was there.
    Done(bool),
    Full,
}

/// One person's records in one collection.
#[durable_object(fetch)]
pub struct SubjectStore {
    state: State,
}

impl DurableObject for SubjectStore {
    fn new(state: State, _env: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        durable::answer(request, async |command| self.carry_out(command)).await
    }
}

impl SubjectStore {
    fn carry_out(&self, command: Command) -> worker::Result<Outcome> {
        // AUTOINCREMENT: the id of a deleted record never names another one.
        self.sql().exec(
            "CREATE TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY AUTOINCREMENT, value TEXT NOT NULL)",
            None,
        )?;
        match command {
            Command::List => self.records("SELECT id, value FROM records ORDER BY id", vec![]),
            Command::Get { id } => self.records("SELECT id, value FROM records WHERE id = ?", vec![integer(id)?]),
            Command::Add { value } => {
                let count = self.number("SELECT count(*) FROM records", vec![])?.unwrap_or_default();
                if usize::try_from(count).unwrap_or(usize::MAX) >= MAX_RECORDS {
                    return Ok(Outcome::Full);
                }
                let id = self.number("INSERT INTO records (value) VALUES (?) RETURNING id", vec![value.into()])?;
                id.map(Outcome::Added).ok_or_else(|| "a record has no id".into())
            }
            Command::Replace { id, value } => {
                self.changed("UPDATE records SET value = ? WHERE id = ? RETURNING id", vec![value.into(), integer(id)?])
            }
            Command::Delete { id } => self.changed("DELETE FROM records WHERE id = ? RETURNING id", vec![integer(id)?]),
        }
    }

    fn records(&self, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<Outcome> {
        let records = values(&self.sql(), query, bindings)?.into_iter().map(|row| match row {
            [SqlStorageValue::Integer(id), SqlStorageValue::String(value)] => Ok((id.unsigned_abs(), value)),
            _ => Err(unreadable(Unreadable)),
        });
        Ok(Outcome::Records(records.collect::<worker::Result<_>>()?))
    }

    fn changed(&self, statement: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<Outcome> {
        Ok(Outcome::Done(self.number(statement, bindings)?.is_some()))
    }

    fn number(&self, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<Option<u64>> {
        number(&self.sql(), query, bindings)
    }

    fn sql(&self) -> SqlStorage {
        self.state.storage().sql()
    }
}
