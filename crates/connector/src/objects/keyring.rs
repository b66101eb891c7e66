//! The Durable Object `Keyring`, of which there is one. It makes the master key, once, and counts wrong passphrases, which has
//! to be done in one place. An isolate asks it for the key with its first token and not again; where the secret `MASTER_KEY` is
//! set, nobody asks.

use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Request, Response, SqlStorageValue, State, durable_object};

use mcp_connector_base::row::Row as _;
use mcp_connector_oauth::crypto::credential_version::CredentialVersion;
use mcp_connector_oauth::crypto::keys::master::MasterKey;
use mcp_connector_oauth::login::throttle::{Throttle, Verdict};
use mcp_connector_oauth::web::request_source::Source;
use mcp_connector_protocol::Unavailable;

use crate::objects::command;
use crate::objects::rows::blobs;
use crate::platform::clock::{Entropy, now};

/// The one object.
const NAME: &str = "keyring";

const MASTER_KEY: &str = "master_key";
const THROTTLE: &str = "throttle";

#[derive(Serialize, Deserialize)]
enum Command {
    MasterKey,
    Attempt { source: Source, is_right: bool, epoch: CredentialVersion },
}

#[derive(Serialize, Deserialize)]
enum Outcome {
    MasterKey(String),
    Attempt(Verdict),
}

/// The master key, which is made now if nobody has asked before.
pub(crate) async fn master_key(env: &Env) -> Result<MasterKey, Unavailable> {
    let Outcome::MasterKey(text) = ask(env, &Command::MasterKey).await? else { return Err(Unavailable) };
    MasterKey::parse(&text).map_err(|_| Unavailable)
}

/// What comes of one try of a passphrase, which has been compared already.
pub(crate) async fn attempt(
    env: &Env,
    source: Source,
    is_right: bool,
    epoch: CredentialVersion,
) -> Result<Verdict, Unavailable> {
    match ask(env, &Command::Attempt { source, is_right, epoch }).await? {
        Outcome::Attempt(verdict) => Ok(verdict),
        Outcome::MasterKey(_) => Err(Unavailable),
    }
}

async fn ask(env: &Env, command: &Command) -> Result<Outcome, Unavailable> {
    command::ask(&command::object(env, "KEYRING", NAME)?, command).await
}

/// The object.
#[durable_object(fetch)]
pub struct Keyring {
    state: State,
}

impl DurableObject for Keyring {
    fn new(state: State, _env: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        command::answer(request, async |command| self.carry_out(command)).await
    }
}

impl Keyring {
    /// Waits for nothing, so nobody comes in between reading and writing.
    fn carry_out(&self, command: Command) -> worker::Result<Outcome> {
        self.sql("CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID", vec![])?;
        match command {
            Command::MasterKey => {
                if let Some(kept) = self.kept(MASTER_KEY)? {
                    // Never a new one in the place of what cannot be read: everybody would be signed out.
                    let key = MasterKey::from_kept(&kept).map_err(|_| "the master key is unreadable")?;
                    return Ok(Outcome::MasterKey(key.expose()));
                }
                let entropy = Entropy::new().map_err(|_| "no randomness")?;
                let key = MasterKey::generate(&entropy);
                self.keep(MASTER_KEY, key.to_kept())?;
                Ok(Outcome::MasterKey(key.expose()))
            }
            Command::Attempt { source, is_right, epoch } => {
                // Counts that cannot be read are forgotten: nobody is locked out for good.
                let kept = self.kept(THROTTLE)?;
                let before = kept.and_then(|kept| Throttle::from_row(&kept).ok()).unwrap_or_default();
                let mut throttle = before.clone();
                let verdict = throttle.attempt(&source, is_right, epoch, now());
                if throttle != before {
                    self.keep(THROTTLE, throttle.to_row().map_err(|_| "cannot be written")?)?;
                }
                Ok(Outcome::Attempt(verdict))
            }
        }
    }

    fn kept(&self, name: &str) -> worker::Result<Option<Vec<u8>>> {
        let query = "SELECT value FROM kept WHERE name = ?";
        Ok(blobs(&self.state.storage().sql(), query, vec![name.into()])?.pop())
    }

    fn keep(&self, name: &str, value: Vec<u8>) -> worker::Result<()> {
        let upsert = "INSERT INTO kept VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.sql(upsert, vec![name.into(), value.into()]).map(|_| ())
    }

    fn sql(&self, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<worker::SqlCursor> {
        self.state.storage().sql().exec(query, bindings)
    }
}
