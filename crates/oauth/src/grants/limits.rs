//! How long grants live, how many there may be, and how often a refresh token may be sent again.

const DAY: u64 = 24 * 3600;

/// The limits. The defaults are documented; a test may use smaller ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Lifetime of a grant that is not used, in seconds.
    pub idle: u64,
    /// The same for the grant of an assertion, in seconds. It gives no refresh token, so it lasts as long as an access token can.
    pub asserted: u64,
    /// Lifetime of a grant, in seconds.
    pub absolute: u64,
    /// How long the last refresh token may be repeated without limits, in seconds.
    pub retry_window: u64,
    /// How often it may be repeated later from another network, within [`late_period`](Self::late_period).
    pub late_retries: usize,
    pub late_period: u64,
    /// Maximum number of live grants of one client. The one that was idle longest makes room for another.
    pub grants_per_client: usize,
    /// Maximum number of live grants of one subject.
    pub grants: usize,
    /// Maximum number of codes that wait to be redeemed.
    pub codes: usize,
    /// Maximum number of valid access keys. None makes room for another.
    pub access_keys: usize,
    /// Maximum number of assertions that were used and have not expired.
    pub assertions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            idle: 30 * DAY,
            asserted: DAY,
            absolute: 90 * DAY,
            retry_window: 60,
            late_retries: 3,
            late_period: 30 * DAY,
            grants_per_client: 50,
            grants: 200,
            codes: 32,
            access_keys: 50,
            assertions: 1000,
        }
    }
}
