//! Tasks, as the rest of the Worker reaches them.

use worker::Env;

use mcp_connector_protocol::Unavailable;
use mcp_connector_protocol::tasks::{Command, Reply, TaskId};

use crate::config::bindings::Binding;
use crate::objects::stub::ObjectStub;

/// Sends a command to the object of a task. Repeating a command changes nothing.
pub(crate) async fn ask(env: &Env, id: &TaskId, command: Command) -> Result<Reply, Unavailable> {
    ObjectStub::new(env, Binding::Task, id.as_str()).ask_again(&command).await
}
