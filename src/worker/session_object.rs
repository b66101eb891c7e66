//! What a legacy session remembers, in a Durable Object that exists from the first thing there is to remember.
//!
//! A question to the client is a request that waits here and an answer that comes by; both live in memory only, and so does
//! the knowledge whose session it is as long as nothing else is kept. The end of a stream that was written to its end lives
//! there too, for a moment. What has to last is one row, and one for each event of a stream that was lost.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Poll, Waker};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Request, Response, SqlStorageValue, State, durable_object};

use crate::caller::Subject;
use crate::mcp::{Delivery, Event, EventId, Replays, SessionOwner, Stop};
use crate::oauth::Timestamp;
use crate::oauth::row::Row;

use super::clock::now;
use super::durable;
use super::mailbox::{Limits, Mailbox};
use super::rows::{blob, find, has_table, integer, read};
use super::session::{Asked, Command, MAIN, Outcome, PATIENCE, STOP_PATIENCE};
use super::timer::Timer;

/// A session is forgotten this long after something was kept for it.
const LIFETIME: Duration = Duration::from_hours(24);

/// The clients' answers to questions: one may be there before who asked waits for it.
const ANSWERS: Limits = Limits { lifetime: 30, letters: 16, bytes: 4 * 1024 * 1024 };
/// What was cancelled: a call asks for it only when it has lasted for some seconds. It does not wait much longer than that, for
/// clients that use the same id again.
const CANCELLED: Limits = Limits { lifetime: 15, letters: 64, bytes: 64 * 1024 };

/// Largest message that is written to a row. A larger one lives in memory only.
const MAX_ROW_BYTES: usize = 1_900_000;

/// Most requests that wait at a time, and most of them before calls are told to ask again whether they are to stop.
const MAX_WAITING: usize = 64;
const MAX_WAITING_FOR_STOP: usize = 32;

/// One session.
#[durable_object(alarm)]
pub struct Session {
    state: State,
    kept: RefCell<Option<Kept>>,
    answers: RefCell<Mailbox>,
    cancelled: RefCell<Mailbox>,
    streams: RefCell<Replays>,
    /// The one stream of a session of 2024-11-05.
    main: Cell<Main>,
    /// Who waits for something to change.
    waiting: RefCell<Vec<(u64, Waker)>>,
    /// The number of who waits next.
    next: Cell<u64>,
}

/// What outlives the object's memory.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
struct Kept {
    owner: SessionOwner,
    log_level: Option<String>,
    has_ended: bool,
}

impl Row for Kept {
    const VERSION: u8 = 1;
}

impl Row for Event {
    const VERSION: u8 = 1;
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

/// A holder that has not been heard of for so long is gone, in seconds.
const HOLDER_GONE: u64 = PATIENCE.as_secs().saturating_add(30);

impl DurableObject for Session {
    fn new(state: State, _env: Env) -> Self {
        Self {
            state,
            kept: RefCell::default(),
            answers: RefCell::new(Mailbox::new(ANSWERS)),
            cancelled: RefCell::new(Mailbox::new(CANCELLED)),
            streams: RefCell::default(),
            main: Cell::default(),
            waiting: RefCell::default(),
            next: Cell::default(),
        }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        durable::answer(request, async |asked: Asked| self.carry_out(asked).await).await
    }

    async fn alarm(&self) -> worker::Result<Response> {
        self.kept.replace(None);
        self.streams.take();
        self.state.storage().delete_all().await?;
        Response::empty()
    }
}

impl Session {
    async fn carry_out(&self, asked: Asked) -> worker::Result<Option<Outcome>> {
        let mut kept = self.kept()?;
        if kept.has_ended {
            let is_call = matches!(asked.command, Command::AwaitStop(_));
            return Ok(is_call.then_some(Outcome::Stop(Some(Stop::SessionEnded))));
        }
        if let Command::Replay { stream, after, patience } = &asked.command
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
                self.keep(kept).await?;
                Outcome::Done
            }
            Command::Await(id) => {
                let answer = || self.answers.borrow_mut().take(&id, now());
                Outcome::Answer(self.until(PATIENCE, MAX_WAITING, answer).await?)
            }
            Command::Answer(id, response) => {
                self.answers.borrow_mut().put(id, response, now());
                self.changed();
                Outcome::Done
            }
            Command::AwaitStop(key) => {
                let key = own(asked.who.as_ref(), &key);
                let stop = || {
                    let is_cancelled = self.cancelled.borrow_mut().take(&key, now()).is_some();
                    is_cancelled.then_some(Stop::Cancelled).or(self.has_ended().then_some(Stop::SessionEnded))
                };
                Outcome::Stop(self.until(STOP_PATIENCE, MAX_WAITING_FOR_STOP, stop).await?)
            }
            Command::Cancel(key) => {
                self.cancelled.borrow_mut().put(own(asked.who.as_ref(), &key), Vec::new(), now());
                self.changed();
                Outcome::Done
            }
            Command::Keep { stream, events, delivery } => {
                if delivery == Delivery::Lost {
                    self.write_events(&stream, &events).await?;
                }
                self.streams.borrow_mut().keep(&stream, events, now().as_seconds());
                self.changed();
                Outcome::Done
            }
            Command::Replay { stream, after, patience } => {
                self.read_events(&stream)?;
                let last = EventId { stream, number: after };
                let events = || self.streams.borrow().after(&last, now().as_seconds());
                let patience = Duration::from_secs(patience).min(PATIENCE);
                Outcome::Events(self.until(patience, MAX_WAITING, events).await?.unwrap_or_default())
            }
            Command::Send { .. } | Command::Agreed if !self.is_main_held() => return Ok(None),
            Command::Send { message, agreed } => {
                let main = self.main.get();
                let number = main.sent.saturating_add(1);
                self.main.set(Main { sent: number, agreed: agreed.or(main.agreed), ..main });
                let event = Event { number, message, is_last: false };
                self.streams.borrow_mut().keep(MAIN, [event], now().as_seconds());
                self.changed();
                Outcome::Done
            }
            Command::Agreed => Outcome::Agreed(self.main.get().agreed),
            Command::End => {
                self.state.storage().delete_all().await?;
                self.answers.borrow_mut().clear();
                self.cancelled.borrow_mut().clear();
                self.streams.take();
                self.keep(Kept { has_ended: true, log_level: None, ..kept }).await?;
                self.changed();
                Outcome::Done
            }
        }))
    }

    async fn rest_of_main(&self, after: u64, patience: Duration) -> worker::Result<Outcome> {
        let hold = || self.main.set(Main { held: Some(now()), ..self.main.get() });
        // One that is not held any more is not taken up again: messages are lost.
        if after > self.main.get().sent {
            return Err("the stream is gone".into());
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

    /// What `check` finds, now or after something has changed; none if it takes too long. Fails where `most` wait already.
    async fn until<T>(
        &self,
        patience: Duration,
        most: usize,
        check: impl Fn() -> Option<T>,
    ) -> worker::Result<Option<T>> {
        let found = check();
        if found.is_some() || patience.is_zero() {
            return Ok(found);
        }
        if self.waiting.borrow().len() >= most {
            return Err("too many wait".into());
        }
        let mut over = pin!(Timer::new(patience));
        let me = self.next.get();
        self.next.set(me.wrapping_add(1));
        let found = poll_fn(|task| {
            self.waiting.borrow_mut().retain(|(number, _)| *number != me);
            let found = check();
            if found.is_some() || self.has_ended() {
                return Poll::Ready(found);
            }
            if over.as_mut().poll(task).is_ready() {
                return Poll::Ready(None);
            }
            self.waiting.borrow_mut().push((me, task.waker().clone()));
            Poll::Pending
        });
        Ok(found.await)
    }

    fn has_ended(&self) -> bool {
        self.kept.borrow().as_ref().is_some_and(|kept| kept.has_ended)
    }

    fn changed(&self) {
        for (_, waker) in self.waiting.take() {
            waker.wake();
        }
    }

    async fn write_events(&self, stream: &str, events: &[Event]) -> worker::Result<()> {
        let at = now().as_seconds();
        self.sql(
            "CREATE TABLE IF NOT EXISTS events (stream TEXT, number INTEGER, event BLOB NOT NULL, at INTEGER NOT NULL, \
             PRIMARY KEY (stream, number)) WITHOUT ROWID",
            vec![],
        )?;
        self.sql("DELETE FROM events WHERE at < ?", vec![integer(at.saturating_sub(Replays::LIFETIME))?])?;
        for event in events.iter().filter(|event| event.message.len() <= MAX_ROW_BYTES) {
            let row = vec![stream.into(), integer(event.number)?, blob(event)?, integer(at)?];
            self.sql("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?)", row)?;
        }
        self.forget_later().await
    }

    /// Brings events back into memory that were written down before the object was last evicted.
    fn read_events(&self, id: &str) -> worker::Result<()> {
        let now = now().as_seconds();
        if self.streams.borrow().knows(id, now) || !has_table(&self.state.storage().sql(), "events")? {
            return Ok(());
        }
        let since = integer(now.saturating_sub(Replays::LIFETIME))?;
        let query = "SELECT event FROM events WHERE stream = ? AND at >= ? ORDER BY number";
        let events: Vec<Event> = read(&self.state.storage().sql(), query, vec![id.into(), since])?;
        if !events.is_empty() {
            self.streams.borrow_mut().keep(id, events, now);
        }
        Ok(())
    }

    /// The session is forgotten some time after the last that was kept for it.
    async fn forget_later(&self) -> worker::Result<()> {
        self.state.storage().set_alarm(LIFETIME).await
    }

    /// What is kept. Looking writes nothing, not even an empty table.
    fn kept(&self) -> worker::Result<Kept> {
        if let Some(kept) = &*self.kept.borrow() {
            return Ok(kept.clone());
        }
        if !has_table(&self.state.storage().sql(), "kept")? {
            return Ok(Kept::default());
        }
        Ok(find(&self.state.storage().sql(), "SELECT value FROM kept", vec![])?.unwrap_or_default())
    }

    async fn keep(&self, kept: Kept) -> worker::Result<()> {
        self.sql(
            "CREATE TABLE IF NOT EXISTS kept (one INTEGER PRIMARY KEY CHECK (one = 1), value BLOB NOT NULL)",
            vec![],
        )?;
        let upsert = "INSERT INTO kept VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET value = excluded.value";
        self.sql(upsert, vec![blob(&kept)?])?;
        self.kept.replace(Some(kept));
        self.forget_later().await
    }

    fn sql(&self, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<worker::SqlCursor> {
        self.state.storage().sql().exec(query, bindings)
    }
}

/// The key of a request under the name of who made it: nobody else cancels it.
fn own(who: Option<&Subject>, key: &str) -> String {
    [who.map_or("", Subject::as_str), "\n", key].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::Subject;
    use crate::oauth::row::tests::assert_kept;

    #[test]
    fn rows_of_every_version_are_read_and_those_of_today_are_known() {
        let owner = SessionOwner::Subject(Subject::new("owner").unwrap());
        assert_kept(&Kept { owner, log_level: Some("debug".into()), has_ended: false }, &["AQIFb3duZXIBBWRlYnVnAA"]);
        assert_kept(&Kept { owner: SessionOwner::Guest, log_level: None, has_ended: true }, &["AQEAAQ"]);
        assert_kept(&Event { number: 300, message: b"{}".to_vec(), is_last: true }, &["AawCAnt9AQ"]);
    }
}
