//! The public keys (RFC 7517 §5), for resource servers other than this one.

use worker::Env;

use crate::mcp::Unavailable;
use crate::oauth::jwks::Jwks;
use crate::oauth::outage::Outage;
use crate::worker::answer::Answer;
use crate::worker::app::App;
use crate::worker::{clock, cors};

/// A key is published ninety days before it signs, so an old copy of the document does not hurt.
const MAX_AGE: &str = "public, max-age=3600";

/// The keys of this moment.
pub(super) async fn keys(app: &App, env: &Env) -> Result<Jwks, Outage> {
    let authority = app.authority(env).await.map_err(|Unavailable| Outage::Storage)?;
    Ok(authority.signing(clock::now()).await?.jwks())
}

/// The document.
pub(super) fn document(keys: Result<&Jwks, &Outage>) -> Answer {
    let answer = match keys {
        Ok(keys) => Answer::json(200, keys).header("cache-control", MAX_AGE),
        Err(outage) => Answer::outage(*outage),
    };
    cors::readable_by_all(answer)
}
