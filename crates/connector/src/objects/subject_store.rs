//! The Durable Object behind [`crate::store::Store`]: the records of one person in one collection, in `SQLite`. An object that
//! holds nothing has no table: to look into it writes nothing.

use std::cell::{Cell, RefCell};

use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Request, Response, SqlStorage, SqlStorageValue, State, durable_object};

use mcp_connector_base::codec::Unreadable;

use crate::objects::command;
use crate::objects::last_writes::{LastWrites, WriteId, Written};
use crate::objects::rows::{has_table, integer, number, unreadable, values};

/// Largest record, in bytes of JSON.
pub(crate) const MAX_RECORD_BYTES: usize = 64 * 1024;
/// Most records of one object.
pub(crate) const MAX_RECORDS: usize = 10_000;
/// Maximum number of bytes of records in one answer, beside the first. An object, its caller and a client hold each answer as a
/// whole.
pub(crate) const MAX_PAGE_BYTES: usize = 1024 * 1024;
/// Maximum number of characters of a name that are kept.
const MAX_NAME: u32 = 200;

#[derive(Serialize, Deserialize)]
pub(crate) enum Command {
    /// Records, with their values or with their names, in the order of their ids.
    Read {
        what: What,
        /// Only those with larger ids.
        after: u64,
        /// Most records.
        limit: u64,
        /// Most bytes, beside the first record.
        bytes: usize,
        /// Only those whose names begin so.
        beginning: Option<String>,
        named_by: Option<String>,
    },
    /// Ids whose digits begin so.
    Ids {
        beginning: String,
        limit: u64,
    },
    /// The record with the largest id.
    Newest,
    Count,
    Get {
        id: u64,
    },
    /// To be carried out once, however often it comes.
    Write(WriteId, Change),
}

/// What is to be changed. The value of a record is JSON.
#[derive(Serialize, Deserialize)]
pub(crate) enum Change {
    Add { value: String, named_by: Option<String> },
    Replace { id: u64, value: String, named_by: Option<String> },
    Delete { id: u64 },
}

/// What is read of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum What {
    Value,
    Name,
}

#[derive(Serialize, Deserialize)]
pub(crate) enum Outcome {
    Records {
        records: Vec<(u64, String)>,
        /// Whether there are more behind them.
        more: bool,
    },
    Ids(Vec<u64>),
    Count(u64),
    Written(Written),
    /// Nothing was changed: there is no such record,
    Missing,
    /// or there is no room for another.
    Full,
}

/// One person's records in one collection.
#[durable_object(fetch)]
pub struct SubjectStore {
    state: State,
    /// The member of a record that is its name, once all records have theirs.
    named_by: RefCell<Option<String>>,
    /// How many records there are, once they were counted.
    count: Cell<Option<u64>>,
}

impl DurableObject for SubjectStore {
    fn new(state: State, _env: Env) -> Self {
        Self { state, named_by: RefCell::default(), count: Cell::default() }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        command::answer(request, async |command| self.carry_out(command)).await
    }
}

impl SubjectStore {
    fn carry_out(&self, command: Command) -> worker::Result<Outcome> {
        if !matches!(command, Command::Write(_, Change::Add { .. })) && !has_table(&self.sql(), "records")? {
            return Ok(nothing(&command));
        }
        match command {
            Command::Read { what, after, limit, bytes, beginning, named_by } => {
                self.name_all(named_by.as_deref())?;
                self.read(what, after, limit, bytes, beginning.as_deref())
            }
            Command::Ids { beginning, limit } => {
                let query = "SELECT id FROM records WHERE CAST(id AS TEXT) LIKE ? || '%' ORDER BY id LIMIT ?";
                let ids = values(&self.sql(), query, vec![beginning.into(), integer(limit)?])?.into_iter();
                let ids = ids.map(|row| match row {
                    [SqlStorageValue::Integer(id)] => Ok(id.unsigned_abs()),
                    _ => Err(unreadable(Unreadable)),
                });
                Ok(Outcome::Ids(ids.collect::<worker::Result<_>>()?))
            }
            Command::Newest => self.records("SELECT id, value FROM records ORDER BY id DESC LIMIT 1", vec![]),
            Command::Count => Ok(Outcome::Count(self.count()?)),
            Command::Get { id } => self.records("SELECT id, value FROM records WHERE id = ?", vec![integer(id)?]),
            Command::Write(id, change) => self.write(id, change),
        }
    }

    /// Nothing else happens in the object meanwhile, and what it writes is on disk as a whole or not at all.
    fn write(&self, id: WriteId, change: Change) -> worker::Result<Outcome> {
        let last = LastWrites::read(&self.sql())?;
        if let Some(written) = last.written(id) {
            return Ok(Outcome::Written(written));
        }
        let outcome = match change {
            Change::Add { value, named_by } => self.add(value, named_by.as_deref()),
            Change::Replace { id, value, named_by } => self.replace(id, value, named_by.as_deref()),
            Change::Delete { id } => self.delete(id),
        }?;
        // What changed nothing may as well be tried again.
        if let Outcome::Written(written) = outcome {
            last.with(id, written).keep(&self.sql())?;
        }
        Ok(outcome)
    }

    fn replace(&self, id: u64, value: String, named_by: Option<&str>) -> worker::Result<Outcome> {
        let update = "UPDATE records SET value = ? WHERE id = ? RETURNING id";
        if self.number(update, vec![value.into(), integer(id)?])?.is_none() {
            return Ok(Outcome::Missing);
        }
        if has_table(&self.sql(), "names")? {
            self.sql().exec("DELETE FROM names WHERE id = ?", vec![integer(id)?])?;
            self.name(id, named_by)?;
        }
        Ok(Outcome::Written(Written::Changed))
    }

    fn delete(&self, id: u64) -> worker::Result<Outcome> {
        if self.number("DELETE FROM records WHERE id = ? RETURNING id", vec![integer(id)?])?.is_none() {
            return Ok(Outcome::Missing);
        }
        self.count.set(self.count.get().map(|count| count.saturating_sub(1)));
        if has_table(&self.sql(), "names")? {
            self.sql().exec("DELETE FROM names WHERE id = ?", vec![integer(id)?])?;
        }
        Ok(Outcome::Written(Written::Changed))
    }

    fn add(&self, value: String, named_by: Option<&str>) -> worker::Result<Outcome> {
        // AUTOINCREMENT: the id of a deleted record never names another one.
        self.sql().exec(
            "CREATE TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY AUTOINCREMENT, value TEXT NOT NULL)",
            None,
        )?;
        let count = self.count()?;
        if usize::try_from(count).unwrap_or(usize::MAX) >= MAX_RECORDS {
            return Ok(Outcome::Full);
        }
        self.name_all(named_by)?;
        let id = self.number("INSERT INTO records (value) VALUES (?) RETURNING id", vec![value.into()])?;
        let id = id.ok_or("a record has no id")?;
        self.count.set(Some(count.saturating_add(1)));
        self.name(id, named_by)?;
        Ok(Outcome::Written(Written::Added(id)))
    }

    /// Returns a page of records. Rows are taken one by one, so that no more is held than the page.
    fn read(
        &self,
        what: What,
        after: u64,
        limit: u64,
        bytes: usize,
        beginning: Option<&str>,
    ) -> worker::Result<Outcome> {
        let has_names = has_table(&self.sql(), "names")?;
        let query = match (what, beginning) {
            // A name is not looked for in what has none.
            (What::Name, _) | (What::Value, Some(_)) if !has_names => {
                return Ok(Outcome::Records { records: Vec::new(), more: false });
            }
            (What::Name, None) => "SELECT id, name FROM names WHERE id > ?1 ORDER BY id LIMIT ?2",
            (What::Name, Some(_)) => {
                "SELECT id, name FROM names WHERE id > ?1 AND name LIKE ?3 ESCAPE '\\' ORDER BY id LIMIT ?2"
            }
            (What::Value, None) => "SELECT id, value FROM records WHERE id > ?1 ORDER BY id LIMIT ?2",
            (What::Value, Some(_)) => {
                "SELECT id, value FROM records WHERE id IN \
                 (SELECT id FROM names WHERE id > ?1 AND name LIKE ?3 ESCAPE '\\') ORDER BY id LIMIT ?2"
            }
        };
        let mut bindings = vec![integer(after)?, integer(limit.saturating_add(1))?];
        bindings.extend(beginning.map(|beginning| pattern(beginning).into()));
        let (mut records, mut held, mut more) = (Vec::new(), 0_usize, false);
        for row in self.sql().exec(query, bindings)?.raw() {
            let (id, text) = record(row?)?;
            let is_more = u64::try_from(records.len()).unwrap_or(u64::MAX) >= limit;
            held = held.saturating_add(text.len());
            if is_more || (held > bytes && !records.is_empty()) {
                more = true;
                break;
            }
            records.push((id, text));
        }
        Ok(Outcome::Records { records, more })
    }

    fn records(&self, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<Outcome> {
        let records = self.sql().exec(query, bindings)?.raw().map(|row| record(row?));
        Ok(Outcome::Records { records: records.collect::<worker::Result<_>>()?, more: false })
    }

    /// Gives every record its name that has none: those from before names were kept.
    fn name_all(&self, named_by: Option<&str>) -> worker::Result<()> {
        let Some(member) = named_by.filter(|member| self.named_by.borrow().as_deref() != Some(*member)) else {
            return Ok(());
        };
        let sql = self.sql();
        sql.exec("CREATE TABLE IF NOT EXISTS names (id INTEGER PRIMARY KEY, name TEXT NOT NULL)", None)?;
        let insert = "INSERT INTO names SELECT id, substr(coalesce(json_extract(value, ?), ''), 1, ?) FROM records \
            WHERE id NOT IN (SELECT id FROM names)";
        sql.exec(insert, vec![path(member).into(), integer(MAX_NAME.into())?])?;
        self.named_by.replace(Some(member.to_owned()));
        Ok(())
    }

    /// Keeps the name of a record.
    fn name(&self, id: u64, named_by: Option<&str>) -> worker::Result<()> {
        let Some(member) = named_by else { return Ok(()) };
        let insert = "INSERT INTO names SELECT id, substr(coalesce(json_extract(value, ?), ''), 1, ?) FROM records \
            WHERE id = ?";
        self.sql().exec(insert, vec![path(member).into(), integer(MAX_NAME.into())?, integer(id)?]).map(drop)
    }

    fn count(&self) -> worker::Result<u64> {
        if let Some(count) = self.count.get() {
            return Ok(count);
        }
        let count = self.number("SELECT count(*) FROM records", vec![])?.unwrap_or_default();
        self.count.set(Some(count));
        Ok(count)
    }

    fn number(&self, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<Option<u64>> {
        number(&self.sql(), query, bindings)
    }

    fn sql(&self) -> SqlStorage {
        self.state.storage().sql()
    }
}

/// Returns what comes of a command where nothing was ever kept.
fn nothing(command: &Command) -> Outcome {
    match command {
        Command::Read { .. } | Command::Newest | Command::Get { .. } => {
            Outcome::Records { records: Vec::new(), more: false }
        }
        Command::Ids { .. } => Outcome::Ids(Vec::new()),
        Command::Count => Outcome::Count(0),
        Command::Write(..) => Outcome::Missing,
    }
}

fn record(row: Vec<SqlStorageValue>) -> worker::Result<(u64, String)> {
    let [SqlStorageValue::Integer(id), SqlStorageValue::String(text)] =
        <[SqlStorageValue; 2]>::try_from(row).map_err(|_| unreadable(Unreadable))?
    else {
        return Err(unreadable(Unreadable));
    };
    Ok((id.unsigned_abs(), text))
}

/// Returns the path of a member in a record, for `SQLite`.
fn path(member: &str) -> String {
    format!("$.\"{member}\"")
}

/// Returns what `LIKE` matches that begins with a text. A to Z match in upper and lower case.
fn pattern(beginning: &str) -> String {
    let mut pattern = String::with_capacity(beginning.len().saturating_add(1));
    for letter in beginning.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_taken_as_it_is() {
        for (beginning, expected) in [("", "%"), ("Ada", "Ada%"), ("100%_\\", "100\\%\\_\\\\%")] {
            assert_eq!(pattern(beginning), expected);
        }
    }
}
