//! Tasks: tool calls that go on after their answer (the extension `io.modelcontextprotocol/tasks`, SEP-2663; 2026-07-28 only).
//!
//! A tool says that it is long-running. A client that declares the extension in its call gets a task in place of the result,
//! and asks for the outcome with `tasks/get`; every other client waits as ever. The same handler does the work, and what it
//! asks with `cx.elicit(…)` makes the task `input_required`: the handler is left, and runs again from its beginning when
//! `tasks/update` has brought all answers, as in the rounds of an ordinary call. Nothing runs while a person thinks.
//!
//! A task lives in an object of its own, which is not here: [`Task`] decides, the object loads, runs and saves. Where the
//! object is evicted in the middle of a run, the handler begins again, with the answers that it has had. So its work is done
//! at least once; what must not happen twice looks into its own storage first.
//!
//! A client asks how a task stands, or listens (`notifications/tasks` on a stream of `subscriptions/listen`). Who listens is
//! known to the task's object, which then tells who holds the streams; a task that nobody listens to tells nobody.

pub(crate) mod begin;
pub(crate) mod commands;
pub(crate) mod listen;
pub(crate) mod message;
pub(crate) mod run;
pub(crate) mod status_message;
pub(crate) mod task;
pub(crate) mod task_view;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::{BeginTask, CancelTask, GetTask, ListenToTask, TaskCommand, UpdateTask};
pub(crate) use listen::find;
pub use listen::{event, tell_all};
pub use message::{Answers, BeginTaskError, End, Owner, Question, TaskCall, TaskId, UnknownTask, UpdateRefusal};
pub use status_message::StatusMessage;
pub use task::{Effect, Task, Wake};
pub use task_view::{Phase, TaskView};

/// The extension's name.
pub(crate) const EXTENSION: &str = "io.modelcontextprotocol/tasks";
