//! What the settings require beside a sign-in. A grant or an access key that no longer meets the rules gives no access, from the next
//! look at it on.

use serde::{Deserialize, Serialize};

use mcp_connector_base::timestamp::Timestamp;

use crate::login::required_groups::RequiredGroups;
use crate::web::allowed_clients::AllowedClients;

const DAY: u64 = 24 * 3600;

/// The rules of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRules {
    /// Which clients may be connected.
    pub clients: AllowedClients,
    /// Which groups a person needs, by endpoint.
    pub groups: RequiredGroups,
    /// Whether there are access keys.
    pub keys: AccessKeyRule,
}

/// Whether there are access keys, and how long they are valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccessKeyRule {
    /// None is valid, and none is made.
    Off,
    /// A key is valid for this number of days at most, whatever it was made for.
    UpTo { days: u16 },
}

impl AccessRules {
    /// Requires nothing.
    pub const NONE: Self =
        Self { clients: AllowedClients::ALL, groups: RequiredGroups::NONE, keys: AccessKeyRule::LONGEST };
}

impl AccessKeyRule {
    /// A year, the longest life of a key.
    pub const LONGEST: Self = Self::UpTo { days: 365 };

    /// Returns when a key that was made at one time and ends at another is no longer valid.
    #[must_use]
    pub fn end_of(self, made_at: Timestamp, expires: Timestamp) -> Timestamp {
        match self {
            Self::Off => made_at,
            Self::UpTo { days } => expires.min(made_at.plus(u64::from(days) * DAY)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_ends_when_it_says_or_when_the_rule_says_whichever_is_first() {
        let made_at = Timestamp::from_seconds(1_800_000_000);
        let expires = made_at.plus(90 * DAY);
        for (rule, end) in [
            (AccessKeyRule::LONGEST, expires),
            (AccessKeyRule::UpTo { days: 90 }, expires),
            (AccessKeyRule::UpTo { days: 7 }, made_at.plus(7 * DAY)),
            (AccessKeyRule::Off, made_at),
        ] {
            assert_eq!(rule.end_of(made_at, expires), end, "{rule:?}");
        }
    }
}
