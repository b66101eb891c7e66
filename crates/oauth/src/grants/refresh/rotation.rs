//! Refresh token rotation (RFC 9700 §4.14.2): what the use of a refresh token means, by its age and by the network it comes from.
//!
//! The tokens of a grant are numbered. One is live, that of the current [`Generation`]; using it makes the next one live. An
//! answer contains only the token that is live at that time, so there are never two live successors.
//!
//! | Token | When and from where | Answer |
//! | --- | --- | --- |
//! | the live one | | the next token, which is now the live one |
//! | the one before | within a minute of its first use | the live token again |
//! | the one before | later, from the network of its first use | the live token again |
//! | the one before | later, from elsewhere | the live token again, three times in 30 days; then the grant ends |
//! | an older one | from the network that rotated last | refused: another window of the same app has continued |
//! | an older one | from elsewhere | the grant ends: two parties have its tokens |

use serde::{Deserialize, Serialize};

use mcp_connector_base::timestamp::Timestamp;

use crate::grants::limits::Limits;
use crate::grants::refresh::refresh_token::Generation;
use crate::web::network::Network;

/// The live refresh token of a grant, and how it became live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    live: Generation,
    at: Timestamp,
    /// The network from which the token before the live one was first used, if known.
    from: Option<Network>,
    /// The times at which a token before the live one was used late and from elsewhere. They are counted per grant, not per token.
    late: Vec<Timestamp>,
}

/// What the use of a refresh token means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// Answer with the live token of this rotation, which replaces the stored one.
    Rotate(Rotation),
    /// Answer with the live token of this rotation, which was issued before.
    Repeat(Retry, Rotation),
    /// Refuse the token. The grant continues.
    Refuse,
    /// Refuse the token. The grant ends.
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
    /// Creates the rotation of a new grant.
    #[must_use]
    pub const fn begin(now: Timestamp) -> Self {
        Self { live: Generation::FIRST, at: now, from: None, late: Vec::new() }
    }

    /// Creates the rotation from a row of version 1, which has no networks.
    pub(crate) const fn of_version_1(live: Generation, at: Timestamp, late: Vec<Timestamp>) -> Self {
        Self { live, at, from: None, late }
    }

    /// Returns the live token.
    #[must_use]
    pub const fn live(&self) -> Generation {
        self.live
    }

    /// Returns whether a token of that number was ever issued.
    #[must_use]
    pub fn has_given(&self, token: Generation) -> bool {
        token <= self.live
    }

    /// Decides about the use of `token`, which this grant has issued.
    #[must_use]
    pub fn decide(&self, token: Generation, from: Option<Network>, limits: &Limits, now: Timestamp) -> Use {
        let is_same_network = self.from.is_some() && self.from == from;
        match self.age(token) {
            Age::NotYet => Use::Refuse,
            // There is no next token after four billion rotations.
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

    /// Returns the late retries that still count.
    fn late_within(&self, period: u64, now: Timestamp) -> Vec<Timestamp> {
        self.late.iter().copied().filter(|at| now.seconds_since(*at) < period).collect()
    }
}

/// Whether a refresh token was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Retry {
    First,
    /// It was used before, within the last minute.
    Soon,
    /// It was used before, earlier and from the same network.
    Late,
    /// It was used before, earlier and from another network. The log notes it.
    LateFromElsewhere,
}
