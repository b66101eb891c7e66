//! What the protocol needs from the place it runs in. The edge implements it; tests implement it natively.

use std::future::Future;
use std::time::Duration;

use thiserror::Error;

use super::log::LogLevel;
use super::session::SessionId;

/// The surroundings of a connector: its bindings, a timer, and what a legacy session remembers.
pub trait Host: Clone + 'static {
    /// What a handler gets as `cx.env()`: bindings, variables, secrets.
    type Env;

    /// The bindings of this request.
    fn env(&self) -> &Self::Env;

    /// Done after `duration`.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + 'static;

    /// A session id that nobody can guess. Costs no storage.
    fn new_session(&self) -> SessionId;

    /// The least log level that the client of a session asked for; none if it never did.
    fn log_level(&self, session: &SessionId) -> impl Future<Output = Result<Option<LogLevel>, Unavailable>>;

    /// Remembers the level for [`Host::log_level`].
    fn set_log_level(&self, session: &SessionId, level: LogLevel) -> impl Future<Output = Result<(), Unavailable>>;
}

/// Storage did not answer. Worth another try; says nothing about the request.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("storage does not answer; try again in a moment")]
pub struct Unavailable;
