//! The commands of `AnonymousQuota`, and its limits.

use serde::{Deserialize, Serialize};

use mcp_connector_base::commands;

/// The kind of state that a place allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Quota {
    /// A session or a task, which an object stores for a while.
    State,
    /// A stream at `/sse`, which keeps an object awake.
    Stream,
}

impl Quota {
    /// Returns how long a place lasts unless it is taken again, in seconds.
    pub(crate) const fn lifetime(self) -> u64 {
        match self {
            Self::State => 60 * 60,
            Self::Stream => 10 * 60,
        }
    }

    /// Returns the maximum number of places of one network (an IPv4 /24, an IPv6 /64). All people behind a hosted client come
    /// from few of them.
    pub(crate) const fn most_of_network(self) -> u64 {
        match self {
            Self::State => 200,
            Self::Stream => 10,
        }
    }

    /// Returns the maximum number of places of all networks together.
    pub(crate) const fn most(self) -> u64 {
        match self {
            Self::State => 2000,
            Self::Stream => 50,
        }
    }
}

/// Seconds for which a place that was taken is not taken again. This is far less than its lifetime.
pub(crate) const REMEMBERED_FOR: u64 = 15 * 60;

/// Takes a place, or keeps one. The answer is false if there is none.
#[derive(Serialize, Deserialize)]
pub(crate) struct TakePlace {
    pub(crate) quota: Quota,
    /// Names what the place is for.
    pub(crate) key: String,
    pub(crate) network: String,
}

/// Gives a place back.
#[derive(Serialize, Deserialize)]
pub(crate) struct ReleasePlace {
    pub(crate) key: String,
}

commands! {
    TakePlace => bool;
    ReleasePlace => ();
}
