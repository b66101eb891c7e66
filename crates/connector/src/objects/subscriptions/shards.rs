//! The other shards, as the root reaches them. Each gets the changes in the order in which the root got them: one message at a time, with
//! all that has come meanwhile. A shard that does not answer is tried again and holds up no other.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use futures::future::join_all;
use worker::wasm_bindgen_futures::spawn_local;
use worker::{Env, State, console_error};

use mcp_connector_base::identifier::Subject;
use mcp_connector_protocol::{Concerns, Reach, Shard, Unavailable};

use crate::objects::subscriptions::commands::{ForwardChanges, ForwardedChange, PublishTask, ShardUse, TaskPublished};
use crate::objects::subscriptions::shard_rows::ShardRows;
use crate::objects::subscriptions::stub;
use crate::platform::timer::Timer;

/// How often a message to a shard is tried, each time at two stubs. After that it is lost: an object that does not answer for so long
/// has lost its streams, too, and their clients list again when they come back.
const TRIES: u32 = 3;
/// How long after a failure it is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// Maximum number of changes that wait for a shard. A client lists again after any change, so of more than this the oldest are dropped.
const MOST_WAITING: usize = 200;

/// The shards beside the root.
pub(crate) struct Shards {
    env: Env,
    state: Rc<State>,
    /// Those in use, as soon as the rows were read.
    in_use: RefCell<Option<Vec<Shard>>>,
    /// How often a shard has said that it is in use.
    registrations: Cell<u64>,
    waiting: RefCell<BTreeMap<Shard, Vec<ForwardedChange>>>,
}

impl Shards {
    pub(crate) fn new(env: Env, state: Rc<State>) -> Self {
        Self { env, state, in_use: RefCell::default(), registrations: Cell::new(0), waiting: RefCell::default() }
    }

    pub(crate) fn rows(&self) -> worker::Result<ShardRows> {
        ShardRows::new(self.state.storage().sql())
    }

    /// Notes that a shard has a stream, and which session it belongs to.
    pub(crate) fn register(&self, shard: Shard, session: Option<&str>) -> worker::Result<()> {
        self.registrations.set(self.registrations.get() + 1);
        if !self.in_use()?.contains(&shard) {
            self.rows()?.begin(shard)?;
            self.in_use.take();
        }
        session.map_or(Ok(()), |session| self.rows()?.place(session, shard))
    }

    /// Returns the shards that a change or a task has to be told to. `of` is the person whom it concerns, if it concerns one.
    pub(crate) fn reached(&self, of: Option<&Subject>) -> worker::Result<Vec<Shard>> {
        let mut shards = self.in_use()?;
        if let Some(person) = of {
            shards.retain(|shard| shard.may_hold(person));
        }
        Ok(shards)
    }

    fn in_use(&self) -> worker::Result<Vec<Shard>> {
        if let Some(known) = &*self.in_use.borrow() {
            return Ok(known.clone());
        }
        let read = ShardRows::in_use(&self.state.storage().sql())?;
        self.in_use.replace(Some(read.clone()));
        Ok(read)
    }

    /// Sends a change to a shard behind those that wait, and does not wait until it is there.
    pub(crate) fn forward(self: &Rc<Self>, shard: Shard, change: ForwardedChange) {
        let mut waiting = self.waiting.borrow_mut();
        if let Some(waiting) = waiting.get_mut(&shard) {
            // The same once more says nothing new to a client that has not heard of it yet.
            if !waiting.contains(&change) {
                if waiting.len() >= MOST_WAITING {
                    waiting.remove(0);
                }
                waiting.push(change);
            }
            return;
        }
        waiting.insert(shard, Vec::new());
        drop(waiting);
        let shards = Rc::clone(self);
        spawn_local(async move {
            let mut changes = vec![change];
            while !changes.is_empty() {
                shards.send(shard, ForwardChanges { changes }).await;
                changes = shards.take_waiting(shard);
            }
        });
    }

    /// Takes the changes that wait for a shard. If there are none, the next one begins a message of its own.
    fn take_waiting(&self, shard: Shard) -> Vec<ForwardedChange> {
        let mut all = self.waiting.borrow_mut();
        let waiting = all.get_mut(&shard).map(std::mem::take).unwrap_or_default();
        if waiting.is_empty() {
            all.remove(&shard);
        }
        waiting
    }

    async fn send(&self, shard: Shard, changes: ForwardChanges) {
        for attempt in 1..=TRIES {
            let before = self.registrations.get();
            match stub::shard(&self.env, shard).ask_again(&changes).await {
                Ok(ShardUse::InUse) => return,
                Ok(ShardUse::Empty) => return self.forget(shard, before),
                Err(Unavailable) if attempt < TRIES => Timer::new(TRY_AGAIN).await,
                Err(Unavailable) => {
                    console_error!("not announced: shard {} of the streams does not answer", shard.number());
                }
            }
        }
    }

    /// Notes that a shard has no stream, unless a shard has registered since the answer was asked for.
    fn forget(&self, shard: Shard, registrations: u64) {
        if self.registrations.get() == registrations {
            self.in_use.take();
            if let Err(error) = self.rows().and_then(|rows| rows.end(shard)) {
                console_error!("streams: {error}");
            }
        }
    }

    /// Tells shards the state of a task.
    ///
    /// # Errors
    ///
    /// Fails if one of them does not answer. The object of the task then sends it again to all.
    pub(crate) async fn publish_task(&self, task: &PublishTask) -> worker::Result<Vec<TaskPublished>> {
        let shards = self.reached(task.owner.as_ref())?;
        let told = shards
            .into_iter()
            .map(async |shard| stub::shard(&self.env, shard).ask_again(&PublishTask { shard, ..task.clone() }).await);
        let told: Result<Vec<_>, Unavailable> = join_all(told).await.into_iter().collect();
        told.map_err(|Unavailable| "a shard of the streams does not answer".into())
    }
}

/// Returns the person whose streams alone receive a change of this reach, if there is one.
pub(crate) fn person(reach: Reach, concerns: &Concerns) -> Option<&Subject> {
    match (reach, concerns) {
        (Reach::SignedIn, Concerns::Person(person)) => Some(person),
        (Reach::SignedIn | Reach::Everybody, _) => None,
    }
}
