//! The row of a task in version 1, which is read and no longer written: a task had no journal.

use serde::Deserialize;

use crate::tasks::message::{Answers, Owner};
use crate::tasks::task_view::TaskView;

#[derive(Deserialize)]
pub(crate) struct TaskOfVersion1 {
    pub(crate) owner: Option<Owner>,
    pub(crate) view: TaskView,
    pub(crate) begun: u8,
    pub(crate) answers: Answers,
}
