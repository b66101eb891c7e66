//! The commands to the object of a task, and how each is carried out.

use serde::{Deserialize, Serialize};

use crate::tasks::message::{Answers, Owner, TaskCall, TaskId, UnknownTask, UpdateRefusal};
use crate::tasks::task::{Effect, Task};
use crate::tasks::task_view::TaskView;
use mcp_connector_base::command::Command;
use mcp_connector_base::commands;

/// A command to the object of a task.
pub trait TaskCommand: Command {
    /// Returns the owner of the task.
    fn owner(&self) -> Option<Owner>;

    /// Carries the command out on a task of this owner.
    fn carry_out(self, task: &mut Task, now: u64) -> (Self::Answer, Effect);

    /// Returns the answer for a task that does not exist. The task of somebody else counts as one.
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

/// Begins the task. A second begin changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeginTask {
    /// The call that the task carries out.
    pub call: TaskCall,
    /// The answers that came before the call became a task.
    pub answers: Answers,
}

/// Asks for the state of the task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetTask {
    /// The owner of the task.
    pub owner: Option<Owner>,
}

/// Brings answers to questions. Without answers, it only asks whether the task exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateTask {
    /// The owner of the task.
    pub owner: Option<Owner>,
    /// The answers by the keys of their questions.
    pub answers: Answers,
}

/// Cancels the task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelTask {
    /// The owner of the task.
    pub owner: Option<Owner>,
}

/// Sends the state of the task to the streams that listen, now and at each change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenToTask {
    /// The owner of the task.
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

    /// A second begin comes if the answer to the first was lost: 128 random bits do not repeat. If the object failed before it set its
    /// alarm, the handler does not run yet.
    fn carry_out(self, task: &mut Task, _now: u64) -> (Self::Answer, Effect) {
        (Ok(task.view().clone()), Effect::Run)
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
        (Ok(task.view().clone()), Effect::Nothing)
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
