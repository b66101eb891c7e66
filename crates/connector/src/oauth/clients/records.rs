//! The records of clients in Workers KV ([`ClientRecord`]). Nothing else is in KV. Each operation has a time limit, and
//! no sign-in waits for a write. An isolate remembers for a minute what it has read, so repeated views of a consent
//! page cost one read.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use worker::kv::{KvError, KvStore};
use worker::{Env, console_error};

use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::clients::client_hash::{ClientHash, RECORD_PREFIX};
use mcp_connector_oauth::clients::client_record::{ClientRecord, ClientUse, StoredClient};
use mcp_connector_oauth::clients::client_summary::ClientSummary;
use mcp_connector_protocol::Unavailable;

use crate::config::bindings::Binding;
use crate::platform::clock::now;
use crate::platform::timer::within;

const BINDING: &str = Binding::OAuthKv.name();

/// The longest time that KV may take. A first read that has to cross an ocean takes half a second.
const TIME_LIMIT: Duration = Duration::from_secs(3);
/// The longest time that a person waits for a read that only spares them a page.
const READ_LIMIT: Duration = Duration::from_millis(1500);
/// Seconds for which KV is not read after a failed read, so that not every page waits for it.
const PAUSE: u64 = 15;
/// How long a record is remembered, in seconds: as long as KV itself may be late.
const MEMORY: u64 = 60;
/// Maximum number of clients that are remembered.
const CAPACITY: usize = 256;
/// Clients on a page of the owner's list.
const PAGE_SIZE: u64 = 50;
/// The longest cursor that is passed on to KV, in bytes.
const MAX_CURSOR: usize = 1024;

/// A record that the isolate remembers.
struct Remembered {
    client: ClientHash,
    stored: Option<StoredClient>,
    at: Timestamp,
}

thread_local! {
    static REMEMBERED: RefCell<Vec<Remembered>> = const { RefCell::new(Vec::new()) };
    static PAUSE_UNTIL: Cell<Timestamp> = const { Cell::new(Timestamp::from_seconds(0)) };
}

/// One page of the list of all clients.
pub(crate) struct Page {
    /// The clients, in the order of their hashes, with the summaries of their records. A record by an earlier version
    /// has none.
    pub(crate) clients: Vec<(ClientHash, Option<ClientSummary>)>,
    /// Where the next page begins, if there is one.
    pub(crate) next: Option<String>,
}

/// Returns the record of a client, up to a minute late.
///
/// # Errors
///
/// Fails if KV does not answer, or did not a moment ago.
pub(crate) async fn look(env: &Env, client: &ClientHash) -> Result<Option<StoredClient>, Unavailable> {
    let now = now();
    let remembered = REMEMBERED.with_borrow(|known| {
        let known = known.iter().find(|known| known.client == *client && now.seconds_since(known.at) < MEMORY);
        known.map(|known| known.stored.clone())
    });
    if let Some(stored) = remembered {
        return Ok(stored);
    }
    if now < PAUSE_UNTIL.get() {
        return Err(Unavailable);
    }
    let stored = read(env, client, READ_LIMIT).await.inspect_err(|_| PAUSE_UNTIL.set(now.plus(PAUSE)))?;
    remember(client.clone(), stored.clone());
    Ok(stored)
}

/// Notes a use in the client's record, if that is due. If KV refuses, the next use does it.
pub(crate) async fn note_use(env: Env, used: ClientUse) {
    let client = ClientHash::of(&used.id);
    // A write without the earlier record would lose the time of the first consent, or that of the end.
    let Ok(stored) = look(&env, &client).await else { return };
    let Some(record) = StoredClient::after_use(stored, used, now()) else { return };
    match write(&env, &record).await {
        Ok(()) => remember(client, Some(StoredClient::Record(record))),
        Err(Unavailable) => console_error!("clients: the use of a client could not be noted"),
    }
}

/// Writes into the client's record that the owner has ended it. Without a record there is nothing to write.
///
/// # Errors
///
/// Fails if KV does not answer.
pub(crate) async fn mark_ended(env: &Env, client: &ClientHash, at: Timestamp) -> Result<(), Unavailable> {
    match read(env, client, TIME_LIMIT).await? {
        Some(StoredClient::Record(record)) if record.ended_at.is_none() => {
            let record = ClientRecord { ended_at: Some(at), ..record };
            write(env, &record).await?;
            remember(client.clone(), Some(StoredClient::Record(record)));
            Ok(())
        }
        Some(StoredClient::Record(_) | StoredClient::LastUse(_)) | None => Ok(()),
    }
}

/// Returns one page of all clients, by one `list` of KV.
///
/// # Errors
///
/// Fails if KV does not answer, or refuses the cursor.
pub(crate) async fn page(env: &Env, cursor: Option<&str>) -> Result<Page, Unavailable> {
    if cursor.is_some_and(|cursor| cursor.len() > MAX_CURSOR) {
        return Err(Unavailable);
    }
    let list = async {
        let list = kv(env)?.list().prefix(RECORD_PREFIX.to_owned()).limit(PAGE_SIZE);
        let list = match cursor {
            Some(cursor) => list.cursor(cursor.to_owned()),
            None => list,
        };
        list.execute().await.map_err(unavailable)
    };
    let answer = within(TIME_LIMIT, list).await?;
    let clients = answer.keys.into_iter().filter_map(|key| {
        let client = ClientHash::of_record_key(&key.name).ok()?;
        Some((client, key.metadata.and_then(|metadata| serde_json::from_value(metadata).ok())))
    });
    let next = answer.cursor.filter(|cursor| !answer.list_complete && !cursor.is_empty());
    Ok(Page { clients: clients.collect(), next })
}

async fn read(env: &Env, client: &ClientHash, limit: Duration) -> Result<Option<StoredClient>, Unavailable> {
    let read = async { kv(env)?.get(&client.record_key()).text().await.map_err(unavailable) };
    Ok(within(limit, read).await?.and_then(|value| StoredClient::read(&value)))
}

async fn write(env: &Env, record: &ClientRecord) -> Result<(), Unavailable> {
    let key = ClientHash::of(&record.id).record_key();
    let value = serde_json::to_string(record).map_err(|_| Unavailable)?;
    let write = async {
        let put = kv(env)?.put(&key, value).and_then(|put| put.metadata(record.summary())).map_err(unavailable)?;
        put.expiration_ttl(record.seconds_left(now())).execute().await.map_err(unavailable)
    };
    within(TIME_LIMIT, write).await
}

fn kv(env: &Env) -> Result<KvStore, Unavailable> {
    env.kv(BINDING).map_err(|_| Unavailable)
}

fn unavailable(_: KvError) -> Unavailable {
    Unavailable
}

fn remember(client: ClientHash, stored: Option<StoredClient>) {
    let at = now();
    REMEMBERED.with_borrow_mut(|known| {
        known.retain(|known| known.client != client && at.seconds_since(known.at) < MEMORY);
        if known.len() >= CAPACITY {
            // The oldest.
            known.remove(0);
        }
        known.push(Remembered { client, stored, at });
    });
}
