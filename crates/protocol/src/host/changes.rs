//! Announcements of changes, and who hears of them ("Subscriptions").

use std::future::Future;

use crate::subscriptions::change::Change;
use crate::subscriptions::watch::{NotWatched, Watch};
use mcp_connector_base::identifier::Subject;

/// The streams of changes.
pub trait Changes {
    /// Tells those who listen of a change that `by` has caused. Where that cannot be done, it is not.
    fn publish(&self, change: &Change, by: Option<&Subject>) -> impl Future<Output = ()>;

    /// Remembers what a session wants to hear of. `owner` is the person whose session it is; the first one who signed in keeps
    /// it.
    fn watch(&self, watch: &Watch, owner: Option<&Subject>) -> impl Future<Output = Result<(), NotWatched>>;
}
