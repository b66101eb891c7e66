//! The open streams of all clients, as long as the object lives. [`OpenStreams`] decides which of them receive a change.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use futures::future::join_all;
use worker::js_sys::Uint8Array;
use worker::wasm_bindgen_futures::spawn_local;
use worker::{Env, console_error, web_sys};

use mcp_connector_base::identifier::{GrantId, Subject};
use mcp_connector_protocol::tasks;
use mcp_connector_protocol::tasks::TaskId;
use mcp_connector_protocol::{Change, Concerns, Full, Limits, Listener, OpenStreams, StreamId, Unavailable};

use crate::app::state::app;
use crate::oauth::access::grant_checks;
use crate::objects::subscriptions::commands::{OpenStream, TaskPublished};
use crate::objects::subscriptions::stub::COMMENT;
use crate::platform::clock::now;
use crate::platform::stream_writer::StreamWriter;
use crate::platform::timer::Timer;

/// How many streams one object holds: in all as many as the configuration says, which every [`OpenStream`] brings.
const LIMITS: Limits = Limits { total: 0, anonymous: 1000, network: 500, each: 50 };

/// Maximum number of bytes of tasks that wait in the object for all clients together. A task and its result may be more than a megabyte.
const MAX_WAITING_BYTES: u64 = 16 * 1024 * 1024;

/// How often the grants of streams are checked, in seconds. With the time between two ticks it is less than a minute.
const CHECK_GRANTS_EVERY: u64 = 30;

/// If there is no room, all streams are probed for clients that are gone, but not again within so many seconds.
const PROBE_AGAIN: u64 = 3;
/// How often each stream is probed then, and how long it takes until that shows.
const PROBES: u32 = 4;
const BETWEEN_PROBES: Duration = Duration::from_millis(200);

/// All open streams.
pub(crate) struct Streams {
    env: Env,
    open: RefCell<OpenStreams>,
    writers: RefCell<BTreeMap<StreamId, StreamWriter>>,
    is_ticking: Cell<bool>,
    keep_alive: Cell<Duration>,
    /// The time at which grants were last checked, in seconds since 1970.
    checked_grants_at: Cell<u64>,
    /// The time at which all streams were last probed, in seconds since 1970.
    probed_at: Cell<u64>,
}

impl Streams {
    pub(crate) fn new(env: Env) -> Self {
        Self {
            env,
            open: RefCell::new(OpenStreams::new(LIMITS)),
            writers: RefCell::default(),
            is_ticking: Cell::new(false),
            keep_alive: Cell::new(Duration::from_secs(15)),
            checked_grants_at: Cell::new(0),
            probed_at: Cell::new(0),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open.borrow().is_empty()
    }

    /// Returns how many streams a person has here, or all clients without a token together.
    pub(crate) fn count_of(&self, owner: Option<&Subject>) -> u32 {
        u32::try_from(self.open.borrow().count_of(owner)).unwrap_or(u32::MAX)
    }

    /// Opens a stream, if there is room for it. If there is `other_room`, streams without a client are not looked for.
    pub(crate) async fn open(
        self: &Rc<Self>,
        command: OpenStream,
        other_room: bool,
    ) -> worker::Result<Result<(StreamId, web_sys::ReadableStream), Full>> {
        let elsewhere = usize::try_from(command.elsewhere).unwrap_or(usize::MAX);
        self.open.borrow_mut().set_total(usize::try_from(command.room).unwrap_or(usize::MAX));
        let first_try = self.open.borrow_mut().open(command.listener.clone(), elsewhere);
        let id = match first_try {
            Ok(id) => id,
            Err(full @ Full::InAll) if other_room => return Ok(Err(full)),
            Err(full) => {
                // Only a write shows that a connection is closed, and the next one is half a minute away.
                self.probe_all().await;
                match self.open.borrow_mut().open(command.listener, elsewhere) {
                    Ok(id) => id,
                    Err(_) => return Ok(Err(full)),
                }
            }
        };
        let (writer, readable) = StreamWriter::new().inspect_err(|_| drop(self.open.borrow_mut().close(id)))?;
        self.writers.borrow_mut().insert(id, writer);
        self.write(id, Uint8Array::from(command.first.as_slice()));
        self.keep_alive.set(Duration::from_millis(command.keep_alive_ms.into()));
        self.keep_ticking();
        Ok(Ok((id, readable)))
    }

    /// Tells the streams that listen of a change. `watching` are the sessions that subscribed to the resource, in order, and whether it
    /// needs a sign-in.
    pub(crate) fn publish(self: &Rc<Self>, change: &Change, concerns: &Concerns, watching: &[(String, bool)]) {
        let told = self.open.borrow().recipients(change, concerns, watching);
        for (id, event) in told {
            self.write(id, Uint8Array::from(event.as_slice()));
        }
    }

    /// Tells the streams that listen to a task its state. Nothing is buffered here for a client that reads slowly: the
    /// object of the task keeps it, and says it again.
    pub(crate) fn publish_task(self: &Rc<Self>, task: &TaskId, whole: &str, is_over: bool) -> TaskPublished {
        let listening = self.open.borrow().listening_to(task);
        if listening.is_empty() {
            return TaskPublished::NobodyListens;
        }
        let mut published = TaskPublished::Told;
        for (id, subscription) in listening {
            let event = tasks::event(whole, &subscription);
            if !self.has_room(id, u32::try_from(event.len()).unwrap_or(u32::MAX)) {
                published = TaskPublished::Later;
                continue;
            }
            self.write(id, Uint8Array::from(event.as_slice()));
            if is_over {
                self.open.borrow_mut().end_task(id, task);
            }
        }
        published
    }

    /// Returns whether so many bytes may be written to a stream, so that neither one client nor all of them hold too much here.
    fn has_room(&self, id: StreamId, bytes: u32) -> bool {
        let writers = self.writers.borrow();
        let waiting =
            || u64::from(bytes) + writers.values().map(|writer| u64::from(writer.waiting_bytes())).sum::<u64>();
        writers.get(&id).is_some_and(|writer| writer.has_room(bytes)) && waiting() <= MAX_WAITING_BYTES
    }

    /// Writes to a stream.
    fn write(self: &Rc<Self>, id: StreamId, chunk: Uint8Array) {
        self.use_writer(id, |writer, gone| writer.write(chunk, gone));
    }

    /// Lets `act` use the writer of a stream. If that says that the client reads nothing, the stream is broken off.
    fn use_writer(self: &Rc<Self>, id: StreamId, act: impl FnOnce(&StreamWriter, Box<dyn FnOnce()>) -> bool) {
        let is_taken = {
            let writers = self.writers.borrow();
            let Some(writer) = writers.get(&id) else { return };
            let streams = Rc::downgrade(self);
            let gone = move || {
                if let Some(streams) = streams.upgrade() {
                    streams.forget(id);
                }
            };
            act(writer, Box::new(gone))
        };
        if !is_taken {
            self.break_off(id);
        }
    }

    /// Breaks a stream off.
    pub(crate) fn break_off(&self, id: StreamId) {
        if let Some((_, writer)) = self.forget(id) {
            writer.abort();
        }
    }

    /// Ends the streams for which `condition` holds.
    pub(crate) fn end_which(self: &Rc<Self>, condition: impl Fn(&Listener) -> bool) {
        let ended = self.open.borrow().which(condition);
        for id in ended {
            self.end(id);
        }
    }

    /// Writes the last event of a stream and ends it.
    fn end(self: &Rc<Self>, id: StreamId) {
        if let Some((listener, writer)) = self.forget(id) {
            writer.end(listener.end());
        }
    }

    fn forget(&self, id: StreamId) -> Option<(Listener, StreamWriter)> {
        let listener = self.open.borrow_mut().close(id)?;
        Some((listener, self.writers.borrow_mut().remove(&id)?))
    }

    /// Writes to every idle stream, a few times, until some turn out to have no client. Not more often than every [`PROBE_AGAIN`]
    /// seconds: it is a write to each.
    async fn probe_all(self: &Rc<Self>) {
        let now = now().as_seconds();
        if now.saturating_sub(self.probed_at.get()) < PROBE_AGAIN {
            return;
        }
        self.probed_at.set(now);
        let comment = Uint8Array::from(COMMENT);
        let open = self.open_streams();
        for _ in 0..PROBES {
            for id in &open {
                if self.is_idle(*id) {
                    self.write(*id, comment.clone());
                }
            }
            Timer::new(BETWEEN_PROBES).await;
            if self.writers.borrow().len() < open.len() {
                return;
            }
        }
    }

    fn is_idle(&self, id: StreamId) -> bool {
        self.writers.borrow().get(&id).is_some_and(StreamWriter::is_idle)
    }

    fn open_streams(&self) -> Vec<StreamId> {
        self.writers.borrow().keys().copied().collect()
    }

    /// Returns the sessions that have a stream open.
    pub(crate) fn sessions(&self) -> Vec<String> {
        self.open.borrow().sessions()
    }

    /// Runs one timer for all streams, as long as there are any.
    fn keep_ticking(self: &Rc<Self>) {
        if self.is_ticking.replace(true) {
            return;
        }
        let streams = Rc::clone(self);
        spawn_local(async move {
            while !streams.open.borrow().is_empty() {
                Timer::new(streams.keep_alive.get()).await;
                streams.tick().await;
            }
            streams.is_ticking.set(false);
        });
    }

    /// Ends the streams that are over, and writes to all others, which shows whether their clients are still there.
    async fn tick(self: &Rc<Self>) {
        let now = now().as_seconds();
        let expired = self.open.borrow().expired(now);
        for id in expired {
            self.end(id);
        }
        let served = self.open.borrow().finished();
        for id in served {
            if self.is_idle(id) {
                self.end(id);
            }
        }
        if now.saturating_sub(self.checked_grants_at.get()) >= CHECK_GRANTS_EVERY {
            self.checked_grants_at.set(now);
            self.end_revoked().await;
        }
        let comment = Uint8Array::from(COMMENT);
        let open = self.open_streams();
        for id in open {
            self.use_writer(id, |writer, gone| writer.probe(&comment, gone));
        }
    }

    /// Ends the streams whose grants are no longer valid or cannot be checked: their clients connect again, and wait until the
    /// grants can be checked.
    async fn end_revoked(self: &Rc<Self>) {
        let asked = self.open.borrow().grants();
        let asking = join_all(asked.into_iter().map(async |(subject, grants)| {
            let active = self.active_grants(&subject, grants.clone()).await.unwrap_or_else(|Unavailable| {
                console_error!("streams: grants could not be checked");
                Vec::new()
            });
            grants.into_iter().filter(|grant| !active.contains(grant)).collect::<Vec<_>>()
        }));
        let over = asking.await.concat();
        self.end_which(|listener| listener.grant().is_some_and(|grant| over.contains(&grant)));
    }

    async fn active_grants(&self, subject: &Subject, grants: Vec<GrantId>) -> Result<Vec<GrantId>, Unavailable> {
        let source = app(&self.env).map_err(|_| Unavailable)?.grant_source(&self.env).await?;
        Ok(grant_checks::check(&self.env, &source, subject, grants).await?.active)
    }
}
