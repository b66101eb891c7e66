//! The Durable Object `Keyring`, of which there is one. It makes the master key, once, and counts wrong passphrases,
//! which has to be done in one place. An isolate asks for the key with its first token and not again. If the secret
//! `MASTER_KEY` is set, no isolate asks.

use worker::{DurableObject, Env, Request, Response, State, console_error, durable_object};

use mcp_connector_base::row::Row as _;
use mcp_connector_oauth::crypto::keys::master::MasterKey;
use mcp_connector_oauth::login::throttle::{AttemptOutcome, Counts, Throttle};

use crate::config::bindings::Binding;
use crate::objects::dispatch;
use crate::objects::dispatch::dispatch;
use crate::objects::keyring::commands::{CountAttempt, GetMasterKey};
use crate::objects::rows::blobs;
use crate::objects::tables::{Schema, Tables};
use crate::platform::clock::{Entropy, now};

const MASTER_KEY: &str = "master_key";
const THROTTLE: &str = "throttle";

/// The table.
pub(crate) const SCHEMA: Schema = Schema {
    create: &["CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"],
    names: &["kept"],
};

/// The master key and the counts of wrong passphrases.
#[durable_object(fetch)]
pub struct Keyring {
    state: State,
    tables: Tables,
}

impl DurableObject for Keyring {
    fn new(state: State, _env: Env) -> Self {
        Self { state, tables: Tables::new(SCHEMA) }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        dispatch!(Binding::Keyring, dispatch::message(request).await?, {
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
        let read = |stored: Vec<u8>| {
            Throttle::from_row(&stored)
                .inspect_err(|error| console_error!("keyring: the counts of guesses are {error}"))
        };
        let mut throttle = stored.and_then(|stored| read(stored).ok()).unwrap_or_default();
        let (outcome, counts) = throttle.attempt(&attempt.source, attempt.is_right, attempt.version, now());
        if counts == Counts::Changed {
            self.store(THROTTLE, throttle.to_row().map_err(|_| "a row cannot be written")?)?;
        }
        Ok(outcome)
    }

    fn stored(&self, name: &str) -> worker::Result<Option<Vec<u8>>> {
        let sql = self.state.storage().sql();
        self.tables.make(&sql)?;
        Ok(blobs(&sql, "SELECT value FROM kept WHERE name = ?", vec![name.into()])?.pop())
    }

    fn store(&self, name: &str, value: Vec<u8>) -> worker::Result<()> {
        let upsert = "INSERT INTO kept VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.state.storage().sql().exec(upsert, vec![name.into(), value.into()]).map(drop)
    }
}
