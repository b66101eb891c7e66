//! The longest that a handler may take. One that hangs must not hang its client.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::host::Host;

/// What `work` gives, or none if it takes longer than `limit`; then it is dropped.
pub(crate) async fn within<T>(work: impl Future<Output = T>, limit: Duration, host: &impl Host) -> Option<T> {
    let mut work = pin!(work);
    let mut timer = None;
    poll_fn(|task| {
        if let Poll::Ready(done) = work.as_mut().poll(task) {
            return Poll::Ready(Some(done));
        }
        // No timer where the work is done at once: that is most calls.
        let timer = timer.get_or_insert_with(|| Box::pin(host.sleep(limit)));
        timer.as_mut().poll(task).map(|()| None)
    })
    .await
}
