//! The Durable Object `Keyring`, of which there is one. It makes the master key, once, and counts wrong passphrases,
//! which has to be done in one place. An isolate asks for the key with its first token and not again. If the secret
//! `MASTER_KEY` is set, no isolate asks.

use worker::{DurableObject, Env, Request, Response, SqlStorageValue, State, durable_object};

use mcp_connector_base::row::Row as _;
use mcp_connector_oauth::crypto::keys::master::MasterKey;
use mcp_connector_oauth::login::throttle::{AttemptOutcome, Throttle};

use crate::objects::dispatch;
use crate::objects::dispatch::dispatch;
use crate::objects::keyring::commands::{CountAttempt, GetMasterKey};
use crate::objects::rows::blobs;
use crate::platform::clock::{Entropy, now};

const MASTER_KEY: &str = "master_key";
const THROTTLE: &str = "throttle";

/// The master key and the counts of wrong passphrases.
#[durable_object(fetch)]
pub struct Keyring {
    state: State,
}

impl DurableObject for Keyring {
    fn new(state: State, _env: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        dispatch!(dispatch::message(request).await?, {
            GetMasterKey => async |GetMasterKey| self.master_key(),
            CountAttempt => async |attempt| self.count_attempt(&attempt),
        })
    }
}

/// Neither command waits for anything, so no other request comes in between reading and writing.
impl Keyring {
    fn master_key(&self) -> worker::Result<String> {
        if let Some(stored) = self.stored(MASTER_KEY)? {
            // A new key instead of one that cannot be read would sign everybody out.
            let key = MasterKey::from_stored(&stored).map_err(|_| "the master key is unreadable")?;
            return Ok(key.expose());
        }
        let entropy = Entropy::new().map_err(|_| "no randomness")?;
        let key = MasterKey::generate(&entropy);
        self.store(MASTER_KEY, key.to_stored())?;
        Ok(key.expose())
    }

    fn count_attempt(&self, attempt: &CountAttempt) -> worker::Result<AttemptOutcome> {
        // Counts that cannot be read are forgotten, so that nobody is locked out for good.
        let stored = self.stored(THROTTLE)?;
        let before = stored.and_then(|stored| Throttle::from_row(&stored).ok()).unwrap_or_default();
        let mut throttle = before.clone();
        let verdict = throttle.attempt(&attempt.source, attempt.is_right, attempt.version, now());
        if throttle != before {
            self.store(THROTTLE, throttle.to_row().map_err(|_| "a row cannot be written")?)?;
        }
        Ok(verdict)
    }

    fn stored(&self, name: &str) -> worker::Result<Option<Vec<u8>>> {
        self.sql("CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID", vec![])?;
        let query = "SELECT value FROM kept WHERE name = ?";
        Ok(blobs(&self.state.storage().sql(), query, vec![name.into()])?.pop())
    }

    fn store(&self, name: &str, value: Vec<u8>) -> worker::Result<()> {
        let upsert = "INSERT INTO kept VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.sql(upsert, vec![name.into(), value.into()]).map(drop)
    }

    fn sql(&self, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<worker::SqlCursor> {
        self.state.storage().sql().exec(query, bindings)
    }
}
