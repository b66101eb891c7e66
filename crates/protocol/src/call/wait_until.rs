//! Work that continues after the answer, or without the client ("Cancellation": until 2025-11-25 a closed connection is
//! no cancellation).
//!
//! The work is announced to the runtime while the request lives. Later would be too late: the runtime drops work that was not
//! announced.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use crate::host::platform::Platform;

type Work = Pin<Box<dyn Future<Output = ()>>>;

/// Work that was announced to the runtime and begins later, or never. Dropping it ends the wait of the runtime.
pub struct WaitUntilDone(Rc<RefCell<Announced>>);

#[derive(Default)]
struct Announced {
    work: Option<Work>,
    is_dropped: bool,
    waker: Option<Waker>,
}

impl WaitUntilDone {
    /// Announces work to the runtime.
    pub fn begin(host: &impl Platform) -> Self {
        let announced = Rc::new(RefCell::new(Announced::default()));
        let held = Rc::clone(&announced);
        host.beside(async move {
            let work = poll_fn(|task| {
                let mut announced = held.borrow_mut();
                if announced.work.is_none() && !announced.is_dropped {
                    announced.waker = Some(task.waker().clone());
                    return Poll::Pending;
                }
                Poll::Ready(announced.work.take())
            });
            if let Some(work) = work.await {
                work.await;
            }
        });
        Self(announced)
    }

    /// Runs `work` to its end.
    pub fn run(self, work: impl Future<Output = ()> + 'static) {
        self.0.borrow_mut().work = Some(Box::pin(work));
    }
}

impl Drop for WaitUntilDone {
    fn drop(&mut self) {
        let waker = {
            let mut announced = self.0.borrow_mut();
            announced.is_dropped = true;
            announced.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
