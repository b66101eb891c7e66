//! Announcements of changes, and the subscriptions of sessions ("Subscriptions").

use std::future::Future;

use crate::subscriptions::change::Change;
use crate::subscriptions::watch::{Watch, WatchError};
use mcp_connector_base::identifier::Subject;

/// The streams of changes.
pub trait Changes {
    /// Sends a change that `by` has caused, or that concerns them, to the clients that listen. A failure is not reported.
    fn publish(&self, change: &Change, by: Option<&Subject>) -> impl Future<Output = ()>;

    /// Sends a change that concerns everybody who may know of it to the clients that listen. A failure is not reported.
    fn publish_to_all(&self, change: &Change) -> impl Future<Output = ()>;

    /// Changes the subscriptions of a session. `owner` is the person whose session it is; the first one who signed in keeps it.
    ///
    /// # Errors
    ///
    /// Returns [`WatchError::NotYours`] if the session belongs to somebody else, [`WatchError::TooMany`] if there is no
    /// room for another subscription, and [`WatchError::Unavailable`] if storage does not answer.
    fn watch(&self, watch: &Watch, owner: Option<&Subject>) -> impl Future<Output = Result<(), WatchError>>;
}
