//! Work that goes on when the answer has left or its client is gone ("Cancellation": until 2025-11-25 a closed connection is
//! no cancellation).
//!
//! A place is taken as long as the request lives, because later may be too late: the runtime drops what nobody has announced.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use crate::host::platform::Platform;

type Rest = Pin<Box<dyn Future<Output = ()>>>;

/// A place for the rest of a call. Dropping it gives the place up.
pub struct WaitUntilDone(Rc<RefCell<Place>>);

#[derive(Default)]
struct Place {
    rest: Option<Rest>,
    is_given_up: bool,
    waker: Option<Waker>,
}

impl WaitUntilDone {
    /// Takes a place.
    pub fn begin(host: &impl Platform) -> Self {
        let place = Rc::new(RefCell::new(Place::default()));
        let held = Rc::clone(&place);
        host.wait_until(async move {
            let rest = poll_fn(|task| {
                let mut place = held.borrow_mut();
                if place.rest.is_none() && !place.is_given_up {
                    place.waker = Some(task.waker().clone());
                    return Poll::Pending;
                }
                Poll::Ready(place.rest.take())
            });
            if let Some(rest) = rest.await {
                rest.await;
            }
        });
        Self(place)
    }

    /// Leaves `rest` to be run to its end.
    pub fn go_on(self, rest: impl Future<Output = ()> + 'static) {
        self.0.borrow_mut().rest = Some(Box::pin(rest));
    }
}

impl Drop for WaitUntilDone {
    fn drop(&mut self) {
        let waker = {
            let mut place = self.0.borrow_mut();
            place.is_given_up = true;
            place.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
