//! The open streams of all clients, and which of them receive a change ("Subscriptions"; until 2025-11-25 "Multiple Connections":
//! each message goes to exactly one stream of a session).
//!
//! This only decides. The Durable Object that holds the streams writes what [`OpenStreams::recipients`] returns.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::subscriptions::change::{Change, Concerns};
use crate::subscriptions::listener::{Listener, ListenerKind};
use crate::tasks::message::TaskId;
use mcp_connector_base::identifier::{GrantId, Subject};

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

    /// Sets how many streams may be open in all. Those that are open stay.
    pub fn set_total(&mut self, total: usize) {
        self.limits.total = total;
    }

    /// Adds a stream. `elsewhere` is how many streams the same person has in other shards.
    ///
    /// A session's streams stay together: where it has one, it gets another even if all together are too many.
    ///
    /// # Errors
    ///
    /// Fails if there are too many streams already.
    pub fn open(&mut self, listener: Listener, elsewhere: usize) -> Result<StreamId, Full> {
        let of_owner = elsewhere + self.count_of(listener.owner.as_ref());
        match &listener.owner {
            Some(_) if of_owner >= self.limits.each => return Err(Full::OfThisOwner),
            _ if self.streams.len() >= self.limits.total && !self.has_session_of(&listener) => return Err(Full::InAll),
            None if of_owner >= self.limits.anonymous => return Err(Full::InAll),
            None if self.of_network(listener.network.as_deref()) >= self.limits.network => {
                return Err(Full::OfThisOwner);
            }
            None | Some(_) => {}
        }
        self.last += 1;
        let id = StreamId(self.last);
        self.streams.push((id, listener));
        Ok(id)
    }

    /// Returns how many streams a person has, or all clients without a token together.
    #[must_use]
    pub fn count_of(&self, owner: Option<&Subject>) -> usize {
        self.streams.iter().filter(|(_, other)| other.owner.as_ref() == owner).count()
    }

    /// Returns whether `listener` belongs to a session that has a stream.
    fn has_session_of(&self, listener: &Listener) -> bool {
        matches!(listener.kind, ListenerKind::Session(_))
            && self.streams.iter().any(|(_, other)| other.kind == listener.kind)
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

    /// Returns the streams that receive `change`, with the bytes for each. `watching` are the sessions that
    /// subscribed to the resource, sorted, and whether it needs a sign-in.
    #[must_use]
    pub fn recipients(
        &self,
        change: &Change,
        concerns: &Concerns,
        watching: &[(String, bool)],
    ) -> Vec<(StreamId, Vec<u8>)> {
        let mut served: Vec<&str> = Vec::new();
        let mut recipients = Vec::new();
        // The newest stream of a session is the most likely to have a client at its end.
        for (id, listener) in self.streams.iter().rev() {
            match &listener.kind {
                ListenerKind::Subscription { id: subscription, .. } if listener.receives(change, concerns, None) => {
                    recipients.push((*id, change.event(Some(subscription))));
                }
                ListenerKind::Session(session) => {
                    let index = watching.binary_search_by(|(known, _)| known.as_str().cmp(session)).ok();
                    let watched = index.and_then(|index| watching.get(index)).map(|(_, is_own)| *is_own);
                    if listener.receives(change, concerns, watched)
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
        let listening = self.streams.iter().filter_map(|(id, listener)| match &listener.kind {
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
            matches!(listener.kind, ListenerKind::Subscription { .. }) && listener.interest.is_empty()
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
        let sessions = self.streams.iter().filter_map(|(_, listener)| match &listener.kind {
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
