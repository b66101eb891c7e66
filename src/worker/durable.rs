//! Calls to Durable Objects: JSON there and back, with a time limit. An object that hangs must not hang its caller.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::wasm_bindgen::JsValue;
use worker::{Request, Response, Stub, web_sys};

use crate::mcp::Unavailable;

use super::timer::Timer;

/// How long an answer may take. A cold object on another continent needs about one second.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// The object called `name` behind the binding `binding`.
pub(crate) fn object(env: &worker::Env, binding: &str, name: &str) -> Result<Stub, Unavailable> {
    env.durable_object(binding).and_then(|namespace| namespace.get_by_name(name)).map_err(|_| Unavailable)
}

/// Sends a command to an object and reads its answer.
pub(crate) async fn ask<C: Serialize, A: DeserializeOwned>(stub: &Stub, command: &C) -> Result<A, Unavailable> {
    let call = async {
        let body = serde_json::to_string(command).map_err(|_| Unavailable)?;
        let init = web_sys::RequestInit::new();
        init.set_method("POST");
        init.set_body(&JsValue::from_str(&body));
        let request = web_sys::Request::new_with_str_and_init("https://object/", &init).map_err(|_| Unavailable)?;
        let mut response = stub.fetch_with_request(request.into()).await.map_err(|_| Unavailable)?;
        if response.status_code() != 200 {
            return Err(Unavailable);
        }
        let bytes = response.bytes().await.map_err(|_| Unavailable)?;
        serde_json::from_slice(&bytes).map_err(|_| Unavailable)
    };
    match select(pin!(call), pin!(Timer::new(TIME_LIMIT))).await {
        Either::Left((answer, _)) => answer,
        Either::Right(((), _)) => Err(Unavailable),
    }
}

/// The other side: reads a command, carries it out and answers. A failure is a 500 without words, which [`ask`] reports as
/// unavailable.
pub(crate) async fn answer<C: DeserializeOwned, A: Serialize>(
    mut request: Request,
    carry_out: impl AsyncFnOnce(C) -> worker::Result<A>,
) -> worker::Result<Response> {
    let bytes = request.bytes().await?;
    let Ok(command) = serde_json::from_slice(&bytes) else { return Response::error("", 400) };
    match carry_out(command).await {
        Ok(answer) => Response::from_bytes(serde_json::to_vec(&answer)?),
        Err(_) => Response::error("", 500),
    }
}
