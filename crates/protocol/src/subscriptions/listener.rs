//! The client at the end of a stream of changes, and which changes it receives.

use serde::{Deserialize, Serialize};

use crate::subscriptions::change::{Change, Concerns};
use crate::subscriptions::interest::Interest;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::{GrantId, Subject};
use mcp_connector_base::scope::ScopeSet;

/// The client at the end of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    pub(crate) owner: Option<Subject>,
    pub(crate) grant: Option<GrantId>,
    /// The scopes of its token.
    pub(crate) scopes: ScopeSet,
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
        let scopes = caller.map_or_else(ScopeSet::empty, |caller| caller.scopes.clone());
        Self { owner, grant: caller.and_then(|caller| caller.grant), scopes, network: None, until, interest, kind }
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

    /// Returns whether the client may receive a change. `needs_sign_in` says whether what has changed needs one.
    fn may_receive(&self, needs_sign_in: bool, concerns: &Concerns) -> bool {
        !needs_sign_in
            || match concerns {
                Concerns::Person(person) => self.owner.as_ref() == Some(person),
                Concerns::Nobody => false,
                Concerns::Everybody(needed) => self.owner.is_some() && self.scopes.contains_all(needed),
            }
    }

    /// Returns whether the client receives `change`. `watched` says whether the resource needs a sign-in, if the session of the stream
    /// subscribed to it.
    pub(crate) fn receives(&self, change: &Change, concerns: &Concerns, watched: Option<bool>) -> bool {
        match change {
            Change::Tools | Change::Prompts => self.interest.lists.has(change.topic()),
            Change::Resources => {
                self.interest.lists.has(change.topic()) && self.may_receive(self.interest.own_resource_list, concerns)
            }
            Change::Resource(uri) => {
                let asked = self.interest.uris.iter().find(|watched| watched.uri == *uri);
                watched.or(asked.map(|watched| watched.is_own)).is_some_and(|is_own| self.may_receive(is_own, concerns))
            }
        }
    }
}
