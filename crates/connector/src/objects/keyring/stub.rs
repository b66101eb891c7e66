//! The `Keyring`, as the rest of the Worker reaches it.

use worker::Env;

use mcp_connector_oauth::crypto::keys::master::MasterKey;
use mcp_connector_oauth::login::throttle::AttemptOutcome;
use mcp_connector_protocol::Unavailable;

use crate::config::bindings::Binding;
use crate::objects::keyring::commands::{CountAttempt, GetMasterKey};
use crate::objects::stub::ObjectStub;

/// Returns the master key, which the first request makes.
pub(crate) async fn master_key(env: &Env) -> Result<MasterKey, Unavailable> {
    let text = object(env).ask(&GetMasterKey).await?;
    MasterKey::parse(&text).map_err(|_| Unavailable)
}

/// Counts an attempt to sign in with a passphrase, and returns whether it may succeed.
pub(crate) async fn count_attempt(env: &Env, attempt: &CountAttempt) -> Result<AttemptOutcome, Unavailable> {
    object(env).ask(attempt).await
}

/// The one object.
fn object(env: &Env) -> ObjectStub<'_> {
    ObjectStub::new(env, Binding::Keyring, "keyring")
}
