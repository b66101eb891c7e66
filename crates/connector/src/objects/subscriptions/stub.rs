//! The objects `Subscriptions`, as the rest of the Worker and they themselves reach them.

use std::borrow::Cow;
use std::time::Duration;

use worker::web_sys::ReadableStream;
use worker::{Env, console_error};

use mcp_connector_base::command::Command;
use mcp_connector_base::identifier::Subject;
use mcp_connector_protocol::tasks::TaskId;
use mcp_connector_protocol::{
    Change, Concerns, Full, Reach, Registry, SessionError, SessionId, Shard, Unavailable, Watch, WatchChange,
    WatchError,
};

use crate::config::bindings::Binding;
use crate::objects::stub::ObjectStub;
use crate::objects::subscriptions::commands::{
    ChangeWatch, EndWatches, OpenStream, PublishChange, PublishTask, StreamRefusal, TaskPublished,
};
use crate::platform::timer::within;

/// A comment line. A write is what shows that a client is gone, and keeps a proxy from closing the stream.
pub(crate) const COMMENT: &[u8] = b":\n\n";

/// How many shards are asked for room: those of one path, and one more where a session has its streams already.
const MOST_SHARDS: usize = 8;

/// An announcement that is not sent by then is not worth the caller's time.
const PUBLISH_LIMIT: Duration = Duration::from_secs(2);

/// Opens a stream, in the first shard that has room.
pub(crate) async fn open_stream(
    env: &Env,
    mut command: OpenStream,
) -> Result<Result<ReadableStream, StreamRefusal>, Unavailable> {
    for _ in 0..MOST_SHARDS {
        match shard(env, command.shard).open_stream(&command).await? {
            Err(StreamRefusal::TryShard { shard, elsewhere }) => {
                (command.shard, command.elsewhere) = (shard, elsewhere);
            }
            opened => return Ok(opened),
        }
    }
    Ok(Err(StreamRefusal::Full(Full::InAll)))
}

/// Tells the streams that listen of a change. One that the connector does not declare is not sent: nobody listens to it. Neither is one
/// that concerns nobody, if it needs a sign-in.
pub(crate) async fn publish<H: 'static>(env: &Env, registry: &Registry<H>, change: &Change, concerns: Concerns) {
    let topic = change.topic();
    if !registry.announces(topic) {
        console_error!("not announced: the connector does not say .announces([Topic::{topic:?}])");
        return;
    }
    let reach = registry.reach(change);
    if reach == Reach::SignedIn && concerns == Concerns::Nobody {
        return;
    }
    let _ = announce(env, &PublishChange { change: change.clone(), concerns, reach }).await;
}

/// Tells the streams that listen of a change that concerns everybody who may know of it.
pub(crate) async fn publish_to_all<H: 'static>(env: &Env, registry: &Registry<H>, change: &Change) {
    publish(env, registry, change, Concerns::Everybody(registry.scopes_of(change))).await;
}

/// Tells the streams that listen to a task its state: `whole`, as JSON.
pub(crate) async fn publish_task(
    env: &Env,
    id: TaskId,
    owner: Option<Subject>,
    whole: String,
    is_over: bool,
) -> Result<TaskPublished, Unavailable> {
    announce(env, &PublishTask { shard: Shard::ROOT, owner, id, whole, is_over }).await
}

/// Remembers that a session subscribes to a resource, or no longer does.
pub(crate) async fn watch(env: &Env, watch: &Watch, owner: Option<&Subject>) -> Result<(), WatchError> {
    let command = ChangeWatch {
        session: watch.session.as_str().to_owned(),
        owner: owner.cloned(),
        watched: watch.watched.clone(),
        begins: watch.change == WatchChange::Begin,
    };
    Ok(shard(env, Shard::ROOT).ask(&command).await??)
}

/// Ends the streams and subscriptions of a session.
pub(crate) async fn end_session(env: &Env, session: &SessionId, owner: Option<&Subject>) -> Result<(), SessionError> {
    let command = EndWatches { session: session.as_str().to_owned(), owner: owner.cloned() };
    if shard(env, Shard::ROOT).ask(&command).await? { Ok(()) } else { Err(SessionError::Gone) }
}

async fn announce<C: Command>(env: &Env, command: &C) -> Result<C::Answer, Unavailable> {
    within(PUBLISH_LIMIT, shard(env, Shard::ROOT).ask_again(command))
        .await
        .inspect_err(|_| console_error!("not announced: who holds the streams does not answer"))
}

/// The object of a shard. The root has the name that the one object had before there were others.
pub(crate) fn shard(env: &Env, shard: Shard) -> ObjectStub<'_> {
    let name = if shard.is_root() { Cow::Borrowed("all") } else { Cow::Owned(format!("all-{}", shard.number())) };
    ObjectStub::new(env, Binding::Subscriptions, name)
}
