//! The time limit of a handler. A handler that hangs must not make its client hang.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crate::host::platform::Platform;

/// Returns the output of `work`, or `None` if it takes longer than `limit`; then it is dropped.
pub(crate) async fn within<T>(work: impl Future<Output = T>, limit: Duration, host: &impl Platform) -> Option<T> {
    unless(work, async || host.sleep(limit).await).await.ok()
}

/// Returns the output of `work`, or the output of `end` if it comes first; then the work is dropped. `end` starts only if the work
/// is not done at once, which most is.
pub(crate) async fn unless<T, E>(work: impl Future<Output = T>, end: impl AsyncFn() -> E) -> Result<T, E> {
    let mut work = pin!(work);
    let mut begun = None;
    poll_fn(|task| match work.as_mut().poll(task) {
        Poll::Ready(done) => Poll::Ready(Ok(done)),
        Poll::Pending => begun.get_or_insert_with(|| Box::pin(end())).as_mut().poll(task).map(Err),
    })
    .await
}

/// Returns what is said of work that was stopped after `limit`.
pub(crate) fn too_long(limit: Duration) -> String {
    format!("This took longer than {} seconds and was stopped.", limit.as_secs())
}
