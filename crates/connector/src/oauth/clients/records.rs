//! The records of clients in Workers KV ([`ClientRecord`]), and nothing else is in KV. Each operation has a time limit, and no
//! sign-in waits for a write. An isolate remembers for a minute what it has read, so repeated views of a consent page cost one
//! read.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use worker::Env;
use worker::js_sys::{Array, JSON};
use worker::wasm_bindgen::JsValue;

use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::clients::client_hash::{ClientHash, RECORD_PREFIX};
use mcp_connector_oauth::clients::client_record::{ClientRecord, ClientUse, StoredClient};
use mcp_connector_oauth::clients::client_summary::ClientSummary;
use mcp_connector_protocol::Unavailable;

use crate::platform::clock::now;
use crate::platform::js;
use crate::platform::timer::Timer;

const BINDING: &str = "OAUTH_KV";

/// How long KV may take. A first read that has to cross an ocean takes half a second.
const TIME_LIMIT: Duration = Duration::from_secs(3);
/// How long a person waits for a read that only spares them a page.
const READ_LIMIT: Duration = Duration::from_millis(1500);
/// Seconds for which KV is not read after a failed read, so that not every page waits for it.
const PAUSE: u64 = 15;
/// How long what was read is remembered, in seconds: as long as KV itself may be late.
const MEMORY: u64 = 60;
/// Maximum number of clients that are remembered.
const CAPACITY: usize = 256;
/// Clients on a page of the owner's list.
const PAGE_SIZE: u32 = 50;
/// Longest cursor that is passed on to KV, in bytes.
const MAX_CURSOR: usize = 1024;

/// What an isolate has read.
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
    /// The clients, in the order of their hashes, with what their records say in short. None for what an earlier version wrote.
    pub(crate) clients: Vec<(ClientHash, Option<ClientSummary>)>,
    /// Where the next page begins, if there is one.
    pub(crate) next: Option<String>,
}

/// Returns what KV says of a client, up to a minute late.
///
/// # Errors
///
/// KV does not answer, or did not a moment ago.
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

/// Notes a use in the client's record, where that is due. If KV refuses, the next use does it.
pub(crate) async fn note_use(env: Env, used: ClientUse) {
    let client = ClientHash::of(&used.id);
    // Without knowing what is there, the moment of the first consent would be lost, or the end.
    let Ok(stored) = look(&env, &client).await else { return };
    let Some(record) = StoredClient::after_use(stored, used, now()) else { return };
    if write(&env, &record).await.is_ok() {
        remember(client, Some(StoredClient::Record(record)));
    }
}

/// Writes into the client's record that the owner has ended it. Where there is no record there is nothing to write.
///
/// # Errors
///
/// KV does not answer.
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

/// One page of all clients: one `list` of KV.
///
/// # Errors
///
/// KV does not answer, or not to this cursor.
pub(crate) async fn page(env: &Env, cursor: Option<&str>) -> Result<Page, Unavailable> {
    if cursor.is_some_and(|cursor| cursor.len() > MAX_CURSOR) {
        return Err(Unavailable);
    }
    let list = async {
        let (prefix, limit) = (RECORD_PREFIX.into(), PAGE_SIZE.into());
        let cursor = cursor.map(JsValue::from_str);
        let mut options: Vec<(&str, &JsValue)> = vec![("prefix", &prefix), ("limit", &limit)];
        options.extend(cursor.as_ref().map(|cursor| ("cursor", cursor)));
        js::call_async(&js::get(env, BINDING)?, "list", &[&js::object(&options)?]).await
    };
    let answer = within(TIME_LIMIT, list).await?;
    read_page(&answer).map_err(|_| Unavailable)
}

fn read_page(answer: &JsValue) -> Result<Page, JsValue> {
    let mut clients = Vec::new();
    for key in Array::from(&js::get(answer, "keys")?) {
        let name = js::get(&key, "name")?.as_string().unwrap_or_default();
        let Ok(client) = ClientHash::of_record_key(&name) else { continue };
        let metadata = js::get(&key, "metadata")?;
        let text = if metadata.is_object() { JSON::stringify(&metadata)?.as_string() } else { None };
        clients.push((client, text.and_then(|text| serde_json::from_str(&text).ok())));
    }
    let is_last = js::get(answer, "list_complete")?.is_truthy();
    let cursor = js::get(answer, "cursor")?.as_string();
    Ok(Page { clients, next: cursor.filter(|cursor| !is_last && !cursor.is_empty()) })
}

async fn read(env: &Env, client: &ClientHash, limit: Duration) -> Result<Option<StoredClient>, Unavailable> {
    let key = client.record_key().into();
    let read = async { js::call_async(&js::get(env, BINDING)?, "get", &[&key]).await };
    Ok(within(limit, read).await?.as_string().and_then(|value| StoredClient::read(&value)))
}

async fn write(env: &Env, record: &ClientRecord) -> Result<(), Unavailable> {
    let key = ClientHash::of(&record.id).record_key().into();
    let value = serde_json::to_string(record).map_err(|_| Unavailable)?.into();
    let metadata = serde_json::to_string(&record.summary()).map_err(|_| Unavailable)?;
    #[allow(clippy::cast_precision_loss, reason = "ninety days at most")]
    let seconds = JsValue::from_f64(record.seconds_left(now()) as f64);
    let write = async {
        let options = js::object(&[("expirationTtl", &seconds), ("metadata", &JSON::parse(&metadata)?)])?;
        js::call_async(&js::get(env, BINDING)?, "put", &[&key, &value, &options]).await
    };
    within(TIME_LIMIT, write).await.map(|_| ())
}

fn remember(client: ClientHash, stored: Option<StoredClient>) {
    let at = now();
    REMEMBERED.with_borrow_mut(|known| {
        known.retain(|known| known.client != client && at.seconds_since(known.at) < MEMORY);
        if known.len() >= CAPACITY {
            // The one that was read first.
            known.remove(0);
        }
        known.push(Remembered { client, stored, at });
    });
}

async fn within(limit: Duration, work: impl Future<Output = Result<JsValue, JsValue>>) -> Result<JsValue, Unavailable> {
    match select(pin!(work), pin!(Timer::new(limit))).await {
        Either::Left((result, _)) => result.map_err(|_| Unavailable),
        Either::Right(((), _)) => Err(Unavailable),
    }
}
