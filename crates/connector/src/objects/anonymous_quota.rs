//! The Durable Object `AnonymousQuota`, one for the connector. It counts the sessions, tasks and streams of clients without a
//! token. Anybody can be such a client, so their number is limited for each network and in all, and each place expires. Only a
//! connector that says `.anonymous_sessions()`, or one with `/sse` on, ever asks it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Request, Response, SqlStorage, SqlStorageValue, State, durable_object};

use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::web::request_source::Source;
use mcp_connector_protocol::SessionError;

use crate::objects::command;
use crate::objects::rows::{has_table, integer, number};
use crate::platform::clock::now;

/// What a place is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Held {
    /// What is kept in an object for a while: a session, or a task.
    State,
    /// A stream at `/sse`, which keeps an object awake.
    Stream,
}

impl Held {
    /// Returns how long a place lasts unless it is taken again, in seconds.
    pub(crate) const fn lifetime(self) -> u64 {
        match self {
            Self::State => 60 * 60,
            Self::Stream => 10 * 60,
        }
    }

    /// Maximum number of places of one network (an IPv4 /24, an IPv6 /64). All people behind a hosted client come from few of
    /// them.
    const fn most_of_network(self) -> u64 {
        match self {
            Self::State => 200,
            Self::Stream => 10,
        }
    }

    /// Maximum number of places in all.
    const fn most(self) -> u64 {
        match self {
            Self::State => 2000,
            Self::Stream => 50,
        }
    }

    /// As a row says it.
    const fn number(self) -> SqlStorageValue {
        match self {
            Self::State => SqlStorageValue::Integer(0),
            Self::Stream => SqlStorageValue::Integer(1),
        }
    }
}

/// What is asked.
#[derive(Serialize, Deserialize)]
enum Command {
    /// Takes a place, or keeps one.
    Take { held: Held, key: String, network: String },
    /// Gives it back.
    Release { key: String },
}

/// What is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Outcome {
    Done,
    Full,
}

/// Maximum number of keys that an isolate remembers to have a place.
const MAX_REMEMBERED: usize = 500;

/// Seconds for which a place that was taken is not taken again. This is far less than its lifetime.
const REMEMBERED_FOR: u64 = 15 * 60;

thread_local! {
    /// Keys of [`Held::State`] that have a place, with when that was asked; oldest first.
    static TAKEN: RefCell<VecDeque<(String, Timestamp)>> = const { RefCell::new(VecDeque::new()) };
}

/// Takes a place for what `key` names, a session or a task of a client of `network`.
pub(crate) async fn take_state(env: &Env, network: &Source, key: &str) -> Result<(), SessionError> {
    let is_known = TAKEN.with_borrow_mut(|taken| {
        taken.retain(|(_, at)| now().seconds_since(*at) < REMEMBERED_FOR);
        taken.iter().any(|(known, _)| known == key)
    });
    if is_known {
        return Ok(());
    }
    take(env, Held::State, network, key).await?;
    TAKEN.with_borrow_mut(|taken| {
        if taken.len() >= MAX_REMEMBERED {
            taken.pop_front();
        }
        taken.push_back((key.to_owned(), now()));
    });
    Ok(())
}

/// Takes a place for a stream at `/sse` of the session `key`.
pub(crate) async fn take_stream(env: &Env, network: &Source, key: &str) -> Result<(), SessionError> {
    take(env, Held::Stream, network, key).await
}

/// Gives a place back. Where that fails it expires.
pub(crate) async fn release(env: &Env, key: &str) {
    if let Ok(stub) = command::object(env, BINDING, NAME) {
        let _ = command::ask::<_, Outcome>(&stub, &Command::Release { key: key.to_owned() }).await;
    }
}

async fn take(env: &Env, held: Held, network: &Source, key: &str) -> Result<(), SessionError> {
    let command = Command::Take { held, key: key.to_owned(), network: network.as_str().to_owned() };
    match command::ask(&command::object(env, BINDING, NAME)?, &command).await? {
        Outcome::Done => Ok(()),
        Outcome::Full => Err(SessionError::TooMany),
    }
}

const BINDING: &str = "ANONYMOUS_QUOTA";
const NAME: &str = "all";

/// The object.
#[durable_object(alarm)]
pub struct AnonymousQuota {
    state: State,
}

impl DurableObject for AnonymousQuota {
    fn new(state: State, _env: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        command::answer(request, async |command| self.carry_out(command).await).await
    }

    /// Forgets all places. The alarm fires after every place has expired.
    async fn alarm(&self) -> worker::Result<Response> {
        self.state.storage().delete_all().await?;
        Response::empty()
    }
}

impl AnonymousQuota {
    async fn carry_out(&self, command: Command) -> worker::Result<Outcome> {
        let sql = self.sql();
        match command {
            Command::Take { held, key, network } => {
                sql.exec(
                    "CREATE TABLE IF NOT EXISTS places (key TEXT PRIMARY KEY, held INTEGER NOT NULL, \
                     network TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID",
                    None,
                )?;
                let at = now();
                let until = integer(at.plus(held.lifetime()).as_seconds())?;
                sql.exec("DELETE FROM places WHERE until <= ?", vec![integer(at.as_seconds())?])?;
                let known = number(&sql, "SELECT until FROM places WHERE key = ?", vec![key.as_str().into()])?;
                match known.map(|until| until.saturating_sub(at.as_seconds())) {
                    // It was taken a moment ago, through another instance.
                    Some(left) if left.saturating_add(REMEMBERED_FOR) > held.lifetime() => return Ok(Outcome::Done),
                    None if self.is_full(held, &network)? => return Ok(Outcome::Full),
                    Some(_) | None => {}
                }
                let upsert =
                    "INSERT INTO places VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET until = excluded.until";
                sql.exec(upsert, vec![key.into(), held.number(), network.into(), until])?;
                self.state.storage().set_alarm(LONGEST).await?;
            }
            Command::Release { key } if has_table(&sql, "places")? => {
                sql.exec("DELETE FROM places WHERE key = ?", vec![key.into()])?;
            }
            Command::Release { .. } => {}
        }
        Ok(Outcome::Done)
    }

    fn is_full(&self, held: Held, network: &str) -> worker::Result<bool> {
        let count = |query, bindings| number(&self.sql(), query, bindings).map(Option::unwrap_or_default);
        let in_all = count("SELECT count(*) FROM places WHERE held = ?", vec![held.number()])?;
        if in_all >= held.most() {
            return Ok(true);
        }
        let query = "SELECT count(*) FROM places WHERE held = ? AND network = ?";
        Ok(count(query, vec![held.number(), network.into()])? >= held.most_of_network())
    }

    fn sql(&self) -> SqlStorage {
        self.state.storage().sql()
    }
}

/// After this long no place that was taken is left.
const LONGEST: Duration = Duration::from_secs(Held::State.lifetime());
