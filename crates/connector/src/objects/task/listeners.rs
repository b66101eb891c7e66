//! The streams that listen to a task, and how they are notified of its state. Whether there are any is in a row of the task, too.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use worker::{Env, console_error};

use mcp_connector_protocol::tasks::TaskId;

use crate::objects::subscriptions::commands::TaskPublished;
use crate::objects::subscriptions::stub as subscriptions;
use crate::objects::task::rows::Rows;

/// The streams are notified again this long after a failure.
const TRY_AGAIN: Duration = Duration::from_secs(30);
/// A client that has not yet read what was written before is notified again after this long.
const TRY_SLOW_CLIENT_AGAIN: Duration = Duration::from_secs(1);

/// What this isolate knows of the streams.
#[derive(Default)]
pub(crate) struct Listeners {
    are_there: Cell<Option<bool>>,
    /// Whether they were notified, and nothing has changed since then.
    know: Cell<bool>,
    are_being_notified: Cell<bool>,
    /// What the handler had said of its progress when they were notified.
    heard: RefCell<Option<String>>,
}

impl Listeners {
    /// Notes that the task is new, so that no stream listens to it.
    pub(crate) fn begin(&self) {
        self.are_there.set(Some(false));
    }

    /// Notes that the state of the task has changed.
    pub(crate) fn changed(&self) {
        self.know.set(false);
    }

    /// Notes that a stream listens to the task, whose object does not know its own id.
    pub(crate) fn add(&self, rows: &Rows, id: &TaskId) -> worker::Result<()> {
        rows.listen(id)?;
        self.are_there.set(Some(true));
        self.know.set(false);
        Ok(())
    }

    /// Returns the id of the task, if streams listen to it.
    pub(crate) fn listened_to(&self, rows: &Rows) -> worker::Result<Option<TaskId>> {
        if self.are_there.get() == Some(false) {
            return Ok(None);
        }
        let id = rows.listening()?;
        self.are_there.set(Some(id.is_some()));
        Ok(id)
    }

    /// Notifies the streams, unless they know the state of the task. `said` returns what the handler has said of its progress.
    /// Returns when to try again.
    pub(crate) async fn notify(&self, env: &Env, rows: &Rows, said: impl Fn() -> Option<String>) -> Option<Duration> {
        if self.are_being_notified.replace(true) {
            // The call that notifies them goes on with what is new, so that they get it in order.
            return None;
        }
        if *self.heard.borrow() != said() {
            self.know.set(false);
        }
        let again = self.notify_until_they_know(env, rows, said).await;
        self.are_being_notified.set(false);
        again.unwrap_or_else(|error| {
            console_error!("task: {error}");
            Some(TRY_AGAIN)
        })
    }

    async fn notify_until_they_know(
        &self,
        env: &Env,
        rows: &Rows,
        said: impl Fn() -> Option<String>,
    ) -> worker::Result<Option<Duration>> {
        let Some(id) = self.listened_to(rows)? else { return Ok(None) };
        let later = |duration| {
            self.know.set(false);
            Ok(Some(duration))
        };
        while !self.know.replace(true) {
            let Some(task) = rows.task()? else { break };
            self.heard.replace(said());
            let whole = task.view().clone().with_status_message(said()).whole(id.clone());
            let told = subscriptions::publish_task(env, id.clone(), task.person().cloned(), whole, task.is_over());
            let more_to_come = match told.await {
                Ok(TaskPublished::NobodyListens) => false,
                Ok(TaskPublished::Later) => return later(TRY_SLOW_CLIENT_AGAIN),
                Ok(TaskPublished::Told) => !task.is_over(),
                Err(_) => return later(TRY_AGAIN),
            };
            // A stream may have begun to listen meanwhile.
            if !more_to_come && self.know.get() {
                rows.listen_no_more()?;
                self.are_there.set(Some(false));
            }
        }
        Ok(None)
    }
}
