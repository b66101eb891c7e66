//! Reads a stream of the runtime in pieces of a bounded size, whatever the size of the chunks behind it.

use worker::js_sys::{ArrayBuffer, Uint8Array};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::ReadableStream;

use crate::platform::js;

/// The largest piece, in bytes.
pub(crate) const PIECE: u32 = 64 * 1024;

/// A reader of bytes. It has one buffer, which the runtime fills again and again.
pub(crate) struct ByteReader {
    reader: JsValue,
    buffer: ArrayBuffer,
}

impl ByteReader {
    /// Creates a reader of a stream that nobody else reads.
    pub(crate) fn new(stream: &ReadableStream) -> Result<Self, JsValue> {
        let mode = js::object(&[("mode", &"byob".into())])?;
        Ok(Self { reader: js::call(stream, "getReader", &[&mode])?, buffer: ArrayBuffer::new(PIECE) })
    }

    /// Returns the next piece, which is valid until the one after it is read; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Uint8Array>, JsValue> {
        let read = js::call(&self.reader, "read", &[&Uint8Array::new(&self.buffer)])?;
        let read = JsFuture::from(worker::js_sys::Promise::from(read)).await?;
        let value = js::get(&read, "value")?;
        // The runtime takes the buffer, and gives it back with what it has read.
        if let Some(piece) = value.dyn_ref::<Uint8Array>() {
            self.buffer = piece.buffer();
        }
        if js::get(&read, "done")?.is_truthy() {
            return Ok(None);
        }
        Ok(Some(value.dyn_into()?))
    }

    /// Tells the other side that nothing more is wanted.
    pub(crate) fn cancel(&self) {
        // Nobody waits for the other side to hear of it.
        drop(js::call(&self.reader, "cancel", &[]));
    }
}
