//! What a legacy session remembers, in a Durable Object that exists from the first thing there is to remember.
//!
//! A question to the client is a request that waits here and an answer that comes by; both live in memory only, and so does
//! the knowledge whose session it is as long as nothing else is kept. What has to last is one row.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Poll, Waker};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Request, Response, SqlStorageValue, State, durable_object};

use crate::mcp::SessionOwner;
use crate::oauth::Timestamp;
use crate::oauth::compact::{decode, encode};

use super::clock::now;
use super::durable;
use super::session::{Asked, Command, Outcome, PATIENCE};
use super::timer::Timer;

/// A session is forgotten this long after something was kept for it.
const LIFETIME: Duration = Duration::from_hours(24);

/// An answer waits this long for who asked, in seconds: it may be there before they wait for it.
const ANSWER_LIFETIME: u64 = 30;
/// Most answers that wait, and most bytes of them. The newest is taken in any case.
const MAX_ANSWERS: usize = 16;
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// One session.
#[durable_object(alarm)]
pub struct Session {
    state: State,
    kept: RefCell<Option<Kept>>,
    answers: RefCell<VecDeque<Answer>>,
    /// Who waits for something to change.
    waiting: RefCell<Vec<Waker>>,
}

/// What outlives the object's memory.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
struct Kept {
    owner: SessionOwner,
    log_level: Option<String>,
}

/// A client's answer to a question.
struct Answer {
    id: String,
    response: Vec<u8>,
    came: Timestamp,
}

impl DurableObject for Session {
    fn new(state: State, _env: Env) -> Self {
        Self { state, kept: RefCell::default(), answers: RefCell::default(), waiting: RefCell::default() }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        durable::answer_compact(request, async |asked: Asked| self.carry_out(asked).await).await
    }

    async fn alarm(&self) -> worker::Result<Response> {
        self.kept.replace(None);
        self.state.storage().delete_all().await?;
        Response::empty()
    }
}

impl Session {
    async fn carry_out(&self, asked: Asked) -> worker::Result<Option<Outcome>> {
        let mut kept = self.kept()?;
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
            Command::Await(id) => Outcome::Answer(self.until(|| self.take_answer(&id)).await),
            Command::Answer(id, response) => {
                self.put_answer(Answer { id, response, came: now() });
                Outcome::Done
            }
        }))
    }

    /// What `check` finds, now or after something has changed; none if it takes too long.
    async fn until<T>(&self, check: impl Fn() -> Option<T>) -> Option<T> {
        let mut over = pin!(Timer::new(PATIENCE));
        poll_fn(|task| {
            if let Some(found) = check() {
                return Poll::Ready(Some(found));
            }
            let mut waiting = self.waiting.borrow_mut();
            if !waiting.iter().any(|waker| waker.will_wake(task.waker())) {
                waiting.push(task.waker().clone());
            }
            over.as_mut().poll(task).map(|()| None)
        })
        .await
    }

    fn changed(&self) {
        for waker in self.waiting.take() {
            waker.wake();
        }
    }

    fn take_answer(&self, id: &str) -> Option<Vec<u8>> {
        let mut answers = self.answers.borrow_mut();
        let at = answers.iter().position(|answer| answer.id == id)?;
        answers.remove(at).map(|answer| answer.response)
    }

    fn put_answer(&self, answer: Answer) {
        let mut answers = self.answers.borrow_mut();
        answers.retain(|kept| kept.id != answer.id && answer.came.seconds_since(kept.came) < ANSWER_LIFETIME);
        let bytes = |answers: &VecDeque<Answer>| answers.iter().map(|answer| answer.response.len()).sum::<usize>();
        while answers.len() >= MAX_ANSWERS || bytes(&answers).saturating_add(answer.response.len()) > MAX_ANSWER_BYTES {
            if answers.pop_front().is_none() {
                break;
            }
        }
        answers.push_back(answer);
        drop(answers);
        self.changed();
    }

    /// What is kept. Looking writes nothing, not even an empty table.
    fn kept(&self) -> worker::Result<Kept> {
        if let Some(kept) = &*self.kept.borrow() {
            return Ok(kept.clone());
        }
        let tables = self.sql("SELECT 1 FROM sqlite_master WHERE name = 'kept'", vec![])?;
        if tables.raw().next().is_none() {
            return Ok(Kept::default());
        }
        let mut rows = self.sql("SELECT value FROM kept", vec![])?.raw();
        match rows.next().transpose()?.and_then(|mut row| row.pop()) {
            None => Ok(Kept::default()),
            Some(SqlStorageValue::Blob(value)) => decode(&value).map_err(|_| "unreadable".into()),
            Some(_) => Err("unreadable".into()),
        }
    }

    async fn keep(&self, kept: Kept) -> worker::Result<()> {
        let value = encode(&kept).map_err(|_| "cannot be written")?;
        self.sql(
            "CREATE TABLE IF NOT EXISTS kept (one INTEGER PRIMARY KEY CHECK (one = 1), value BLOB NOT NULL)",
            vec![],
        )?;
        let upsert = "INSERT INTO kept VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET value = excluded.value";
        self.sql(upsert, vec![value.into()])?;
        self.kept.replace(Some(kept));
        self.state.storage().set_alarm(LIFETIME).await
    }

    fn sql(&self, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<worker::SqlCursor> {
        self.state.storage().sql().exec(query, bindings)
    }
}
