//! Tasks: tool calls that go on after their answer (the extension `io.modelcontextprotocol/tasks`, SEP-2663; 2026-07-28 only).
//!
//! A tool declares that it is long-running. A client that declares the extension in its call gets a task in place of the result and
//! asks for the outcome with `tasks/get`. Every other client waits for the result.
//!
//! The same handler does the work. A question by `cx.elicit(…)` makes the task `input_required` and leaves the handler. It runs again
//! from its beginning when `tasks/update` has brought all answers, as in multi round-trip requests. Nothing runs while a person
//! thinks. In the same way, `cx.wait_for(…)` leaves the handler until an event has come ([`deliveries`](crate::deliveries)). What earlier runs have got
//! is in the [`Journal`].
//!
//! A task has a Durable Object of its own, which is not here: [`Task`] decides; the object loads, runs and saves. If the object is
//! evicted during a run, the handler runs again with the answers so far. So the work is done at least once. A handler whose work must
//! not happen twice checks its own storage first.
//!
//! A client polls a task or listens to it (`notifications/tasks` on a stream of `subscriptions/listen`). The object of a task with
//! listeners sends each change to the object that holds the streams. A task without listeners sends nothing.

pub(crate) mod background_run;
pub(crate) mod begin;
pub(crate) mod commands;
pub(crate) mod journal;
pub(crate) mod listen;
pub(crate) mod message;
#[cfg(test)]
mod model_tests;
pub(crate) mod run;
pub(crate) mod status_message;
pub(crate) mod task;
mod task_version_1;
pub(crate) mod task_view;
#[cfg(test)]
mod tests;
mod version_1;

pub use commands::{BeginTask, CancelTask, GetTask, ListenToTask, TaskCommand, UpdateTask};
pub use journal::{Journal, JournalEntry, JournalFull, RunJournal, StoreEntryError};
pub(crate) use listen::find;
pub use listen::{event, tell_all};
pub use message::{Answers, BeginTaskError, End, Owner, Question, TaskCall, TaskId, UnknownTask, UpdateRefusal};
pub use status_message::StatusMessage;
pub use task::{Effect, Task, Wake};
pub use task_view::{EventWait, Phase, TaskView};

/// The extension's name.
pub(crate) const EXTENSION: &str = "io.modelcontextprotocol/tasks";
