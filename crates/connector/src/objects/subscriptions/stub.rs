//! `Subscriptions`, as the rest of the Worker reaches it.

use std::time::Duration;

use worker::web_sys::ReadableStream;
use worker::{Env, console_error};

use mcp_connector_base::command::Command;
use mcp_connector_base::identifier::Subject;
use mcp_connector_protocol::tasks::TaskId;
use mcp_connector_protocol::{Change, Registry, SessionError, SessionId, Unavailable, Watch, WatchError};

use crate::config::bindings::Binding;
use crate::objects::stub::ObjectStub;
use crate::objects::subscriptions::commands::{
    ChangeWatch, EndWatches, OpenStream, PublishChange, PublishTask, StreamRefusal, TaskPublished,
};
use crate::platform::timer::within;

/// A comment line. A write is what shows that a client is gone, and keeps a proxy from closing the stream.
pub(crate) const COMMENT: &[u8] = b":\n\n";

/// An announcement that is not sent by then is not worth the caller's time.
const PUBLISH_LIMIT: Duration = Duration::from_secs(2);

/// Opens a stream.
pub(crate) async fn open_stream(
    env: &Env,
    command: &OpenStream,
) -> Result<Result<ReadableStream, StreamRefusal>, Unavailable> {
    object(env).open_stream(command).await
}

/// Tells the streams that listen of a change. One that the connector does not declare is not sent: nobody listens to it.
pub(crate) async fn publish<H: 'static>(env: &Env, registry: &Registry<H>, change: &Change, by: Option<&Subject>) {
    let topic = change.topic();
    if !registry.announces(topic) {
        console_error!("not announced: the connector does not say .announces([Topic::{topic:?}])");
        return;
    }
    let _ = announce(env, &PublishChange { change: change.clone(), by: by.cloned() }).await;
}

/// Tells the streams that listen to a task its state: `whole`, as JSON.
pub(crate) async fn publish_task(
    env: &Env,
    id: TaskId,
    whole: String,
    is_over: bool,
) -> Result<TaskPublished, Unavailable> {
    announce(env, &PublishTask { id, whole, is_over }).await
}

/// Remembers that a session subscribes to a resource, or no longer does.
pub(crate) async fn watch(env: &Env, watch: &Watch, owner: Option<&Subject>) -> Result<(), WatchError> {
    let command = ChangeWatch {
        session: watch.session.as_str().to_owned(),
        owner: owner.cloned(),
        watched: watch.watched.clone(),
        begins: watch.begins,
    };
    Ok(object(env).ask(&command).await??)
}

/// Ends the streams and subscriptions of a session.
pub(crate) async fn end_session(env: &Env, session: &SessionId, owner: Option<&Subject>) -> Result<(), SessionError> {
    let command = EndWatches { session: session.as_str().to_owned(), owner: owner.cloned() };
    if object(env).ask(&command).await? { Ok(()) } else { Err(SessionError::Gone) }
}

async fn announce<C: Command>(env: &Env, command: &C) -> Result<C::Answer, Unavailable> {
    within(PUBLISH_LIMIT, object(env).ask_again(command))
        .await
        .inspect_err(|_| console_error!("not announced: who holds the streams does not answer"))
}

/// The one object.
fn object(env: &Env) -> ObjectStub<'_> {
    ObjectStub::new(env, Binding::Subscriptions, "all")
}
