//! The Durable Object `Subscriptions`, one for the connector. It holds every stream on which clients listen for
//! changes, and stores in `SQLite` what legacy sessions subscribe to. Nothing of a stream is stored: when the object is
//! moved or a new version is deployed, streams break off, and clients connect again.

use std::rc::Rc;
use std::time::Duration;

use worker::js_sys::Uint8Array;
use worker::{DurableObject, Env, Request, Response, State, durable_object, web_sys};

use mcp_connector_base::codec::encode;
use mcp_connector_base::identifier::Subject;
use mcp_connector_protocol::{Change, Listener, ListenerKind};

use crate::objects::dispatch;
use crate::objects::dispatch::dispatch;
use crate::objects::stub::STREAM_REFUSED;
use crate::objects::subscriptions::commands::{
    ChangeWatch, EndWatches, OpenStream, PublishChange, PublishTask, StreamRefusal, WatchRefusal,
};
use crate::objects::subscriptions::rows::{Access, WatchedRows};
use crate::objects::subscriptions::streams::Streams;
use crate::platform::clock::now;

/// How often rows of forgotten sessions are swept.
const SWEEP_AFTER: Duration = Duration::from_hours(1);

/// All streams and subscriptions.
#[durable_object(alarm)]
pub struct Subscriptions {
    state: State,
    streams: Rc<Streams>,
}

impl DurableObject for Subscriptions {
    fn new(state: State, env: Env) -> Self {
        Self { state, streams: Rc::new(Streams::new(env)) }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        let message = dispatch::message(request).await?;
        if let Some(command) = dispatch::command::<OpenStream>(&message) {
            return match self.open(command).await? {
                Ok(readable) => Ok(web_sys::Response::new_with_opt_readable_stream(Some(&readable))?.into()),
                Err(refusal) => {
                    let body = encode(&refusal).map_err(|_| "a refusal cannot be written")?;
                    Ok(Response::from_bytes(body)?.with_status(STREAM_REFUSED))
                }
            };
        }
        dispatch!(message, {
            PublishChange => async |command| self.publish(&command.change, command.by.as_ref()),
            PublishTask => async |command| Ok(self.streams.publish_task(&command.id, &command.whole, command.is_over)),
            ChangeWatch => async |command| self.change_watch(&command).await,
            EndWatches => async |command| self.end_watches(&command.session, command.owner.as_ref()).await,
        })
    }

    /// Forgets sessions that were not used for long and have no stream open.
    async fn alarm(&self) -> worker::Result<Response> {
        let rows = WatchedRows::new(self.state.storage().sql())?;
        for session in self.streams.sessions() {
            rows.used(&session, now())?;
        }
        rows.forget(now())?;
        if rows.is_empty()? {
            self.state.storage().delete_all().await?;
        } else {
            self.state.storage().set_alarm(SWEEP_AFTER).await?;
        }
        Response::empty()
    }
}

impl Subscriptions {
    async fn open(&self, command: OpenStream) -> worker::Result<Result<web_sys::ReadableStream, StreamRefusal>> {
        if let ListenerKind::Session(session) = command.listener.kind() {
            let rows = WatchedRows::new(self.state.storage().sql())?;
            if let Access::Refused = rows.access(session, command.listener.owner(), now())? {
                return Ok(Err(StreamRefusal::NotYours));
            }
            if command.listener.owner().is_some() {
                self.sweep_later().await?;
            }
        }
        Ok(self.streams.open(command).await?.map_err(StreamRefusal::Full))
    }

    fn publish(&self, change: &Change, by: Option<&Subject>) -> worker::Result<()> {
        if !self.streams.open.borrow().is_empty() {
            let watching = match change {
                Change::Resource(uri) => WatchedRows::new(self.state.storage().sql())?.watching(uri)?,
                Change::Tools | Change::Prompts | Change::Resources => Vec::new(),
            };
            let told = self.streams.open.borrow().recipients(change, by, &watching);
            for (id, event) in told {
                self.streams.write(id, Uint8Array::from(event.as_slice()));
            }
        }
        Ok(())
    }

    async fn change_watch(&self, command: &ChangeWatch) -> worker::Result<Result<(), WatchRefusal>> {
        let ChangeWatch { session, owner, watched, begins } = command;
        let rows = WatchedRows::new(self.state.storage().sql())?;
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
        let rows = WatchedRows::new(self.state.storage().sql())?;
        if let Access::Refused = rows.access(session, owner, now())? {
            return Ok(false);
        }
        rows.end(session, owner, now())?;
        let is_of_it = |listener: &Listener| matches!(listener.kind(), ListenerKind::Session(id) if id == session);
        let ended = self.streams.open.borrow().which(is_of_it);
        for id in ended {
            self.streams.end(id);
        }
        self.sweep_later().await?;
        Ok(true)
    }

    async fn sweep_later(&self) -> worker::Result<()> {
        let storage = self.state.storage();
        if storage.get_alarm().await?.is_none() { storage.set_alarm(SWEEP_AFTER).await } else { Ok(()) }
    }
}
