//! Tasks and the events for which they wait, as the rest of the Worker and they themselves reach them.

use std::time::Duration;

use worker::Env;

use mcp_connector_protocol::Unavailable;
use mcp_connector_protocol::deliveries::{AwaitEvent, DeliverEvent, DeliveriesFull, EventKey, ResumeTask};
use mcp_connector_protocol::tasks::{TaskCommand, TaskId};

use crate::config::bindings::Binding;
use crate::objects::stub::{ObjectStub, ask_by_id};

/// Sends a command to the object of a task. Repeating a command changes nothing.
pub(crate) async fn ask<C: TaskCommand>(env: &Env, id: &TaskId, command: &C) -> Result<C::Answer, Unavailable> {
    ObjectStub::new(env, Binding::Task, id.as_str()).ask_again(command).await
}

/// Brings its event to the task with this object.
pub(crate) async fn resume(env: &Env, object: &str, event: &ResumeTask) -> Result<(), Unavailable> {
    ask_by_id(env, Binding::Task, object, event).await
}

/// Delivers an event.
pub(crate) async fn deliver(
    env: &Env,
    key: &EventKey,
    command: &DeliverEvent,
) -> Result<Result<(), DeliveriesFull>, Unavailable> {
    event(env, key).ask_again(command).await
}

/// Asks for an event, and waits for it as long as `patience`.
pub(crate) async fn await_event(
    env: &Env,
    key: &EventKey,
    command: &AwaitEvent,
    patience: Duration,
) -> Result<Result<Option<String>, DeliveriesFull>, Unavailable> {
    match event(env, key).ask_patiently(command, patience).await {
        Err(Unavailable) => event(env, key).ask_patiently(command, patience).await,
        answer => answer,
    }
}

/// The object of an event. No task has a name with a space.
fn event<'a>(env: &'a Env, key: &EventKey) -> ObjectStub<'a> {
    ObjectStub::new(env, Binding::Task, format!("event {}", key.as_str()))
}
