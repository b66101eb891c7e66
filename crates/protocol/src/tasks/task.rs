//! What becomes of a task: a state and what may happen to it. No clock, no storage.

use mcp_connector_base::row::Row;
use serde::{Deserialize, Serialize};

use crate::json_rpc::rpc_error::RpcError;
use crate::tasks::message::{Answers, End, Owner, TaskCall, TaskId, UpdateRefusal};
use crate::tasks::task_view::{Phase, TaskView};

/// Most answers that a task may get in its life.
const MAX_ANSWERS: usize = 64;
/// Most bytes of arguments, of all answers together, and of a result. A row holds two MiB.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;
/// Longest pause before an interrupted handler runs again, in milliseconds.
const LONGEST_PAUSE: u64 = 64_000;

/// A task, without the call that it carries out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    owner: Option<Owner>,
    seen: TaskView,
    /// Runs of the handler that began and have not ended.
    begun: u8,
    answers: Answers,
}

impl Row for Task {
    const VERSION: u8 = 1;
}

/// What follows from a request, for the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: the task is as it was.
    Nothing,
    /// It is to be saved.
    Save,
    /// It is to be saved, and its handler to be run now.
    Run,
    /// It is over: it is to be saved, and a handler that runs to be stopped.
    Stop,
    /// Nothing of it is to be left.
    Forget,
    /// Streams listen to this task: they are to be told how it stands, now and at each change.
    Tell(TaskId),
}

/// What is to be done when the object wakes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Run the handler with these answers.
    Run(Answers),
    /// Sleep until this time, in milliseconds since 1970.
    SleepUntil(u64),
    /// Delete everything.
    Forget,
}

impl Task {
    /// A task that begins `now`, in milliseconds since 1970, and is kept for `ttl` milliseconds.
    #[must_use]
    pub fn begin(call: &TaskCall, answers: Answers, ttl: u64, now: u64) -> Self {
        let seen = TaskView { created_at: now, updated_at: now, ttl, message: None, phase: Phase::Working };
        Self { owner: call.owner(), seen, begun: 0, answers }
    }

    /// How it stands.
    #[must_use]
    pub fn seen(&self) -> &TaskView {
        &self.seen
    }

    /// Whether it will change no more. Then the call behind it is of no use.
    #[must_use]
    pub fn is_over(&self) -> bool {
        match self.seen.phase {
            Phase::Working | Phase::InputRequired(_) => false,
            Phase::Completed(_) | Phase::Failed { .. } | Phase::Cancelled => true,
        }
    }

    fn expires_at(&self) -> u64 {
        self.seen.created_at.saturating_add(self.seen.ttl)
    }

    fn turn(&mut self, phase: Phase, now: u64) {
        self.seen.phase = phase;
        self.seen.updated_at = now;
        if self.is_over() {
            self.answers.clear();
        }
    }

    /// Ends it, as a client's `tasks/cancel` does.
    pub fn cancel(&mut self, now: u64) {
        if !self.is_over() {
            self.turn(Phase::Cancelled, now);
        }
    }

    /// Returns whether the task is kept no longer.
    pub(crate) fn has_expired(&self, now: u64) -> bool {
        now >= self.expires_at()
    }

    /// Returns whether `owner` may ask about the task. Without an owner of its own, anybody may who knows its id.
    pub(crate) fn belongs_to(&self, owner: Option<&Owner>) -> bool {
        self.owner.is_none() || self.owner.as_ref() == owner
    }

    /// Takes the answers to open questions. Those to others are ignored: never asked, or answered already.
    pub(crate) fn update(&mut self, answers: Answers, now: u64) -> (Result<(), UpdateRefusal>, Effect) {
        let Phase::InputRequired(open) = &self.seen.phase else { return (Ok(()), Effect::Nothing) };
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

    /// What is to be done now that the object is awake. The task is to be saved before it is done.
    pub fn wake(&mut self, now: u64) -> Wake {
        if now >= self.expires_at() {
            return Wake::Forget;
        }
        if self.seen.phase != Phase::Working {
            return Wake::SleepUntil(self.expires_at());
        }
        self.begun = self.begun.saturating_add(1);
        Wake::Run(self.answers.clone())
    }

    /// Returns how long to wait before the handler runs, in milliseconds. An interruption (a deploy, an eviction, a kill) is
    /// not the handler's fault and does not end its task. A handler that exhausts its isolate looks the same from here, so each
    /// further interruption doubles the pause, from one second up to [`LONGEST_PAUSE`].
    #[must_use]
    pub fn pause(&self) -> u64 {
        match self.begun.checked_sub(2) {
            None => 0,
            Some(doubled) => 1000_u64.saturating_mul(2_u64.saturating_pow(doubled.into())).min(LONGEST_PAUSE),
        }
    }

    /// The handler ended its instance, and would do so again.
    pub fn died(&mut self, now: u64) {
        self.ended(End::failed(&RpcError::internal("The server failed while it carried this out.")), now);
    }

    /// A run has ended. Its end is of no use where the task was cancelled meanwhile.
    pub fn ended(&mut self, end: End, now: u64) {
        if self.seen.phase != Phase::Working {
            return;
        }
        self.begun = 0;
        let failed = |text: &str| match End::failed(&RpcError::internal(text)) {
            End::Error(error, message) => Phase::Failed { error, message },
            End::Result(_) | End::Questions(_) => Phase::Cancelled,
        };
        let phase = match end {
            End::Result(result) if result.len() > MAX_BYTES => {
                failed("The result is larger than what a task can keep.")
            }
            End::Result(result) => Phase::Completed(result),
            End::Error(error, message) => Phase::Failed { error, message },
            End::Questions(open) if open.len().saturating_add(self.answers.len()) > MAX_ANSWERS => {
                failed("The work asks too much.")
            }
            End::Questions(open) if size(&open) > MAX_BYTES / 2 => failed("The questions are too large."),
            End::Questions(open) => Phase::InputRequired(open),
        };
        self.turn(phase, now);
    }
}

fn size(texts: &[(String, String)]) -> usize {
    texts.iter().map(|(key, text)| key.len().saturating_add(text.len())).fold(0, usize::saturating_add)
}
