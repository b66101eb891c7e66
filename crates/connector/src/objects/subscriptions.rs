//! The Durable Object `Subscriptions`, one for the connector: it holds every stream that clients listen on, and in `SQLite`
//! what legacy sessions subscribed to. Who hears what is decided by [`Hub`]. Nothing of a stream is kept: when the object is
//! moved or a new version is deployed, streams break off, and clients connect again.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use futures::future::join_all;
use serde::{Deserialize, Serialize};
use worker::js_sys::Uint8Array;
use worker::wasm_bindgen_futures::spawn_local;
use worker::{DurableObject, Env, Request, Response, State, Stub, console_error, durable_object, web_sys};

use mcp_connector_base::codec::{decode, encode};
use mcp_connector_base::identifier::{GrantId, Subject};
use mcp_connector_protocol::tasks;
use mcp_connector_protocol::tasks::TaskId;
use mcp_connector_protocol::{Change, Full, Hub, Limits, Listener, ListenerKind, StreamId, Unavailable, Watched};

use crate::app::state::app;
use crate::oauth::grant_checks;
use crate::objects::command;
use crate::objects::watched_rows::{Owned, WatchedRows};
use crate::platform::clock::now;
use crate::platform::stream_writer::StreamWriter;
use crate::platform::timer::Timer;

/// A comment line. That a client is gone shows at a write, and a proxy closes what is silent.
pub(crate) const COMMENT: &[u8] = b":\n\n";

/// What one object can hold without effort; `npm run bench` measures it.
const LIMITS: Limits = Limits { total: 2000, guests: 1000, network: 500, each: 50 };

/// Most bytes of tasks that wait in the object for all clients together. A task and its result may be more than a megabyte.
const MOST_HELD: u32 = 16 * 1024 * 1024;

/// Seconds after which to look again whether the grants of streams are still valid. With the time between two ticks it is less
/// than a minute.
const LOOK_EVERY: u64 = 30;

/// Where there is no room, it is looked who is gone, not again within so many seconds.
const LOOK_AGAIN: u64 = 3;
/// How often each stream is written to then, and how long that may take to show.
const LOOKS: u32 = 4;
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// How often rows of forgotten sessions are swept.
const SWEEP_AFTER: Duration = Duration::from_hours(1);

/// What the object is asked.
#[derive(Serialize, Deserialize)]
pub(crate) enum Command {
    /// Answered with a stream, or with an [`Outcome`] and status 409.
    Open(Box<Opened>),
    Publish(Change, Option<Subject>),
    Watch {
        session: String,
        owner: Option<Subject>,
        watched: Watched,
        begins: bool,
    },
    /// A session has ended.
    EndSession {
        session: String,
        owner: Option<Subject>,
    },
    /// How a task stands, as JSON, and whether that is how it stays.
    Task {
        id: TaskId,
        whole: String,
        is_over: bool,
    },
}

/// A stream to be.
#[derive(Serialize, Deserialize)]
pub(crate) struct Opened {
    pub(crate) listener: Listener,
    /// What is written first.
    pub(crate) first: Vec<u8>,
    pub(crate) keep_alive_ms: u32,
}

/// What the object answers.
#[derive(Serialize, Deserialize)]
pub(crate) enum Outcome {
    Done,
    /// The session is somebody else's, or has ended.
    NotYours,
    /// There are too many streams.
    Full(Full),
    /// The session, or all of them together, remember too much.
    TooMany,
    /// Nobody listens to the task.
    Nobody,
    /// Somebody has not yet read what was written before.
    Later,
}

/// The one object.
pub(crate) fn stub(env: &Env) -> Result<Stub, Unavailable> {
    command::object(env, "SUBSCRIPTIONS", "all")
}

/// Sends a command that is answered at once.
pub(crate) async fn ask(env: &Env, command: &Command) -> Result<Outcome, Unavailable> {
    command::ask(&stub(env)?, command).await
}

/// Reads the body of a refused [`Command::Open`].
pub(crate) fn outcome(body: &[u8]) -> Option<Outcome> {
    decode(body).ok()
}

/// The object.
#[durable_object(alarm)]
pub struct Subscriptions {
    state: State,
    streams: Rc<Streams>,
}

impl DurableObject for Subscriptions {
    fn new(state: State, env: Env) -> Self {
        Self { state, streams: Rc::new(Streams::new(env)) }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let bytes = request.bytes().await?;
        let outcome = match decode(&bytes) {
            Ok(Command::Open(opened)) => match self.open(*opened).await? {
                Ok(readable) => {
                    return Ok(web_sys::Response::new_with_opt_readable_stream(Some(&readable))?.into());
                }
                Err(outcome) => {
                    let body = encode(&outcome).map_err(|_| "not written")?;
                    return Ok(Response::from_bytes(body)?.with_status(409));
                }
            },
            Ok(Command::Publish(change, by)) => self.publish(&change, by.as_ref())?,
            Ok(Command::Watch { session, owner, watched, begins }) => {
                self.watch(&session, owner.as_ref(), &watched, begins).await?
            }
            Ok(Command::Task { id, whole, is_over }) => self.streams.tell_of_task(&id, &whole, is_over),
            Ok(Command::EndSession { session, owner }) => self.end_session(&session, owner.as_ref()).await?,
            Err(_) => return Response::error("", 400),
        };
        Response::from_bytes(encode(&outcome).map_err(|_| "not written")?)
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
    async fn open(&self, opened: Opened) -> worker::Result<Result<web_sys::ReadableStream, Outcome>> {
        if let ListenerKind::Session(session) = opened.listener.role() {
            let rows = WatchedRows::new(self.state.storage().sql())?;
            if let Owned::BySomebodyElse = rows.owned(session, opened.listener.owner(), now())? {
                return Ok(Err(Outcome::NotYours));
            }
            if opened.listener.owner().is_some() {
                self.sweep_later().await?;
            }
        }
        self.streams.open(opened).await
    }

    fn publish(&self, change: &Change, by: Option<&Subject>) -> worker::Result<Outcome> {
        if !self.streams.hub.borrow().is_empty() {
            let watching = match change {
                Change::Resource(uri) => WatchedRows::new(self.state.storage().sql())?.watching(uri)?,
                Change::Tools | Change::Prompts | Change::Resources => Vec::new(),
            };
            let told = self.streams.hub.borrow().hearing(change, by, &watching);
            for (id, event) in told {
                self.streams.write(id, Uint8Array::from(event.as_slice()));
            }
        }
        Ok(Outcome::Done)
    }

    async fn watch(
        &self,
        session: &str,
        owner: Option<&Subject>,
        watched: &Watched,
        begins: bool,
    ) -> worker::Result<Outcome> {
        let rows = WatchedRows::new(self.state.storage().sql())?;
        if let Owned::BySomebodyElse = rows.owned(session, owner, now())? {
            return Ok(Outcome::NotYours);
        }
        if !begins {
            rows.unwatch(session, &watched.uri)?;
            return Ok(Outcome::Done);
        }
        if !rows.watch(session, owner, watched, now())? {
            return Ok(Outcome::TooMany);
        }
        self.sweep_later().await?;
        Ok(Outcome::Done)
    }

    async fn end_session(&self, session: &str, owner: Option<&Subject>) -> worker::Result<Outcome> {
        let rows = WatchedRows::new(self.state.storage().sql())?;
        if let Owned::BySomebodyElse = rows.owned(session, owner, now())? {
            return Ok(Outcome::NotYours);
        }
        rows.end(session, owner, now())?;
        let is_of_it = |listener: &Listener| matches!(listener.role(), ListenerKind::Session(id) if id == session);
        let ended = self.streams.hub.borrow().which(is_of_it);
        for id in ended {
            self.streams.end(id);
        }
        self.sweep_later().await?;
        Ok(Outcome::Done)
    }

    async fn sweep_later(&self) -> worker::Result<()> {
        let storage = self.state.storage();
        if storage.get_alarm().await?.is_none() { storage.set_alarm(SWEEP_AFTER).await } else { Ok(()) }
    }
}

/// All open streams.
struct Streams {
    env: Env,
    hub: RefCell<Hub>,
    /// In the order of their ids.
    outlets: RefCell<Vec<(StreamId, StreamWriter)>>,
    is_ticking: Cell<bool>,
    keep_alive: Cell<Duration>,
    /// When grants were last looked at, in seconds since 1970.
    looked_at: Cell<u64>,
    /// When it was last looked who is gone, in seconds since 1970.
    looked_who_is_gone: Cell<u64>,
}

impl Streams {
    fn new(env: Env) -> Self {
        Self {
            env,
            hub: RefCell::new(Hub::new(LIMITS)),
            outlets: RefCell::default(),
            is_ticking: Cell::new(false),
            keep_alive: Cell::new(Duration::from_secs(15)),
            looked_at: Cell::new(0),
            looked_who_is_gone: Cell::new(0),
        }
    }

    async fn open(self: &Rc<Self>, opened: Opened) -> worker::Result<Result<web_sys::ReadableStream, Outcome>> {
        let first_try = self.hub.borrow_mut().open(opened.listener.clone());
        let id = match first_try {
            Ok(id) => id,
            Err(full) => {
                // A closed connection is noticed only at a write, and the next one is half a minute away.
                self.look_who_is_gone().await;
                match self.hub.borrow_mut().open(opened.listener) {
                    Ok(id) => id,
                    Err(_) => return Ok(Err(Outcome::Full(full))),
                }
            }
        };
        let (outlet, readable) = StreamWriter::new().inspect_err(|_| drop(self.hub.borrow_mut().close(id)))?;
        self.outlets.borrow_mut().push((id, outlet));
        self.write(id, Uint8Array::from(opened.first.as_slice()));
        self.keep_alive.set(Duration::from_millis(opened.keep_alive_ms.into()));
        self.keep_ticking();
        Ok(Ok(readable))
    }

    /// Tells those who listen to a task how it stands. Nothing of it is kept here for a client that reads slowly: the task's
    /// object keeps it, and says it again.
    fn tell_of_task(self: &Rc<Self>, task: &TaskId, whole: &str, is_over: bool) -> Outcome {
        let listening = self.hub.borrow().listening_to(task);
        if listening.is_empty() {
            return Outcome::Nobody;
        }
        let mut outcome = Outcome::Done;
        for (id, subscription) in listening {
            let event = tasks::event(whole, &subscription);
            if !self.has_room(id, u32::try_from(event.len()).unwrap_or(u32::MAX)) {
                outcome = Outcome::Later;
                continue;
            }
            self.write(id, Uint8Array::from(event.as_slice()));
            if is_over {
                self.hub.borrow_mut().has_heard(id, task);
            }
        }
        outcome
    }

    /// Whether so many bytes may be written to a stream without one client or all of them holding too much here.
    fn has_room(&self, id: StreamId, bytes: u32) -> bool {
        let outlets = self.outlets.borrow();
        let held = || outlets.iter().map(|(_, outlet)| outlet.held()).fold(bytes, u32::saturating_add);
        place(&outlets, id).and_then(|place| outlets.get(place)).is_some_and(|(_, outlet)| outlet.has_room(bytes))
            && held() <= MOST_HELD
    }

    /// Writes to a stream.
    fn write(self: &Rc<Self>, id: StreamId, chunk: Uint8Array) {
        self.use_outlet(id, |outlet, gone| outlet.write(chunk, gone));
    }

    /// Lets `act` use the outlet of a stream. Where that says that the client reads nothing, the stream is broken off.
    fn use_outlet(self: &Rc<Self>, id: StreamId, act: impl FnOnce(&StreamWriter, Box<dyn FnOnce()>) -> bool) {
        let is_taken = {
            let outlets = self.outlets.borrow();
            let Some((_, outlet)) = place(&outlets, id).and_then(|place| outlets.get(place)) else { return };
            let streams = Rc::downgrade(self);
            let gone = move || {
                if let Some(streams) = streams.upgrade() {
                    streams.forget(id);
                }
            };
            act(outlet, Box::new(gone))
        };
        if !is_taken && let Some((_, outlet)) = self.forget(id) {
            outlet.abort();
        }
    }

    /// Says goodbye and ends a stream.
    fn end(self: &Rc<Self>, id: StreamId) {
        if let Some((listener, outlet)) = self.forget(id) {
            outlet.end(listener.end());
        }
    }

    fn forget(&self, id: StreamId) -> Option<(Listener, StreamWriter)> {
        let listener = self.hub.borrow_mut().close(id)?;
        let mut outlets = self.outlets.borrow_mut();
        let place = place(&outlets, id)?;
        Some((listener, outlets.remove(place).1))
    }

    /// Writes to every stream that has room, a few times, until some turn out to have no client. Not more often than every
    /// [`LOOK_AGAIN`]: it is a write to each.
    async fn look_who_is_gone(self: &Rc<Self>) {
        let now = now().as_seconds();
        if now.saturating_sub(self.looked_who_is_gone.get()) < LOOK_AGAIN {
            return;
        }
        self.looked_who_is_gone.set(now);
        let comment = Uint8Array::from(COMMENT);
        let open: Vec<StreamId> = self.outlets.borrow().iter().map(|(id, _)| *id).collect();
        for _ in 0..LOOKS {
            for id in &open {
                if self.is_idle(*id) {
                    self.write(*id, comment.clone());
                }
            }
            Timer::new(BETWEEN_LOOKS).await;
            if self.outlets.borrow().len() < open.len() {
                return;
            }
        }
    }

    fn is_idle(&self, id: StreamId) -> bool {
        let outlets = self.outlets.borrow();
        place(&outlets, id).and_then(|place| outlets.get(place)).is_some_and(|(_, outlet)| outlet.is_idle())
    }

    fn sessions(&self) -> Vec<String> {
        self.hub.borrow().sessions()
    }

    /// One timer for all streams, as long as there are any.
    fn keep_ticking(self: &Rc<Self>) {
        if self.is_ticking.replace(true) {
            return;
        }
        let streams = Rc::clone(self);
        spawn_local(async move {
            while !streams.hub.borrow().is_empty() {
                Timer::new(streams.keep_alive.get()).await;
                streams.tick().await;
            }
            streams.is_ticking.set(false);
        });
    }

    /// Ends what is over, and writes to everybody else, to see who is still there.
    async fn tick(self: &Rc<Self>) {
        let now = now().as_seconds();
        let expired = self.hub.borrow().expired(now);
        for id in expired {
            self.end(id);
        }
        let served = self.hub.borrow().served();
        for id in served {
            if self.is_idle(id) {
                self.end(id);
            }
        }
        if now.saturating_sub(self.looked_at.get()) >= LOOK_EVERY {
            self.looked_at.set(now);
            self.end_revoked().await;
        }
        let comment = Uint8Array::from(COMMENT);
        let open: Vec<StreamId> = self.outlets.borrow().iter().map(|(id, _)| *id).collect();
        for id in open {
            self.use_outlet(id, |outlet, gone| outlet.probe(&comment, gone));
        }
    }

    /// Ends the streams whose grants are no longer valid or cannot be checked: their clients connect again, and wait until
    /// somebody can.
    async fn end_revoked(self: &Rc<Self>) {
        let asked = self.hub.borrow().grants();
        let asking = join_all(asked.into_iter().map(async |(subject, grants)| {
            let standing = self.standing(&subject, grants.clone()).await.unwrap_or_else(|Unavailable| {
                console_error!("streams: whether a sign-in still stands could not be found out");
                Vec::new()
            });
            grants.into_iter().filter(|grant| !standing.contains(grant)).collect::<Vec<_>>()
        }));
        let over = asking.await.concat();
        let streams = self.hub.borrow().which(|listener| listener.grant().is_some_and(|grant| over.contains(&grant)));
        for id in streams {
            self.end(id);
        }
    }

    async fn standing(&self, subject: &Subject, grants: Vec<GrantId>) -> Result<Vec<GrantId>, Unavailable> {
        let secrets = app(&self.env).map_err(|_| Unavailable)?.secrets(&self.env).await?;
        grant_checks::standing(&self.env, &secrets, subject, grants).await
    }
}

fn place(outlets: &[(StreamId, StreamWriter)], id: StreamId) -> Option<usize> {
    outlets.binary_search_by_key(&id, |(id, _)| *id).ok()
}
