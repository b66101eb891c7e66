//! The Durable Object behind [`crate::store::Store`]: the records of one person in one collection, in `SQLite`. An
//! object that holds nothing has no table, and reading it writes nothing.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use worker::{DurableObject, Env, Request, Response, SqlStorage, SqlStorageValue, State, durable_object};

use mcp_connector_base::codec::DecodeError;

use crate::config::bindings::Binding;
use crate::objects::dispatch;
use crate::objects::dispatch::dispatch;
use crate::objects::rows::{has_table, integer, number, unreadable, values};
use crate::objects::store::commands::{
    AddRecord, CountRecords, DeleteRecord, GiveBackUpload, ListIds, MAX_RECORDS, ReadNewest, ReadRecord, ReadRecords,
    RecordPart, Records, ReplaceRecord, TakeUpload, UploadTaken,
};
use crate::objects::store::last_writes::{LastWrites, Written};
use crate::objects::store::upload_uses;
use crate::platform::clock::now;

/// Maximum number of characters of a name that are stored.
const MAX_NAME: u32 = 200;

/// One person's records in one collection.
#[durable_object(alarm)]
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
        dispatch!(Binding::SubjectStore, dispatch::message(request).await?, {
            ReadRecords => async |command| self.read(&command),
            ListIds => async |command| self.ids(command),
            ReadNewest => async |ReadNewest| {
                self.record("SELECT id, value FROM records ORDER BY id DESC LIMIT 1", vec![])
            },
            ReadRecord => async |ReadRecord { id }| {
                self.record("SELECT id, value FROM records WHERE id = ?", vec![integer(id)?])
            },
            CountRecords => async |CountRecords| if self.is_empty()? { Ok(0) } else { self.count() },
            AddRecord => async |command| self.add(command),
            ReplaceRecord => async |command| self.replace(command),
            DeleteRecord => async |command| self.delete(&command),
            TakeUpload => async |command| self.take_upload(command).await,
            GiveBackUpload => async |command| upload_uses::give_back(&self.sql(), &command),
        })
    }

    /// Forgets upload links that have expired. An object that holds nothing else is then empty.
    async fn alarm(&self) -> worker::Result<Response> {
        match upload_uses::sweep(&self.sql(), now().as_seconds())? {
            Some(next) => self.wake_at(next).await?,
            None if self.is_empty()? => self.state.storage().delete_all().await?,
            None => {}
        }
        Response::ok("")
    }
}

impl SubjectStore {
    async fn take_upload(&self, command: TakeUpload) -> worker::Result<UploadTaken> {
        let taken = upload_uses::take(&self.sql(), &command, now().as_seconds())?;
        if taken == UploadTaken::Yes && self.state.storage().get_alarm().await?.is_none() {
            self.wake_at(command.forget_at).await?;
        }
        Ok(taken)
    }

    async fn wake_at(&self, seconds: u64) -> worker::Result<()> {
        let wait = seconds.saturating_sub(now().as_seconds()).max(1);
        self.state.storage().set_alarm(Duration::from_secs(wait)).await
    }
}

/// No command on records waits for anything, so nothing else happens in the object meanwhile, and what it writes is on disk as a
/// whole or not at all.
impl SubjectStore {
    fn add(&self, AddRecord { write, value, named_by }: AddRecord) -> worker::Result<Option<u64>> {
        let last = LastWrites::read(&self.sql())?;
        match last.written(write) {
            Some(Written::Added(id)) => return Ok(Some(id)),
            Some(Written::Changed) => return Err("a write of another kind has this id".into()),
            None => {}
        }
        // AUTOINCREMENT: the id of a deleted record never names another one.
        self.sql().exec(
            "CREATE TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY AUTOINCREMENT, value TEXT NOT NULL)",
            None,
        )?;
        let count = self.count()?;
        if usize::try_from(count).unwrap_or(usize::MAX) >= MAX_RECORDS {
            return Ok(None);
        }
        self.name_all(named_by.as_deref())?;
        let id = self.number("INSERT INTO records (value) VALUES (?) RETURNING id", vec![value.into()])?;
        let id = id.ok_or("a record has no id")?;
        self.count.set(Some(count + 1));
        self.name(id, named_by.as_deref())?;
        last.with(write, Written::Added(id)).store(&self.sql())?;
        Ok(Some(id))
    }

    fn replace(&self, ReplaceRecord { write, id, value, named_by }: ReplaceRecord) -> worker::Result<bool> {
        let last = LastWrites::read(&self.sql())?;
        if last.written(write).is_some() {
            return Ok(true);
        }
        let update = "UPDATE records SET value = ? WHERE id = ? RETURNING id";
        // A write that changed nothing may be tried again.
        if self.is_empty()? || self.number(update, vec![value.into(), integer(id)?])?.is_none() {
            return Ok(false);
        }
        if has_table(&self.sql(), "names")? {
            self.sql().exec("DELETE FROM names WHERE id = ?", vec![integer(id)?])?;
            self.name(id, named_by.as_deref())?;
        }
        last.with(write, Written::Changed).store(&self.sql())?;
        Ok(true)
    }

    fn delete(&self, DeleteRecord { write, id }: &DeleteRecord) -> worker::Result<bool> {
        let last = LastWrites::read(&self.sql())?;
        if last.written(*write).is_some() {
            return Ok(true);
        }
        let delete = "DELETE FROM records WHERE id = ? RETURNING id";
        if self.is_empty()? || self.number(delete, vec![integer(*id)?])?.is_none() {
            return Ok(false);
        }
        self.count.set(self.count.get().map(|count| count.saturating_sub(1)));
        if has_table(&self.sql(), "names")? {
            self.sql().exec("DELETE FROM names WHERE id = ?", vec![integer(*id)?])?;
        }
        last.with(*write, Written::Changed).store(&self.sql())?;
        Ok(true)
    }

    fn ids(&self, ListIds { prefix, limit }: ListIds) -> worker::Result<Vec<u64>> {
        if self.is_empty()? {
            return Ok(Vec::new());
        }
        let query = "SELECT id FROM records WHERE CAST(id AS TEXT) LIKE ? || '%' ORDER BY id LIMIT ?";
        let ids = values(&self.sql(), query, vec![prefix.into(), integer(limit)?])?.into_iter().map(|row| match row {
            [SqlStorageValue::Integer(id)] => Ok(id.unsigned_abs()),
            _ => Err(unreadable(DecodeError)),
        });
        ids.collect()
    }

    /// Returns a page of records. Rows are taken one by one, so that no more is held than the page.
    fn read(&self, command: &ReadRecords) -> worker::Result<Records> {
        if self.is_empty()? {
            return Ok(Records::default());
        }
        self.name_all(command.named_by.as_deref())?;
        let (limit, prefix) = (command.limit, command.prefix.as_deref());
        let has_names = has_table(&self.sql(), "names")?;
        let query = match (command.what, prefix) {
            // A name is not looked for in what has none.
            (RecordPart::Name, _) | (RecordPart::Value, Some(_)) if !has_names => return Ok(Records::default()),
            (RecordPart::Name, None) => "SELECT id, name FROM names WHERE id > ?1 ORDER BY id LIMIT ?2",
            (RecordPart::Name, Some(_)) => {
                "SELECT id, name FROM names WHERE id > ?1 AND name LIKE ?3 ESCAPE '\\' ORDER BY id LIMIT ?2"
            }
            (RecordPart::Value, None) => "SELECT id, value FROM records WHERE id > ?1 ORDER BY id LIMIT ?2",
            (RecordPart::Value, Some(_)) => {
                "SELECT id, value FROM records WHERE id IN \
                 (SELECT id FROM names WHERE id > ?1 AND name LIKE ?3 ESCAPE '\\') ORDER BY id LIMIT ?2"
            }
        };
        let mut bindings = vec![integer(command.after)?, integer(limit + 1)?];
        bindings.extend(prefix.map(|prefix| pattern(prefix).into()));
        let (mut records, mut held, mut more) = (Vec::new(), 0_usize, false);
        for row in self.sql().exec(query, bindings)?.raw() {
            let (id, text) = record(row?)?;
            let is_more = u64::try_from(records.len()).unwrap_or(u64::MAX) >= limit;
            held += text.len();
            if is_more || (held > command.bytes && !records.is_empty()) {
                more = true;
                break;
            }
            records.push((id, text));
        }
        Ok(Records { records, more })
    }

    fn record(&self, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<Option<(u64, String)>> {
        if self.is_empty()? {
            return Ok(None);
        }
        self.sql().exec(query, bindings)?.raw().next().map(|row| record(row?)).transpose()
    }

    /// Returns whether nothing was ever added.
    fn is_empty(&self) -> worker::Result<bool> {
        Ok(!has_table(&self.sql(), "records")?)
    }

    /// Stores the names of all records that have none: those from before names were stored.
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

    /// Stores the name of a record.
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

fn record(row: Vec<SqlStorageValue>) -> worker::Result<(u64, String)> {
    let [SqlStorageValue::Integer(id), SqlStorageValue::String(text)] =
        <[SqlStorageValue; 2]>::try_from(row).map_err(|_| unreadable(DecodeError))?
    else {
        return Err(unreadable(DecodeError));
    };
    Ok((id.unsigned_abs(), text))
}

/// Returns the path of a member in a record, for `SQLite`.
fn path(member: &str) -> String {
    format!("$.\"{member}\"")
}

/// Returns the pattern by which `LIKE` matches texts that begin with `prefix`. A to Z match in upper and lower case.
fn pattern(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for character in prefix.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_prefix_with_wildcards_is_matched_literally() {
        for (prefix, expected) in [("", "%"), ("Ada", "Ada%"), ("100%_\\", "100\\%\\_\\\\%")] {
            assert_eq!(pattern(prefix), expected);
        }
    }
}
