//! What the tests of several modules share.

use futures::FutureExt as _;

/// Returns the output of a future that is ready at once, as all of them are in a unit test.
pub(crate) fn done<F: Future>(future: F) -> F::Output {
    future.now_or_never().expect("it does not wait")
}
