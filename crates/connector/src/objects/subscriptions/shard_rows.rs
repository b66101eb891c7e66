//! What the root knows of the other shards: which of them are in use, and which sessions have their streams there.

use std::collections::BTreeSet;

use worker::{SqlStorage, SqlStorageValue};

use mcp_connector_base::codec::DecodeError;
use mcp_connector_protocol::Shard;

use crate::objects::rows::{has_table, number, unreadable, values};

const TABLES: &str = "\
    CREATE TABLE IF NOT EXISTS shards (number INTEGER PRIMARY KEY);\
    CREATE TABLE IF NOT EXISTS placed (session TEXT PRIMARY KEY, shard INTEGER NOT NULL) WITHOUT ROWID;\
    CREATE INDEX IF NOT EXISTS placed_by_shard ON placed (shard)";

/// The rows.
pub(crate) struct ShardRows(SqlStorage);

impl ShardRows {
    pub(crate) fn new(sql: SqlStorage) -> worker::Result<Self> {
        sql.exec(TABLES, None)?;
        Ok(Self(sql))
    }

    /// Returns the shards beside the root that are in use. Where there never was one, this writes nothing.
    pub(crate) fn in_use(sql: &SqlStorage) -> worker::Result<Vec<Shard>> {
        if !has_table(sql, "shards")? {
            return Ok(Vec::new());
        }
        let rows = values(sql, "SELECT number FROM shards ORDER BY number", vec![])?.into_iter();
        let rows = rows.map(|[number]| {
            let SqlStorageValue::Integer(number) = number else { return Err(unreadable(DecodeError)) };
            u64::try_from(number).map_err(|_| unreadable(DecodeError)).and_then(to_shard)
        });
        rows.collect()
    }

    /// Notes that a shard is in use.
    pub(crate) fn begin(&self, shard: Shard) -> worker::Result<()> {
        self.0.exec("INSERT OR IGNORE INTO shards VALUES (?)", vec![value(shard)]).map(drop)
    }

    /// Notes that a shard is no longer in use. Its sessions may have their next streams anywhere.
    pub(crate) fn end(&self, shard: Shard) -> worker::Result<()> {
        self.0.exec("DELETE FROM shards WHERE number = ?", vec![value(shard)])?;
        self.0.exec("DELETE FROM placed WHERE shard = ?", vec![value(shard)]).map(drop)
    }

    /// Notes that the streams of a session are in a shard.
    pub(crate) fn place(&self, session: &str, shard: Shard) -> worker::Result<()> {
        let upsert = "INSERT INTO placed VALUES (?, ?) ON CONFLICT (session) DO UPDATE SET shard = excluded.shard \
            WHERE shard <> excluded.shard";
        self.0.exec(upsert, vec![session.into(), value(shard)]).map(drop)
    }

    /// Returns the shard where the streams of a session are, unless that is the root.
    pub(crate) fn place_of(&self, session: &str) -> worker::Result<Option<Shard>> {
        let found = number(&self.0, "SELECT shard FROM placed WHERE session = ?", vec![session.into()])?;
        found.map(to_shard).transpose()
    }

    /// Returns the sessions whose streams are in a shard beside the root.
    pub(crate) fn sessions_in(&self, shard: Shard) -> worker::Result<BTreeSet<String>> {
        let rows = values(&self.0, "SELECT session FROM placed WHERE shard = ?", vec![value(shard)])?.into_iter();
        let rows = rows.map(|[session]| {
            if let SqlStorageValue::String(session) = session { Ok(session) } else { Err(unreadable(DecodeError)) }
        });
        rows.collect()
    }

    /// Forgets where the streams of sessions are that are forgotten themselves.
    pub(crate) fn forget_unknown(sql: &SqlStorage) -> worker::Result<()> {
        if !has_table(sql, "placed")? {
            return Ok(());
        }
        sql.exec("DELETE FROM placed WHERE session NOT IN (SELECT id FROM sessions)", None).map(drop)
    }

    /// Forgets where the streams of a session are.
    pub(crate) fn forget(&self, session: &str) -> worker::Result<()> {
        self.0.exec("DELETE FROM placed WHERE session = ?", vec![session.into()]).map(drop)
    }
}

fn value(shard: Shard) -> SqlStorageValue {
    SqlStorageValue::Integer(shard.number().into())
}

fn to_shard(number: u64) -> worker::Result<Shard> {
    let number = u8::try_from(number).map_err(|_| unreadable(DecodeError))?;
    Shard::try_from(number).map_err(|_| unreadable(DecodeError))
}
