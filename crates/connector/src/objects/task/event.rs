//! The object of an event, which has the class of the tasks that wait for it and is named by the key.
//!
//! What was delivered and who waits is in rows before anybody is told, and the alarm tells the tasks. So a task learns of its event after
//! any failure in between.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use futures::future::join_all;
use worker::{Env, State, console_error};

use mcp_connector_base::identifier::Subject;
use mcp_connector_protocol::deliveries::{AwaitEvent, DeliverEvent, DeliveriesFull};

use crate::objects::session::waiting::{Check, Waiting};
use crate::objects::task::event_rows::EventRows;
use crate::objects::task::stub;
use crate::platform::clock::now_in_milliseconds;

/// The longest that a call may wait here.
const MAX_WAIT: Duration = Duration::from_secs(20);
/// Maximum number of people with calls that wait for one event, and of such calls of one person.
const MAX_PEOPLE: usize = 64;
const MAX_CALLS_OF_PERSON: usize = 8;
/// How many tasks are told at a time.
const AT_A_TIME: u32 = 50;
/// A task that was not reached is told again after this long.
const TRY_AGAIN: Duration = Duration::from_secs(30);

/// An event, while its object answers something.
pub(super) struct Event<'a> {
    pub(super) state: &'a State,
    pub(super) env: &'a Env,
    pub(super) waiters: &'a Waiters,
}

/// The calls that wait for an event, by person: whoever waits often takes no place from others.
#[derive(Default)]
pub(super) struct Waiters(RefCell<BTreeMap<Subject, Rc<Waiting>>>);

impl Waiters {
    /// Returns those of one person. `None` if there is no room for one more.
    fn of(&self, person: &Subject) -> Option<Rc<Waiting>> {
        let mut all = self.0.borrow_mut();
        all.retain(|_, waiting| waiting.len() > 0);
        let has_room = match all.get(person) {
            Some(waiting) => waiting.len() < MAX_CALLS_OF_PERSON,
            None => all.len() < MAX_PEOPLE,
        };
        has_room.then(|| Rc::clone(all.entry(person.clone()).or_default()))
    }

    fn wake(&self) {
        let all: Vec<_> = self.0.borrow().values().cloned().collect();
        for waiting in all {
            waiting.wake();
        }
    }
}

impl Event<'_> {
    /// Returns whether this is the object of an event.
    pub(super) fn exists(&self) -> worker::Result<bool> {
        self.rows().exist()
    }

    /// Keeps the event, and wakes what waits for it.
    pub(super) async fn deliver(&self, event: &DeliverEvent) -> worker::Result<Result<(), DeliveriesFull>> {
        let rows = self.rows();
        if let Err(full) = rows.deliver(event, now_in_milliseconds())? {
            return Ok(Err(full));
        }
        let is_awaited = !rows.due(1)?.is_empty();
        self.set_alarm(is_awaited.then_some(Duration::ZERO)).await?;
        self.waiters.wake();
        Ok(Ok(()))
    }

    /// Returns the event. If it is not there, notes the task that waits for it, or waits a little.
    pub(super) async fn wait(&self, command: AwaitEvent) -> worker::Result<Result<Option<String>, DeliveriesFull>> {
        let find = || self.rows().find(&command.person, now_in_milliseconds());
        if let Some(event) = find()? {
            return Ok(Ok(Some(event)));
        }
        if let Some(task) = &command.task {
            if let Err(full) = self.rows().add_wait(task, &command.person, now_in_milliseconds())? {
                return Ok(Err(full));
            }
            // Tasks of others may wait to be told.
            let rows = self.rows();
            let is_due = rows.exist()? && !rows.due(1)?.is_empty();
            self.set_alarm(is_due.then_some(Duration::ZERO)).await?;
            return Ok(Ok(None));
        }
        let patience = Duration::from_secs(command.wait_seconds.into()).min(MAX_WAIT);
        let check = || find().map_or(Check::Never, Check::from);
        let Some(waiters) = self.waiters.of(&command.person) else { return Ok(Err(DeliveriesFull)) };
        Ok(Ok(waiters.until(patience, MAX_CALLS_OF_PERSON, check).await?))
    }

    /// Tells the tasks whose event has come, and forgets what has expired. It does not fail: the runtime gives up an alarm that fails six
    /// times.
    pub(super) async fn proceed(&self) -> worker::Result<()> {
        let again = self.tell().await.unwrap_or_else(|error| {
            console_error!("event: {error}");
            Some(TRY_AGAIN)
        });
        self.set_alarm(again).await
    }

    /// Returns when to tell again those that were not reached.
    async fn tell(&self) -> worker::Result<Option<Duration>> {
        let rows = self.rows();
        rows.sweep(now_in_milliseconds())?;
        loop {
            let due = rows.due(AT_A_TIME)?;
            if due.is_empty() {
                return Ok(None);
            }
            let told = due.iter().map(async |(task, event)| (task, stub::resume(self.env, task, event).await.is_ok()));
            let mut all_were_reached = true;
            for (task, was_reached) in join_all(told).await {
                if was_reached {
                    rows.end_wait(task)?;
                } else {
                    all_were_reached = false;
                }
            }
            if !all_were_reached {
                return Ok(Some(TRY_AGAIN));
            }
        }
    }

    /// Sets the alarm for what comes next, at the latest after `again`. Deletes everything if there is nothing more to come.
    async fn set_alarm(&self, again: Option<Duration>) -> worker::Result<()> {
        let rows = self.rows();
        if !rows.exist()? {
            return Ok(());
        }
        let Some(end) = rows.next_end()? else {
            self.state.storage().delete_alarm().await?;
            return self.state.storage().delete_all().await;
        };
        let end = Duration::from_millis(end.saturating_sub(now_in_milliseconds()));
        self.state.storage().set_alarm(again.map_or(end, |again| again.min(end))).await
    }

    fn rows(&self) -> EventRows {
        EventRows::new(self.state.storage().sql())
    }
}
