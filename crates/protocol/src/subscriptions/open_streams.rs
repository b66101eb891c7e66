//! The open streams of all clients, and which of them receive a change ("Subscriptions"; until 2025-11-25 "Multiple Connections":
//! each message goes to exactly one stream of a session).
//!
//! This only decides. The Durable Object that holds the streams writes what [`OpenStreams::recipients`] returns.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::author::uri_template::Uri;
use crate::subscriptions::change::{Change, Topics};
use crate::tasks::message::TaskId;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::{GrantId, Subject};
use mcp_connector_base::scope::ScopeSet;

/// The changes that a stream receives: those that its client asked for and this server announces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interest {
    pub(crate) lists: Topics,
    /// Whether every list of resources belongs to one person, so that its changes concern nobody else.
    pub(crate) own_resource_list: bool,
    pub(crate) uris: Vec<Watched>,
    /// The caller's tasks that are not over.
    pub(crate) tasks: Vec<TaskId>,
}

impl Interest {
    pub(crate) fn is_empty(&self) -> bool {
        self.lists.is_empty() && self.uris.is_empty() && self.tasks.is_empty()
    }
}

/// A resource that somebody subscribed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// Its URI.
    pub uri: String,
    /// Whether it needs a sign-in. Resources of two people may have the same URI; each person receives the changes of their own.
    pub is_own: bool,
}

impl Watched {
    pub(crate) fn new(uri: &Uri, required: &ScopeSet) -> Self {
        Self { uri: uri.as_str().to_owned(), is_own: !required.is_empty() }
    }
}

/// The client at the end of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    owner: Option<Subject>,
    grant: Option<GrantId>,
    /// The network of a client without a token.
    network: Option<String>,
    /// When the token of the stream expires, in seconds since 1970.
    until: Option<u64>,
    interest: Interest,
    role: ListenerKind,
}

/// The kind of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ListenerKind {
    /// The answer to `subscriptions/listen`.
    Subscription {
        /// The id of the request, as JSON.
        id: String,
        /// The event that ends it.
        end: Vec<u8>,
    },
    /// A GET stream of the legacy session with this id.
    Session(String),
}

impl Listener {
    /// Returns the client with the token of `caller`, which expires at `until`.
    #[must_use]
    pub fn new(caller: Option<&Caller>, until: Option<u64>, interest: Interest, role: ListenerKind) -> Self {
        let owner = caller.map(|caller| caller.subject.clone());
        Self { owner, grant: caller.and_then(|caller| caller.grant), network: None, until, interest, role }
    }

    /// Returns the same client, without a token and in `network`.
    #[must_use]
    pub fn from_network(self, network: &str) -> Self {
        Self { network: Some(network.to_owned()), ..self }
    }

    /// Returns the person, or `None` without a token.
    #[must_use]
    pub fn owner(&self) -> Option<&Subject> {
        self.owner.as_ref()
    }

    /// Returns the grant of the token.
    #[must_use]
    pub fn grant(&self) -> Option<GrantId> {
        self.grant
    }

    /// Returns the kind of the stream.
    #[must_use]
    pub fn role(&self) -> &ListenerKind {
        &self.role
    }

    /// Returns the last event of the stream. A legacy stream has none.
    #[must_use]
    pub fn end(&self) -> &[u8] {
        match &self.role {
            ListenerKind::Subscription { end, .. } => end,
            ListenerKind::Session(_) => &[],
        }
    }

    /// Returns whether the client may receive a change that `by` has caused. `is_own` says whether it concerns only that person.
    fn may_receive(&self, is_own: bool, by: Option<&Subject>) -> bool {
        !is_own || (by.is_some() && self.owner.as_ref() == by)
    }

    /// Returns whether the client receives `change`. `watched` says whether the resource needs a sign-in, if the session of the stream
    /// subscribed to it.
    fn receives(&self, change: &Change, by: Option<&Subject>, watched: Option<bool>) -> bool {
        match change {
            Change::Tools | Change::Prompts => self.interest.lists.has(change.topic()),
            Change::Resources => {
                self.interest.lists.has(change.topic()) && self.may_receive(self.interest.own_resource_list, by)
            }
            Change::Resource(uri) => {
                let asked = self.interest.uris.iter().find(|watched| watched.uri == *uri);
                watched.or(asked.map(|watched| watched.is_own)).is_some_and(|is_own| self.may_receive(is_own, by))
            }
        }
    }
}

/// The number of an open stream. Later streams have larger numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamId(u64);

/// How many streams may be open.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// In all.
    pub total: usize,
    /// Of clients without a token together, so that there is room for others.
    pub anonymous: usize,
    /// Of clients without a token from one network.
    pub network: usize,
    /// Of one person.
    pub each: usize,
}

/// Why a stream was not opened.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Serialize, Deserialize)]
pub enum Full {
    /// This person has too many, or the clients without a token in one network have.
    #[error("You have too many open streams. Close one and try again.")]
    OfThisOwner,
    /// There are too many in all.
    #[error("Too many streams are open here. Try again later.")]
    InAll,
}

/// The open streams of all clients.
#[derive(Debug)]
pub struct OpenStreams {
    limits: Limits,
    last: u64,
    /// Oldest first.
    streams: Vec<(StreamId, Listener)>,
}

impl OpenStreams {
    /// Returns an empty set.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self { limits, last: 0, streams: Vec::new() }
    }

    /// Adds a stream.
    pub fn open(&mut self, listener: Listener) -> Result<StreamId, Full> {
        let of_owner = self.streams.iter().filter(|(_, other)| other.owner == listener.owner).count();
        match &listener.owner {
            _ if self.streams.len() >= self.limits.total => return Err(Full::InAll),
            None if of_owner >= self.limits.anonymous => return Err(Full::InAll),
            None if self.of_network(listener.network.as_deref()) >= self.limits.network => {
                return Err(Full::OfThisOwner);
            }
            Some(_) if of_owner >= self.limits.each => return Err(Full::OfThisOwner),
            None | Some(_) => {}
        }
        self.last = self.last.saturating_add(1);
        let id = StreamId(self.last);
        self.streams.push((id, listener));
        Ok(id)
    }

    fn of_network(&self, network: Option<&str>) -> usize {
        let anonymous = self.streams.iter().filter(|(_, other)| other.owner.is_none());
        anonymous.filter(|(_, other)| other.network.as_deref() == network).count()
    }

    /// Removes a stream.
    pub fn close(&mut self, id: StreamId) -> Option<Listener> {
        let index = self.streams.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(self.streams.remove(index).1)
    }

    /// Returns whether no stream is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    /// Returns the streams that receive `change`, which `by` has caused, with the bytes for each. `watching` are the sessions that
    /// subscribed to the resource, sorted, and whether it needs a sign-in.
    #[must_use]
    pub fn recipients(
        &self,
        change: &Change,
        by: Option<&Subject>,
        watching: &[(String, bool)],
    ) -> Vec<(StreamId, Vec<u8>)> {
        let mut served: Vec<&str> = Vec::new();
        let mut recipients = Vec::new();
        // The newest stream of a session is the most likely to have a client at its end.
        for (id, listener) in self.streams.iter().rev() {
            match &listener.role {
                ListenerKind::Subscription { id: subscription, .. } if listener.receives(change, by, None) => {
                    recipients.push((*id, change.event(Some(subscription))));
                }
                ListenerKind::Session(session) => {
                    let index = watching.binary_search_by(|(known, _)| known.as_str().cmp(session)).ok();
                    let watched = index.and_then(|index| watching.get(index)).map(|(_, is_own)| *is_own);
                    if listener.receives(change, by, watched)
                        && let Err(index) = served.binary_search(&session.as_str())
                    {
                        served.insert(index, session);
                        recipients.push((*id, change.event(None)));
                    }
                }
                ListenerKind::Subscription { .. } => {}
            }
        }
        recipients
    }

    /// Returns the streams that listen to `task`, each with the id of its subscription as JSON.
    #[must_use]
    pub fn listening_to(&self, task: &TaskId) -> Vec<(StreamId, String)> {
        let listening = self.streams.iter().filter_map(|(id, listener)| match &listener.role {
            ListenerKind::Subscription { id: subscription, .. } if listener.interest.tasks.contains(task) => {
                Some((*id, subscription.clone()))
            }
            ListenerKind::Subscription { .. } | ListenerKind::Session(_) => None,
        });
        listening.collect()
    }

    /// Removes a task that is over from a stream.
    pub fn end_task(&mut self, id: StreamId, task: &TaskId) {
        if let Ok(index) = self.streams.binary_search_by_key(&id, |(id, _)| *id)
            && let Some((_, listener)) = self.streams.get_mut(index)
        {
            listener.interest.tasks.retain(|listened| listened != task);
        }
    }

    /// Returns the subscriptions that receive no more changes: they were to tasks only, and those are over.
    #[must_use]
    pub fn finished(&self) -> Vec<StreamId> {
        self.which(|listener| {
            matches!(listener.role, ListenerKind::Subscription { .. }) && listener.interest.is_empty()
        })
    }

    /// Returns the streams whose tokens have expired at `now`.
    #[must_use]
    pub fn expired(&self, now: u64) -> Vec<StreamId> {
        self.which(|listener| listener.until.is_some_and(|until| until <= now))
    }

    /// Returns the streams for which `condition` holds.
    #[must_use]
    pub fn which(&self, condition: impl Fn(&Listener) -> bool) -> Vec<StreamId> {
        self.streams.iter().filter(|(_, listener)| condition(listener)).map(|(id, _)| *id).collect()
    }

    /// Returns the sessions that have a stream, each once.
    #[must_use]
    pub fn sessions(&self) -> Vec<String> {
        let sessions = self.streams.iter().filter_map(|(_, listener)| match &listener.role {
            ListenerKind::Session(session) => Some(session.clone()),
            ListenerKind::Subscription { .. } => None,
        });
        sessions.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Returns the grants that streams were opened with, each once, by their subjects.
    #[must_use]
    pub fn grants(&self) -> Vec<(Subject, Vec<GrantId>)> {
        let mut grants: BTreeMap<&Subject, BTreeSet<GrantId>> = BTreeMap::new();
        for (_, listener) in &self.streams {
            if let (Some(owner), Some(grant)) = (&listener.owner, listener.grant) {
                grants.entry(owner).or_default().insert(grant);
            }
        }
        grants.into_iter().map(|(subject, grants)| (subject.clone(), grants.into_iter().collect())).collect()
    }
}

#[cfg(test)]
mod tests;
