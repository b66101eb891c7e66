//! A stream that ends when its client is gone.
//!
//! The runtime does not drop the stream of a client that has left. It stops reading, and the call behind the stream
//! would stay frozen. At the first write that fails, it aborts the signal of the request (since the compatibility date
//! 2026-11-17). The stream decides what becomes of the call then.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures::Stream;
use worker::wasm_bindgen::JsCast;
use worker::wasm_bindgen::closure::Closure;
use worker::web_sys::AbortSignal;

use mcp_connector_protocol::Events;

use crate::platform::instance::RequestNumber;

/// The events of a stream until its client is gone.
pub(crate) struct UntilGone {
    events: Rc<RefCell<Option<Events>>>,
    signal: AbortSignal,
    number: RequestNumber,
    /// The signal calls it, so it must live as long as it is set there.
    _on_abort: Closure<dyn FnMut()>,
}

impl UntilGone {
    /// Tells `events` when `signal` is aborted, and drops them.
    pub(crate) fn new(events: Events, number: RequestNumber, signal: AbortSignal) -> Self {
        let events = Rc::new(RefCell::new(Some(events)));
        let held = Rc::clone(&events);
        let on_abort = Closure::new(move || {
            // A handler that is running cannot be dropped. Its stream ends at its next message.
            let events = held.try_borrow_mut().ok().and_then(|mut events| events.take());
            if let Some(events) = events {
                events.client_gone();
            }
            number.stream_ended();
        });
        signal.set_onabort(Some(on_abort.as_ref().unchecked_ref()));
        Self { events, signal, number, _on_abort: on_abort }
    }
}

impl Stream for UntilGone {
    type Item = Vec<u8>;

    fn poll_next(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        let mut held = self.events.borrow_mut();
        if self.signal.aborted() {
            if let Some(events) = held.take() {
                events.client_gone();
            }
            return Poll::Ready(None);
        }
        let next = match held.as_mut() {
            Some(events) => self.number.step(|| events.as_mut().poll_next(task)),
            None => Poll::Ready(None),
        };
        if matches!(next, Poll::Ready(None)) {
            held.take();
        }
        next
    }
}

impl Drop for UntilGone {
    fn drop(&mut self) {
        self.signal.set_onabort(None);
        // The stream was not read to its end.
        let events = self.events.try_borrow_mut().ok().and_then(|mut events| events.take());
        if let Some(events) = events {
            events.client_gone();
        }
    }
}
