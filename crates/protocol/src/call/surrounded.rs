//! How a call runs inside its hooks. The hooks outlive a call that is stopped: the handler is dropped, [`Next::run`] resolves, and
//! the hooks go on to their end.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures::FutureExt;
use futures::future::LocalBoxFuture;

use crate::author::tools::tool_error::ToolError;
use crate::call::around::{CallOutcome, CallParts, Hooks, Next};
use crate::call::wait_until::WaitUntilDone;
use crate::host::bundle::Host;

/// Runs `work` inside `hooks`. `outcome` says how it ended.
///
/// # Errors
///
/// The error with which a hook ended the call, whether `work` has run or not.
pub(crate) async fn around<H: Host, T: 'static>(
    hooks: &Rc<Hooks<H>>,
    call: CallParts<H>,
    work: impl Future<Output = T> + 'static,
    outcome: impl FnOnce(&T) -> CallOutcome + 'static,
) -> Result<T, ToolError> {
    let result = Rc::new(RefCell::new(None));
    let handler = Rc::new(Handler { work: RefCell::new(Some(work.boxed_local())), is_stopped: Cell::new(false) });
    let (kept, running) = (Rc::clone(&result), Rc::clone(&handler));
    let work = async move {
        let Some(value) = running.run().await else { return CallOutcome::stopped() };
        let outcome = outcome(&value);
        kept.replace(Some(value));
        outcome
    };
    let refusal = Rc::new(RefCell::new(None));
    let host = call.cx.host().clone();
    let first = Next::all(hooks, call, work.boxed_local(), &refusal);
    Surrounded { hooks: Some(first.run().boxed_local()), handler, host, after: None }.await;
    match (refusal.take(), result.take()) {
        (Some(error), _) => Err(error),
        (None, Some(value)) => Ok(value),
        // A hook has returned the outcome of another call.
        (None, None) => Err(ToolError::new("The call was not carried out.")),
    }
}

/// The handler of a call, which may be dropped before its hooks.
struct Handler<T> {
    work: RefCell<Option<LocalBoxFuture<'static, T>>>,
    is_stopped: Cell<bool>,
}

impl<T> Handler<T> {
    /// Returns what the handler returns, or `None` if it was stopped.
    async fn run(&self) -> Option<T> {
        poll_fn(|task| {
            // Taken out, so that it can be stopped while it runs.
            let work = self.work.borrow_mut().take();
            let Some(mut work) = work.filter(|_| !self.is_stopped.get()) else { return Poll::Ready(None) };
            match work.as_mut().poll(task) {
                Poll::Ready(value) => Poll::Ready(Some(value)),
                Poll::Pending if self.is_stopped.get() => Poll::Ready(None),
                Poll::Pending => {
                    self.work.replace(Some(work));
                    Poll::Pending
                }
            }
        })
        .await
    }

    fn stop(&self) {
        self.is_stopped.set(true);
        let work = self.work.try_borrow_mut().ok().and_then(|mut work| work.take());
        drop(work);
    }
}

/// The hooks of a call while it runs. Dropped before its end, it stops the handler and lets the hooks finish.
struct Surrounded<H: Host, T> {
    hooks: Option<LocalBoxFuture<'static, CallOutcome>>,
    handler: Rc<Handler<T>>,
    host: H,
    /// Announced to the runtime while the request lives.
    after: Option<WaitUntilDone>,
}

// Nothing in it is pinned in place.
impl<H: Host, T> Unpin for Surrounded<H, T> {}

impl<H: Host, T> Future for Surrounded<H, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        let Some(hooks) = &mut self.hooks else { return Poll::Ready(()) };
        if hooks.as_mut().poll(task).is_ready() {
            self.hooks = None;
            return Poll::Ready(());
        }
        if self.after.is_none() {
            self.after = Some(WaitUntilDone::begin(&self.host));
        }
        Poll::Pending
    }
}

impl<H: Host, T> Drop for Surrounded<H, T> {
    fn drop(&mut self) {
        self.handler.stop();
        if let (Some(hooks), Some(after)) = (self.hooks.take(), self.after.take()) {
            after.run(async move {
                hooks.await;
            });
        }
    }
}

#[cfg(test)]
mod tests;
