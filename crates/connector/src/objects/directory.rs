//! The Durable Object `Directory`, of which there is one: who has signed in, who uses which client, and which clients the owner
//! has ended for everybody. An end has no expiry and nothing overwrites it.
//!
//! It is asked when a person allows a client and when a code is redeemed, and once a day for each grant that is refreshed. So
//! every person is in its rows before they hold a grant of a client. When the owner ends the client, an alarm goes through
//! these rows and ends the grants.

use std::time::Duration;

use futures::future::join_all;
use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Request, Response, State, durable_object};

use mcp_connector_base::identifier::Subject;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::clients::client::Standing;
use mcp_connector_oauth::clients::client_hash::ClientHash;
use mcp_connector_oauth::grants::message::{Call, Reply};
use mcp_connector_oauth::login::person::Person;
use mcp_connector_protocol::Unavailable;

use crate::oauth::client_records;
use crate::objects::command;
use crate::objects::directory_rows::{DirectoryRows, Sweep};
use crate::platform::clock::now;

/// The one object.
const NAME: &str = "directory";
/// How long an answer may take. A person waits for it, or an object whose own caller has the patience of
/// [`command::TIME_LIMIT`].
const TIME_LIMIT: Duration = Duration::from_secs(3);
/// Maximum number of people whose grants one alarm ends: a Worker on the free plan may make fifty requests at a time.
const PEOPLE_AT_ONCE: u64 = 30;
/// Maximum number of them at the same time: a Worker may have six connections open.
const AT_ONCE: usize = 6;
/// Objects, or KV, that did not answer in a sweep are asked again after this long.
const SWEEP_AGAIN: Duration = Duration::from_secs(30);
/// How often rows of uses that are over are deleted.
const FORGET_AFTER: Duration = Duration::from_hours(24);

/// Somebody who has signed in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Authentication {
    /// The name of the object with their data.
    pub(crate) subject: Subject,
    /// What to call them: a hundred characters at most.
    pub(crate) name: Option<String>,
}

impl From<&Person> for Authentication {
    fn from(person: &Person) -> Self {
        Self { subject: person.subject.clone(), name: person.short_name() }
    }
}

/// What the object is asked.
#[derive(Serialize, Deserialize)]
enum Command {
    /// Enters that somebody has signed in.
    SignIn(Authentication),
    /// Enters that somebody allows a client, unless it was ended.
    Allow(Authentication, ClientHash),
    /// Enters that somebody has used a client, unless it was ended, and when they had signed in for that.
    Use(Authentication, ClientHash, Timestamp),
    /// Whether a client was ended.
    Standing(ClientHash),
    /// When a client was last used.
    LastUse(ClientHash),
    /// Who uses these clients.
    Users(Vec<ClientHash>),
    /// Ends a client.
    End(ClientHash),
}

/// What the object answers.
#[derive(Serialize, Deserialize)]
enum Outcome {
    Done,
    Standing(Standing),
    LastUse(Option<Timestamp>),
    Users(Vec<ClientUsers>),
}

/// Who uses a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClientUsers {
    /// What to call some of them: their names, or else the names that tools see.
    pub(crate) names: Vec<String>,
    /// How many they are. Not more than a thousand are counted.
    pub(crate) count: u64,
    /// Since when.
    pub(crate) first_use: Option<Timestamp>,
    /// Until when, to the day.
    pub(crate) last_use: Option<Timestamp>,
    /// When the owner ended the client.
    pub(crate) ended_at: Option<Timestamp>,
}

/// The directory, as the rest of the Worker reaches it.
#[derive(Clone, Copy)]
pub(crate) struct DirectoryOf<'a> {
    pub(crate) env: &'a Env,
}

impl DirectoryOf<'_> {
    /// Enters that somebody has signed in.
    pub(crate) async fn sign_in(self, authentication: Authentication) -> Result<(), Unavailable> {
        match self.ask(&Command::SignIn(authentication)).await? {
            Outcome::Done => Ok(()),
            Outcome::Standing(_) | Outcome::LastUse(_) | Outcome::Users(_) => Err(Unavailable),
        }
    }

    /// Enters that somebody allows a client, unless the owner has ended it.
    pub(crate) async fn allow(
        self,
        authentication: Authentication,
        client: ClientHash,
    ) -> Result<Standing, Unavailable> {
        self.standing_after(&Command::Allow(authentication, client)).await
    }

    /// Enters that somebody who signed in at `signed_in_at` has used a client, unless the owner has ended it.
    pub(crate) async fn enter_use(
        self,
        authentication: Authentication,
        client: ClientHash,
        signed_in_at: Timestamp,
    ) -> Result<Standing, Unavailable> {
        self.standing_after(&Command::Use(authentication, client, signed_in_at)).await
    }

    /// Returns whether the owner has ended a client.
    pub(crate) async fn standing(self, client: ClientHash) -> Result<Standing, Unavailable> {
        self.standing_after(&Command::Standing(client)).await
    }

    /// Returns when a client was last used.
    pub(crate) async fn last_use(self, client: ClientHash) -> Result<Option<Timestamp>, Unavailable> {
        match self.ask(&Command::LastUse(client)).await? {
            Outcome::LastUse(at) => Ok(at),
            Outcome::Done | Outcome::Standing(_) | Outcome::Users(_) => Err(Unavailable),
        }
    }

    /// Returns who uses these clients, in their order.
    pub(crate) async fn users(self, clients: Vec<ClientHash>) -> Result<Vec<ClientUsers>, Unavailable> {
        match self.ask(&Command::Users(clients)).await? {
            Outcome::Users(users) => Ok(users),
            Outcome::Done | Outcome::Standing(_) | Outcome::LastUse(_) => Err(Unavailable),
        }
    }

    /// Ends a client for everybody and for good. Its grants end soon after.
    pub(crate) async fn end(self, client: ClientHash) -> Result<(), Unavailable> {
        match self.ask(&Command::End(client)).await? {
            Outcome::Done => Ok(()),
            Outcome::Standing(_) | Outcome::LastUse(_) | Outcome::Users(_) => Err(Unavailable),
        }
    }

    async fn standing_after(self, command: &Command) -> Result<Standing, Unavailable> {
        match self.ask(command).await? {
            Outcome::Standing(standing) => Ok(standing),
            Outcome::Done | Outcome::LastUse(_) | Outcome::Users(_) => Err(Unavailable),
        }
    }

    /// Sends a command, and sends it again if the answer was lost or the object has just moved. Every command is idempotent.
    async fn ask(self, command: &Command) -> Result<Outcome, Unavailable> {
        command::within(TIME_LIMIT, command::ask_again(self.env, "DIRECTORY", NAME, command)).await
    }
}

/// The object.
#[durable_object(alarm)]
pub struct Directory {
    state: State,
    env: Env,
}

impl DurableObject for Directory {
    fn new(state: State, env: Env) -> Self {
        Self { state, env }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        command::answer(request, async |command| self.carry_out(command).await).await
    }

    /// Goes on with the sweeps, and deletes what is long over.
    async fn alarm(&self) -> worker::Result<Response> {
        let sweeps = self.with_rows(DirectoryRows::sweeps)?;
        if sweeps.is_empty() {
            let now = now();
            if self.with_rows(move |rows| rows.forget(now))? {
                self.wake_in(FORGET_AFTER).await?;
            }
            return Response::empty();
        }
        // First: if this run is cut off, another goes on where it was.
        self.wake_in(SWEEP_AGAIN).await?;
        let most = PEOPLE_AT_ONCE.div_euclid(u64::try_from(sweeps.len()).unwrap_or(1)).max(1);
        let mut goes_on = false;
        for sweep in sweeps {
            goes_on |= self.sweep(sweep, most).await? == Progress::More;
        }
        if goes_on {
            self.wake_in(Duration::ZERO).await?;
        }
        Response::empty()
    }
}

/// The state of a sweep after a part of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// There is more to do at once.
    More,
    /// It is done, or has to wait for something that did not answer.
    Rests,
}

impl Directory {
    async fn carry_out(&self, command: Command) -> worker::Result<Outcome> {
        let now = now();
        let wakes = match &command {
            Command::Allow(..) | Command::Use(..) => Some(FORGET_AFTER),
            Command::End(_) => Some(Duration::ZERO),
            Command::SignIn(_) | Command::Standing(_) | Command::LastUse(_) | Command::Users(_) => None,
        };
        let outcome = self.with_rows(move |rows| decide(rows, command, now))?;
        match wakes {
            Some(Duration::ZERO) => self.wake_in(Duration::ZERO).await?,
            Some(later) if self.state.storage().get_alarm().await?.is_none() => self.wake_in(later).await?,
            Some(_) | None => {}
        }
        Ok(outcome)
    }

    /// Ends the grants that the next `most` people gave to an ended client. When all are ended, the client's record says so too.
    async fn sweep(&self, sweep: Sweep, most: u64) -> worker::Result<Progress> {
        let (sweep, people) = self.with_rows(move |rows| {
            let people = rows.next_people(&sweep, most)?;
            Ok((sweep, people))
        })?;
        let Sweep { client, ended_at, swept_to } = sweep;
        let Some(last) = people.last().cloned() else {
            // A round is over. Whoever is left over did not answer, and is asked again in the next.
            let is_over = swept_to.is_empty() && client_records::mark_ended(&self.env, &client, ended_at).await.is_ok();
            let begins_anew = !swept_to.is_empty();
            self.with_rows(move |rows| if is_over { rows.is_swept(&client) } else { rows.swept(&client, &[], "") })?;
            return Ok(if is_over || begins_anew { Progress::More } else { Progress::Rests });
        };
        let mut done = Vec::with_capacity(people.len());
        for some in people.chunks(AT_ONCE) {
            let ended = join_all(some.iter().map(async |person| self.end_grants(person, &client).await)).await;
            done.extend(some.iter().zip(ended).filter(|(_, ended)| ended.is_ok()).map(|(person, _)| person.clone()));
        }
        let progress = if done.is_empty() { Progress::Rests } else { Progress::More };
        self.with_rows(move |rows| rows.swept(&client, &done, &last))?;
        Ok(progress)
    }

    async fn end_grants(&self, person: &str, client: &ClientHash) -> Result<(), Unavailable> {
        let grants = command::object(&self.env, "GRANTS", person)?;
        let reply = command::ask(&grants, &Call::EndClient { client: client.clone() }).await?;
        if matches!(reply, Reply::Revoke(_)) { Ok(()) } else { Err(Unavailable) }
    }

    /// Runs `work` as one transaction, which happens whole or not at all.
    fn with_rows<T: 'static>(
        &self,
        work: impl FnOnce(&DirectoryRows) -> worker::Result<T> + 'static,
    ) -> worker::Result<T> {
        let storage = self.state.storage();
        let sql = storage.sql();
        command::transaction(&storage, move || work(&DirectoryRows::new(sql)?))
    }

    async fn wake_in(&self, wait: Duration) -> worker::Result<()> {
        self.state.storage().set_alarm(wait).await
    }
}

/// Carries out a command. A use is stored in the same transaction that checks whether the client was ended, so a later sweep
/// finds it.
fn decide(rows: &DirectoryRows, command: Command, now: Timestamp) -> worker::Result<Outcome> {
    let enter = |authentication: &Authentication, client: &ClientHash, signed_in_at: Timestamp| {
        let standing = rows.standing(client)?;
        if standing == Standing::Stands {
            rows.enter_person(authentication, signed_in_at)?;
            rows.enter_use(authentication, client, now)?;
        }
        Ok(Outcome::Standing(standing))
    };
    match command {
        Command::SignIn(authentication) => rows.enter_person(&authentication, now).map(|()| Outcome::Done),
        Command::Allow(authentication, client) => enter(&authentication, &client, now),
        Command::Use(authentication, client, signed_in_at) => enter(&authentication, &client, signed_in_at),
        Command::Standing(client) => rows.standing(&client).map(Outcome::Standing),
        Command::LastUse(client) => rows.last_use(&client).map(Outcome::LastUse),
        Command::Users(clients) => {
            clients.iter().map(|client| rows.users(client)).collect::<worker::Result<_>>().map(Outcome::Users)
        }
        Command::End(client) => rows.end(&client, now).map(|()| Outcome::Done),
    }
}
