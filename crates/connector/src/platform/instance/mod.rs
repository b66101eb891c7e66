//! The instance of the WebAssembly module, and what happens to its requests when it dies.
//!
//! All requests of an isolate and all its Durable Objects share one instance. A panic ends it (on stable Rust it cannot
//! be caught), and so does running out of memory or stack. `guard.js`, which the build puts around the Worker, then
//! settles every promise that the instance owes, and asks the next instance for the answers. So the guard has to know
//! which requests there are, what the next instance needs to know of them ([`RequestNumber::note`]), and which of them
//! was running ([`RequestNumber::run`]).

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;

use worker::js_sys::Array;
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::web_sys::ReadableStream;

#[wasm_bindgen(inline_js = "
const guard = () => globalThis.instanceGuard;
export const instance = {
  started: (memory, address) => guard()?.started(memory, address),
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
    /// The number of the request that is running. The guard reads it in the memory of a dead instance, so it has a
    /// fixed address.
    static RUNNING: &'static Cell<u32> = begin();
}

/// Registers the instance with the guard, once. It replaces the panic hook and the abort handler of the crate `worker`,
/// which would print a panic a second time and start the next instance while callbacks into this one are still pending.
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

/// The number of a request, or of an object's work, in the guard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RequestNumber(u32);

impl RequestNumber {
    /// Reads the number that the guard has given a request.
    pub(crate) fn parse(digits: &str) -> Self {
        Self(digits.parse().unwrap_or_default())
    }

    /// Returns whether the guard knows the request.
    pub(crate) const fn is_guarded(self) -> bool {
        self.0 != 0
    }

    /// Returns what an earlier instance has left of the request, if the guard sends it again.
    pub(crate) fn lost(self) -> Option<LostRequest> {
        lost(before(self.0))
    }

    /// Notes what the next instance needs to know of the request if this one dies: its id in the log, and a text.
    pub(crate) fn note(self, reference: &str, text: &str) {
        note(self.0, &[reference, "\n", text].concat());
    }

    /// Returns a copy of a stream that ends if this instance dies.
    pub(crate) fn stream(self, source: &ReadableStream) -> ReadableStream {
        stream(self.0, source)
    }

    /// Tells the guard that the stream of the request is no longer read.
    pub(crate) fn stream_ended(self) {
        ended(self.0);
    }

    /// Runs `work` as a part of the request.
    pub(crate) async fn run<T>(self, mut work: Pin<&mut impl Future<Output = T>>) -> T {
        poll_fn(|task| self.step(|| work.as_mut().poll(task))).await
    }

    /// Runs a step that does not wait as a part of the request.
    pub(crate) fn step<T>(self, step: impl FnOnce() -> T) -> T {
        RUNNING.with(|running| {
            let outer = running.replace(self.0);
            let done = step();
            running.set(outer);
            done
        })
    }
}

/// A request, or an object's work, whose instance has died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LostRequest {
    /// What the instance has noted about it.
    note: Option<String>,
    /// Whether it was running when the instance died.
    pub(crate) was_running: bool,
    /// Whether its answer had begun, as a stream.
    pub(crate) is_stream: bool,
}

fn lost(value: JsValue) -> Option<LostRequest> {
    if value.is_undefined() {
        return None;
    }
    let lost: LostObject = value.unchecked_into();
    Some(LostRequest { note: lost.note(), was_running: lost.was_running(), is_stream: lost.is_stream() })
}

/// Work of an object that goes on after its answers. It is dropped when it has ended.
pub(crate) struct Work(RequestNumber);

impl LostRequest {
    /// Returns its id in the log.
    pub(crate) fn reference(&self) -> Option<&str> {
        Some(self.note.as_deref()?.split_once('\n')?.0)
    }

    /// Returns the text that was noted about it.
    pub(crate) fn details(&self) -> Option<&str> {
        Some(self.note.as_deref()?.split_once('\n')?.1)
    }
}

impl Work {
    /// Begins the work of the object named `key`. The object is told the other two if the instance dies.
    pub(crate) fn begin(key: &str, reference: &str, text: &str) -> Self {
        ready();
        Self(RequestNumber(works(key, &[reference, "\n", text].concat())))
    }

    /// Returns the number under which it runs.
    pub(crate) const fn number(&self) -> RequestNumber {
        self.0
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        ended(self.0.0);
    }
}

/// Returns the work of the object named `key` whose instance has died. Each is returned once.
pub(crate) fn lost_work(key: &str) -> Vec<LostRequest> {
    take_lost(key).iter().filter_map(lost).collect()
}

/// Has the guard close `writer`, the writing end of a stream, if this instance dies.
pub(crate) fn closes_with_instance(writer: &JsValue) {
    holds(writer);
}
