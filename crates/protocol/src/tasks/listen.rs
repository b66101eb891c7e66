//! Notifications of tasks: `notifications/tasks` on a stream of `subscriptions/listen` ("Task Status Notifications").
//!
//! A caller who may get a task may listen to it. A stream begins with the state of each task, so that no change is missed between
//! the last `tasks/get` and the stream. Each change and each status message of the handler follow.

use futures::future::join_all;

use crate::host::tasks::Tasks;
use crate::host::unavailable::Unavailable;
use crate::streams::sse_event::sse_event;
use crate::subscriptions::change::SUBSCRIPTION_ID;
use crate::tasks::commands::{ListenToTask, UpdateTask};
use crate::tasks::message::{Owner, TaskId};
use mcp_connector_base::caller::Caller;

/// Removes the ids of tasks that do not exist or are not the caller's.
pub(crate) async fn find(ids: &mut Vec<TaskId>, caller: Option<&Caller>, host: &impl Tasks) -> Result<(), Unavailable> {
    // Without answers, this only asks whether there is such a task.
    let is_there = async |id: TaskId| {
        let update = UpdateTask { owner: caller.map(Owner::of), answers: Vec::new() };
        host.task(&id, update).await.map(|updated| updated.is_ok())
    };
    let found: Vec<bool> = join_all(ids.iter().cloned().map(is_there)).await.into_iter().collect::<Result<_, _>>()?;
    let mut found = found.into_iter();
    ids.retain(|_| found.next() == Some(true));
    Ok(())
}

/// Tells the tasks that a stream listens. Each sends its state to the stream.
///
/// # Errors
///
/// Returns [`Unavailable`] if the object of a task does not answer. The other tasks are told all the same.
pub async fn tell_all(ids: &[TaskId], caller: Option<&Caller>, host: &impl Tasks) -> Result<(), Unavailable> {
    let listen = async |id: TaskId| {
        let command = ListenToTask { owner: caller.map(Owner::of), id: id.clone() };
        // A task that has expired since sends nothing.
        host.task(&id, command).await.map(|_| ())
    };
    join_all(ids.iter().cloned().map(listen)).await.into_iter().collect()
}

/// Returns the notification as an event, from the task as JSON and the id of the subscription as JSON.
#[must_use]
pub fn event(whole: &str, subscription: &str) -> Vec<u8> {
    let key = SUBSCRIPTION_ID;
    let members = whole.strip_prefix('{').unwrap_or_default();
    sse_event(
        format!(
            "{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tasks\",\"params\":{{\"_meta\":{{\"{key}\":{subscription}}},{members}}}"
        )
        .as_bytes(),
    )
}
