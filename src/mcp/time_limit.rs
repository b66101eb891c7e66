//! The longest that a handler may take. One that hangs must not hang its client.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::{Either, select};

use super::host::Host;

/// What `work` gives, or none if it takes longer than `limit`; then it is dropped.
pub(crate) async fn within<T>(work: impl Future<Output = T>, limit: Duration, host: &impl Host) -> Option<T> {
    let mut work = pin!(work);
    // No timer where the work is done at once: that is most calls.
    if let Poll::Ready(done) = poll_fn(|task| Poll::Ready(work.as_mut().poll(task))).await {
        return Some(done);
    }
    match select(work, pin!(host.sleep(limit))).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(((), _)) => None,
    }
}
