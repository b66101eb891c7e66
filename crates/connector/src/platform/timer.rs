//! A timer that clears its timeout when it is dropped, and that may be polled by one task after another.
//!
//! `worker::Delay` remembers the first task that polled it. A stream is polled by a new task for each chunk, so a handler
//! that waits across two chunks would never be woken.

use std::cell::RefCell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::future::{Either, select};
use worker::js_sys;
use worker::wasm_bindgen::JsCast;
use worker::wasm_bindgen::closure::Closure;
use worker::web_sys::WorkerGlobalScope;

use mcp_connector_protocol::Unavailable;

/// A future that completes after a time.
pub(crate) struct Timer {
    duration: Duration,
    state: Rc<RefCell<State>>,
    running: Option<Running>,
}

#[derive(Default)]
struct State {
    is_over: bool,
    waker: Option<Waker>,
}

struct Running {
    timeout: i32,
    /// The runtime calls it, so it must live until then.
    _callback: Closure<dyn FnMut()>,
}

impl Timer {
    /// Makes a timer that starts with its first poll.
    pub(crate) fn new(duration: Duration) -> Self {
        Self { duration, state: Rc::default(), running: None }
    }

    fn start(&self) -> Option<Running> {
        let state = Rc::clone(&self.state);
        let callback = Closure::new(move || {
            let waker = {
                let mut state = state.borrow_mut();
                state.is_over = true;
                state.waker.take()
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        let milliseconds = i32::try_from(self.duration.as_millis()).unwrap_or(i32::MAX);
        let timeout = global()
            .set_timeout_with_callback_and_timeout_and_arguments_0(callback.as_ref().unchecked_ref(), milliseconds)
            .ok()?;
        Some(Running { timeout, _callback: callback })
    }
}

/// Returns the outcome of `work`, or none if it takes longer than `limit`.
pub(crate) async fn timeout<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    match select(pin!(work), pin!(Timer::new(limit))).await {
        Either::Left((outcome, _)) => Some(outcome),
        Either::Right(((), _)) => None,
    }
}

/// Returns the outcome of `work`, or fails if it takes longer than `limit`.
pub(crate) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, Unavailable>>,
) -> Result<T, Unavailable> {
    timeout(limit, work).await.unwrap_or(Err(Unavailable))
}

fn global() -> WorkerGlobalScope {
    js_sys::global().unchecked_into()
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        if self.running.is_none() {
            self.running = self.start();
            if self.running.is_none() {
                // The runtime has no timer left. A wait that never ends would be worse than none.
                return Poll::Ready(());
            }
        }
        let mut state = self.state.borrow_mut();
        if state.is_over {
            return Poll::Ready(());
        }
        state.waker = Some(task.waker().clone());
        Poll::Pending
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(running) = &self.running
            && !self.state.borrow().is_over
        {
            global().clear_timeout_with_handle(running.timeout);
        }
    }
}
