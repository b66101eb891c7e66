//! One open stream, seen from who writes to it. A write waits until the runtime has taken the one before, so what a slow
//! client does not read waits here, up to a limit. That a client is gone shows at a write.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use worker::js_sys::{self, Array, Function, Reflect, Uint8Array};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::spawn_local;
use worker::web_sys::ReadableStream;

use super::js;

/// Most chunks that wait for a client. One that is so far behind reads no more, or is gone.
const MOST_WAITING: usize = 64;

/// The writing end of a stream.
pub(crate) struct Outlet(Rc<Inner>);

struct Inner {
    writer: JsValue,
    waiting: RefCell<VecDeque<Uint8Array>>,
    is_writing: Cell<bool>,
    ends: Cell<bool>,
}

impl Outlet {
    /// Both ends. The runtime moves the bytes from one to the other without calling us.
    pub(crate) fn new() -> Result<(Self, ReadableStream), JsValue> {
        let class: Function = js::get(&js_sys::global(), "IdentityTransformStream")?.dyn_into()?;
        let stream = Reflect::construct(&class, &Array::new())?;
        let readable: ReadableStream = js::get(&stream, "readable")?.dyn_into()?;
        let writer = js::call(&js::get(&stream, "writable")?, "getWriter", &[])?;
        let inner = Inner { writer, waiting: RefCell::default(), is_writing: Cell::new(false), ends: Cell::new(false) };
        Ok((Self(Rc::new(inner)), readable))
    }

    /// Writes as soon as the client takes it. False where it has taken nothing for too long. `gone` is called once it turns
    /// out that there is no client any more.
    #[must_use]
    pub(crate) fn write(&self, chunk: Uint8Array, gone: impl FnOnce() + 'static) -> bool {
        {
            let mut waiting = self.0.waiting.borrow_mut();
            if waiting.len() >= MOST_WAITING {
                return false;
            }
            waiting.push_back(chunk);
        }
        self.flush(gone);
        true
    }

    /// Ends the stream when all is written.
    pub(crate) fn end(self) {
        self.0.ends.set(true);
        self.flush(|| {});
    }

    /// Breaks the stream off.
    pub(crate) fn abort(self) {
        self.0.waiting.borrow_mut().clear();
        drop(js::call(&self.0.writer, "abort", &[]).map(quiet));
    }

    fn flush(&self, gone: impl FnOnce() + 'static) {
        if self.0.is_writing.replace(true) {
            return;
        }
        let inner = Rc::clone(&self.0);
        spawn_local(async move {
            let written = inner.write_all().await;
            inner.is_writing.set(false);
            if written.is_err() {
                inner.waiting.borrow_mut().clear();
                gone();
            }
        });
    }
}

impl Inner {
    async fn write_all(&self) -> Result<(), JsValue> {
        loop {
            let next = self.waiting.borrow_mut().pop_front();
            match next {
                Some(chunk) => js::call_async(&self.writer, "write", &[&chunk]).await?,
                None if self.ends.get() => return js::call_async(&self.writer, "close", &[]).await.map(drop),
                None => return Ok(()),
            };
        }
    }
}

/// Nobody waits for this promise, and nobody needs to hear how it failed.
fn quiet(promise: JsValue) {
    spawn_local(async move {
        if let Ok(promise) = promise.dyn_into::<js_sys::Promise>() {
            drop(worker::wasm_bindgen_futures::JsFuture::from(promise).await);
        }
    });
}
