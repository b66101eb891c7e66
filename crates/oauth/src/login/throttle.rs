//! Limits on wrong passphrases. There are two counts:
//!
//! * **Per source.** A source is a network (an IPv4 /24, an IPv6 /48), or a browser that has signed in before. Five attempts are
//!   free. After that each wrong attempt doubles the wait, from ten seconds up to a quarter of an hour. An hour after the last wrong
//!   attempt the count is forgotten.
//! * **Of all networks.** When the networks together have made 1800 wrong attempts in an hour, they share one attempt a
//!   second. So guesses from many networks share one limit.
//!
//! A browser that has signed in before has only its own count. Nobody else can lock it out: neither a neighbour who uses up the
//! attempts of the network, nor an attacker with many networks.
//!
//! An attempt during a wait is refused without a look at the passphrase, and is not counted. So it reveals nothing and does not
//! prolong the wait. A new passphrase resets all counts, which is the owner's way out.

use serde::{Deserialize, Serialize};

use mcp_connector_base::codec::{DecodeError, decode_body};
use mcp_connector_base::row::Row;
use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::credential_version::CredentialVersion;
use crate::web::request_source::RequestSource;

/// Number of wrong attempts of a source without a wait.
const FREE_ATTEMPTS: u32 = 5;
/// The first wait, in seconds.
const FIRST_WAIT: u64 = 10;
/// The longest wait, in seconds.
const LONGEST_WAIT: u64 = 15 * 60;
/// How long the count of a source is remembered after its last wrong attempt, in seconds.
const MEMORY: u64 = 3600;
/// Number of wrong attempts of all networks within an hour from which on they share one attempt per [`SHARED_WAIT`].
const GLOBAL_LIMIT: u32 = 1800;
/// The wait between two attempts of all networks together once [`GLOBAL_LIMIT`] is reached, in seconds.
const SHARED_WAIT: u64 = 1;
/// Seconds after which one of the attempts that count towards [`GLOBAL_LIMIT`] is forgotten: all of them in an hour.
const DECAY: u64 = MEMORY / GLOBAL_LIMIT as u64;
/// Maximum number of networks that are remembered. The row then has about 40 KB.
const MAX_NETWORKS: usize = 2048;
/// Maximum number of known browsers that are remembered. Only the owner makes more of them.
const MAX_BROWSERS: usize = 64;

/// The outcome of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    Accepted,
    Wrong,
    /// The passphrase was not looked at. The next attempt will be, after this many seconds.
    Wait(u64),
}

/// All counts. One row, which one writer changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttle {
    credential_version: Option<CredentialVersion>,
    sources: Vec<SourceCount>,
    /// Wrong attempts of all networks, less those that are forgotten.
    total: u32,
    /// The time up to which `total` has decayed.
    total_at: Timestamp,
    /// When an attempt was last counted while the networks shared their attempts.
    shared_at: Timestamp,
}

impl Row for Throttle {
    const VERSION: u8 = 2;

    fn from_older(version: u8, encoded: &[u8]) -> Result<Self, DecodeError> {
        match version {
            1 => {
                let (credential_version, sources, total, total_at) = decode_body(encoded)?;
                Ok(Self { credential_version, sources, total, total_at, shared_at: Timestamp::default() })
            }
            _ => Err(DecodeError),
        }
    }
}

/// The wrong attempts of one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SourceCount {
    source: RequestSource,
    wrong: u32,
    last: Timestamp,
}

/// What an attempt changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// The counts are to be stored.
    Changed,
    /// Only time has passed, which the next attempt sees, too.
    Unchanged,
}

impl Throttle {
    /// Decides about one attempt, and counts it if it is wrong.
    ///
    /// The caller has compared the passphrase of `credential_version` already, but must not act on `is_right`: only
    /// [`AttemptOutcome::Accepted`] signs a person in.
    pub fn attempt(
        &mut self,
        source: &RequestSource,
        is_right: bool,
        credential_version: CredentialVersion,
        now: Timestamp,
    ) -> (AttemptOutcome, Counts) {
        if self.credential_version != Some(credential_version) {
            *self = Self { credential_version: Some(credential_version), ..Self::default() };
        }
        self.forget(now);
        let wait = self.wait(source, now);
        if wait > 0 {
            return (AttemptOutcome::Wait(wait), Counts::Unchanged);
        }
        if is_right {
            let counted = self.sources.len();
            self.sources.retain(|count| count.source != *source);
            let counts = if self.sources.len() == counted { Counts::Unchanged } else { Counts::Changed };
            return (AttemptOutcome::Accepted, counts);
        }
        self.count(source, now);
        (AttemptOutcome::Wrong, Counts::Changed)
    }

    /// Returns the seconds until the next attempt of this source is looked at.
    fn wait(&self, source: &RequestSource, now: Timestamp) -> u64 {
        let own = self.sources.iter().find(|count| count.source == *source).map_or(0, |count| {
            let wait = match count.wrong.checked_sub(FREE_ATTEMPTS) {
                Some(further) => FIRST_WAIT.saturating_mul(2_u64.saturating_pow(further)).min(LONGEST_WAIT),
                None => 0,
            };
            wait.saturating_sub(now.seconds_since(count.last))
        });
        let shared = if self.shares_attempts(source) {
            SHARED_WAIT.saturating_sub(now.seconds_since(self.shared_at))
        } else {
            0
        };
        own.max(shared)
    }

    /// Returns whether this source shares one limit with all networks.
    fn shares_attempts(&self, source: &RequestSource) -> bool {
        self.total >= GLOBAL_LIMIT && !source.is_known_browser()
    }

    fn count(&mut self, source: &RequestSource, now: Timestamp) {
        if self.shares_attempts(source) {
            self.shared_at = now;
        }
        if !source.is_known_browser() {
            self.total += 1;
        }
        if let Some(count) = self.sources.iter_mut().find(|count| count.source == *source) {
            count.wrong = count.wrong.saturating_add(1);
            count.last = now;
            return;
        }
        self.make_room_for(source);
        self.sources.push(SourceCount { source: source.clone(), wrong: 1, last: now });
    }

    /// Forgets the source of the same kind with the fewest and oldest wrong attempts, if there is no room for another one.
    fn make_room_for(&mut self, source: &RequestSource) {
        let most = if source.is_known_browser() { MAX_BROWSERS } else { MAX_NETWORKS };
        let is_alike = |count: &SourceCount| count.source.is_known_browser() == source.is_known_browser();
        if self.sources.iter().filter(|count| is_alike(count)).count() < most {
            return;
        }
        let alike = self.sources.iter().enumerate().filter(|(_, count)| is_alike(count));
        if let Some((at, _)) = alike.min_by_key(|(_, count)| (count.wrong, count.last)) {
            self.sources.swap_remove(at);
        }
    }

    fn forget(&mut self, now: Timestamp) {
        self.sources.retain(|count| now.seconds_since(count.last) < MEMORY);
        let forgotten = now.seconds_since(self.total_at) / DECAY;
        self.total = self.total.saturating_sub(u32::try_from(forgotten).unwrap_or(u32::MAX));
        self.total_at = if self.total == 0 { now } else { self.total_at.plus(forgotten.saturating_mul(DECAY)) };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::login::known_browser::KnownBrowser;
    use crate::testing::test_keys::TestRandom;
    use mcp_connector_base::codec::encode;

    const START: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const VERSION: CredentialVersion = CredentialVersion::from_bytes([1; 8]);

    fn network(n: u32) -> RequestSource {
        let [_, a, b, c] = n.to_be_bytes();
        RequestSource::of_site(Some(&format!("{}.{b}.{c}.9", a + 1)))
    }

    fn wrong(throttle: &mut Throttle, source: &RequestSource, now: Timestamp) -> AttemptOutcome {
        let (outcome, counts) = throttle.attempt(source, false, VERSION, now);
        assert_eq!(counts == Counts::Changed, outcome == AttemptOutcome::Wrong);
        outcome
    }

    fn right(throttle: &mut Throttle, source: &RequestSource, now: Timestamp) -> AttemptOutcome {
        throttle.attempt(source, true, VERSION, now).0
    }

    #[test]
    fn a_right_passphrase_changes_a_count_only_if_its_source_has_one() {
        let (mut throttle, own, other) = (Throttle::default(), network(1), network(2));
        let mut attempt = |source: &RequestSource, is_right, now| throttle.attempt(source, is_right, VERSION, now);
        let accepted = |counts| (AttemptOutcome::Accepted, counts);
        assert_eq!(attempt(&own, true, START), accepted(Counts::Unchanged), "nobody has made an attempt");
        attempt(&other, false, START);
        assert_eq!(attempt(&own, true, START.plus(60)), accepted(Counts::Unchanged), "only another source has");
        assert_eq!(attempt(&other, true, START.plus(60)), accepted(Counts::Changed));
        assert_eq!(attempt(&other, true, START.plus(120)), accepted(Counts::Unchanged));
        attempt(&other, false, START.plus(120));
        assert_eq!(attempt(&other, true, START.plus(120 + MEMORY)), accepted(Counts::Unchanged), "it is forgotten");
    }

    #[test]
    fn five_wrong_passphrases_are_free_and_then_each_wait_is_twice_the_last() {
        let (mut throttle, source) = (Throttle::default(), network(1));
        for _ in 0..5 {
            assert_eq!(wrong(&mut throttle, &source, START), AttemptOutcome::Wrong);
        }
        let mut now = START;
        for wait in [10, 20, 40, 80, 160, 320, 640, 900, 900] {
            assert_eq!(wrong(&mut throttle, &source, now), AttemptOutcome::Wait(wait));
            assert_eq!(wrong(&mut throttle, &source, now.plus(wait - 1)), AttemptOutcome::Wait(1));
            now = now.plus(wait);
            assert_eq!(wrong(&mut throttle, &source, now), AttemptOutcome::Wrong);
        }
    }

    #[test]
    fn during_a_wait_right_and_wrong_passphrases_get_the_same_answer_and_are_not_counted() {
        let (mut throttle, source) = (Throttle::default(), network(1));
        for _ in 0..5 {
            wrong(&mut throttle, &source, START);
        }
        let before = throttle.clone();
        for _ in 0..100 {
            assert_eq!(right(&mut throttle, &source, START), AttemptOutcome::Wait(10));
            assert_eq!(wrong(&mut throttle, &source, START), AttemptOutcome::Wait(10));
        }
        assert_eq!(throttle, before);
        assert_eq!(right(&mut throttle, &source, START.plus(10)), AttemptOutcome::Accepted);
    }

    #[test]
    fn a_sign_in_or_an_hour_resets_the_count_of_wrong_attempts() {
        for later in [false, true] {
            let (mut throttle, source) = (Throttle::default(), network(1));
            for _ in 0..4 {
                wrong(&mut throttle, &source, START);
            }
            let now = if later {
                START.plus(MEMORY)
            } else {
                assert_eq!(right(&mut throttle, &source, START), AttemptOutcome::Accepted);
                START
            };
            for _ in 0..5 {
                assert_eq!(wrong(&mut throttle, &source, now), AttemptOutcome::Wrong);
            }
        }
    }

    /// Returns a throttle at its global limit, reached by networks that have no wait of their own.
    fn at_shared_limit() -> Throttle {
        let mut throttle = Throttle::default();
        for n in 0..GLOBAL_LIMIT {
            assert_eq!(wrong(&mut throttle, &network(n), START), AttemptOutcome::Wrong);
        }
        throttle
    }

    #[test]
    fn from_1800_wrong_attempts_in_an_hour_on_all_networks_share_one_attempt_a_second() {
        let mut throttle = at_shared_limit();
        assert_eq!(wrong(&mut throttle, &network(9000), START), AttemptOutcome::Wrong, "the first of this second");
        for source in [network(9000), network(9001), network(0)] {
            assert_eq!(wrong(&mut throttle, &source, START), AttemptOutcome::Wait(1));
            assert_eq!(right(&mut throttle, &source, START), AttemptOutcome::Wait(1), "a right one waits, too");
        }
        assert_eq!(right(&mut throttle, &network(9001), START.plus(1)), AttemptOutcome::Accepted);
        for _ in 0..4 {
            assert_eq!(wrong(&mut throttle, &network(1), START.plus(3600)), AttemptOutcome::Wrong, "an hour later");
        }
    }

    #[test]
    fn a_typing_error_costs_a_second_while_the_networks_share_their_attempts() {
        let (mut throttle, owner) = (at_shared_limit(), network(9000));
        assert_eq!(wrong(&mut throttle, &owner, START), AttemptOutcome::Wrong);
        assert_eq!(right(&mut throttle, &owner, START.plus(1)), AttemptOutcome::Accepted);
    }

    #[test]
    fn a_browser_that_has_signed_in_before_is_not_limited_by_its_neighbours() {
        let mut throttle = Throttle::default();
        let (neighbour, own) = (network(1), KnownBrowser::new(&TestRandom::from(1)).source());
        for n in 0..300 {
            wrong(&mut throttle, &network(n), START);
            wrong(&mut throttle, &neighbour, START);
        }
        for _ in 0..5 {
            assert_eq!(wrong(&mut throttle, &own, START), AttemptOutcome::Wrong);
        }
        assert_eq!(right(&mut throttle, &own, START), AttemptOutcome::Wait(10), "it has a count of its own");
        assert_eq!(right(&mut throttle, &own, START.plus(10)), AttemptOutcome::Accepted);
    }

    #[test]
    fn a_new_passphrase_resets_all_counts_of_wrong_attempts() {
        let (mut throttle, source) = (Throttle::default(), network(1));
        for _ in 0..5 {
            wrong(&mut throttle, &source, START);
        }
        assert_eq!(
            throttle.attempt(&source, true, CredentialVersion::from_bytes([2; 8]), START).0,
            AttemptOutcome::Accepted
        );
    }

    #[test]
    fn the_throttle_row_stays_small_and_has_the_sources_with_most_wrong_attempts() {
        let (mut throttle, stubborn) = (Throttle::default(), network(70_000));
        for _ in 0..5 {
            wrong(&mut throttle, &stubborn, START);
        }
        for n in 0..2 * 2048 {
            wrong(&mut throttle, &network(n), START.plus((n / 2).into()));
        }
        for n in 0..200 {
            wrong(&mut throttle, &KnownBrowser::new(&TestRandom::from(n)).source(), START);
        }
        assert!(throttle.sources.len() <= MAX_NETWORKS + MAX_BROWSERS);
        assert!(encode(&throttle).unwrap().len() < 50_000);
        assert!(throttle.sources.iter().any(|count| count.source == stubborn));
    }

    /// An attacker with many networks takes them in turn, so that the count of each is the oldest when it is needed again.
    #[test]
    fn guesses_from_many_networks_in_turn_share_one_limit() {
        for networks in [300, 3000, 100_000] {
            let (mut throttle, mut looked_at) = (Throttle::default(), 0_u32);
            for n in 0..15_000 {
                // Twenty-five a second, for ten minutes.
                let now = START.plus((n / 25).into());
                looked_at += u32::from(wrong(&mut throttle, &network(n % networks), now) == AttemptOutcome::Wrong);
            }
            // The limit, what is forgotten of it meanwhile, and one attempt a second.
            let most = GLOBAL_LIMIT + 300 + 600;
            assert!(looked_at <= most, "{networks} networks: {looked_at} attempts were looked at");
            let own = KnownBrowser::new(&TestRandom::from(1)).source();
            assert_eq!(right(&mut throttle, &own, START.plus(600)), AttemptOutcome::Accepted);
            let later = START.plus(600 + MEMORY);
            let outcome = right(&mut throttle, &network(200_000), later);
            assert_eq!(outcome, AttemptOutcome::Accepted, "an hour later it is forgotten");
        }
    }

    proptest! {
        /// A known browser without wrong attempts signs in at once, whatever others do. So does an unused network below the
        /// global limit. A source that stays silent waits a quarter of an hour at most.
        #[test]
        fn the_owner_is_never_locked_out(
            acts in prop::collection::vec((0..400u32, 0..30u64, any::<bool>()), 0..600)
        ) {
            let mut throttle = Throttle::default();
            let own = KnownBrowser::new(&TestRandom::from(1)).source();
            let mut now = START;
            for (who, pause, again) in acts {
                now = now.plus(if again { 0 } else { pause });
                wrong(&mut throttle, &network(who), now);
            }
            prop_assert_eq!(right(&mut throttle.clone(), &own, now), AttemptOutcome::Accepted);
            prop_assert_eq!(right(&mut throttle.clone(), &network(100_000), now), AttemptOutcome::Accepted);
            for who in 0..400 {
                prop_assert_eq!(right(&mut throttle.clone(), &network(who), now.plus(LONGEST_WAIT)), AttemptOutcome::Accepted);
            }
        }

        /// One network, as fast as it can: at most twenty attempts in any hour are looked at.
        #[test]
        fn a_network_gets_few_attempts_an_hour(pauses in prop::collection::vec(0..120u64, 200..400)) {
            let (mut throttle, source) = (Throttle::default(), network(1));
            let mut now = START;
            let mut attempts = Vec::new();
            for pause in pauses {
                now = now.plus(pause);
                if wrong(&mut throttle, &source, now) == AttemptOutcome::Wrong {
                    attempts.push(now);
                }
            }
            for at in &attempts {
                let hour = attempts.iter().filter(|other| **other >= *at && other.seconds_since(*at) < 3600).count();
                prop_assert!(hour <= 20, "{hour}");
            }
        }
    }
}
