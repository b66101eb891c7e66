//! The rows of the `Directory`: who has signed in, who uses which client, and which clients the owner has ended.
//!
//! A person is identified by the name of their `Grants` object, a client by the hash of its identifier.

use worker::{SqlStorage, SqlStorageValue};

use mcp_connector_base::codec::DecodeError;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::clients::client::ClientStatus;
use mcp_connector_oauth::clients::client_hash::ClientHash;
use mcp_connector_oauth::clients::client_record::CLIENT_LIFE;
use mcp_connector_oauth::crypto::opaque::ObjectName;

use crate::objects::directory::commands::{ClientUsers, SignedInPerson};
use crate::objects::directory::people;
use crate::objects::directory::people::{LAST_USE_AFTER, People};
use crate::objects::rows::{integer, number, seconds, unreadable, values};
use crate::objects::tables::Schema;

/// How long the row of a use is stored, in seconds: a day longer than an unused client. No grant lives that long.
const USE_LIFETIME: u64 = CLIENT_LIFE + 24 * 60 * 60;
/// Maximum number of people of a client who are named.
const NAMED: u64 = 5;
/// Maximum number of people of a client who are counted: a client may have a million.
const COUNTED: u64 = 1000;
/// Maximum number of clients whose grants are ended in one alarm, so that one whose objects do not answer holds up no other.
const CLIENTS_AT_ONCE: u64 = 5;

/// The tables and the index.
pub(crate) const SCHEMA: Schema = Schema {
    create: &[TABLES, people::TABLES],
    names: &["people", "uses", "ended", "looked_through", "addresses", "words", "people_by_name"],
};

const TABLES: &str = "\
    CREATE TABLE IF NOT EXISTS people (person TEXT PRIMARY KEY, subject TEXT NOT NULL, name TEXT, first_at INTEGER NOT NULL, \
    last_at INTEGER NOT NULL) WITHOUT ROWID;\
    CREATE TABLE IF NOT EXISTS uses (client TEXT, person TEXT, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, \
    PRIMARY KEY (client, person)) WITHOUT ROWID;\
    CREATE TABLE IF NOT EXISTS ended (client TEXT PRIMARY KEY, at INTEGER NOT NULL, swept_to TEXT NOT NULL, \
    is_swept INTEGER NOT NULL) WITHOUT ROWID;\
    CREATE TABLE IF NOT EXISTS looked_through (one INTEGER PRIMARY KEY CHECK (one = 1), client TEXT NOT NULL, person TEXT NOT NULL)";

/// How many uses one alarm looks at to find those that are over.
const LOOKED_AT: u64 = 5000;

/// An ended client whose grants are being ended.
pub(crate) struct Sweep {
    pub(crate) client: ClientHash,
    /// The time at which the owner ended it.
    pub(crate) ended_at: Timestamp,
    /// The last person whose object was asked; empty at the beginning of a round.
    pub(crate) swept_to: String,
}

/// How far the deletion of old uses has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forgotten {
    /// There are more uses to look at.
    APart,
    /// The old ones are deleted.
    All,
    /// There are no uses at all.
    NothingIsLeft,
}

/// The rows.
pub(crate) struct DirectoryRows(SqlStorage);

impl DirectoryRows {
    /// The rows in tables that exist.
    pub(crate) const fn new(sql: SqlStorage) -> Self {
        Self(sql)
    }

    /// Returns the rows about people.
    pub(crate) const fn people(&self) -> People<'_> {
        People(&self.0)
    }

    /// Enters that a person uses a client.
    pub(crate) fn enter_use(
        &self,
        signed_in: &SignedInPerson,
        client: &ClientHash,
        at: Timestamp,
    ) -> worker::Result<()> {
        let upsert = "INSERT INTO uses VALUES (?1, ?2, ?3, ?3) ON CONFLICT (client, person) DO UPDATE SET \
            last_at = excluded.last_at WHERE excluded.last_at >= last_at + ?4";
        let person = ObjectName::of(&signed_in.subject).to_string();
        self.run(upsert, vec![client.as_str().into(), person.into(), seconds(at)?, integer(LAST_USE_AFTER)?])
    }

    /// Returns whether the owner has ended a client.
    pub(crate) fn status(&self, client: &ClientHash) -> worker::Result<ClientStatus> {
        Ok(if self.ended_at(client)?.is_some() { ClientStatus::Ended } else { ClientStatus::Active })
    }

    fn ended_at(&self, client: &ClientHash) -> worker::Result<Option<Timestamp>> {
        self.moment("SELECT at FROM ended WHERE client = ?", client)
    }

    /// Returns when a client was last used. If more than a thousand people use it, this is the last use by a thousand
    /// of them.
    pub(crate) fn last_use(&self, client: &ClientHash) -> worker::Result<Option<Timestamp>> {
        let query = format!("SELECT max(last_at) FROM (SELECT last_at FROM uses WHERE client = ? LIMIT {COUNTED})");
        self.moment(&query, client)
    }

    /// Returns who uses a client, and whether it was ended.
    pub(crate) fn users(&self, client: &ClientHash) -> worker::Result<ClientUsers> {
        let query = "SELECT coalesce(people.name, people.subject, '') FROM uses LEFT JOIN people USING (person) \
            WHERE client = ? LIMIT";
        let rows = values(&self.0, &format!("{query} {NAMED}"), vec![client.as_str().into()])?;
        let names = rows.into_iter().map(|row| match row {
            [SqlStorageValue::String(name)] => Ok(name),
            _ => Err(unreadable(DecodeError)),
        });
        let counted = format!(
            "SELECT count(*), min(first_at), max(last_at) FROM (SELECT first_at, last_at FROM uses WHERE client = ? LIMIT {COUNTED})"
        );
        let counted = values(&self.0, &counted, vec![client.as_str().into()])?.pop();
        let number = |value: SqlStorageValue| {
            if let SqlStorageValue::Integer(number) = value { Some(number.unsigned_abs()) } else { None }
        };
        let [count, first_use, last_use] = counted.unwrap_or([const { SqlStorageValue::Null }; 3]).map(number);
        Ok(ClientUsers {
            names: names.collect::<worker::Result<_>>()?,
            count: count.unwrap_or_default(),
            first_use: first_use.map(Timestamp::from_seconds),
            last_use: last_use.map(Timestamp::from_seconds),
            ended_at: self.ended_at(client)?,
        })
    }

    /// Ends a client for good. A client that was ended before keeps the time of its end.
    pub(crate) fn end(&self, client: &ClientHash, at: Timestamp) -> worker::Result<()> {
        self.run(
            "INSERT INTO ended VALUES (?, ?, '', 0) ON CONFLICT DO NOTHING",
            vec![client.as_str().into(), seconds(at)?],
        )
    }

    /// Returns ended clients whose grants are not all ended, in random order.
    pub(crate) fn sweeps(&self) -> worker::Result<Vec<Sweep>> {
        let query = "SELECT client, at, swept_to FROM ended WHERE is_swept = 0 ORDER BY random() LIMIT";
        let rows = values(&self.0, &format!("{query} {CLIENTS_AT_ONCE}"), vec![])?;
        let sweeps = rows.into_iter().map(|row| match row {
            [SqlStorageValue::String(client), SqlStorageValue::Integer(at), SqlStorageValue::String(swept_to)] => {
                let client = client.try_into().map_err(|_| unreadable(DecodeError))?;
                Ok(Sweep { client, ended_at: Timestamp::from_seconds(at.unsigned_abs()), swept_to })
            }
            _ => Err(unreadable(DecodeError)),
        });
        sweeps.collect()
    }

    /// Returns the next people of a sweep: the names of their objects.
    pub(crate) fn next_people(&self, sweep: &Sweep, most: u64) -> worker::Result<Vec<String>> {
        let query = "SELECT person FROM uses WHERE client = ? AND person > ? ORDER BY person LIMIT ?";
        let bindings = vec![sweep.client.as_str().into(), sweep.swept_to.as_str().into(), integer(most)?];
        let people = values(&self.0, query, bindings)?.into_iter().map(|row| match row {
            [SqlStorageValue::String(person)] => Ok(person),
            _ => Err(unreadable(DecodeError)),
        });
        people.collect()
    }

    /// Notes that the grants of these people are ended, and how far the sweep has come.
    pub(crate) fn swept(&self, client: &ClientHash, done: &[String], swept_to: &str) -> worker::Result<()> {
        for person in done {
            self.run(
                "DELETE FROM uses WHERE client = ? AND person = ?",
                vec![client.as_str().into(), person.as_str().into()],
            )?;
        }
        self.run("UPDATE ended SET swept_to = ? WHERE client = ?", vec![swept_to.into(), client.as_str().into()])
    }

    /// Notes that a sweep is complete.
    pub(crate) fn is_swept(&self, client: &ClientHash) -> worker::Result<()> {
        self.run("UPDATE ended SET is_swept = 1 WHERE client = ?", vec![client.as_str().into()])
    }

    /// Deletes uses that are long over, in a part of all uses: the next one with each call.
    pub(crate) fn forget(&self, now: Timestamp) -> worker::Result<Forgotten> {
        let two = |row: Option<[SqlStorageValue; 2]>| match row {
            Some([SqlStorageValue::String(client), SqlStorageValue::String(person)]) => Ok(Some((client, person))),
            Some(_) => Err(unreadable(DecodeError)),
            None => Ok(None),
        };
        let begin = two(values(&self.0, "SELECT client, person FROM looked_through", vec![])?.pop())?;
        let (client, person) = begin.unwrap_or_default();
        let after = || -> Vec<SqlStorageValue> { vec![client.as_str().into(), person.as_str().into()] };
        let query =
            "SELECT client, person FROM uses WHERE (client, person) > (?, ?) ORDER BY client, person LIMIT 1 OFFSET ?";
        let mut bindings = after();
        bindings.push(integer(LOOKED_AT - 1)?);
        let end = two(values(&self.0, query, bindings)?.pop())?;
        let mut bindings = after();
        bindings.push(seconds(now.minus(USE_LIFETIME))?);
        if let Some((client, person)) = end {
            bindings.extend([client.as_str().into(), person.as_str().into()]);
            let delete =
                "DELETE FROM uses WHERE (client, person) > (?1, ?2) AND last_at < ?3 AND (client, person) <= (?4, ?5)";
            self.run(delete, bindings)?;
            let note = "INSERT INTO looked_through VALUES (1, ?, ?) \
                ON CONFLICT (one) DO UPDATE SET client = excluded.client, person = excluded.person";
            self.run(note, vec![client.into(), person.into()])?;
            return Ok(Forgotten::APart);
        }
        self.run("DELETE FROM uses WHERE (client, person) > (?, ?) AND last_at < ?", bindings)?;
        self.run("DELETE FROM looked_through", vec![])?;
        let is_left = number(&self.0, "SELECT 1 FROM uses LIMIT 1", vec![])?.is_some();
        Ok(if is_left { Forgotten::All } else { Forgotten::NothingIsLeft })
    }

    fn moment(&self, query: &str, client: &ClientHash) -> worker::Result<Option<Timestamp>> {
        Ok(number(&self.0, query, vec![client.as_str().into()])?.map(Timestamp::from_seconds))
    }

    fn run(&self, statement: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<()> {
        self.0.exec(statement, bindings).map(drop)
    }
}
