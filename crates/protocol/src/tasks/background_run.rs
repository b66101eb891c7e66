//! What the handler of a task has beside its arguments: its journal and its status message, and the event for which it leaves.

use std::cell::Cell;
use std::time::Duration;

use crate::deliveries::event_key::EventKey;
use crate::tasks::journal::RunJournal;
use crate::tasks::status_message::StatusMessage;

/// One run of the handler of a task, as the handler uses it.
pub(crate) struct BackgroundRun {
    pub(crate) status: StatusMessage,
    pub(crate) journal: RunJournal,
    waits_for: Cell<Option<(EventKey, Duration)>>,
}

impl BackgroundRun {
    pub(crate) const fn new(status: StatusMessage, journal: RunJournal) -> Self {
        Self { status, journal, waits_for: Cell::new(None) }
    }

    /// Notes that the handler leaves to wait for an event.
    pub(crate) fn wait_for(&self, key: EventKey, limit: Duration) {
        self.waits_for.set(Some((key, limit)));
    }

    /// Returns the event for which the handler has left.
    pub(crate) fn take_wait(&self) -> Option<(EventKey, Duration)> {
        self.waits_for.take()
    }
}
