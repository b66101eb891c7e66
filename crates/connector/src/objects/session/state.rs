//! What the object of a session knows, and how it carries out commands.
//!
//! A question to the client is a request that waits here and a response that comes in another request. Both live in memory only,
//! and so does the owner of the session as long as nothing else is stored. The end of a stream that was written to its end lives
//! there too, for a moment. What has to last is in rows.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use worker::State;

use mcp_connector_base::command::Command;
use mcp_connector_base::identifier::Subject;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_protocol::{Delivery, Event, EventId, Replays, RunningStreams, SessionOwner, Stop};

use crate::objects::session::calls::{Calls, lost_calls};
use crate::objects::session::commands::{
    Arrival, AwaitResponse, AwaitStop, CancelRequest, DeliverResponse, EndSession, ForSubject, GetLogLevel,
    HoldMainStream, KeepEvents, MAIN, PATIENCE, ReadEvents, Reader, STOP_PATIENCE, SendMessage, SetLogLevel,
};
use crate::objects::session::pending_messages::{Limits, PendingMessages};
use crate::objects::session::rows::{Rows, StoredSession};
use crate::objects::session::waiting::{Check, Waiting};
use crate::platform::clock::now;

/// The clients' responses to requests: one may be there before the call that asked waits for it.
const RESPONSES: Limits = Limits { lifetime: 30, messages: 16, bytes: 4 * 1024 * 1024 };
/// Cancellations: a call asks for its own only when it has lasted for some seconds. They are not kept much longer than that, for
/// clients that use the same id again.
const CANCELLATIONS: Limits = Limits { lifetime: 15, messages: 64, bytes: 64 * 1024 };

/// Maximum number of requests that wait at a time for a stream. Calls that wait for a response fail before that, and calls that
/// ask whether they are to stop are told even earlier to ask again later.
const MAX_WAITING: usize = 96;
const MAX_WAITING_FOR_RESPONSES: usize = 80;
const MAX_WAITING_FOR_STOP: usize = 32;

/// A client may come back before the call of its stream has made itself known here: two instances say that the stream begins and
/// that it is lost.
const UNTIL_KNOWN: Duration = Duration::from_millis(1500);

/// A holder that has not been heard of for so long is gone, in seconds.
const HOLDER_GONE: u64 = PATIENCE.as_secs() + 30;

/// The state of one session.
pub(crate) struct SessionState {
    /// The id of the session.
    name: String,
    rows: Rows,
    stored: RefCell<Option<StoredSession>>,
    responses: RefCell<PendingMessages>,
    cancellations: RefCell<PendingMessages>,
    streams: RefCell<Replays>,
    running: RefCell<RunningStreams>,
    main: Cell<MainStream>,
    pub(crate) calls: Calls,
    waiting: Waiting,
}

/// The one stream of a session of 2024-11-05. It lives as long as somebody holds it.
#[derive(Clone, Copy, Default)]
struct MainStream {
    /// When its holder was last heard of.
    held_at: Option<Timestamp>,
    /// How many messages were sent on it.
    sent: u64,
    agreed: Option<[u8; 2]>,
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

    /// Answers [`HoldMainStream`]. Whoever began the stream holds it, also when they have signed in meanwhile.
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
        // A stream that is not held any more is not taken up again: messages are lost.
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

    /// Returns whether somebody holds the one stream of a session of 2024-11-05.
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
    fn events_for(&self, reader: u64, last: &EventId) -> Option<Vec<Event>> {
        let now = now().as_seconds();
        let end = || vec![Event { number: last.number, message: Vec::new(), is_last: true }];
        if !self.running.borrow().is_read_by(&last.stream, reader) {
            return Some(end());
        }
        let events = self.streams.borrow().after(last, now);
        events.or_else(|| (!self.running.borrow().is_running(&last.stream, now)).then(end))
    }

    /// Returns whether anything of a stream was or will be kept.
    fn is_known(&self, stream: &str) -> bool {
        let now = now().as_seconds();
        self.running.borrow().is_running(stream, now)
            || self.streams.borrow().knows(stream, now)
            || self.rows.events(stream).is_ok_and(|events| !events.is_empty())
    }

    /// Returns what `find` finds, now or after a change; none if it takes too long, or if the session ends.
    async fn until<T>(
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

    fn has_ended(&self) -> bool {
        self.stored.borrow().as_ref().is_some_and(|stored| stored.has_ended)
    }

    /// Brings events back into memory that were stored before the object was last evicted.
    fn read_stored_events(&self, stream: &str) -> worker::Result<()> {
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

    async fn store(&self, session: StoredSession) -> worker::Result<()> {
        self.rows.store(&session).await?;
        self.stored.replace(Some(session));
        Ok(())
    }
}

impl CarryOut<GetLogLevel> for SessionState {
    async fn carry_out(
        &self,
        _: GetLogLevel,
        _: Option<&Subject>,
        stored: StoredSession,
    ) -> worker::Result<Option<Option<String>>> {
        Ok(Some(stored.log_level))
    }
}

impl CarryOut<SetLogLevel> for SessionState {
    async fn carry_out(
        &self,
        SetLogLevel(level): SetLogLevel,
        _: Option<&Subject>,
        stored: StoredSession,
    ) -> worker::Result<Option<()>> {
        let stored = StoredSession { log_level: Some(level), ..stored };
        if self.is_main_held() {
            // The session lives as long as its stream, and so does what it remembers.
            self.stored.replace(Some(stored));
        } else {
            self.store(stored).await?;
        }
        Ok(Some(()))
    }
}

impl CarryOut<AwaitResponse> for SessionState {
    async fn carry_out(
        &self,
        AwaitResponse(id): AwaitResponse,
        _: Option<&Subject>,
        _: StoredSession,
    ) -> worker::Result<Option<Option<Vec<u8>>>> {
        let response = || self.responses.borrow_mut().take(&id, now());
        self.until(PATIENCE, MAX_WAITING_FOR_RESPONSES, response).await.map(Some)
    }
}

impl CarryOut<DeliverResponse> for SessionState {
    async fn carry_out(
        &self,
        DeliverResponse { id, response }: DeliverResponse,
        _: Option<&Subject>,
        _: StoredSession,
    ) -> worker::Result<Option<()>> {
        self.responses.borrow_mut().put(id, response, now());
        self.waiting.wake();
        Ok(Some(()))
    }
}

impl CarryOut<AwaitStop> for SessionState {
    async fn carry_out(
        &self,
        AwaitStop { key, stream }: AwaitStop,
        subject: Option<&Subject>,
        _: StoredSession,
    ) -> worker::Result<Option<Option<Stop>>> {
        let (key, stream) = (own_key(subject, &key), stream.as_deref());
        if let Some(name) = stream {
            self.running.borrow_mut().note_active(name, now().as_seconds());
            self.waiting.wake();
        }
        let stop = || {
            if self.cancellations.borrow_mut().take(&key, now()).is_some() {
                return Some(Some(Stop::Cancelled));
            }
            if self.has_ended() {
                return Some(Some(Stop::SessionEnded));
            }
            let name = stream?;
            if self.running.borrow_mut().take_new_reader(name) {
                return Some(Some(Stop::Resumed));
            }
            // A call that has sent its last event waits no more.
            self.running.borrow().has_ended(name).then_some(None)
        };
        Ok(Some(self.until(STOP_PATIENCE, MAX_WAITING_FOR_STOP, stop).await?.flatten()))
    }

    fn after_end() -> Option<Option<Stop>> {
        Some(Some(Stop::SessionEnded))
    }
}

impl CarryOut<CancelRequest> for SessionState {
    async fn carry_out(
        &self,
        CancelRequest(key): CancelRequest,
        subject: Option<&Subject>,
        _: StoredSession,
    ) -> worker::Result<Option<()>> {
        self.cancellations.borrow_mut().put(own_key(subject, &key), Vec::new(), now());
        self.waiting.wake();
        Ok(Some(()))
    }
}

impl CarryOut<KeepEvents> for SessionState {
    async fn carry_out(
        &self,
        KeepEvents { stream, events, delivery }: KeepEvents,
        _: Option<&Subject>,
        stored: StoredSession,
    ) -> worker::Result<Option<()>> {
        if delivery == Delivery::Lost {
            self.rows.store_events(&stream, &events, &stored.owner).await?;
        }
        if events.iter().any(|event| event.is_last) {
            self.running.borrow_mut().end(&stream);
        }
        self.streams.borrow_mut().keep(&stream, events, now().as_seconds());
        self.waiting.wake();
        Ok(Some(()))
    }
}

impl CarryOut<ReadEvents> for SessionState {
    async fn carry_out(
        &self,
        ReadEvents { after, patience, reader: Reader(reader), arrival }: ReadEvents,
        _: Option<&Subject>,
        _: StoredSession,
    ) -> worker::Result<Option<Vec<Event>>> {
        if arrival == Arrival::Comes {
            let is_known = || self.is_known(&after.stream).then_some(());
            self.until(UNTIL_KNOWN, MAX_WAITING, is_known).await?;
            self.running.borrow_mut().give_to(&after.stream, reader);
            // The previous reader, and the call of the stream.
            self.waiting.wake();
        }
        self.read_stored_events(&after.stream)?;
        let patience = Duration::from_secs(patience).min(PATIENCE);
        let events = self.until(patience, MAX_WAITING, || self.events_for(reader, &after)).await?;
        Ok(Some(events.unwrap_or_default()))
    }
}

impl CarryOut<SendMessage> for SessionState {
    async fn carry_out(
        &self,
        SendMessage { message, agreed }: SendMessage,
        _: Option<&Subject>,
        _: StoredSession,
    ) -> worker::Result<Option<()>> {
        if !self.is_main_held() {
            return Ok(None);
        }
        let main = self.main.get();
        let number = main.sent + 1;
        self.main.set(MainStream { sent: number, agreed: agreed.or(main.agreed), ..main });
        let event = Event { number, message, is_last: false };
        self.streams.borrow_mut().keep(MAIN, [event], now().as_seconds());
        self.waiting.wake();
        Ok(Some(()))
    }
}

impl CarryOut<EndSession> for SessionState {
    async fn carry_out(&self, _: EndSession, _: Option<&Subject>, stored: StoredSession) -> worker::Result<Option<()>> {
        self.rows.forget().await?;
        self.responses.borrow_mut().clear();
        self.cancellations.borrow_mut().clear();
        self.streams.take();
        self.running.take();
        self.store(StoredSession { has_ended: true, log_level: None, ..stored }).await?;
        self.waiting.wake();
        Ok(Some(()))
    }
}

/// Returns the key of a request under the name of its caller, so that nobody else cancels it.
fn own_key(subject: Option<&Subject>, key: &str) -> String {
    [subject.map_or("", Subject::as_str), "\n", key].concat()
}
