//! Who hears what: the open streams of all clients, and which of them a change is told to ("Subscriptions"; until 2025-11-25
//! "Multiple Connections": each message goes to exactly one stream of a session).
//!
//! This decides only. Who holds the streams writes what [`Hub::hearing`] gives.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::author::uri_template::Uri;
use crate::subscriptions::change::{Change, Topics};
use crate::tasks::message::TaskId;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::{GrantId, Subject};
use mcp_connector_base::scope::ScopeSet;

/// What a stream wants to hear of, as far as it is honoured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interest {
    pub(crate) lists: Topics,
    /// Every list of resources here is some person's own, so its changes are nobody else's business.
    pub(crate) own_resource_list: bool,
    pub(crate) uris: Vec<Watched>,
    /// The caller's own, of which there is more to hear.
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
    /// Whether it needs a sign-in. Two people's resources may have the same URI; each hears of their own.
    pub is_own: bool,
}

impl Watched {
    pub(crate) fn new(uri: &Uri, required: &ScopeSet) -> Self {
        Self { uri: uri.as_str().to_owned(), is_own: !required.is_empty() }
    }
}

/// Who listens on a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    owner: Option<Subject>,
    grant: Option<GrantId>,
    /// The network that a client without a token listens from.
    network: Option<String>,
    /// When the token expires that the stream was opened with, in seconds since 1970.
    until: Option<u64>,
    interest: Interest,
    role: ListenerKind,
}

/// What kind of stream it is.
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
    /// Someone who listens with the token of `caller`, which expires at `until`.
    #[must_use]
    pub fn new(caller: Option<&Caller>, until: Option<u64>, interest: Interest, role: ListenerKind) -> Self {
        let owner = caller.map(|caller| caller.subject.clone());
        Self { owner, grant: caller.and_then(|caller| caller.grant), network: None, until, interest, role }
    }

    /// The same for a client without a token that listens from `network`.
    #[must_use]
    pub fn from_network(self, network: &str) -> Self {
        Self { network: Some(network.to_owned()), ..self }
    }

    /// The person; none for a guest.
    #[must_use]
    pub fn owner(&self) -> Option<&Subject> {
        self.owner.as_ref()
    }

    /// The grant of the token.
    #[must_use]
    pub fn grant(&self) -> Option<GrantId> {
        self.grant
    }

    /// What kind of stream it is.
    #[must_use]
    pub fn role(&self) -> &ListenerKind {
        &self.role
    }

    /// The last event of the stream; a legacy stream just ends.
    #[must_use]
    pub fn end(&self) -> &[u8] {
        match &self.role {
            ListenerKind::Subscription { end, .. } => end,
            ListenerKind::Session(_) => &[],
        }
    }

    /// Whether a change that only concerns people with a sign-in may be told, when `by` has caused it.
    fn may_hear(&self, is_own: bool, by: Option<&Subject>) -> bool {
        !is_own || (by.is_some() && self.owner.as_ref() == by)
    }

    /// Whether to tell of `change`. `watched` is what the session of the stream remembers of the URI, if it does.
    fn hears(&self, change: &Change, by: Option<&Subject>, watched: Option<bool>) -> bool {
        match change {
            Change::Tools | Change::Prompts => self.interest.lists.has(change.topic()),
            Change::Resources => {
                self.interest.lists.has(change.topic()) && self.may_hear(self.interest.own_resource_list, by)
            }
            Change::Resource(uri) => {
                let asked = self.interest.uris.iter().find(|watched| watched.uri == *uri);
                watched.or(asked.map(|watched| watched.is_own)).is_some_and(|is_own| self.may_hear(is_own, by))
            }
        }
    }
}

/// Names an open stream. Later ones have larger numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamId(u64);

/// How many streams may be open.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// In all.
    pub total: usize,
    /// Of guests together, so that they leave room for those who signed in.
    pub guests: usize,
    /// Of clients without a token from one network.
    pub network: usize,
    /// Of one person.
    pub each: usize,
}

/// Why a stream was not opened.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Serialize, Deserialize)]
pub enum Full {
    /// This person has too many, or the clients without a token from one network.
    #[error("You have too many open streams. Close one and try again.")]
    OfThisOwner,
    /// There are too many in all.
    #[error("Too many streams are open here. Try again later.")]
    InAll,
}

/// All open streams.
#[derive(Debug)]
pub struct Hub {
    limits: Limits,
    last: u64,
    /// Oldest first.
    streams: Vec<(StreamId, Listener)>,
}

impl Hub {
    /// No streams yet.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self { limits, last: 0, streams: Vec::new() }
    }

    /// Lets somebody listen.
    pub fn open(&mut self, listener: Listener) -> Result<StreamId, Full> {
        let of_owner = self.streams.iter().filter(|(_, other)| other.owner == listener.owner).count();
        match &listener.owner {
            _ if self.streams.len() >= self.limits.total => return Err(Full::InAll),
            None if of_owner >= self.limits.guests => return Err(Full::InAll),
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
        let of_guests = self.streams.iter().filter(|(_, other)| other.owner.is_none());
        of_guests.filter(|(_, other)| other.network.as_deref() == network).count()
    }

    /// Forgets a stream.
    pub fn close(&mut self, id: StreamId) -> Option<Listener> {
        let place = self.streams.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(self.streams.remove(place).1)
    }

    /// Whether nobody listens.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    /// The streams that are told of `change`, which `by` has caused, with what is written to each. `watching` are the
    /// sessions that subscribed to the resource, in order, and whether it needs a sign-in.
    #[must_use]
    pub fn hearing(
        &self,
        change: &Change,
        by: Option<&Subject>,
        watching: &[(String, bool)],
    ) -> Vec<(StreamId, Vec<u8>)> {
        let mut served: Vec<&str> = Vec::new();
        let mut told = Vec::new();
        // The newest stream of a session is the one most likely to have a client at its end.
        for (id, listener) in self.streams.iter().rev() {
            match &listener.role {
                ListenerKind::Subscription { id: subscription, .. } if listener.hears(change, by, None) => {
                    told.push((*id, change.event(Some(subscription))));
                }
                ListenerKind::Session(session) => {
                    let place = watching.binary_search_by(|(known, _)| known.as_str().cmp(session)).ok();
                    let watched = place.and_then(|place| watching.get(place)).map(|(_, is_own)| *is_own);
                    if listener.hears(change, by, watched)
                        && let Err(place) = served.binary_search(&session.as_str())
                    {
                        served.insert(place, session);
                        told.push((*id, change.event(None)));
                    }
                }
                ListenerKind::Subscription { .. } => {}
            }
        }
        told
    }

    /// The streams that listen to `task`, each with the id of its subscription as JSON.
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

    /// A stream has heard the last of `task`.
    pub fn has_heard(&mut self, id: StreamId, task: &TaskId) {
        if let Ok(place) = self.streams.binary_search_by_key(&id, |(id, _)| *id)
            && let Some((_, listener)) = self.streams.get_mut(place)
        {
            listener.interest.tasks.retain(|listened| listened != task);
        }
    }

    /// The subscriptions on which nothing more can come: they were to tasks alone, and those are over.
    #[must_use]
    pub fn served(&self) -> Vec<StreamId> {
        self.which(|listener| {
            matches!(listener.role, ListenerKind::Subscription { .. }) && listener.interest.is_empty()
        })
    }

    /// The streams whose tokens have expired at `now`.
    #[must_use]
    pub fn expired(&self, now: u64) -> Vec<StreamId> {
        self.which(|listener| listener.until.is_some_and(|until| until <= now))
    }

    /// The streams that `condition` holds for.
    #[must_use]
    pub fn which(&self, condition: impl Fn(&Listener) -> bool) -> Vec<StreamId> {
        self.streams.iter().filter(|(_, listener)| condition(listener)).map(|(id, _)| *id).collect()
    }

    /// The sessions that have a stream, each once.
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
