//! How long grants live, how many there may be, and how often a refresh token may be sent again.

const DAY: u64 = 24 * 3600;

/// How long and how often. The defaults are the documented behaviour; a test may shrink them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Seconds after which a grant that nobody used has expired.
    pub idle: u64,
    /// Seconds after which a grant has expired in any case.
    pub absolute: u64,
    /// Seconds for which the last refresh token may be sent again freely.
    pub retry_window: u64,
    /// How often it may be sent again later and from another network,
    pub late_retries: usize,
    pub late_period: u64,
    /// Most live grants of one client; the one that was idle longest makes room.
    pub grants_per_client: usize,
    /// Most live grants of one subject.
    pub grants: usize,
    /// Most codes that wait to be redeemed.
    pub codes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            idle: 30 * DAY,
            absolute: 90 * DAY,
            retry_window: 60,
            late_retries: 3,
            late_period: 30 * DAY,
            grants_per_client: 50,
            grants: 200,
            codes: 32,
        }
    }
}
