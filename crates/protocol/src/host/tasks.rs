//! The objects of tasks.

use std::future::Future;

use crate::host::unavailable::Unavailable;
use crate::tasks::commands::{BeginTask, TaskCommand};
use crate::tasks::message::{BeginTaskError, TaskId};
use crate::tasks::task_view::TaskView;

/// The objects of tasks, one for each.
pub trait Tasks {
    /// Begins a task.
    fn begin_task(&self, id: &TaskId, command: BeginTask) -> impl Future<Output = Result<TaskView, BeginTaskError>>;

    /// Sends a command to the object of a task.
    fn task<C: TaskCommand>(&self, id: &TaskId, command: C) -> impl Future<Output = Result<C::Answer, Unavailable>>;
}
