//! Calls to Durable Objects, in the compact form of the program and with a time limit: an object that hangs must not hang its
//! caller.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures::future::{Either, select};
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::js_sys::Uint8Array;
use worker::wasm_bindgen::JsValue;
use worker::wasm_bindgen::closure::Closure;
use worker::{Request, Response, Storage, Stub, web_sys};

use mcp_connector_base::codec::{decode, encode};
use mcp_connector_protocol::Unavailable;

use crate::platform::instance;
use crate::platform::js;
use crate::platform::timer::Timer;

/// How long an answer may take. A cold object on another continent needs about one second. Who asks a second time, because the
/// first answer may have been lost, gives up after twice as long. What an object itself waits for before it answers has to
/// take less.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(4);

/// The object called `name` behind the binding `binding`.
pub(crate) fn object(env: &worker::Env, binding: &str, name: &str) -> Result<Stub, Unavailable> {
    env.durable_object(binding).and_then(|namespace| namespace.get_by_name(name)).map_err(|_| Unavailable)
}

/// Sends a command to the object called `name`, and once more where no answer came: the object had just moved or been
/// replaced, or had done its work when its answer was lost. So the second time has to give what the first gave.
pub(crate) async fn ask_again<C: Serialize, A: DeserializeOwned>(
    env: &worker::Env,
    binding: &str,
    name: &str,
    command: &C,
) -> Result<A, Unavailable> {
    match ask(&object(env, binding, name)?, command).await {
        // A stub whose object has failed may fail for good.
        Err(Unavailable) => ask(&object(env, binding, name)?, command).await,
        answer => answer,
    }
}

/// Sends a command to an object and reads its answer.
pub(crate) async fn ask<C: Serialize, A: DeserializeOwned>(stub: &Stub, command: &C) -> Result<A, Unavailable> {
    ask_patiently(stub, command, Duration::ZERO).await
}

/// The same where the object may wait for something before it answers, for `patience` at most.
pub(crate) async fn ask_patiently<C: Serialize, A: DeserializeOwned>(
    stub: &Stub,
    command: &C,
    patience: Duration,
) -> Result<A, Unavailable> {
    let command = encode(command).map_err(|_| Unavailable)?;
    let answer = send(stub, &command, TIME_LIMIT.saturating_add(patience)).await?;
    decode(&answer).map_err(|_| Unavailable)
}

/// Sends a command and gives the answer, whose body may be a stream without end. Only its beginning has
/// a time limit.
pub(crate) async fn open<C: Serialize>(stub: &Stub, command: &C) -> Result<Response, Unavailable> {
    let command = encode(command).map_err(|_| Unavailable)?;
    within(TIME_LIMIT, fetch(stub, &command)).await
}

/// Sends a body to an object and reads the body of its answer.
async fn send(stub: &Stub, body: &[u8], limit: Duration) -> Result<Vec<u8>, Unavailable> {
    let call = async {
        let mut response = fetch(stub, body).await?;
        if response.status_code() != 200 {
            return Err(Unavailable);
        }
        response.bytes().await.map_err(|_| Unavailable)
    };
    within(limit, call).await
}

async fn fetch(stub: &Stub, body: &[u8]) -> Result<Response, Unavailable> {
    let init = web_sys::RequestInit::new();
    init.set_method("POST");
    init.set_body(&Uint8Array::from(body));
    let request = web_sys::Request::new_with_str_and_init("https://object/", &init).map_err(|_| Unavailable)?;
    stub.fetch_with_request(request.into()).await.map_err(|_| Unavailable)
}

/// The outcome of `work`, if it is there in time.
pub(crate) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, Unavailable>>,
) -> Result<T, Unavailable> {
    match select(pin!(work), pin!(Timer::new(limit))).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right(((), _)) => Err(Unavailable),
    }
}

/// Runs `work` as one transaction of an object's own database: it happens whole or not at all. It waits for nothing, so no
/// other request of the object comes in between.
pub(crate) fn transaction<T: 'static>(
    storage: &Storage,
    work: impl FnOnce() -> worker::Result<T> + 'static,
) -> worker::Result<T> {
    let done = Rc::new(Cell::new(None));
    let result = Rc::clone(&done);
    // What is thrown out of it rolls everything back.
    let work = Closure::once_assert_unwind_safe(move || -> Result<(), JsValue> {
        result.set(Some(work()?));
        Ok(())
    });
    js::call(storage.as_raw(), "transactionSync", &[work.as_ref()])?;
    done.take().ok_or_else(|| "a transaction did not run".into())
}

/// The other side: reads a command, carries it out and answers. A failure is a 500 without words, which [`ask`] reports
/// as unavailable.
pub(crate) async fn answer<C: DeserializeOwned, A: Serialize>(
    mut request: Request,
    carry_out: impl AsyncFnOnce(C) -> worker::Result<A>,
) -> worker::Result<Response> {
    instance::ready();
    let bytes = request.bytes().await?;
    let Ok(command) = decode(&bytes) else { return Response::error("", 400) };
    match carry_out(command).await.map(|answer| encode(&answer)) {
        Ok(Ok(answer)) => Response::from_bytes(answer),
        Ok(Err(_)) | Err(_) => Response::error("", 500),
    }
}
