//! The objects of tasks.

use std::future::Future;

use crate::host::unavailable::Unavailable;
use crate::tasks::commands::{BeginTask, TaskCommand};
use crate::tasks::message::{BeginTaskError, TaskId};
use crate::tasks::task_view::TaskView;

/// The objects of tasks, one for each.
pub trait Tasks {
    /// Begins a task.
    ///
    /// # Errors
    ///
    /// Returns [`BeginTaskError::TooMany`] if clients that have not signed in have too many tasks,
    /// [`BeginTaskError::Unknown`] if the id belongs to another task, and [`BeginTaskError::Unavailable`] if storage
    /// does not answer. In that case, the task may have begun.
    fn begin_task(&self, id: &TaskId, command: BeginTask) -> impl Future<Output = Result<TaskView, BeginTaskError>>;

    /// Sends a command to the object of a task.
    ///
    /// # Errors
    ///
    /// Returns [`Unavailable`] if the object does not answer. For a task that does not exist, the answer is
    /// [`TaskCommand::unknown`].
    fn task<C: TaskCommand>(&self, id: &TaskId, command: C) -> impl Future<Output = Result<C::Answer, Unavailable>>;
}
