//! Requests that wait in an object until something there changes.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Poll, Waker};
use std::time::Duration;

use crate::platform::timer::Timer;

/// The requests that wait.
#[derive(Default)]
pub(crate) struct Waiting {
    wakers: RefCell<Vec<(u64, Waker)>>,
    /// The number of the next request.
    next: Cell<u64>,
}

/// Whether what a request waits for is there.
pub(crate) enum Check<T> {
    Found(T),
    NotYet,
    Never,
}

impl<T> From<Option<T>> for Check<T> {
    fn from(found: Option<T>) -> Self {
        found.map_or(Self::NotYet, Self::Found)
    }
}

impl Waiting {
    /// Returns what `check` finds, now or after a change; none if it takes too long or never comes.
    ///
    /// # Errors
    ///
    /// Fails if `most` requests wait already.
    pub(crate) async fn until<T>(
        &self,
        patience: Duration,
        most: usize,
        check: impl Fn() -> Check<T>,
    ) -> worker::Result<Option<T>> {
        match check() {
            Check::Found(found) => return Ok(Some(found)),
            Check::Never => return Ok(None),
            Check::NotYet if patience.is_zero() => return Ok(None),
            Check::NotYet if self.wakers.borrow().len() >= most => return Err("too many wait".into()),
            Check::NotYet => {}
        }
        let mut over = pin!(Timer::new(patience));
        let waiter = Waiter { waiting: self, number: self.next.get() };
        self.next.set(waiter.number.wrapping_add(1));
        let found = poll_fn(|task| {
            match check() {
                Check::Found(found) => return Poll::Ready(Some(found)),
                Check::Never => return Poll::Ready(None),
                Check::NotYet => {}
            }
            if over.as_mut().poll(task).is_ready() {
                return Poll::Ready(None);
            }
            waiter.leave();
            self.wakers.borrow_mut().push((waiter.number, task.waker().clone()));
            Poll::Pending
        });
        Ok(found.await)
    }

    /// Returns how many requests wait.
    pub(crate) fn len(&self) -> usize {
        self.wakers.borrow().len()
    }

    /// Has every request check again.
    pub(crate) fn wake(&self) {
        for (_, waker) in self.wakers.take() {
            waker.wake();
        }
    }
}

/// A request that waits until it is dropped.
struct Waiter<'a> {
    waiting: &'a Waiting,
    number: u64,
}

impl Waiter<'_> {
    fn leave(&self) {
        self.waiting.wakers.borrow_mut().retain(|(number, _)| *number != self.number);
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}
