//! The writing end of an open stream. A write waits until the runtime has taken the one before, so what a slow client does not
//! read waits here, up to a limit. A write is what shows that a client is gone.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use worker::js_sys::{Array, Function, Promise, Reflect, Uint8Array, global};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::{JsFuture, spawn_local};
use worker::web_sys::{ReadableStream, WritableStream, WritableStreamDefaultWriter};

use crate::platform::{instance, js};

/// Maximum number of bytes that wait for a client. A client that is further behind reads no more, or is gone.
const MOST_WAITING: u32 = 32 * 1024;

/// A client that has taken nothing for so many turns of the timer is given up.
const MOST_STALLS: u32 = 8;

/// The writing end of a stream.
pub(crate) struct StreamWriter(Rc<Inner>);

struct Inner {
    writer: WritableStreamDefaultWriter,
    waiting: RefCell<VecDeque<Uint8Array>>,
    /// The bytes that wait behind the chunk that is being written.
    waiting_bytes: Cell<u32>,
    /// The bytes of the chunk that is being written.
    writing_bytes: Cell<u32>,
    is_writing: Cell<bool>,
    ends: Cell<bool>,
    /// How often in a row the client had not yet taken what was written.
    stalls: Cell<u32>,
}

impl StreamWriter {
    /// Makes a stream and returns both ends. The runtime moves the bytes from one to the other without calling us.
    pub(crate) fn new() -> Result<(Self, ReadableStream), JsValue> {
        let class: Function = js::get(&global(), "IdentityTransformStream")?.dyn_into()?;
        let stream = Reflect::construct(&class, &Array::new())?;
        let readable: ReadableStream = js::get(&stream, "readable")?.dyn_into()?;
        let writable: WritableStream = js::get(&stream, "writable")?.dyn_into()?;
        let writer = writable.get_writer()?;
        instance::closes_with_instance(&writer);
        let inner = Inner {
            writer,
            waiting: RefCell::default(),
            waiting_bytes: Cell::new(0),
            writing_bytes: Cell::new(0),
            is_writing: Cell::new(false),
            ends: Cell::new(false),
            stalls: Cell::new(0),
        };
        Ok((Self(Rc::new(inner)), readable))
    }

    /// Returns whether nothing is being written.
    pub(crate) fn is_idle(&self) -> bool {
        !self.0.is_writing.get()
    }

    /// Returns whether `more` bytes may be written: any number if nothing is being written, and few behind what is.
    pub(crate) fn has_room(&self, more: u32) -> bool {
        self.is_idle() || self.0.waiting_bytes.get() + more <= MOST_WAITING
    }

    /// Returns the bytes that the client has not taken yet.
    pub(crate) fn waiting_bytes(&self) -> u32 {
        self.0.waiting_bytes.get() + self.0.writing_bytes.get()
    }

    /// Writes as soon as the client takes it. Returns false if there is no room, because the client has taken nothing for too long.
    /// `gone` is called when it turns out that there is no client any more.
    #[must_use]
    pub(crate) fn write(&self, chunk: Uint8Array, gone: Box<dyn FnOnce()>) -> bool {
        if !self.has_room(chunk.length()) {
            return false;
        }
        if self.is_idle() {
            self.0.writing_bytes.set(chunk.length());
        } else {
            self.0.waiting_bytes.set(self.0.waiting_bytes.get() + chunk.length());
        }
        self.0.waiting.borrow_mut().push_back(chunk);
        self.flush(gone);
        true
    }

    /// Writes `comment` to find out whether the client is there, unless a write is under way that will show it.
    #[must_use]
    pub(crate) fn probe(&self, comment: &Uint8Array, gone: Box<dyn FnOnce()>) -> bool {
        if self.is_idle() {
            self.0.stalls.set(0);
            return self.write(comment.clone(), gone);
        }
        self.0.stalls.set(self.0.stalls.get() + 1);
        self.0.stalls.get() < MOST_STALLS
    }

    /// Writes the last bytes and ends the stream. A client that is behind does not get them.
    pub(crate) fn end(self, last: &[u8]) {
        if !self.0.waiting.borrow().is_empty() {
            return self.abort();
        }
        self.0.ends.set(true);
        if !last.is_empty() {
            self.0.waiting.borrow_mut().push_back(Uint8Array::from(last));
        }
        self.flush(Box::new(|| {}));
    }

    /// Breaks the stream off.
    pub(crate) fn abort(self) {
        self.0.forget_waiting();
        quiet(self.0.writer.abort());
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
        self.writing_bytes.set(0);
    }

    /// Writes what waits. The bytes of the first chunk are counted already.
    async fn write_all(&self) -> Result<(), JsValue> {
        let mut next = self.waiting.borrow_mut().pop_front();
        while let Some(chunk) = next {
            JsFuture::from(self.writer.write_with_chunk(&chunk)).await?;
            next = self.waiting.borrow_mut().pop_front();
            let bytes = next.as_ref().map_or(0, Uint8Array::length);
            self.writing_bytes.set(bytes);
            self.waiting_bytes.set(self.waiting_bytes.get().saturating_sub(bytes));
        }
        if self.ends.get() { JsFuture::from(self.writer.close()).await.map(drop) } else { Ok(()) }
    }
}

/// Lets a promise settle. Nobody needs to hear how it failed.
fn quiet(promise: Promise) {
    spawn_local(async move { drop(JsFuture::from(promise).await) });
}
