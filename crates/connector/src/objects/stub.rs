//! The callers' side of Durable Objects: sends commands, with a time limit for each answer, so that an object that hangs does not
//! hang its caller.

use std::borrow::Cow;
use std::time::Duration;

use serde::de::DeserializeOwned;
use worker::js_sys::{Promise, Uint8Array};
use worker::wasm_bindgen::JsCast as _;
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::ReadableStream;
use worker::{Env, Response, web_sys};

use mcp_connector_base::codec::decode;
use mcp_connector_base::command::{Command, encode_command};
use mcp_connector_protocol::Unavailable;

use crate::config::bindings::Binding;
use crate::platform::timer::within;

/// The longest time that an answer may take. A cold object on another continent needs about one second. What an object itself
/// waits for before it answers has to take less. [`ObjectStub::ask_again`] may take twice as long.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(4);

/// The status of an answer that refuses a stream.
pub(crate) const STREAM_REFUSED: u16 = 409;

// One function, because each step that the Worker takes by itself is a crossing, and each promise that it awaits another task: they
// were most of what an object costs its caller. The message is copied, since the memory of the instance may change or end meanwhile.
#[wasm_bindgen(inline_js = "
export async function askObject(env, binding, name, message, limit) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('late')), limit); });
  const ask = async (body) => {
    const answer = await env[binding].getByName(name).fetch('https://object/', { method: 'POST', body });
    const bytes = await answer.arrayBuffer();
    return answer.status === 200 ? new Uint8Array(bytes) : undefined;
  };
  try {
    return await Promise.race([ask(message.slice()), late]);
  } finally {
    clearTimeout(timer);
  }
}
export async function askObjectById(env, binding, id, message, limit) {
  const objects = env[binding];
  const byId = { getByName: (id) => objects.get(objects.idFromString(id)) };
  return askObject({ byId }, 'byId', id, message, limit);
}
")]
extern "C" {
    /// Sends a message to an object. Resolves to its answer, to `undefined` if that is a refusal, and rejects if it is late.
    #[wasm_bindgen(js_name = askObject)]
    fn ask_object(env: &Env, binding: &str, name: &str, message: &[u8], limit: u32) -> Promise;

    /// Sends a message to the object with this id, as [`ask_object`] does.
    #[wasm_bindgen(js_name = askObjectById)]
    fn ask_object_by_id(env: &Env, binding: &str, id: &str, message: &[u8], limit: u32) -> Promise;
}

/// Sends a command to the object with this id, as it knows itself, and returns its answer.
pub(crate) async fn ask_by_id<C: Command>(
    env: &Env,
    binding: Binding,
    id: &str,
    command: &C,
) -> Result<C::Answer, Unavailable> {
    let message = encode_command(command).map_err(|_| Unavailable)?;
    let limit = u32::try_from(TIME_LIMIT.as_millis()).unwrap_or(u32::MAX);
    read(ask_object_by_id(env, binding.name(), id, &message, limit)).await
}

async fn read<T: DeserializeOwned>(answer: Promise) -> Result<T, Unavailable> {
    let answer: Uint8Array =
        JsFuture::from(answer).await.map_err(|_| Unavailable)?.dyn_into().map_err(|_| Unavailable)?;
    decode(&answer.to_vec()).map_err(|_| Unavailable)
}

/// A Durable Object, as its callers reach it.
#[derive(Clone)]
pub(crate) struct ObjectStub<'a> {
    env: &'a Env,
    binding: Binding,
    name: Cow<'a, str>,
}

impl<'a> ObjectStub<'a> {
    /// The object called `name` behind the binding `binding`.
    pub(crate) fn new(env: &'a Env, binding: Binding, name: impl Into<Cow<'a, str>>) -> Self {
        Self { env, binding, name: name.into() }
    }

    /// Sends a command and returns its answer.
    ///
    /// # Errors
    ///
    /// Fails if no answer comes within [`TIME_LIMIT`].
    pub(crate) async fn ask<C: Command>(&self, command: &C) -> Result<C::Answer, Unavailable> {
        self.ask_patiently(command, Duration::ZERO).await
    }

    /// Sends a command to which the object may wait for something before it answers, for `patience` at most.
    pub(crate) async fn ask_patiently<C: Command>(
        &self,
        command: &C,
        patience: Duration,
    ) -> Result<C::Answer, Unavailable> {
        let message = encode_command(command).map_err(|_| Unavailable)?;
        let limit = u32::try_from((TIME_LIMIT + patience).as_millis()).unwrap_or(u32::MAX);
        read(ask_object(self.env, self.binding.name(), &self.name, &message, limit)).await
    }

    /// Sends a command, and sends it again if no answer came: the object may have just moved or been replaced, or may have done
    /// its work when its answer was lost. So the second time must give what the first gave.
    pub(crate) async fn ask_again<C: Command>(&self, command: &C) -> Result<C::Answer, Unavailable> {
        match self.ask(command).await {
            Err(Unavailable) => self.ask(command).await,
            answer => answer,
        }
    }

    /// Sends a command that is answered with a stream, or with a refusal. Only the beginning of the answer has a time limit.
    pub(crate) async fn open_stream<C: Command>(
        &self,
        command: &C,
    ) -> Result<Result<ReadableStream, C::Answer>, Unavailable> {
        let message = encode_command(command).map_err(|_| Unavailable)?;
        let mut response = within(TIME_LIMIT, self.fetch(&message)).await?;
        match response.status_code() {
            200 => web_sys::Response::from(response).body().map(Ok).ok_or(Unavailable),
            STREAM_REFUSED => {
                let refusal = response.bytes().await.map_err(|_| Unavailable)?;
                decode(&refusal).map(Err).map_err(|_| Unavailable)
            }
            _ => Err(Unavailable),
        }
    }

    /// A stub whose object has failed may fail for good, so each message has its own.
    fn stub(&self) -> Result<worker::Stub, Unavailable> {
        let namespace = self.env.durable_object(self.binding.name());
        namespace.and_then(|namespace| namespace.get_by_name(&self.name)).map_err(|_| Unavailable)
    }

    async fn fetch(&self, body: &[u8]) -> Result<Response, Unavailable> {
        let stub = self.stub()?;
        let init = web_sys::RequestInit::new();
        init.set_method("POST");
        init.set_body(&Uint8Array::from(body));
        let request = web_sys::Request::new_with_str_and_init("https://object/", &init).map_err(|_| Unavailable)?;
        stub.fetch_with_request(request.into()).await.map_err(|_| Unavailable)
    }
}
