//! What a legacy session remembers, in a Durable Object that exists from the first thing there is to remember.
//!
//! A question to the client is a request that waits here and an answer that comes by; both live in memory only, and so does
//! the knowledge whose session it is as long as nothing else is kept. The end of a stream that was written to its end lives
//! there too, for a moment. What has to last is in rows. The calls of a session of 2024-11-05 run here.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use worker::{DurableObject, Env, Request, Response, State, durable_object};

use mcp_connector_base::identifier::Subject;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_protocol::{Delivery, Event, EventId, Replays, RunningStreams, SessionOwner, Stop};

use crate::mcp::session::{Arrival, Asked, Command, MAIN, Outcome, PATIENCE, Reader, STOP_PATIENCE};
use crate::mcp::session_calls::{Calls, lost_calls};
use crate::objects::command;
use crate::objects::pending_messages::{Limits, PendingMessages};
use crate::objects::session_rows::{Kept, Rows};
use crate::objects::waiting::{Check, Waiting};
use crate::platform::clock::now;

/// The clients' answers to questions: one may be there before who asked waits for it.
const ANSWERS: Limits = Limits { lifetime: 30, letters: 16, bytes: 4 * 1024 * 1024 };
/// What was cancelled: a call asks for it only when it has lasted for some seconds. It does not wait much longer than that, for
/// clients that use the same id again.
const CANCELLED: Limits = Limits { lifetime: 15, letters: 64, bytes: 64 * 1024 };

/// Most requests that wait at a time for a stream; before that calls fail that wait for an answer, and before that calls are
/// told to ask again later whether they are to stop.
const MAX_WAITING: usize = 96;
const MAX_WAITING_FOR_ANSWERS: usize = 80;
const MAX_WAITING_FOR_STOP: usize = 32;

/// One session.
#[durable_object(alarm)]
pub struct Session(Rc<SessionObject>);

/// What is known of it.
pub(crate) struct SessionObject {
    pub(crate) env: Env,
    /// The session.
    name: String,
    rows: Rows,
    kept: RefCell<Option<Kept>>,
    answers: RefCell<PendingMessages>,
    cancelled: RefCell<PendingMessages>,
    streams: RefCell<Replays>,
    running: RefCell<RunningStreams>,
    /// The one stream of a session of 2024-11-05.
    main: Cell<Main>,
    pub(crate) calls: Calls,
    waiting: Waiting,
}

/// The one stream of a session of 2024-11-05. It lives as long as somebody holds it.
#[derive(Clone, Copy, Default)]
struct Main {
    /// When its holder was last heard of.
    held: Option<Timestamp>,
    /// How many messages were sent on it.
    sent: u64,
    agreed: Option<[u8; 2]>,
}

/// A client may come back before the call of its stream has made itself known here: that it begins and that it is lost are told
/// by two instances.
const UNTIL_KNOWN: Duration = Duration::from_millis(1500);

/// A holder that has not been heard of for so long is gone, in seconds.
const HOLDER_GONE: u64 = PATIENCE.as_secs().saturating_add(30);

impl DurableObject for Session {
    fn new(state: State, env: Env) -> Self {
        Self(Rc::new(SessionObject {
            env,
            name: state.id().name().unwrap_or_default(),
            rows: Rows::new(state),
            kept: RefCell::default(),
            answers: RefCell::new(PendingMessages::new(ANSWERS)),
            cancelled: RefCell::new(PendingMessages::new(CANCELLED)),
            streams: RefCell::default(),
            running: RefCell::default(),
            main: Cell::default(),
            calls: Calls::default(),
            waiting: Waiting::default(),
        }))
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        command::answer(request, async |asked: Asked| self.0.carry_out(asked).await).await
    }

    async fn alarm(&self) -> worker::Result<Response> {
        self.0.kept.replace(None);
        self.0.streams.take();
        self.0.rows.forget().await?;
        Response::empty()
    }
}

impl SessionObject {
    /// Carries out a command, of another instance or of a call that runs here.
    pub(crate) async fn carry_out(self: &Rc<Self>, asked: Asked) -> worker::Result<Option<Outcome>> {
        let mut kept = self.kept()?;
        if kept.has_ended {
            let is_call = matches!(asked.command, Command::AwaitStop { .. });
            return Ok(is_call.then_some(Outcome::Stop(Some(Stop::SessionEnded))));
        }
        if let Command::Replay { stream, after, patience, .. } = &asked.command
            && stream == MAIN
        {
            // Whoever began it holds it, also when they have signed in meanwhile.
            if kept.owner == SessionOwner::Nobody {
                let owner = kept.owner.after(asked.who.as_ref()).unwrap_or_default();
                self.kept.replace(Some(Kept { owner, ..kept }));
            }
            return self.rest_of_main(*after, Duration::from_secs(*patience).min(PATIENCE)).await.map(Some);
        }
        let Some(owner) = kept.owner.after(asked.who.as_ref()) else { return Ok(None) };
        kept.owner = owner;
        self.kept.replace(Some(kept.clone()));
        Ok(Some(match asked.command {
            Command::LogLevel => Outcome::LogLevel(kept.log_level),
            Command::SetLogLevel(level) => {
                kept.log_level = Some(level);
                if self.is_main_held() {
                    // It lives as long as its stream does, and so does what it remembers.
                    self.kept.replace(Some(kept));
                } else {
                    self.keep(kept).await?;
                }
                Outcome::Done
            }
            Command::Await(id) => {
                let answer = || self.answers.borrow_mut().take(&id, now());
                Outcome::Answer(self.until(PATIENCE, MAX_WAITING_FOR_ANSWERS, answer).await?)
            }
            Command::Answer(id, response) => {
                self.answers.borrow_mut().put(id, response, now());
                self.waiting.wake();
                Outcome::Done
            }
            Command::AwaitStop { key, stream } => {
                let key = own(asked.who.as_ref(), &key);
                Outcome::Stop(self.await_stop(&key, stream.as_deref()).await?)
            }
            Command::Cancel(key) => {
                self.cancelled.borrow_mut().put(own(asked.who.as_ref(), &key), Vec::new(), now());
                self.waiting.wake();
                Outcome::Done
            }
            Command::Keep { stream, events, delivery } => {
                if delivery == Delivery::Lost {
                    self.rows.write_events(&stream, &events, &kept.owner).await?;
                }
                if events.iter().any(|event| event.is_last) {
                    self.running.borrow_mut().end(&stream);
                }
                self.streams.borrow_mut().keep(&stream, events, now().as_seconds());
                self.waiting.wake();
                Outcome::Done
            }
            Command::Replay { stream, after, patience, reader, arrival } => {
                let patience = Duration::from_secs(patience).min(PATIENCE);
                let last = EventId { stream, number: after };
                Outcome::Events(self.rest_of_stream(&last, patience, reader, arrival).await?)
            }
            Command::Send { .. } | Command::Take(_) if !self.is_main_held() => return Ok(None),
            Command::Send { message, agreed } => {
                let main = self.main.get();
                let number = main.sent.saturating_add(1);
                self.main.set(Main { sent: number, agreed: agreed.or(main.agreed), ..main });
                let event = Event { number, message, is_last: false };
                self.streams.borrow_mut().keep(MAIN, [event], now().as_seconds());
                self.waiting.wake();
                Outcome::Done
            }
            Command::Take(posted) => Outcome::Taken(self.take(*posted, self.main.get().agreed).await?),
            Command::End => {
                self.rows.forget().await?;
                self.answers.borrow_mut().clear();
                self.cancelled.borrow_mut().clear();
                self.streams.take();
                self.running.take();
                self.keep(Kept { has_ended: true, log_level: None, ..kept }).await?;
                self.waiting.wake();
                Outcome::Done
            }
        }))
    }

    /// Returns why a call is to stop, or what else it is to be told, or `None` if nothing happens for a while.
    async fn await_stop(&self, key: &str, stream: Option<&str>) -> worker::Result<Option<Stop>> {
        if let Some(name) = stream {
            self.running.borrow_mut().hear_of(name, now().as_seconds());
            self.waiting.wake();
        }
        let stop = || {
            if self.cancelled.borrow_mut().take(key, now()).is_some() {
                return Some(Some(Stop::Cancelled));
            }
            if self.has_ended() {
                return Some(Some(Stop::SessionEnded));
            }
            let name = stream?;
            if self.running.borrow_mut().take_news(name) {
                return Some(Some(Stop::Resumed));
            }
            // A call that has sent its last event waits no more.
            self.running.borrow().has_ended(name).then_some(None)
        };
        Ok(self.until(STOP_PATIENCE, MAX_WAITING_FOR_STOP, stop).await?.flatten())
    }

    /// Returns what `reader` gets of a stream after `last`, now or when there is something.
    async fn rest_of_stream(
        &self,
        last: &EventId,
        patience: Duration,
        Reader(reader): Reader,
        arrival: Arrival,
    ) -> worker::Result<Vec<Event>> {
        if arrival == Arrival::Comes {
            let is_known = || self.is_known(&last.stream).then_some(());
            self.until(UNTIL_KNOWN, MAX_WAITING, is_known).await?;
            self.running.borrow_mut().give_to(&last.stream, reader);
            // The previous reader, and the call of the stream.
            self.waiting.wake();
        }
        self.read_events(&last.stream)?;
        let events = || self.events_for(reader, last);
        Ok(self.until(patience, MAX_WAITING, events).await?.unwrap_or_default())
    }

    /// Returns what `reader` gets of a stream, of which it has got `last`, or `None` as long as something may come.
    fn events_for(&self, reader: u64, last: &EventId) -> Option<Vec<Event>> {
        let now = now().as_seconds();
        let end = || vec![Event { number: last.number, message: Vec::new(), is_last: true }];
        if !self.running.borrow().is_read_by(&last.stream, reader) {
            return Some(end());
        }
        let events = self.streams.borrow().after(last, now);
        events.or_else(|| (!self.running.borrow().is_running(&last.stream, now)).then(end))
    }

    /// Returns whether something was or will be kept of a stream.
    fn is_known(&self, stream: &str) -> bool {
        let now = now().as_seconds();
        self.running.borrow().is_running(stream, now)
            || self.streams.borrow().knows(stream, now)
            || self.rows.events(stream).is_ok_and(|events| !events.is_empty())
    }

    async fn rest_of_main(&self, after: u64, patience: Duration) -> worker::Result<Outcome> {
        let hold = || self.main.set(Main { held: Some(now()), ..self.main.get() });
        // One that is not held any more is not taken up again: messages are lost.
        if after > self.main.get().sent {
            let errors = lost_calls(&self.name);
            return if errors.is_empty() { Err("the stream is gone".into()) } else { Ok(Outcome::Events(errors)) };
        }
        hold();
        let last = EventId { stream: MAIN.to_owned(), number: after };
        let events = || self.streams.borrow().after(&last, now().as_seconds());
        let events = self.until(patience, MAX_WAITING, events).await?;
        hold();
        Ok(Outcome::Events(events.unwrap_or_default()))
    }

    fn is_main_held(&self) -> bool {
        self.main.get().held.is_some_and(|held| now().seconds_since(held) <= HOLDER_GONE)
    }

    /// What `find` finds, now or after something has changed; none if it takes too long, or if the session ends.
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
        self.kept.borrow().as_ref().is_some_and(|kept| kept.has_ended)
    }

    /// Brings events back into memory that were written down before the object was last evicted.
    fn read_events(&self, stream: &str) -> worker::Result<()> {
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

    fn kept(&self) -> worker::Result<Kept> {
        match &*self.kept.borrow() {
            Some(kept) => Ok(kept.clone()),
            None => self.rows.kept(),
        }
    }

    async fn keep(&self, kept: Kept) -> worker::Result<()> {
        self.rows.keep(&kept).await?;
        self.kept.replace(Some(kept));
        Ok(())
    }
}

/// The key of a request under the name of who made it: nobody else cancels it.
fn own(who: Option<&Subject>, key: &str) -> String {
    [who.map_or("", Subject::as_str), "\n", key].concat()
}
