//! A task that waits for an event: it tells the object of the event, and goes on when the event has come or the wait is over.

use std::time::Duration;

use worker::console_error;

use mcp_connector_protocol::Unavailable;
use mcp_connector_protocol::deliveries::{AwaitEvent, ResumeTask, WaitingTask};
use mcp_connector_protocol::tasks::Effect;

use crate::objects::task::object::Object;
use crate::objects::task::stub;
use crate::platform::clock::now_in_milliseconds;

/// The object of the event is asked again this long after a failure.
const TRY_AGAIN: Duration = Duration::from_secs(30);

impl Object {
    /// Takes the event that the task waits for.
    pub(super) async fn resume(&self, event: ResumeTask) -> worker::Result<()> {
        self.check_last_run()?;
        let Some(mut task) = self.rows().task()? else { return Ok(()) };
        let effect = task.resume(event, now_in_milliseconds());
        self.carry_out(&task, effect).await
    }

    /// Asks for the event that the task waits for: once after each start of this object, which also tells the object of the event that the
    /// task waits, and when the wait is over. A wait ends in vain only if the event is known not to have come. Returns when to look again.
    pub(super) async fn look_for_event(&self) -> Option<Duration> {
        self.look().await.unwrap_or_else(|error| {
            console_error!("task: {error}");
            Some(TRY_AGAIN)
        })
    }

    async fn look(&self) -> worker::Result<Option<Duration>> {
        let now = now_in_milliseconds();
        let Some(task) = self.rows().task()? else { return Ok(None) };
        let (Some(wait), Some(person)) = (task.waits_for(now), task.person()) else { return Ok(None) };
        let is_over = now >= wait.until;
        if !is_over && self.registered_for.borrow().as_ref() == Some(&wait.key) {
            return Ok(None);
        }
        let waiting = WaitingTask { object: self.key(), key: wait.key.clone(), until: wait.until };
        let command = AwaitEvent { person: person.clone(), task: Some(waiting), wait_seconds: 0 };
        let answer = match stub::await_event(&self.env, &wait.key, &command, Duration::ZERO).await {
            Ok(answer) => answer,
            Err(Unavailable) => return Ok(Some(TRY_AGAIN)),
        };
        // The event may have come on its own meanwhile, or the task may have been cancelled.
        let Some(mut task) = self.rows().task()? else { return Ok(None) };
        let (key, now) = (wait.key.clone(), now_in_milliseconds());
        let effect = match answer {
            Ok(Some(value)) => task.resume(ResumeTask { key, value }, now),
            Ok(None) if is_over => task.waited_in_vain(&key, now),
            Ok(None) => {
                self.registered_for.replace(Some(key));
                Effect::Nothing
            }
            Err(full) => {
                task.cannot_wait(&full, now);
                Effect::Stop
            }
        };
        if effect != Effect::Nothing {
            self.save(&task)?;
        }
        Ok(None)
    }
}
