//! A request that waits for its body. JavaScript reads the body and resumes the request with it, so that most requests need no
//! promise of the module, no task and no timer of it: they end in the call that brings the body.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use worker::js_sys::Promise;
use worker::wasm_bindgen::JsValue;
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen_futures::future_to_promise;
use worker::web_sys::Response;
use worker::{console_error, web_sys};

use thiserror::Error;

/// What answers a request.
pub(crate) type Work = Pin<Box<dyn Future<Output = worker::Result<web_sys::Response>>>>;

/// Why a body was not read.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum BodyFailure {
    /// It did not arrive in time.
    #[error("late")]
    Late,
    /// It ended early, or was read before.
    #[error("broken")]
    Broken,
}

/// The body of a request, which JavaScript reads when it is asked for before anything else is waited for.
#[derive(Default)]
pub(crate) struct AwaitedBody {
    /// Set when the request waits for something else: JavaScript has a promise, and brings nothing any more.
    is_left: Cell<bool>,
    /// How long it may take, once it was asked for.
    limit: Cell<Option<Duration>>,
    arrived: RefCell<Option<Result<Vec<u8>, BodyFailure>>>,
}

impl AwaitedBody {
    /// Returns the whole body. It is there once.
    pub(crate) async fn read(&self, limit: Duration) -> Result<Vec<u8>, BodyFailure> {
        if self.limit.replace(Some(limit)).is_some() {
            return Err(BodyFailure::Broken);
        }
        poll_fn(|_| self.arrived.take().map_or(Poll::Pending, Poll::Ready)).await
    }

    /// Returns whether JavaScript brings it.
    pub(crate) fn is_brought(&self) -> bool {
        !self.is_left.get()
    }

    fn limit_if_awaited(&self) -> Option<Duration> {
        self.limit.get()
    }
}

/// A request that waits for its body.
#[wasm_bindgen]
pub struct PausedRequest {
    work: Work,
    body: Rc<AwaitedBody>,
    limit: Duration,
}

#[wasm_bindgen]
impl PausedRequest {
    /// Returns how long the body may take, in milliseconds.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn milliseconds(&self) -> u32 {
        u32::try_from(self.limit.as_millis()).unwrap_or(u32::MAX)
    }

    /// Goes on with the body, or without it if there is none: `late` says why. Returns the response, or a promise of it.
    #[must_use]
    pub fn resume(self, body: Option<Vec<u8>>, late: bool) -> JsValue {
        let failure = if late { BodyFailure::Late } else { BodyFailure::Broken };
        self.body.arrived.replace(Some(body.ok_or(failure)));
        match poll_once(self.work) {
            Ok(answer) => answer,
            Err(work) => promise_of(work),
        }
    }
}

/// Begins to answer a request. Returns the response, a promise of it, or a [`PausedRequest`] if it waits for `body`.
pub(crate) fn begin(work: Work, body: &Rc<AwaitedBody>) -> JsValue {
    match (poll_once(work), body.limit_if_awaited()) {
        (Ok(answer), _) => answer,
        (Err(work), Some(limit)) => PausedRequest { work, body: Rc::clone(body), limit }.into(),
        (Err(work), None) => {
            body.is_left.set(true);
            promise_of(work)
        }
    }
}

/// Carries out a request whose body is here, as far as it waits for nothing else. What comes of it is dropped.
pub(crate) fn finish(mut work: Work, awaited: &AwaitedBody, body: Vec<u8>) {
    let task = &mut Context::from_waker(Waker::noop());
    if work.as_mut().poll(task).is_pending() {
        awaited.arrived.replace(Some(Ok(body)));
        let _ = work.as_mut().poll(task);
    }
}

/// Returns the promise of an answer.
pub(crate) fn promise_of(work: impl Future<Output = worker::Result<Response>> + 'static) -> JsValue {
    future_to_promise(async move { settled(work.await) }).into()
}

/// Polls the work once. If it is not done, it has to be polled again: nothing has been told whom to wake.
fn poll_once(mut work: Work) -> Result<JsValue, Work> {
    match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Ok(settled(answer).unwrap_or_else(|error| Promise::reject(&error).into())),
        Poll::Pending => Err(work),
    }
}

fn settled(answer: worker::Result<Response>) -> Result<JsValue, JsValue> {
    answer.map(JsValue::from).map_err(|error| {
        console_error!("{error}");
        JsValue::from(error)
    })
}
