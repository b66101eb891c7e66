//! The Durable Object `Directory`, of which there is one: who has signed in, who uses which client, and which clients the owner
//! has ended for everybody. An end has no expiry and nothing overwrites it.
//!
//! It is asked when a person allows a client and when a code is redeemed, and once a day for each grant that is
//! refreshed. So every person is in its rows before they hold a grant of a client. When the owner ends the client, an
//! alarm goes through these rows and ends the grants.

use std::time::Duration;

use worker::{DurableObject, Env, Request, Response, State, durable_object};

use futures::future::join_all;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::clients::client::ClientStatus;
use mcp_connector_oauth::clients::client_hash::ClientHash;
use mcp_connector_oauth::grants::commands::{EndClientGrants, ListAccess};

use crate::config::bindings::Binding;
use crate::oauth::clients::records;
use crate::objects::alarm::Alarm;
use crate::objects::directory::commands::{
    CheckClient, CountPeople, EndClient, EnterConsent, EnterSignIn, EnterUse, GetLastUse, GetPerson, ListPeople,
    ListPeopleAccess, ListUsers, PeopleAccess, SignedInPerson,
};
use crate::objects::directory::rows::{DirectoryRows, Forgotten, SCHEMA, Sweep};
use crate::objects::dispatch;
use crate::objects::dispatch::dispatch;
use crate::objects::grants::stub::GrantsStub;
use crate::objects::tables::Tables;
use crate::platform::clock::now;

/// Maximum number of people whose grants one alarm ends: a Worker on the free plan may make fifty requests at a time.
const PEOPLE_AT_ONCE: u64 = 30;
/// Maximum number of them at the same time: a Worker may have six connections open.
const AT_ONCE: usize = 6;
/// The next sweep comes after this long, for objects, or KV, that did not answer.
const SWEEP_AGAIN: Duration = Duration::from_secs(30);
/// The record of an ended client is marked again until this long after its end, in seconds: an isolate that read the record
/// before the end may have written it since, without the mark.
const MARK_AGAIN: u64 = 180;
/// How often rows of uses that are over are deleted.
const FORGET_AFTER: Duration = Duration::from_hours(24);
/// How long after one part of them the next one follows.
const FORGET_NEXT: Duration = Duration::from_secs(10);

/// The directory.
#[durable_object(alarm)]
pub struct Directory {
    state: State,
    env: Env,
    tables: Tables,
    alarm: Alarm,
}

impl DurableObject for Directory {
    fn new(state: State, env: Env) -> Self {
        Self { state, env, tables: Tables::new(SCHEMA), alarm: Alarm::default() }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        dispatch!(Binding::Directory, dispatch::message(request).await?, {
            EnterSignIn => async |EnterSignIn(person)| self.with_rows(move |rows| rows.people().enter(&person, now())),
            EnterConsent => async |EnterConsent { person, client }| self.enter_use(person, client, now()).await,
            EnterUse => async |command| self.enter_use(command.person, command.client, command.signed_in_at).await,
            CheckClient => async |CheckClient(client)| self.with_rows(move |rows| rows.status(&client)),
            GetLastUse => async |GetLastUse(client)| self.with_rows(move |rows| rows.last_use(&client)),
            ListUsers => async |ListUsers(clients)| {
                self.with_rows(move |rows| clients.iter().map(|client| rows.users(client)).collect())
            },
            ListPeople => async |command| self.with_rows(move |rows| rows.people().page(&command)),
            GetPerson => async |GetPerson(person)| self.with_rows(move |rows| rows.people().find(&person)),
            EndClient => async |EndClient(client)| self.end_client(client).await,
            ListPeopleAccess => async |command| self.list_access(command).await,
            CountPeople => async |command| self.with_rows(move |rows| rows.people().count(command.at_most)),
        })
    }

    /// Continues the sweeps, and deletes rows of uses that are long over.
    async fn alarm(&self) -> worker::Result<Response> {
        self.alarm.has_come();
        let sweeps = self.with_rows(DirectoryRows::sweeps)?;
        if sweeps.is_empty() {
            let now = now();
            match self.with_rows(move |rows| rows.forget(now))? {
                Forgotten::APart => self.wake_in(FORGET_NEXT).await?,
                Forgotten::All => self.wake_in(FORGET_AFTER).await?,
                Forgotten::NothingIsLeft => {}
            }
            return Response::empty();
        }
        // The next alarm is set first: if this run is cut off, that one continues it.
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

/// The progress of a sweep.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// The sweep has more to do at once.
    More,
    /// The sweep is done, or has to wait for something that did not answer.
    Rests,
}

impl Directory {
    /// Enters that a person uses a client, unless the client was ended. Both happen in one transaction, so a later sweep finds
    /// the use.
    async fn enter_use(
        &self,
        person: SignedInPerson,
        client: ClientHash,
        signed_in_at: Timestamp,
    ) -> worker::Result<ClientStatus> {
        let status = self.with_rows(move |rows| {
            let status = rows.status(&client)?;
            if status == ClientStatus::Active {
                rows.people().enter(&person, signed_in_at)?;
                rows.enter_use(&person, &client, now())?;
            }
            Ok(status)
        })?;
        self.alarm.set_at_latest(&self.state.storage(), FORGET_AFTER).await?;
        Ok(status)
    }

    async fn end_client(&self, client: ClientHash) -> worker::Result<()> {
        self.with_rows(move |rows| rows.end(&client, now()))?;
        self.wake_in(Duration::ZERO).await
    }

    /// Ends the grants that the next `most` people gave to an ended client. When all are ended, the client's record says so too.
    async fn sweep(&self, sweep: Sweep, most: u64) -> worker::Result<Progress> {
        let (sweep, people) = self.with_rows(move |rows| {
            let people = rows.next_people(&sweep, most)?;
            Ok((sweep, people))
        })?;
        let Sweep { client, ended_at, swept_to } = sweep;
        let Some(last) = people.last().cloned() else {
            // A round is over. People whose objects did not answer are asked again in the next.
            let is_marked = swept_to.is_empty() && records::mark_ended(&self.env, &client, ended_at).await.is_ok();
            let is_over = is_marked && now().seconds_since(ended_at) >= MARK_AGAIN;
            let begins_anew = !swept_to.is_empty();
            self.with_rows(move |rows| if is_over { rows.is_swept(&client) } else { rows.swept(&client, &[], "") })?;
            return Ok(if is_over || begins_anew { Progress::More } else { Progress::Rests });
        };
        let (grants, end) = (GrantsStub { env: &self.env }, EndClientGrants { client: client.clone() });
        let mut done = Vec::with_capacity(people.len());
        for some in people.chunks(AT_ONCE) {
            let ended = join_all(some.iter().map(async |person| grants.end_client(person, &end).await)).await;
            done.extend(some.iter().zip(ended).filter(|(_, ended)| ended.is_ok()).map(|(person, _)| person.clone()));
        }
        let progress = if done.is_empty() { Progress::Rests } else { Progress::More };
        self.with_rows(move |rows| rows.swept(&client, &done, &last))?;
        Ok(progress)
    }

    /// Asks the objects of some people what had access for them.
    async fn list_access(&self, command: ListPeopleAccess) -> worker::Result<Option<PeopleAccess>> {
        let ListPeopleAccess { after, before, policy } = command;
        let people = self.with_rows(move |rows| rows.people().between(&after, &before, PEOPLE_AT_ONCE))?;
        let is_full = people.len() >= usize::try_from(PEOPLE_AT_ONCE).unwrap_or(usize::MAX);
        let next = people.last().filter(|_| is_full).map(|last| last.person.clone());
        let (grants, list) = (GrantsStub { env: &self.env }, ListAccess { policy });
        let mut answered = Vec::with_capacity(people.len());
        for some in people.chunks(AT_ONCE) {
            let records = join_all(some.iter().map(async |known| grants.list_access(&known.person, &list).await)).await;
            for (known, records) in some.iter().zip(records) {
                let Ok(records) = records else { return Ok(None) };
                answered.push((known.clone(), records));
            }
        }
        Ok(Some(PeopleAccess { people: answered, next }))
    }

    /// Runs `work` as one transaction, which happens whole or not at all.
    fn with_rows<T: 'static>(
        &self,
        work: impl FnOnce(&DirectoryRows) -> worker::Result<T> + 'static,
    ) -> worker::Result<T> {
        self.tables.transaction(&self.state.storage(), move |sql| work(&DirectoryRows::new(sql)))
    }

    async fn wake_in(&self, wait: Duration) -> worker::Result<()> {
        self.alarm.set(&self.state.storage(), wait).await
    }
}
