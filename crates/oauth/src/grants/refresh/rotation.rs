//! Refresh token rotation (RFC 9700 §4.14.2): what one use of a refresh token means, by its age and by where it comes from.
//!
//! The tokens of a grant are numbered. One is live, that of the current [`Generation`]; using it makes the next one live. No
//! answer ever holds any other token than the one that is live then, so there are never two live successors.
//!
//! | Token | When and from where | Answer |
//! | --- | --- | --- |
//! | the live one | | the next token, which is live from now on |
//! | the one before | within a minute of its first use | the live token again |
//! | the one before | later, from the network of its first use | the live token again |
//! | the one before | later, from elsewhere | the live token again, three times in 30 days; then the grant ends |
//! | an older one | from the network that rotated last | refused: another window of the same app has gone on |
//! | an older one | from elsewhere | the grant ends: two parties hold its tokens |

use serde::{Deserialize, Serialize};

use mcp_connector_base::timestamp::Timestamp;

use crate::grants::limits::Limits;
use crate::grants::refresh::refresh_token::Generation;
use crate::web::network::Network;

/// Which refresh token of a grant is live, and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    live: Generation,
    at: Timestamp,
    /// Where the token before the live one was used first. `None` if that is unknown.
    from: Option<Network>,
    /// When the token before the live one was used again late and from elsewhere. Counted for the grant, whichever token it was.
    late: Vec<Timestamp>,
}

/// What comes of one use of a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// The answer is the live token of this rotation, which replaces the one that decided.
    Rotate(Rotation),
    /// The answer is the live token of this rotation, which was given before.
    Repeat(Retry, Rotation),
    /// There is no answer, and the grant goes on.
    Refuse,
    /// There is no answer, and the grant ends.
    End,
}

/// The age of a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Age {
    /// Not issued yet. A client can have it only if the object was restored from a backup.
    NotYet,
    Live,
    Last,
    Older,
}

impl Rotation {
    /// A grant at its first refresh token.
    #[must_use]
    pub const fn begin(now: Timestamp) -> Self {
        Self { live: Generation::FIRST, at: now, from: None, late: Vec::new() }
    }

    /// Returns the state that version 1 of a row has kept, which knows no networks.
    pub(crate) const fn of_version_1(live: Generation, at: Timestamp, late: Vec<Timestamp>) -> Self {
        Self { live, at, from: None, late }
    }

    /// Returns the live token.
    #[must_use]
    pub const fn live(&self) -> Generation {
        self.live
    }

    /// Returns whether a token of that number was ever given out.
    #[must_use]
    pub fn has_given(&self, token: Generation) -> bool {
        token <= self.live
    }

    /// Decides about a use of `token`, which this grant has given out.
    #[must_use]
    pub fn decide(&self, token: Generation, from: Option<Network>, limits: &Limits, now: Timestamp) -> Use {
        let is_same_network = self.from.is_some() && self.from == from;
        match self.age(token) {
            Age::NotYet => Use::Refuse,
            // After four billion rotations there is no next one.
            Age::Live => self.live.next().map_or(Use::Refuse, |live| {
                let late = self.late_within(limits.late_period, now);
                Use::Rotate(Self { live, at: now, from, late })
            }),
            Age::Last if now.seconds_since(self.at) <= limits.retry_window => Use::Repeat(Retry::Soon, self.clone()),
            Age::Last if is_same_network => Use::Repeat(Retry::Late, self.clone()),
            Age::Last => {
                let mut late = self.late_within(limits.late_period, now);
                if late.len() >= limits.late_retries {
                    return Use::End;
                }
                late.push(now);
                Use::Repeat(Retry::LateFromElsewhere, Self { late, ..self.clone() })
            }
            Age::Older if is_same_network => Use::Refuse,
            Age::Older => Use::End,
        }
    }

    fn age(&self, token: Generation) -> Age {
        if token > self.live {
            Age::NotYet
        } else if token == self.live {
            Age::Live
        } else if token.next() == Some(self.live) {
            Age::Last
        } else {
            Age::Older
        }
    }

    /// Returns the late retries that still count. They stop counting only with time.
    fn late_within(&self, period: u64, now: Timestamp) -> Vec<Timestamp> {
        self.late.iter().copied().filter(|at| now.seconds_since(*at) < period).collect()
    }
}

/// Whether a refresh token was sent for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Retry {
    First,
    /// It was sent before, moments ago.
    Soon,
    /// It was sent before, a while ago and from the same network.
    Late,
    /// It was sent before, a while ago and from another network. Worth a line in a log.
    LateFromElsewhere,
}
