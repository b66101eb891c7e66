//! The alarm of a Durable Object, of which each has one.

use std::cell::Cell;
use std::time::Duration;

use worker::Storage;

use crate::platform::clock::now_in_milliseconds;

/// What an object knows of its alarm, so that storage is asked once after each start.
#[derive(Default)]
pub(crate) struct Alarm {
    /// When it comes, in milliseconds since 1970. `None` if that is unknown, or there is none.
    at: Cell<Option<u64>>,
}

impl Alarm {
    /// Sets the alarm, in place of another one.
    pub(crate) async fn set(&self, storage: &Storage, wait: Duration) -> worker::Result<()> {
        self.at.set(None);
        storage.set_alarm(wait).await?;
        self.at.set(Some(after(wait)));
        Ok(())
    }

    /// Sets the alarm, unless it comes earlier.
    pub(crate) async fn set_at_latest(&self, storage: &Storage, wait: Duration) -> worker::Result<()> {
        if self.at.get().is_none() {
            self.at.set(storage.get_alarm().await?.and_then(|at| u64::try_from(at).ok()));
        }
        match self.at.get() {
            Some(at) if at <= after(wait) => Ok(()),
            Some(_) | None => self.set(storage, wait).await,
        }
    }

    /// Notes that the alarm has come.
    pub(crate) fn has_come(&self) {
        self.at.set(None);
    }
}

fn after(wait: Duration) -> u64 {
    now_in_milliseconds().saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
}
