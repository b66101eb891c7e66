//! The rows of `Subscriptions`: which resources legacy sessions subscribe to, and who owns the sessions.

use std::cell::Cell;

use worker::{SqlStorage, SqlStorageValue};

use mcp_connector_base::codec::DecodeError;
use mcp_connector_base::identifier::Subject;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_protocol::Watched;

use crate::objects::anonymous_quota::commands::Quota;
use crate::objects::rows::{integer, number, seconds, unreadable, values};

/// A session is forgotten this long after it was last used, in seconds.
const LIFETIME: u64 = 24 * 3600;
/// The same for one of a client that has not signed in.
const LIFETIME_OF_ANONYMOUS: u64 = Quota::State.lifetime();
/// Maximum number of resources of one session.
const MOST_OF_SESSION: u64 = 100;
/// Maximum number of sessions.
const MOST_SESSIONS: u64 = 10_000;
/// Maximum number of sessions of one person, who leaves room for those of others: the one that was not used for longest makes room, an
/// ended one first.
const MOST_OF_PERSON: u64 = 200;
/// Maximum number of sessions without an owner. Anybody can make some up, so they leave room for those of people; and each row is
/// read to count them.
const MOST_OF_ANONYMOUS: u64 = 1000;

const TABLES: &str = "\
    CREATE TABLE IF NOT EXISTS sessions \
        (id TEXT PRIMARY KEY, owner TEXT, has_ended INTEGER NOT NULL, forget_at INTEGER NOT NULL) WITHOUT ROWID;\
    CREATE TABLE IF NOT EXISTS watched \
        (session TEXT, uri TEXT, is_own INTEGER NOT NULL, PRIMARY KEY (session, uri)) WITHOUT ROWID;\
    CREATE INDEX IF NOT EXISTS watched_by_uri ON watched (uri);\
    CREATE INDEX IF NOT EXISTS sessions_by_owner ON sessions (owner) WHERE owner IS NOT NULL";

/// How `SQLite` stores it.
const TRUE: SqlStorageValue = SqlStorageValue::Integer(1);

/// The rows.
pub(crate) struct WatchedRows {
    sql: SqlStorage,
    /// How many sessions there are at most, and how many without an owner. Each row is read to count them, so they are counted
    /// only when the object begins, and when there may be no room.
    sessions_at_most: Cell<u64>,
    anonymous_at_most: Cell<u64>,
}

/// Whether a caller may use a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// The session belongs to this person, or has no owner yet.
    Granted,
    /// It belongs to another person, or has ended.
    Refused,
}

impl WatchedRows {
    pub(crate) fn new(sql: SqlStorage) -> worker::Result<Self> {
        sql.exec(TABLES, None)?;
        Ok(Self { sql, sessions_at_most: Cell::new(u64::MAX), anonymous_at_most: Cell::new(u64::MAX) })
    }

    /// Returns whether a caller may use the session. The first person who uses it with a sign-in owns it; a caller without a token
    /// keeps it from nobody.
    pub(crate) fn access(&self, session: &str, user: Option<&Subject>, now: Timestamp) -> worker::Result<Access> {
        let query = "SELECT owner, has_ended FROM sessions WHERE id = ?";
        let known = values(&self.sql, query, vec![session.into()])?.pop();
        let owner = match &known {
            Some([SqlStorageValue::String(owner), _]) => Some(owner.as_str()),
            Some(_) | None => None,
        };
        match (owner, user) {
            _ if matches!(known, Some([_, TRUE])) => Ok(Access::Refused),
            (Some(owner), user) if user.is_none_or(|user| user.as_str() != owner) => Ok(Access::Refused),
            (None, Some(user)) => {
                // The id is not a credential. If there is no room, the session stays without an owner.
                if known.is_some() || self.has_room(session, Some(user))? {
                    self.put(session, Some(user), forget_at(Some(user), now))?;
                }
                Ok(Access::Granted)
            }
            (Some(_), _) => {
                self.used(session, now)?;
                Ok(Access::Granted)
            }
            (None, None) => Ok(Access::Granted),
        }
    }

    /// Remembers that the session subscribes to a resource. Returns false if there is no room.
    pub(crate) fn watch(
        &self,
        session: &str,
        owner: Option<&Subject>,
        watched: &Watched,
        now: Timestamp,
    ) -> worker::Result<bool> {
        let of_session = "SELECT count(*) FROM watched WHERE session = ? AND uri <> ?";
        let of_session = self.count(of_session, vec![session.into(), watched.uri.as_str().into()])?;
        if of_session >= MOST_OF_SESSION || !self.has_room(session, owner)? {
            return Ok(false);
        }
        self.put(session, owner, forget_at(owner, now))?;
        let upsert = "INSERT OR REPLACE INTO watched (uri, session, is_own) VALUES (?, ?, ?)";
        let is_own = SqlStorageValue::Integer(watched.is_own.into());
        self.sql.exec(upsert, vec![watched.uri.as_str().into(), session.into(), is_own])?;
        Ok(true)
    }

    pub(crate) fn unwatch(&self, session: &str, uri: &str) -> worker::Result<()> {
        self.sql.exec("DELETE FROM watched WHERE session = ? AND uri = ?", vec![session.into(), uri.into()]).map(drop)
    }

    /// Forgets the subscriptions of a session, and remembers that it has ended.
    pub(crate) fn end(&self, session: &str, owner: Option<&Subject>, now: Timestamp) -> worker::Result<()> {
        self.sql.exec("DELETE FROM watched WHERE session = ?", vec![session.into()])?;
        if self.has_room(session, owner)? {
            self.put(session, None, forget_at(owner, now))?;
            self.sql.exec("UPDATE sessions SET has_ended = 1 WHERE id = ?", vec![session.into()])?;
        }
        Ok(())
    }

    /// Returns the sessions that subscribe to a resource, in order, and whether it needs a sign-in.
    pub(crate) fn watching(&self, uri: &str) -> worker::Result<Vec<(String, bool)>> {
        let query = "SELECT session, is_own FROM watched WHERE uri = ? ORDER BY session";
        let rows = values(&self.sql, query, vec![uri.into()])?.into_iter().map(|row| match row {
            [SqlStorageValue::String(session), is_own] => Ok((session, is_own == TRUE)),
            _ => Err(unreadable(DecodeError)),
        });
        rows.collect()
    }

    /// Notes that the session is in use.
    pub(crate) fn used(&self, session: &str, now: Timestamp) -> worker::Result<()> {
        let update = "UPDATE sessions SET forget_at = iif(owner IS NULL, ?, ?) WHERE id = ?";
        let bindings = vec![seconds(now.plus(LIFETIME_OF_ANONYMOUS))?, seconds(now.plus(LIFETIME))?, session.into()];
        self.sql.exec(update, bindings).map(drop)
    }

    /// Deletes the sessions that were not used for long, and their subscriptions.
    pub(crate) fn forget(&self, now: Timestamp) -> worker::Result<()> {
        self.sql.exec("DELETE FROM sessions WHERE forget_at <= ?", vec![seconds(now)?])?;
        self.sql.exec("DELETE FROM watched WHERE session NOT IN (SELECT id FROM sessions)", None).map(drop)
    }

    pub(crate) fn is_empty(&self) -> worker::Result<bool> {
        Ok(self.count("SELECT count(*) FROM sessions", vec![])? == 0)
    }

    fn put(&self, session: &str, owner: Option<&Subject>, forget_at: Timestamp) -> worker::Result<()> {
        let upsert = "INSERT INTO sessions VALUES (?, ?, 0, ?) ON CONFLICT (id) DO UPDATE \
            SET owner = coalesce(owner, excluded.owner), forget_at = excluded.forget_at";
        for most in [&self.sessions_at_most, &self.anonymous_at_most] {
            most.set(most.get().saturating_add(1));
        }
        let owner = owner.map_or(SqlStorageValue::Null, |owner| owner.as_str().into());
        self.sql.exec(upsert, vec![session.into(), owner, seconds(forget_at)?]).map(drop)
    }

    /// Returns whether a session of this person, or of a caller without a token, may be remembered beside all others. Another one of
    /// the person may make room for it.
    fn has_room(&self, session: &str, owner: Option<&Subject>) -> worker::Result<bool> {
        if let Some(owner) = owner {
            self.make_room(session, owner)?;
        }
        let (counted, others, most) = if owner.is_some() {
            (&self.sessions_at_most, "SELECT count(*) FROM sessions WHERE id <> ?", MOST_SESSIONS)
        } else {
            let others = "SELECT count(*) FROM sessions WHERE id <> ? AND owner IS NULL";
            (&self.anonymous_at_most, others, MOST_OF_ANONYMOUS)
        };
        if counted.get() < most {
            return Ok(true);
        }
        let others = self.count(others, vec![session.into()])?;
        counted.set(others + 1);
        Ok(others < most)
    }

    /// Forgets sessions of a person, so that one more is not too many.
    fn make_room(&self, session: &str, owner: &Subject) -> worker::Result<()> {
        let rest =
            "SELECT id FROM sessions WHERE owner = ? AND id <> ? ORDER BY has_ended, forget_at DESC LIMIT -1 OFFSET ?";
        let bindings = vec![owner.as_str().into(), session.into(), integer(MOST_OF_PERSON - 1)?];
        for [id] in values::<1>(&self.sql, rest, bindings)? {
            self.sql.exec("DELETE FROM watched WHERE session = ?", vec![id.clone()])?;
            self.sql.exec("DELETE FROM sessions WHERE id = ?", vec![id])?;
        }
        Ok(())
    }

    fn count(&self, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<u64> {
        Ok(number(&self.sql, query, bindings)?.unwrap_or_default())
    }
}

fn forget_at(owner: Option<&Subject>, now: Timestamp) -> Timestamp {
    now.plus(if owner.is_some() { LIFETIME } else { LIFETIME_OF_ANONYMOUS })
}
