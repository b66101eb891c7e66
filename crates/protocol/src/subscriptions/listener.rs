//! The client at the end of a stream of changes, and which changes it receives.

use serde::{Deserialize, Serialize};

use crate::subscriptions::change::Change;
use crate::subscriptions::interest::Interest;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::{GrantId, Subject};

/// The client at the end of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    pub(crate) owner: Option<Subject>,
    pub(crate) grant: Option<GrantId>,
    /// The network of a client without a token.
    pub(crate) network: Option<String>,
    /// When the token of the stream expires, in seconds since 1970.
    pub(crate) until: Option<u64>,
    pub(crate) interest: Interest,
    pub(crate) kind: ListenerKind,
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
    pub fn new(caller: Option<&Caller>, until: Option<u64>, interest: Interest, kind: ListenerKind) -> Self {
        let owner = caller.map(|caller| caller.subject.clone());
        Self { owner, grant: caller.and_then(|caller| caller.grant), network: None, until, interest, kind }
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
    pub fn kind(&self) -> &ListenerKind {
        &self.kind
    }

    /// Returns the last event of the stream. A legacy stream has none.
    #[must_use]
    pub fn end(&self) -> &[u8] {
        match &self.kind {
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
    pub(crate) fn receives(&self, change: &Change, by: Option<&Subject>, watched: Option<bool>) -> bool {
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
