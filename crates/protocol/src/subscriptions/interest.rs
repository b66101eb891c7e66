//! The changes that a stream receives.

use serde::{Deserialize, Serialize};

use crate::author::resources::uri_template::Uri;
use crate::author::visibility::audience::Access;
use crate::subscriptions::change::Topics;
use crate::tasks::message::TaskId;

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
    pub(crate) fn new(uri: &Uri, access: &Access) -> Self {
        Self { uri: uri.as_str().to_owned(), is_own: access.needs_sign_in() }
    }
}
