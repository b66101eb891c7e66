//! What the instances of this server tell each other through KV: marks that a grant was revoked, marks that a registration is
//! still in use. KV takes a minute to show a write elsewhere, so nothing rests on these alone.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use worker::Env;
use worker::wasm_bindgen::JsValue;

use crate::mcp::Unavailable;

use super::js;
use super::timer::Timer;

const BINDING: &str = "OAUTH_KV";

/// How long KV may take. A first read that has to cross an ocean takes half a second.
const TIME_LIMIT: Duration = Duration::from_secs(3);

/// The mark under `key`, if there is one.
pub(crate) async fn read(env: &Env, key: &str) -> Result<Option<String>, Unavailable> {
    let read = async { js::call_async(&js::get(env, BINDING)?, "get", &[&key.into()]).await };
    Ok(within_limit(read).await?.as_string())
}

/// Leaves a mark for `seconds`.
pub(crate) async fn write(env: &Env, key: &str, mark: &str, seconds: u32) -> Result<(), Unavailable> {
    let write = async {
        let options = js::object(&[("expirationTtl", &seconds.into())])?;
        js::call_async(&js::get(env, BINDING)?, "put", &[&key.into(), &mark.into(), &options]).await
    };
    within_limit(write).await.map(|_| ())
}

async fn within_limit(work: impl Future<Output = Result<JsValue, JsValue>>) -> Result<JsValue, Unavailable> {
    match select(pin!(work), pin!(Timer::new(TIME_LIMIT))).await {
        Either::Left((result, _)) => result.map_err(|_| Unavailable),
        Either::Right(((), _)) => Err(Unavailable),
    }
}
