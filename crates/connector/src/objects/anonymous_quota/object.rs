//! The Durable Object `AnonymousQuota`, one for the connector. It counts the sessions, tasks and streams of clients without a
//! token. Anybody can be such a client, so their number is limited for each network and in all, and each place expires. Only a
//! connector that says `.anonymous_sessions()`, or one with `/sse` on, ever asks it.

use std::time::Duration;

use worker::{DurableObject, Env, Request, Response, SqlStorage, SqlStorageValue, State, durable_object};

use mcp_connector_base::timestamp::Timestamp;

use crate::config::bindings::Binding;
use crate::objects::anonymous_quota::commands::{FindPlaces, Quota, REMEMBERED_FOR, ReleasePlace, TakePlace};
use crate::objects::dispatch;
use crate::objects::dispatch::dispatch;
use crate::objects::rows::{has_table, number, seconds};
use crate::platform::clock::now;

/// The time after which every place has expired.
const LONGEST: Duration = Duration::from_secs(Quota::State.lifetime());

/// The places of clients without a token.
#[durable_object(alarm)]
pub struct AnonymousQuota {
    state: State,
}

impl DurableObject for AnonymousQuota {
    fn new(state: State, _env: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        dispatch!(Binding::AnonymousQuota, dispatch::message(request).await?, {
            TakePlace => async |command| self.take(command).await,
            ReleasePlace => async |command| self.release(command),
            FindPlaces => async |command| self.find(command),
        })
    }

    /// Forgets all places. The alarm fires after every place has expired.
    async fn alarm(&self) -> worker::Result<Response> {
        self.state.storage().delete_all().await?;
        Response::empty()
    }
}

impl AnonymousQuota {
    async fn take(&self, TakePlace { quota, key, network }: TakePlace) -> worker::Result<bool> {
        let (sql, now, key) = (self.sql(), now(), quota.row_key(&key));
        sql.exec(
            "CREATE TABLE IF NOT EXISTS places (key TEXT PRIMARY KEY, held INTEGER NOT NULL, \
             network TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID",
            None,
        )?;
        sql.exec("DELETE FROM places WHERE until <= ?", vec![seconds(now)?])?;
        match expiry(&sql, quota, &key)?.map(|until| until.saturating_sub(now.as_seconds())) {
            // It was taken a moment ago, through another instance.
            Some(left) if left + REMEMBERED_FOR > quota.lifetime() => return Ok(true),
            None if self.is_full(quota, &network)? => return Ok(false),
            Some(_) | None => {}
        }
        // A stream of an earlier version has the key of its session, which may need a place of its own.
        let upsert = "INSERT INTO places VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET held = excluded.held, until = excluded.until";
        let until = seconds(now.plus(quota.lifetime()))?;
        sql.exec(upsert, vec![key.into(), column(quota), network.into(), until])?;
        self.state.storage().set_alarm(LONGEST).await?;
        Ok(true)
    }

    fn release(&self, ReleasePlace { quota, key }: ReleasePlace) -> worker::Result<()> {
        if has_table(&self.sql(), "places")? {
            self.sql().exec("DELETE FROM places WHERE key = ?", vec![quota.row_key(&key).into()])?;
        }
        Ok(())
    }

    fn find(&self, FindPlaces { quota, keys }: FindPlaces) -> worker::Result<Vec<Option<Timestamp>>> {
        let (sql, now) = (self.sql(), now());
        if !has_table(&sql, "places")? {
            return Ok(vec![None; keys.len()]);
        }
        let find = |key: &String| {
            let until = expiry(&sql, quota, &quota.row_key(key))?.map(Timestamp::from_seconds);
            Ok(until.filter(|until| *until > now))
        };
        keys.iter().map(find).collect()
    }

    fn is_full(&self, quota: Quota, network: &str) -> worker::Result<bool> {
        let count = |query, bindings| number(&self.sql(), query, bindings).map(Option::unwrap_or_default);
        let in_all = count("SELECT count(*) FROM places WHERE held = ?", vec![column(quota)])?;
        if in_all >= quota.most() {
            return Ok(true);
        }
        let query = "SELECT count(*) FROM places WHERE held = ? AND network = ?";
        Ok(count(query, vec![column(quota), network.into()])? >= quota.most_of_network())
    }

    fn sql(&self) -> SqlStorage {
        self.state.storage().sql()
    }
}

/// Returns until when the row of a place of this kind is good, in seconds since 1970.
fn expiry(sql: &SqlStorage, quota: Quota, row_key: &str) -> worker::Result<Option<u64>> {
    let query = "SELECT until FROM places WHERE key = ? AND held = ?";
    number(sql, query, vec![row_key.into(), column(quota)])
}

/// Returns the value of the column `held`.
const fn column(quota: Quota) -> SqlStorageValue {
    match quota {
        Quota::State => SqlStorageValue::Integer(0),
        Quota::Stream => SqlStorageValue::Integer(1),
    }
}
