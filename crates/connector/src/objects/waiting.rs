//! Requests that wait in an object until something has changed there.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Poll, Waker};
use std::time::Duration;

use crate::platform::timer::Timer;

/// Those who wait.
#[derive(Default)]
pub(crate) struct Waiting {
    wakers: RefCell<Vec<(u64, Waker)>>,
    /// The number of who waits next.
    next: Cell<u64>,
}

/// What one waits for is there, or will not come.
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
    /// What `check` finds, now or after something has changed; none if it takes too long or never comes. Fails where `most` wait
    /// already.
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
        let place = Place { waiting: self, number: self.next.get() };
        self.next.set(place.number.wrapping_add(1));
        let found = poll_fn(|task| {
            match check() {
                Check::Found(found) => return Poll::Ready(Some(found)),
                Check::Never => return Poll::Ready(None),
                Check::NotYet => {}
            }
            if over.as_mut().poll(task).is_ready() {
                return Poll::Ready(None);
            }
            place.leave();
            self.wakers.borrow_mut().push((place.number, task.waker().clone()));
            Poll::Pending
        });
        Ok(found.await)
    }

    /// Something has changed: all look again.
    pub(crate) fn wake(&self) {
        for (_, waker) in self.wakers.take() {
            waker.wake();
        }
    }
}

/// The place of one who waits. Who is dropped does not wait any more.
struct Place<'a> {
    waiting: &'a Waiting,
    number: u64,
}

impl Place<'_> {
    fn leave(&self) {
        self.waiting.wakers.borrow_mut().retain(|(number, _)| *number != self.number);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}
