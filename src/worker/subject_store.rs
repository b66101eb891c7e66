//! The Durable Object behind [`super::store::Store`]: the records of one person in one collection, in `SQLite`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use worker::{DurableObject, Env, Request, Response, SqlStorageValue, State, durable_object};

use super::durable;
use super::rows::integer;

/// Largest record, in bytes of JSON.
pub(super) const MAX_RECORD_BYTES: usize = 64 * 1024;
/// Most records of one object.
pub(super) const MAX_RECORDS: usize = 1000;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Command {
    List,
    Get { id: u64 },
    Add { value: Box<RawValue> },
    Replace { id: u64, value: Box<RawValue> },
    Delete { id: u64 },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Records(Vec<(u64, Box<RawValue>)>),
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

#[derive(Deserialize)]
struct Row {
    id: u64,
    value: Box<str>,
}

#[derive(Deserialize)]
struct Count {
    count: u64,
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
        self.sql(
            "CREATE TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY AUTOINCREMENT, value TEXT NOT NULL)",
            vec![],
        )?;
        match command {
            Command::List => self.records("SELECT id, value FROM records ORDER BY id", vec![]),
            Command::Get { id } => self.records("SELECT id, value FROM records WHERE id = ?", vec![integer(id)?]),
            Command::Add { value } => {
                let Count { count } = self.sql("SELECT count(*) AS count FROM records", vec![])?.one()?;
                if usize::try_from(count).unwrap_or(usize::MAX) >= MAX_RECORDS {
                    return Ok(Outcome::Full);
                }
                let insert = "INSERT INTO records (value) VALUES (?) RETURNING id, value";
                let row: Row = self.sql(insert, vec![text(&value)])?.one()?;
                Ok(Outcome::Added(row.id))
            }
            Command::Replace { id, value } => self.changed(
                "UPDATE records SET value = ? WHERE id = ? RETURNING id, value",
                vec![text(&value), integer(id)?],
            ),
            Command::Delete { id } => {
                self.changed("DELETE FROM records WHERE id = ? RETURNING id, value", vec![integer(id)?])
            }
        }
    }

    fn records(&self, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<Outcome> {
        let rows: Vec<Row> = self.sql(query, bindings)?.to_array()?;
        let records = rows.into_iter().map(|row| Ok((row.id, RawValue::from_string(row.value.into_string())?)));
        Ok(Outcome::Records(records.collect::<Result<_, serde_json::Error>>()?))
    }

    fn changed(&self, statement: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<Outcome> {
        let rows: Vec<Row> = self.sql(statement, bindings)?.to_array()?;
        Ok(Outcome::Done(!rows.is_empty()))
    }

    fn sql(&self, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<worker::SqlCursor> {
        self.state.storage().sql().exec(query, bindings)
    }
}

fn text(value: &RawValue) -> SqlStorageValue {
    SqlStorageValue::String(value.get().to_owned())
}
