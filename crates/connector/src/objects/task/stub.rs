//! Tasks, as the rest of the Worker reaches them.

use worker::Env;

use mcp_connector_protocol::Unavailable;
use mcp_connector_protocol::tasks::{TaskCommand, TaskId};

use crate::config::bindings::Binding;
use crate::objects::stub::ObjectStub;

/// Sends a command to the object of a task. Repeating a command changes nothing.
pub(crate) async fn ask<C: TaskCommand>(env: &Env, id: &TaskId, command: &C) -> Result<C::Answer, Unavailable> {
    ObjectStub::new(env, Binding::Task, id.as_str()).ask_again(command).await
}
