//! One open stream, seen from who writes to it. A write waits until the runtime has taken the one before, so what a slow
//! client does not read waits here, up to a limit. That a client is gone shows at a write.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use worker::js_sys::{self, Array, Function, Reflect, Uint8Array};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::spawn_local;
use worker::web_sys::ReadableStream;

use crate::platform::{instance, js};

/// Most bytes that wait for a client. One that is so far behind reads no more, or is gone.
const MOST_WAITING: u32 = 32 * 1024;

/// A client that has taken nothing for so many turns of the timer is given up.
const MOST_STALLS: u32 = 8;

/// The writing end of a stream.
pub(crate) struct StreamWriter(Rc<Inner>);

struct Inner {
    writer: JsValue,
    waiting: RefCell<VecDeque<Uint8Array>>,
    /// Of what waits behind what is on its way.
    waiting_bytes: Cell<u32>,
    on_its_way: Cell<u32>,
    is_writing: Cell<bool>,
    ends: Cell<bool>,
    /// How often in a row the client had not yet taken what was written.
    stalls: Cell<u32>,
}

impl StreamWriter {
    /// Both ends. The runtime moves the bytes from one to the other without calling us.
    pub(crate) fn new() -> Result<(Self, ReadableStream), JsValue> {
        let class: Function = js::get(&js_sys::global(), "IdentityTransformStream")?.dyn_into()?;
        let stream = Reflect::construct(&class, &Array::new())?;
        let readable: ReadableStream = js::get(&stream, "readable")?.dyn_into()?;
        let writer = js::call(&js::get(&stream, "writable")?, "getWriter", &[])?;
        instance::closes_with_instance(&writer);
        let inner = Inner {
            writer,
            waiting: RefCell::default(),
            waiting_bytes: Cell::new(0),
            on_its_way: Cell::new(0),
            is_writing: Cell::new(false),
            ends: Cell::new(false),
            stalls: Cell::new(0),
        };
        Ok((Self(Rc::new(inner)), readable))
    }

    /// Whether nothing is on its way.
    pub(crate) fn is_idle(&self) -> bool {
        !self.0.is_writing.get()
    }

    /// Whether `more` bytes may be written: any number where nothing is on its way, and few behind what is.
    pub(crate) fn has_room(&self, more: u32) -> bool {
        self.is_idle() || self.0.waiting_bytes.get().saturating_add(more) <= MOST_WAITING
    }

    /// Bytes that the client has not taken yet.
    pub(crate) fn waiting_bytes(&self) -> u32 {
        self.0.waiting_bytes.get() + self.0.on_its_way.get()
    }

    /// Writes as soon as the client takes it. False where there is no room: it has taken nothing for too long. `gone` is
    /// called once it turns out that there is no client any more.
    #[must_use]
    pub(crate) fn write(&self, chunk: Uint8Array, gone: Box<dyn FnOnce()>) -> bool {
        if !self.has_room(chunk.length()) {
            return false;
        }
        if self.is_idle() {
            self.0.on_its_way.set(chunk.length());
        } else {
            self.0.waiting_bytes.set(self.0.waiting_bytes.get().saturating_add(chunk.length()));
        }
        self.0.waiting.borrow_mut().push_back(chunk);
        self.flush(gone);
        true
    }

    /// Writes `comment` to see whether somebody is there. While a write is still on its way, that one will tell.
    #[must_use]
    pub(crate) fn probe(&self, comment: &Uint8Array, gone: Box<dyn FnOnce()>) -> bool {
        if self.is_idle() {
            self.0.stalls.set(0);
            return self.write(comment.clone(), gone);
        }
        self.0.stalls.set(self.0.stalls.get().saturating_add(1));
        self.0.stalls.get() < MOST_STALLS
    }

    /// Writes a goodbye and ends the stream. Nobody waits for a client that is behind.
    pub(crate) fn end(self, goodbye: &[u8]) {
        if !self.0.waiting.borrow().is_empty() {
            return self.abort();
        }
        self.0.ends.set(true);
        if !goodbye.is_empty() {
            self.0.waiting.borrow_mut().push_back(Uint8Array::from(goodbye));
        }
        self.flush(Box::new(|| {}));
    }

    /// Breaks the stream off.
    pub(crate) fn abort(self) {
        self.0.forget_waiting();
        drop(js::call(&self.0.writer, "abort", &[]).map(quiet));
    }

    fn flush(&self, gone: Box<dyn FnOnce()>) {
        if self.0.is_writing.replace(true) {
            return;
        }
        let inner = Rc::clone(&self.0);
        spawn_local(async move {
            let written = inner.write_all().await;
            inner.is_writing.set(false);
            if written.is_err() {
                inner.forget_waiting();
                gone();
            }
        });
    }
}

impl Inner {
    fn forget_waiting(&self) {
        self.waiting.borrow_mut().clear();
        self.waiting_bytes.set(0);
        self.on_its_way.set(0);
    }

    /// What begins it is on its way already.
    async fn write_all(&self) -> Result<(), JsValue> {
        let mut next = self.waiting.borrow_mut().pop_front();
        while let Some(chunk) = next {
            js::call_async(&self.writer, "write", &[&chunk]).await?;
            next = self.waiting.borrow_mut().pop_front();
            let bytes = next.as_ref().map_or(0, Uint8Array::length);
            self.on_its_way.set(bytes);
            self.waiting_bytes.set(self.waiting_bytes.get().saturating_sub(bytes));
        }
        if self.ends.get() { js::call_async(&self.writer, "close", &[]).await.map(drop) } else { Ok(()) }
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
