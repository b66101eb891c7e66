//! The commands to the object of a task, and how each is carried out.

use serde::{Deserialize, Serialize};

use crate::tasks::message::{Answers, Owner, TaskCall, TaskId, UnknownTask, UpdateRefusal};
use crate::tasks::task::{Effect, Task};
use crate::tasks::task_view::TaskView;
use mcp_connector_base::command::Command;
use mcp_connector_base::commands;

/// A command to the object of a task.
pub trait TaskCommand: Command {
    /// Returns whose task the command is about.
    fn owner(&self) -> Option<Owner>;

    /// Carries the command out on a task of this owner.
    fn carry_out(self, task: &mut Task, now: u64) -> (Self::Answer, Effect);

    /// Returns the answer where there is no such task, or where it is somebody else's, who need not know that it exists.
    fn unknown() -> Self::Answer;
}

impl Task {
    /// Answers a command.
    pub fn answer<C: TaskCommand>(&mut self, command: C, now: u64) -> (C::Answer, Effect) {
        if self.has_expired(now) {
            return (C::unknown(), Effect::Forget);
        }
        if !self.belongs_to(command.owner().as_ref()) {
            return (C::unknown(), Effect::Nothing);
        }
        command.carry_out(self, now)
    }
}

/// Begins the task. To begin it again changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeginTask {
    /// The call that the task carries out.
    pub call: TaskCall,
    /// What was answered before the call became a task.
    pub answers: Answers,
}

/// Asks how the task stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetTask {
    /// Whose task it is.
    pub owner: Option<Owner>,
}

/// Brings answers to questions. Without any it only asks whether there is such a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateTask {
    /// Whose task it is.
    pub owner: Option<Owner>,
    /// The answers by the keys of their questions.
    pub answers: Answers,
}

/// Cancels the task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelTask {
    /// Whose task it is.
    pub owner: Option<Owner>,
}

/// Has the streams that listen told how the task stands, from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenToTask {
    /// Whose task it is.
    pub owner: Option<Owner>,
    /// The id of the task, which its object does not know.
    pub id: TaskId,
}

commands! {
    BeginTask => Result<TaskView, UnknownTask>;
    GetTask => Result<TaskView, UnknownTask>;
    UpdateTask => Result<(), UpdateRefusal>;
    CancelTask => Result<(), UnknownTask>;
    ListenToTask => Result<(), UnknownTask>;
}

impl TaskCommand for BeginTask {
    fn owner(&self) -> Option<Owner> {
        self.call.owner()
    }

    /// The same beginning comes once more if its answer was lost: nobody draws the same 128 bits again. If the object failed before
    /// it set its alarm, nothing runs yet.
    fn carry_out(self, task: &mut Task, _now: u64) -> (Self::Answer, Effect) {
        (Ok(task.seen().clone()), Effect::Run)
    }

    fn unknown() -> Self::Answer {
        Err(UnknownTask)
    }
}

impl TaskCommand for GetTask {
    fn owner(&self) -> Option<Owner> {
        self.owner.clone()
    }

    fn carry_out(self, task: &mut Task, _now: u64) -> (Self::Answer, Effect) {
        (Ok(task.seen().clone()), Effect::Nothing)
    }

    fn unknown() -> Self::Answer {
        Err(UnknownTask)
    }
}

impl TaskCommand for UpdateTask {
    fn owner(&self) -> Option<Owner> {
        self.owner.clone()
    }

    fn carry_out(self, task: &mut Task, now: u64) -> (Self::Answer, Effect) {
        task.update(self.answers, now)
    }

    fn unknown() -> Self::Answer {
        Err(UpdateRefusal::Unknown)
    }
}

impl TaskCommand for CancelTask {
    fn owner(&self) -> Option<Owner> {
        self.owner.clone()
    }

    fn carry_out(self, task: &mut Task, now: u64) -> (Self::Answer, Effect) {
        let effect = if task.is_over() { Effect::Nothing } else { Effect::Stop };
        task.cancel(now);
        (Ok(()), effect)
    }

    fn unknown() -> Self::Answer {
        Err(UnknownTask)
    }
}

impl TaskCommand for ListenToTask {
    fn owner(&self) -> Option<Owner> {
        self.owner.clone()
    }

    fn carry_out(self, _task: &mut Task, _now: u64) -> (Self::Answer, Effect) {
        (Ok(()), Effect::Tell(self.id))
    }

    fn unknown() -> Self::Answer {
        Err(UnknownTask)
    }
}
