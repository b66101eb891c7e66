//! The commands of `AnonymousQuota`, and its limits.

use serde::{Deserialize, Serialize};

use mcp_connector_base::commands;
use mcp_connector_base::timestamp::Timestamp;

/// The kind of state that a place allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Quota {
    /// A session, a task or an upload, which an object stores for a while.
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

    /// Returns the key of a row. A session that has a stream at `/sse` may need a place of either kind. Places of [`Self::State`] have the
    /// key that they had before there were others, so that what clients hold when a new version is deployed is still known.
    pub(crate) fn row_key(self, key: &str) -> String {
        match self {
            Self::State => key.to_owned(),
            // No session and no task has a space in its id.
            Self::Stream => ["stream ", key].concat(),
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
    pub(crate) quota: Quota,
    pub(crate) key: String,
}

/// Asks until when each of these keys has a place.
#[derive(Serialize, Deserialize)]
pub(crate) struct FindPlaces {
    pub(crate) quota: Quota,
    pub(crate) keys: Vec<String>,
}

commands! {
    TakePlace => bool;
    ReleasePlace => ();
    FindPlaces => Vec<Option<Timestamp>>;
}

#[cfg(test)]
mod tests {
    use super::Quota;

    #[test]
    fn a_session_has_a_place_of_each_kind() {
        let session = "0123456789abcdef0123456789abcdef00000000";
        assert_ne!(Quota::State.row_key(session), Quota::Stream.row_key(session));
    }

    #[test]
    fn a_place_that_is_deployed_keeps_its_key() {
        assert_eq!(
            Quota::State.row_key("slow.00000000000000000000000000000007"),
            "slow.00000000000000000000000000000007"
        );
    }
}
