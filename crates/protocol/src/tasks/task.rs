//! The state machine of a task, without a clock and without storage.

use std::error::Error;

use mcp_connector_base::codec::{DecodeError, decode_body};
use mcp_connector_base::identifier::Subject;
use mcp_connector_base::row::Row;
use serde::{Deserialize, Serialize};

use crate::deliveries::commands::ResumeTask;
use crate::deliveries::event_key::EventKey;
use crate::json_rpc::response::to_text;
use crate::json_rpc::rpc_error::RpcError;
use crate::tasks::journal::{Journal, JournalEntry, JournalFull};
use crate::tasks::message::{Answers, End, Owner, TaskCall, TaskId, UpdateRefusal};
use crate::tasks::task_version_1::TaskOfVersion1;
use crate::tasks::task_view::{EventWait, Phase, TaskView};

/// Maximum number of answers that a task may get.
const MAX_ANSWERS: usize = 64;
/// Maximum length in bytes of the arguments, of all answers together, and of the result. A row holds two MiB.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;
/// What the client of a task reads while it waits for an event, unless the handler has said something.
const WAITING: &str = "Waiting for an event from outside.";
/// Longest pause before an interrupted handler runs again, in milliseconds.
const LONGEST_PAUSE: u64 = 64_000;

/// A task, without the call that it carries out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    owner: Option<Owner>,
    view: TaskView,
    /// How many runs of the handler have begun since one ended.
    begun: u8,
    answers: Answers,
    journal: Journal,
}

impl Row for Task {
    const VERSION: u8 = 2;

    fn from_older(version: u8, encoded: &[u8]) -> Result<Self, DecodeError> {
        let 1 = version else { return Err(DecodeError) };
        let TaskOfVersion1 { owner, view, begun, answers } = decode_body(encoded)?;
        Ok(Self { owner, view, begun, answers, journal: Journal::default() })
    }
}

/// What the object of a task does after a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: the task has not changed.
    Nothing,
    /// Saves the task.
    Save,
    /// Saves the task and runs its handler now.
    Run,
    /// Saves the task, which is over, and stops its handler.
    Stop,
    /// Deletes everything.
    Forget,
    /// Tells the streams that listen to this task about it, now and at each change.
    Tell(TaskId),
}

/// What the object of a task does when it wakes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Runs the handler with these answers and this journal.
    Run(Answers, Journal),
    /// Sleeps until this time, in milliseconds since 1970.
    SleepUntil(u64),
    /// Deletes everything.
    Forget,
}

impl Task {
    /// Returns a task that begins `now`, in milliseconds since 1970, and is kept for `ttl` milliseconds.
    #[must_use]
    pub fn begin(call: &TaskCall, answers: Answers, ttl: u64, now: u64) -> Self {
        let view = TaskView { created_at: now, updated_at: now, ttl, message: None, phase: Phase::Working };
        Self { owner: call.owner(), view, begun: 0, answers, journal: Journal::default() }
    }

    /// Returns the task as a client sees it.
    #[must_use]
    pub fn view(&self) -> &TaskView {
        &self.view
    }

    /// Returns whether it will not change any more. Then its call is not needed any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        match self.view.phase {
            Phase::Working | Phase::InputRequired(_) | Phase::Waiting(_) => false,
            Phase::Completed(_) | Phase::Failed { .. } | Phase::Cancelled => true,
        }
    }

    fn expires_at(&self) -> u64 {
        self.view.created_at.saturating_add(self.view.ttl)
    }

    fn turn(&mut self, phase: Phase, now: u64) {
        self.view.message = None;
        self.view.phase = phase;
        self.view.updated_at = now;
        if self.is_over() {
            self.answers.clear();
            self.journal.clear();
        }
    }

    /// Ends it, as a client's `tasks/cancel` does.
    pub fn cancel(&mut self, now: u64) {
        if !self.is_over() {
            self.turn(Phase::Cancelled, now);
        }
    }

    /// Returns whether the task has expired.
    pub(crate) fn has_expired(&self, now: u64) -> bool {
        now >= self.expires_at()
    }

    /// Returns the person who owns the task. Without one, everybody who knows its id may access it.
    #[must_use]
    pub fn person(&self) -> Option<&Subject> {
        self.owner.as_ref().map(Owner::subject)
    }

    /// Returns whether `owner` may access the task. A task without an owner is open to everybody who knows its id.
    pub(crate) fn belongs_to(&self, owner: Option<&Owner>) -> bool {
        self.owner.is_none() || self.owner.as_ref() == owner
    }

    /// Takes the answers to open questions. Ignores answers to questions that were never asked or are answered already.
    pub(crate) fn update(&mut self, answers: Answers, now: u64) -> (Result<(), UpdateRefusal>, Effect) {
        let Phase::InputRequired(open) = &self.view.phase else { return (Ok(()), Effect::Nothing) };
        let (fitting, open): (Vec<_>, Vec<_>) =
            open.iter().cloned().partition(|(key, _)| answers.iter().any(|(answered, _)| answered == key));
        if fitting.is_empty() {
            return (Ok(()), Effect::Nothing);
        }
        let taken = answers.into_iter().filter(|(key, _)| fitting.iter().any(|(asked, _)| asked == key));
        let all: Answers = self.answers.iter().cloned().chain(taken).collect();
        if all.len() > MAX_ANSWERS || size(&all) > MAX_BYTES {
            return (Err(UpdateRefusal::TooLarge), Effect::Nothing);
        }
        self.answers = all;
        let then = if open.is_empty() { Effect::Run } else { Effect::Save };
        self.turn(if open.is_empty() { Phase::Working } else { Phase::InputRequired(open) }, now);
        (Ok(()), then)
    }

    /// Returns what to do now that the object is awake. The object saves the task first.
    pub fn wake(&mut self, now: u64) -> Wake {
        if now >= self.expires_at() {
            return Wake::Forget;
        }
        match &self.view.phase {
            Phase::Working => {}
            Phase::Waiting(wait) => return Wake::SleepUntil(wait.until.min(self.expires_at())),
            Phase::InputRequired(_) | Phase::Completed(_) | Phase::Failed { .. } | Phase::Cancelled => {
                return Wake::SleepUntil(self.expires_at());
            }
        }
        self.begun = self.begun.saturating_add(1);
        Wake::Run(self.answers.clone(), self.journal.clone())
    }

    /// Returns how long to wait before the handler runs, in milliseconds. An interruption (a deploy, an eviction, a kill) is
    /// not the handler's fault and does not end its task. A handler that exhausts its isolate looks the same from here, so each
    /// further interruption doubles the pause, from one second up to `LONGEST_PAUSE`.
    #[must_use]
    pub fn pause(&self) -> u64 {
        match self.begun.checked_sub(2) {
            None => 0,
            Some(doubled) => 1000_u64.saturating_mul(2_u64.saturating_pow(doubled.into())).min(LONGEST_PAUSE),
        }
    }

    /// Returns the event that the task waits for, unless it has expired.
    #[must_use]
    pub fn waits_for(&self, now: u64) -> Option<&EventWait> {
        match &self.view.phase {
            Phase::Waiting(wait) if !self.has_expired(now) => Some(wait),
            Phase::Waiting(_)
            | Phase::Working
            | Phase::InputRequired(_)
            | Phase::Completed(_)
            | Phase::Failed { .. }
            | Phase::Cancelled => None,
        }
    }

    /// Takes the event that the task waits for. Any other event changes nothing.
    pub fn resume(&mut self, event: ResumeTask, now: u64) -> Effect {
        self.waited(&event.key, Some(event.value), now)
    }

    /// Notes that the event with this key has not come in time.
    pub fn waited_in_vain(&mut self, key: &EventKey, now: u64) -> Effect {
        self.waited(key, None, now)
    }

    fn waited(&mut self, key: &EventKey, value: Option<String>, now: u64) -> Effect {
        if self.waits_for(now).is_none_or(|wait| wait.key != *key) {
            return Effect::Nothing;
        }
        if let Err(full) = self.journal.add(JournalEntry::Event { key: key.clone(), value }) {
            self.fail(&full, now);
            return Effect::Stop;
        }
        self.turn(Phase::Working, now);
        Effect::Run
    }

    /// Ends the task, because its event cannot be waited for.
    pub fn cannot_wait(&mut self, error: &impl Error, now: u64) {
        if self.waits_for(now).is_some() {
            self.fail(error, now);
        }
    }

    fn fail(&mut self, error: &impl Error, now: u64) {
        let error = RpcError::internal(error.to_string());
        self.turn(Phase::Failed { error: to_text(&error), message: error.message().to_owned() }, now);
    }

    /// Notes what a run of the handler has got.
    ///
    /// # Errors
    ///
    /// Fails if there is no room.
    pub fn note(&mut self, entry: JournalEntry) -> Result<(), JournalFull> {
        if self.view.phase == Phase::Working { self.journal.add(entry) } else { Ok(()) }
    }

    /// Notes that the handler ended its instance, and would do so again.
    pub fn died(&mut self, now: u64) {
        self.ended(End::failed(&RpcError::internal("The server failed while it carried this out.")), now);
    }

    /// Notes the end of a run. It is ignored if the task was cancelled meanwhile.
    pub fn ended(&mut self, end: End, now: u64) {
        if self.view.phase != Phase::Working {
            return;
        }
        self.begun = 0;
        let failed = |text: &str| match End::failed(&RpcError::internal(text)) {
            End::Error(error, message) => Phase::Failed { error, message },
            End::Result(_) | End::Questions(_) | End::Waiting(..) => Phase::Cancelled,
        };
        let phase = match end {
            End::Result(result) if result.len() > MAX_BYTES => {
                failed("The result is larger than what a task can keep.")
            }
            End::Result(result) => Phase::Completed(result),
            End::Error(error, message) => Phase::Failed { error, message },
            End::Questions(open) if open.len() + self.answers.len() > MAX_ANSWERS => failed("The work asks too much."),
            End::Questions(open) if size(&open) > MAX_BYTES / 2 => failed("The questions are too large."),
            End::Questions(open) => Phase::InputRequired(open),
            End::Waiting(key, limit, message) => {
                let until = now.saturating_add(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX));
                let until = until.min(self.expires_at());
                self.turn(Phase::Waiting(EventWait { key, until }), now);
                self.view.message = Some(message.unwrap_or_else(|| WAITING.to_owned()));
                return;
            }
        };
        self.turn(phase, now);
    }
}

fn size(texts: &[(String, String)]) -> usize {
    texts.iter().map(|(key, text)| key.len() + text.len()).sum()
}
