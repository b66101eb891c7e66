//! What the tests of this folder share.

use futures::FutureExt as _;

/// Returns what a future gives that never waits, as all of them do in a unit test.
pub(crate) fn done<F: Future>(future: F) -> F::Output {
    future.now_or_never().expect("it does not wait")
}
