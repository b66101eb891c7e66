//! The state of a session in its object.
//!
//! A request to the client waits here for its response, which another HTTP request brings. Both are in memory only, and so are
//! the owner of the session as long as nothing else is stored, and for a moment the last events of a complete stream. Everything
//! that has to last is in rows.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use worker::State;

use mcp_connector_base::command::Command;
use mcp_connector_base::identifier::Subject;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_protocol::{Event, EventId, Replays, RunningStreams, SessionOwner};

use crate::objects::session::calls::{Calls, lost_calls};
use crate::objects::session::commands::{ForSubject, HoldMainStream, MAIN, PATIENCE};
use crate::objects::session::pending_messages::{Limits, PendingMessages};
use crate::objects::session::rows::{Rows, StoredSession};
use crate::objects::session::waiting::{Check, Waiting};
use crate::platform::clock::now;

/// The clients' responses to requests: one may be there before the call that asked waits for it.
const RESPONSES: Limits = Limits { lifetime: 30, messages: 16, bytes: 4 * 1024 * 1024 };
/// Cancellations: a call asks for its own only when it has lasted for some seconds. They are dropped soon after that,
/// because clients may use an id again.
const CANCELLATIONS: Limits = Limits { lifetime: 15, messages: 64, bytes: 64 * 1024 };

/// Maximum number of requests that wait at a time for a stream. Calls that wait for a response fail before that, and calls that
/// ask whether they are to stop are told even earlier to ask again later.
pub(super) const MAX_WAITING: usize = 96;
pub(super) const MAX_WAITING_FOR_RESPONSES: usize = 80;
pub(super) const MAX_WAITING_FOR_STOP: usize = 32;

/// How long after its last request a holder counts as gone, in seconds.
const HOLDER_GONE: u64 = PATIENCE.as_secs() + 30;

/// The state of one session.
pub(crate) struct SessionState {
    /// The id of the session.
    name: String,
    pub(super) rows: Rows,
    pub(super) stored: RefCell<Option<StoredSession>>,
    pub(super) responses: RefCell<PendingMessages>,
    pub(super) cancellations: RefCell<PendingMessages>,
    pub(super) streams: RefCell<Replays>,
    pub(super) running: RefCell<RunningStreams>,
    pub(super) main: Cell<MainStream>,
    pub(crate) calls: Calls,
    pub(super) waiting: Waiting,
}

/// The one stream of a session of 2024-11-05. It lives as long as a client holds it.
#[derive(Clone, Copy, Default)]
pub(super) struct MainStream {
    /// The time of the last request of its holder.
    pub(super) held_at: Option<Timestamp>,
    /// How many messages were sent on it.
    pub(super) sent: u64,
    pub(super) agreed: Option<[u8; 2]>,
}

/// How a command of a caller who has access to the session is carried out.
pub(crate) trait CarryOut<C: Command> {
    /// Returns the answer, or none if there is no such session any more.
    async fn carry_out(
        &self,
        command: C,
        subject: Option<&Subject>,
        stored: StoredSession,
    ) -> worker::Result<Option<C::Answer>>;

    /// Returns the answer once the session has ended.
    fn after_end() -> Option<C::Answer> {
        None
    }
}

impl SessionState {
    pub(crate) fn new(state: State) -> Self {
        Self {
            name: state.id().name().unwrap_or_default(),
            rows: Rows::new(state),
            stored: RefCell::default(),
            responses: RefCell::new(PendingMessages::new(RESPONSES)),
            cancellations: RefCell::new(PendingMessages::new(CANCELLATIONS)),
            streams: RefCell::default(),
            running: RefCell::default(),
            main: Cell::default(),
            calls: Calls::default(),
            waiting: Waiting::default(),
        }
    }

    /// Answers a command, of another instance or of a call that runs here.
    pub(crate) async fn answer<C: Command>(
        &self,
        ForSubject { subject, command }: ForSubject<C>,
    ) -> worker::Result<Option<C::Answer>>
    where
        Self: CarryOut<C>,
    {
        if self.stored()?.has_ended {
            return Ok(<Self as CarryOut<C>>::after_end());
        }
        match self.admit(subject.as_ref())? {
            Some(stored) => self.carry_out(command, subject.as_ref(), stored).await,
            None => Ok(None),
        }
    }

    /// Gives the session to its first person. Returns none if it has ended or belongs to another person.
    pub(crate) fn admit(&self, subject: Option<&Subject>) -> worker::Result<Option<StoredSession>> {
        let stored = self.stored()?;
        if stored.has_ended {
            return Ok(None);
        }
        let Some(owner) = stored.owner.after(subject) else { return Ok(None) };
        let stored = StoredSession { owner, ..stored };
        self.stored.replace(Some(stored.clone()));
        Ok(Some(stored))
    }

    /// Answers [`HoldMainStream`]. The client that began the stream holds it, even if its person has signed in meanwhile.
    pub(crate) async fn hold_main_stream(
        &self,
        ForSubject { subject, command }: ForSubject<HoldMainStream>,
    ) -> worker::Result<Option<Vec<Event>>> {
        let stored = self.stored()?;
        if stored.has_ended {
            return Ok(None);
        }
        if stored.owner == SessionOwner::Nobody {
            let owner = stored.owner.after(subject.as_ref()).unwrap_or_default();
            self.stored.replace(Some(StoredSession { owner, ..stored }));
        }
        let hold = || self.main.set(MainStream { held_at: Some(now()), ..self.main.get() });
        // A stream that is no longer held cannot be resumed, because messages are lost.
        if command.after > self.main.get().sent {
            let errors = lost_calls(&self.name);
            return if errors.is_empty() { Err("the stream is gone".into()) } else { Ok(Some(errors)) };
        }
        hold();
        let last = EventId { stream: MAIN.to_owned(), number: command.after };
        let events = || self.streams.borrow().after(&last, now().as_seconds());
        let patience = Duration::from_secs(command.patience).min(PATIENCE);
        let events = self.until(patience, MAX_WAITING, events).await?;
        hold();
        Ok(Some(events.unwrap_or_default()))
    }

    /// Returns whether a client holds the one stream of a session of 2024-11-05.
    pub(crate) fn is_main_held(&self) -> bool {
        self.main.get().held_at.is_some_and(|held_at| now().seconds_since(held_at) <= HOLDER_GONE)
    }

    /// Returns what client and server have agreed on in a session of 2024-11-05.
    pub(crate) fn agreed(&self) -> Option<[u8; 2]> {
        self.main.get().agreed
    }

    /// Deletes everything that was stored.
    pub(crate) async fn forget(&self) -> worker::Result<()> {
        self.stored.replace(None);
        self.streams.take();
        self.rows.forget().await
    }

    /// Returns what `reader` gets of a stream, of which it has `last`, or none as long as something may come.
    pub(super) fn events_for(&self, reader: u64, last: &EventId) -> Option<Vec<Event>> {
        let now = now().as_seconds();
        let end = || vec![Event { number: last.number, message: Vec::new(), is_last: true }];
        if !self.running.borrow().is_read_by(&last.stream, reader) {
            return Some(end());
        }
        let events = self.streams.borrow().after(last, now);
        events.or_else(|| (!self.running.borrow().is_running(&last.stream, now)).then(end))
    }

    /// Returns whether events of a stream are stored or still to come.
    pub(super) fn is_known(&self, stream: &str) -> bool {
        let now = now().as_seconds();
        self.running.borrow().is_running(stream, now)
            || self.streams.borrow().knows(stream, now)
            || self.rows.events(stream).is_ok_and(|events| !events.is_empty())
    }

    /// Returns what `find` finds, now or after a change; none if it takes too long, or if the session ends.
    pub(super) async fn until<T>(
        &self,
        patience: Duration,
        most: usize,
        find: impl Fn() -> Option<T>,
    ) -> worker::Result<Option<T>> {
        let check = || match find() {
            None if self.has_ended() => Check::Never,
            found => found.into(),
        };
        self.waiting.until(patience, most, check).await
    }

    pub(super) fn has_ended(&self) -> bool {
        self.stored.borrow().as_ref().is_some_and(|stored| stored.has_ended)
    }

    /// Brings events back into memory that were stored before the object was last evicted.
    pub(super) fn read_stored_events(&self, stream: &str) -> worker::Result<()> {
        let now = now().as_seconds();
        if self.streams.borrow().knows(stream, now) {
            return Ok(());
        }
        let events = self.rows.events(stream)?;
        if !events.is_empty() {
            self.streams.borrow_mut().keep(stream, events, now);
        }
        Ok(())
    }

    fn stored(&self) -> worker::Result<StoredSession> {
        match &*self.stored.borrow() {
            Some(stored) => Ok(stored.clone()),
            None => self.rows.session(),
        }
    }

    pub(super) async fn store(&self, session: StoredSession) -> worker::Result<()> {
        self.rows.store(&session).await?;
        self.stored.replace(Some(session));
        Ok(())
    }
}
