//! The instance of the WebAssembly module, and the answers for it when it has died.
//!
//! All requests of an isolate and all its Durable Objects share one instance. A panic ends it (on stable Rust it cannot be
//! caught), and so does running out of memory or stack. `guard.js`, which the build puts around the Worker, then settles
//! every promise that the instance owes and asks the next instance what to answer. So the guard has to know which requests
//! there are, what the next instance needs to know of them ([`RequestNumber::note`]), and which of them was being carried out
//! ([`RequestNumber::run`]).

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;

use worker::js_sys::Array;
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::web_sys::{ReadableStream, Request};

#[wasm_bindgen(inline_js = "
const guard = () => globalThis.instanceGuard;
export const instance = {
  started: (memory, address) => guard()?.started(memory, address),
  opened: (request) => guard()?.opened(request) ?? 0,
  before: (number) => guard()?.before(number),
  note: (number, text) => guard()?.note(number, text),
  stream: (number, source) => guard()?.stream(number, source) ?? source,
  works: (key, text) => guard()?.works(key, text) ?? 0,
  ended: (number) => guard()?.ended(number),
  takeLost: (key) => guard()?.takeLost(key) ?? [],
  holds: (writer) => guard()?.holds(writer),
  died: () => { globalThis.__worker_init_state.criticalError = true; },
};
")]
extern "C" {
    #[wasm_bindgen(js_namespace = instance)]
    fn started(memory: &JsValue, address: u32);
    #[wasm_bindgen(js_namespace = instance)]
    fn opened(request: &Request) -> u32;
    #[wasm_bindgen(js_namespace = instance)]
    fn before(number: u32) -> JsValue;
    #[wasm_bindgen(js_namespace = instance)]
    fn note(number: u32, text: &str);
    #[wasm_bindgen(js_namespace = instance)]
    fn stream(number: u32, source: &ReadableStream) -> ReadableStream;
    #[wasm_bindgen(js_namespace = instance)]
    fn works(key: &str, text: &str) -> u32;
    #[wasm_bindgen(js_namespace = instance)]
    fn ended(number: u32);
    #[wasm_bindgen(js_namespace = instance, js_name = takeLost)]
    fn take_lost(key: &str) -> Array;
    #[wasm_bindgen(js_namespace = instance)]
    fn holds(writer: &JsValue);
    #[wasm_bindgen(js_namespace = instance)]
    fn died();
}

#[wasm_bindgen]
extern "C" {
    type LostObject;

    #[wasm_bindgen(method, getter)]
    fn note(this: &LostObject) -> Option<String>;

    #[wasm_bindgen(method, getter, js_name = wasRunning)]
    fn was_running(this: &LostObject) -> bool;

    #[wasm_bindgen(method, getter, js_name = isStream)]
    fn is_stream(this: &LostObject) -> bool;
}

thread_local! {
    /// The number of what is being carried out right now. The guard reads it in the memory of a dead instance, which is why
    /// it stays where it is.
    static RUNNING: &'static Cell<u32> = begin();
}

/// Tells the guard of this instance, once. It sets the panic hook and the abort handler last, because those of the crate
/// `worker` would print a panic a second time and start the next instance while callbacks into this one are still pending.
fn begin() -> &'static Cell<u32> {
    let running: &'static Cell<u32> = Box::leak(Box::new(Cell::new(0)));
    if cfg!(target_arch = "wasm32") {
        std::panic::set_hook(Box::new(|panic| {
            console_error_panic_hook::hook(panic);
            died();
        }));
        worker::wasm_bindgen::handler::set_on_abort(died_quietly);
        let address = u32::try_from(std::ptr::from_ref(running).expose_provenance()).unwrap_or_default();
        started(&worker::wasm_bindgen::memory(), address);
    }
    running
}

fn died_quietly() {
    died();
}

/// Registers this instance with the guard. Every entry point calls this.
pub(crate) fn ready() {
    RUNNING.with(|_| ());
}

/// A request, or work of an object, as the guard knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RequestNumber(u32);

impl RequestNumber {
    /// The number of a request as the runtime handed it over.
    pub(crate) fn opened(request: &Request) -> Self {
        ready();
        Self(opened(request))
    }

    /// Returns what an earlier instance left of the request, if that is why it comes here.
    pub(crate) fn lost(self) -> Option<Lost> {
        lost(before(self.0))
    }

    /// Says what the next instance needs to know of the request if this one dies: the name by which the log knows it, and more.
    pub(crate) fn note(self, reference: &str, text: &str) {
        note(self.0, &[reference, "\n", text].concat());
    }

    /// The same stream, which ends if this instance dies.
    pub(crate) fn stream(self, source: &ReadableStream) -> ReadableStream {
        stream(self.0, source)
    }

    /// The stream of the request is not read any more.
    pub(crate) fn stream_ended(self) {
        ended(self.0);
    }

    /// Carries out `work` as a part of the request.
    pub(crate) async fn run<T>(self, mut work: Pin<&mut impl Future<Output = T>>) -> T {
        poll_fn(|task| self.step(|| work.as_mut().poll(task))).await
    }

    /// The same for a step that does not wait.
    pub(crate) fn step<T>(self, step: impl FnOnce() -> T) -> T {
        RUNNING.with(|running| {
            let outer = running.replace(self.0);
            let done = step();
            running.set(outer);
            done
        })
    }
}

/// What an earlier instance was at when it died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    /// What it said of it.
    note: Option<String>,
    /// Whether it was this that it was carrying out when it died.
    pub(crate) was_running: bool,
    /// Whether the answer had begun, as a stream.
    pub(crate) is_stream: bool,
}

fn lost(value: JsValue) -> Option<Lost> {
    if value.is_undefined() {
        return None;
    }
    let lost: LostObject = value.unchecked_into();
    Some(Lost { note: lost.note(), was_running: lost.was_running(), is_stream: lost.is_stream() })
}

/// Work of an object that goes on behind its answers. Dropped when it has ended.
pub(crate) struct Work(RequestNumber);

impl Lost {
    /// Returns the name by which the log knew it.
    pub(crate) fn reference(&self) -> Option<&str> {
        Some(self.note.as_deref()?.split_once('\n')?.0)
    }

    /// Returns what was said of it besides.
    pub(crate) fn details(&self) -> Option<&str> {
        Some(self.note.as_deref()?.split_once('\n')?.1)
    }
}

impl Work {
    /// Begins it. `key` names the object; the others are what that is told of it if the instance dies.
    pub(crate) fn begin(key: &str, reference: &str, text: &str) -> Self {
        ready();
        Self(RequestNumber(works(key, &[reference, "\n", text].concat())))
    }

    /// The number under which it runs.
    pub(crate) const fn number(&self) -> RequestNumber {
        self.0
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        ended(self.0.0);
    }
}

/// Returns what the object of this `key` was at when an earlier instance died. Each is told once.
pub(crate) fn lost_work(key: &str) -> Vec<Lost> {
    take_lost(key).iter().filter_map(lost).collect()
}

/// Closes `writer`, the end of a stream at which an object writes, if this instance dies.
pub(crate) fn closes_with_instance(writer: &JsValue) {
    holds(writer);
}
