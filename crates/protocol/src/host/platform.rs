//! The runtime: bindings, a timer, randomness, and work that outlives its request.

use std::future::Future;
use std::time::Duration;

use crate::host::unavailable::Unavailable;

/// The runtime of a connector.
pub trait Platform {
    /// What a handler gets as `cx.env()`: bindings, variables, secrets.
    type Env;

    /// Returns the bindings of this request.
    fn env(&self) -> &Self::Env;

    /// Returns the time since some instant. It may stand still while code runs.
    fn now(&self) -> Duration;

    /// Resolves after `duration`.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + 'static;

    /// Returns bits that nobody can guess, for ids.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if the runtime's source of randomness fails. There is no weaker fallback.
    fn random_bits(&self) -> Result<u128, Unavailable>;

    /// Runs `work` to its end, also when the client of this request has its answer or has left.
    fn wait_until(&self, work: impl Future<Output = ()> + 'static);

    /// Runs `work` beside a request to its end. Where the runtime notes what is lost if its instance dies, it notes the request and
    /// not this.
    fn beside(&self, work: impl Future<Output = ()> + 'static) {
        self.wait_until(work);
    }
}
