//! The Durable Object `Subscriptions`: the streams on which clients listen for changes. The connector has one, the root, until that is
//! full; [`Shard`] says how others share the streams with it. The root is told of every change, tells the others, and stores in `SQLite`
//! what legacy sessions subscribe to and which shards are in use. Nothing of a stream is stored: when an object is moved or a new version
//! is deployed, its streams break off, and clients connect again.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use worker::{DurableObject, Env, Request, Response, State, console_error, durable_object, web_sys};

use mcp_connector_base::codec::encode;
use mcp_connector_base::identifier::Subject;
use mcp_connector_protocol::{Change, Full, Listener, ListenerKind, Shard};

use crate::config::bindings::Binding;
use crate::objects::dispatch;
use crate::objects::dispatch::dispatch;
use crate::objects::stub::STREAM_REFUSED;
use crate::objects::subscriptions::commands::{
    ChangeWatch, EndStreams, EndWatches, ForwardChanges, ForwardedChange, OpenStream, PublishChange, PublishTask,
    ShardInUse, ShardUse, StreamRefusal, TaskPublished, WatchRefusal,
};
use crate::objects::subscriptions::rows::{Access, WatchedRows};
use crate::objects::subscriptions::shard_rows::ShardRows;
use crate::objects::subscriptions::shards::{Shards, person};
use crate::objects::subscriptions::streams::Streams;
use crate::objects::subscriptions::stub;
use crate::platform::clock::now;

/// How often rows of forgotten sessions are swept.
const SWEEP_AFTER: Duration = Duration::from_hours(1);

/// The streams of one shard; in the root also the subscriptions of sessions, and the way to the other shards.
#[durable_object(alarm)]
pub struct Subscriptions {
    env: Env,
    state: Rc<State>,
    streams: Rc<Streams>,
    shards: Rc<Shards>,
    /// None until they are needed, and when everything was deleted.
    rows: RefCell<Option<Rc<WatchedRows>>>,
    /// Whether the root knows that this shard has a stream.
    is_registered: Cell<bool>,
}

impl DurableObject for Subscriptions {
    fn new(state: State, env: Env) -> Self {
        let state = Rc::new(state);
        Self {
            streams: Rc::new(Streams::new(env.clone())),
            shards: Rc::new(Shards::new(env.clone(), Rc::clone(&state))),
            rows: RefCell::default(),
            is_registered: Cell::new(false),
            env,
            state,
        }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        let message = dispatch::message(request).await?;
        if let Some(command) = dispatch::command::<OpenStream>(&message) {
            return match self.open(command).await {
                Ok(Ok(readable)) => Ok(web_sys::Response::new_with_opt_readable_stream(Some(&readable))?.into()),
                Ok(Err(refusal)) => {
                    let body = encode(&refusal).map_err(|_| "a refusal cannot be written")?;
                    Ok(Response::from_bytes(body)?.with_status(STREAM_REFUSED))
                }
                Err(error) => dispatch::failed::<OpenStream>(Binding::Subscriptions, &error),
            };
        }
        dispatch!(Binding::Subscriptions, message, {
            ShardInUse => async |command| self.shards.register(command.shard, command.session.as_deref()),
            PublishChange => async |command| self.publish(command),
            ForwardChanges => async |command| Ok(self.forwarded(&command.changes)),
            PublishTask => async |command| self.publish_task(command).await,
            ChangeWatch => async |command| self.change_watch(&command).await,
            EndWatches => async |command| self.end_watches(&command.session, command.owner.as_ref()).await,
            EndStreams => async |command| {
                self.end_streams(&command.session);
                Ok(())
            },
        })
    }

    /// Forgets sessions that were not used for long and have no stream open.
    async fn alarm(&self) -> worker::Result<Response> {
        let rows = self.rows()?;
        for session in self.streams.sessions() {
            rows.used(&session, now())?;
        }
        rows.forget(now())?;
        ShardRows::forget_unknown(&self.state.storage().sql())?;
        if rows.is_empty()? && self.shards.reached(None)?.is_empty() {
            self.rows.take();
            self.state.storage().delete_all().await?;
        } else if !rows.is_empty()? {
            self.state.storage().set_alarm(SWEEP_AFTER).await?;
        }
        Response::empty()
    }
}

impl Subscriptions {
    fn rows(&self) -> worker::Result<Rc<WatchedRows>> {
        if let Some(rows) = &*self.rows.borrow() {
            return Ok(Rc::clone(rows));
        }
        let rows = Rc::new(WatchedRows::new(self.state.storage().sql())?);
        self.rows.replace(Some(Rc::clone(&rows)));
        Ok(rows)
    }

    async fn open(&self, command: OpenStream) -> worker::Result<Result<web_sys::ReadableStream, StreamRefusal>> {
        let shard = command.shard;
        let owner = command.listener.owner().cloned();
        let session = match command.listener.kind() {
            ListenerKind::Session(session) => Some(session.clone()),
            ListenerKind::Subscription { .. } => None,
        };
        let elsewhere = command.elsewhere.saturating_add(self.streams.count_of(owner.as_ref()));
        if let Some(session) = &session
            && shard.is_root()
        {
            if let Access::Refused = self.rows()?.access(session, owner.as_ref(), now())? {
                return Ok(Err(StreamRefusal::NotYours));
            }
            if owner.is_some() {
                self.sweep_later().await?;
                // The streams of a session stay together, because each message goes to the newest of them.
                if let Some(shard) = self.shards.rows()?.place_of(session)? {
                    return Ok(Err(StreamRefusal::TryShard { shard, elsewhere }));
                }
            }
        }
        let next = owner.and_then(|owner| shard.next(&owner));
        let (id, readable) = match (self.streams.open(command, next.is_some()).await?, next) {
            (Ok(opened), _) => opened,
            (Err(Full::InAll), Some(shard)) => return Ok(Err(StreamRefusal::TryShard { shard, elsewhere })),
            (Err(full), _) => return Ok(Err(StreamRefusal::Full(full))),
        };
        if let Err(error) = self.register(shard, session).await {
            self.streams.break_off(id);
            return Err(error);
        }
        Ok(Ok(readable))
    }

    /// Tells the root that this shard has a stream. The stream is open by then, so that the shard says no more that it has none.
    async fn register(&self, shard: Shard, session: Option<String>) -> worker::Result<()> {
        if shard.is_root() || (self.is_registered.get() && session.is_none()) {
            return Ok(());
        }
        let registered = stub::shard(&self.env, Shard::ROOT).ask_again(&ShardInUse { shard, session }).await;
        registered.map_err(|_| "the root of the streams does not answer")?;
        self.is_registered.set(true);
        Ok(())
    }

    /// Tells the streams of the root of a change, and sends it to the other shards whose streams may have to be told.
    fn publish(&self, command: PublishChange) -> worker::Result<()> {
        let PublishChange { change, concerns, reach } = command;
        let others = self.shards.reached(person(reach, &concerns))?;
        if others.is_empty() && self.streams.is_empty() {
            return Ok(());
        }
        let watching = match &change {
            Change::Resource(uri) => self.rows()?.watching(uri)?,
            Change::Tools | Change::Prompts | Change::Resources => Vec::new(),
        };
        self.streams.publish(&change, &concerns, &watching);
        for shard in others {
            let watching = if watching.is_empty() {
                Vec::new()
            } else {
                let sessions = self.shards.rows()?.sessions_in(shard)?;
                watching.iter().filter(|(session, _)| sessions.contains(session)).cloned().collect()
            };
            self.shards
                .forward(shard, ForwardedChange { change: change.clone(), concerns: concerns.clone(), watching });
        }
        Ok(())
    }

    /// Tells the streams of this shard of changes that the root has sent.
    fn forwarded(&self, changes: &[ForwardedChange]) -> ShardUse {
        if self.streams.is_empty() {
            self.is_registered.set(false);
            return ShardUse::Empty;
        }
        for ForwardedChange { change, concerns, watching } in changes {
            self.streams.publish(change, concerns, watching);
        }
        ShardUse::InUse
    }

    async fn publish_task(&self, command: PublishTask) -> worker::Result<TaskPublished> {
        let here = self.streams.publish_task(&command.id, &command.whole, command.is_over);
        if !command.shard.is_root() {
            return Ok(here);
        }
        let there = self.shards.publish_task(&command).await?;
        Ok(there.into_iter().fold(here, TaskPublished::and))
    }

    async fn change_watch(&self, command: &ChangeWatch) -> worker::Result<Result<(), WatchRefusal>> {
        let ChangeWatch { session, owner, watched, begins } = command;
        let rows = self.rows()?;
        if let Access::Refused = rows.access(session, owner.as_ref(), now())? {
            return Ok(Err(WatchRefusal::NotYours));
        }
        if !begins {
            rows.unwatch(session, &watched.uri)?;
            return Ok(Ok(()));
        }
        if !rows.watch(session, owner.as_ref(), watched, now())? {
            return Ok(Err(WatchRefusal::TooMany));
        }
        self.sweep_later().await?;
        Ok(Ok(()))
    }

    async fn end_watches(&self, session: &str, owner: Option<&Subject>) -> worker::Result<bool> {
        let rows = self.rows()?;
        if let Access::Refused = rows.access(session, owner, now())? {
            return Ok(false);
        }
        rows.end(session, owner, now())?;
        self.end_streams(session);
        let placed = self.shards.rows()?;
        if let Some(shard) = placed.place_of(session)? {
            placed.forget(session)?;
            let ended = stub::shard(&self.env, shard).ask_again(&EndStreams { session: session.to_owned() }).await;
            // The session has ended in any case, and its streams end with their tokens.
            ended.unwrap_or_else(|_| console_error!("streams: shard {} does not answer", shard.number()));
        }
        self.sweep_later().await?;
        Ok(true)
    }

    fn end_streams(&self, session: &str) {
        let is_of_it = |listener: &Listener| matches!(listener.kind(), ListenerKind::Session(id) if id == session);
        self.streams.end_which(is_of_it);
    }

    async fn sweep_later(&self) -> worker::Result<()> {
        let storage = self.state.storage();
        if storage.get_alarm().await?.is_none() { storage.set_alarm(SWEEP_AFTER).await } else { Ok(()) }
    }
}
