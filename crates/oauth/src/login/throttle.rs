//! How often somebody may try a passphrase. Three counts:
//!
//! * Per network (an IPv4 /24, an IPv6 /48): five tries, then a wait that doubles with each further one, up to a quarter of an
//!   hour; forgotten an hour after the last.
//! * In total: after a hundred wrong tries in an hour, a network gets one try a minute. After wrong tries from two thousand
//!   networks in an hour, all networks that are not among them share one try a second: else a count would have to be forgotten
//!   for each new one, and who has enough networks would never wait. Nobody waits longer for what others do.
//! * Per browser that has signed in before: a count of its own, whatever its network and all others do. So nobody can lock the
//!   owner's own browser out, neither an attacker next door, who uses up every try of the network, nor one who is everywhere.
//!
//! A try during a wait is refused unseen, right or wrong, and not counted: it tells nothing and prolongs nothing. A new
//! passphrase starts everything anew, which is the way out in any case.

use serde::{Deserialize, Serialize};

use mcp_connector_base::codec::{DecodeError, decode_body};
use mcp_connector_base::row::Row;
use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::credential_version::CredentialVersion;
use crate::web::request_source::RequestSource;

/// Tries before anybody has to wait.
const FREE_TRIES: u32 = 5;

/// The first wait, in seconds.
const FIRST_WAIT: u64 = 10;

/// The longest, in seconds.
const LONGEST_WAIT: u64 = 15 * 60;

/// When wrong tries are forgotten, in seconds.
const MEMORY: u64 = 3600;

/// Wrong tries of everybody in an hour, after which everybody slows down,
const GLOBAL_LIMIT: u32 = 100;

/// to one try in so many seconds.
const CROWDED_WAIT: u64 = 60;

/// Seconds in which one of these tries is forgotten again.
const DECAY: u64 = 36;

/// Most networks that are remembered, so that the state stays small: about 40 KB.
const MAX_NETWORKS: usize = 2048;

/// Most browsers. Only the owner makes more of them.
const MAX_BROWSERS: usize = 64;

/// When so many networks are remembered, all others together get one try in so many seconds.
const OVERFLOW_WAIT: u64 = 1;

/// What comes of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// It was right.
    Accepted,
    /// It was wrong.
    Wrong,
    /// It was not looked at; the next one will be after so many seconds.
    Wait(u64),
}

/// All counts. One value in a store, changed by one at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttle {
    credential_version: Option<CredentialVersion>,
    sources: Vec<Count>,
    total: u32,
    total_at: Timestamp,
    /// When a network that was not remembered was let through last, while no place was left for it.
    stranger_at: Timestamp,
}

impl Row for Throttle {
    const VERSION: u8 = 2;

    fn from_older(version: u8, encoded: &[u8]) -> Result<Self, DecodeError> {
        match version {
            1 => {
                let (credential_version, sources, total, total_at) = decode_body(encoded)?;
                Ok(Self { credential_version, sources, total, total_at, stranger_at: Timestamp::default() })
            }
            _ => Err(DecodeError),
        }
    }
}

/// The wrong tries of one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    source: RequestSource,
    wrong: u32,
    last: Timestamp,
}

impl Throttle {
    /// Decides about one try, and counts it. The caller has compared the passphrase already and does not act on that by
    /// itself: only [`AttemptOutcome::Accepted`] lets anybody in. `credential_version` names the passphrase it compared with.
    pub fn attempt(
        &mut self,
        source: &RequestSource,
        is_right: bool,
        credential_version: CredentialVersion,
        now: Timestamp,
    ) -> AttemptOutcome {
        if self.credential_version != Some(credential_version) {
            *self = Self { credential_version: Some(credential_version), ..Self::default() };
        }
        self.forget(now);
        let wait = self.wait(source, now);
        if wait > 0 {
            return AttemptOutcome::Wait(wait);
        }
        if is_right {
            self.sources.retain(|count| count.source != *source);
            return AttemptOutcome::Accepted;
        }
        self.count(source, now);
        AttemptOutcome::Wrong
    }

    /// Seconds until the next try of this source is looked at.
    fn wait(&self, source: &RequestSource, now: Timestamp) -> u64 {
        let Some(count) = self.sources.iter().find(|count| count.source == *source) else {
            let is_stranger = !source.is_known_browser() && self.has_no_place(source);
            return if is_stranger { OVERFLOW_WAIT.saturating_sub(now.seconds_since(self.stranger_at)) } else { 0 };
        };
        let own = match count.wrong.checked_sub(FREE_TRIES) {
            Some(more) => FIRST_WAIT.saturating_mul(2_u64.saturating_pow(more)).min(LONGEST_WAIT),
            None => 0,
        };
        let crowded = if self.total >= GLOBAL_LIMIT && !source.is_known_browser() { CROWDED_WAIT } else { 0 };
        own.max(crowded).saturating_sub(now.seconds_since(count.last))
    }

    fn count(&mut self, source: &RequestSource, now: Timestamp) {
        if !source.is_known_browser() {
            self.total = self.total.saturating_add(1);
        }
        if let Some(count) = self.sources.iter_mut().find(|count| count.source == *source) {
            count.wrong = count.wrong.saturating_add(1);
            count.last = now;
            return;
        }
        if self.has_no_place(source) {
            // The one with the least to lose: fewest wrong tries, longest ago.
            let alike = |count: &Count| count.source.is_known_browser() == source.is_known_browser();
            let others = self.sources.iter().enumerate().filter(|(_, count)| alike(count));
            if let Some((at, _)) = others.min_by_key(|(_, count)| (count.wrong, count.last)) {
                self.sources.swap_remove(at);
            }
            if !source.is_known_browser() {
                self.stranger_at = now;
            }
        }
        self.sources.push(Count { source: source.clone(), wrong: 1, last: now });
    }

    /// Whether as many of the kind of this source are remembered as there may be.
    fn has_no_place(&self, source: &RequestSource) -> bool {
        let most = if source.is_known_browser() { MAX_BROWSERS } else { MAX_NETWORKS };
        self.sources.iter().filter(|count| count.source.is_known_browser() == source.is_known_browser()).count() >= most
    }

    fn forget(&mut self, now: Timestamp) {
        self.sources.retain(|count| now.seconds_since(count.last) < MEMORY);
        let leaked = now.seconds_since(self.total_at).checked_div(DECAY).unwrap_or_default();
        self.total = self.total.saturating_sub(u32::try_from(leaked).unwrap_or(u32::MAX));
        self.total_at = if self.total == 0 { now } else { self.total_at.plus(leaked.saturating_mul(DECAY)) };
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
        RequestSource::of_site(Some(&format!("{}.{b}.{c}.9", a.saturating_add(1))))
    }

    fn wrong(throttle: &mut Throttle, source: &RequestSource, now: Timestamp) -> AttemptOutcome {
        throttle.attempt(source, false, VERSION, now)
    }

    fn right(throttle: &mut Throttle, source: &RequestSource, now: Timestamp) -> AttemptOutcome {
        throttle.attempt(source, true, VERSION, now)
    }

    #[test]
    fn a_network_is_the_unit_and_a_mapped_address_is_the_same() {
        for (one, other, same) in [
            ("192.0.2.1", "192.0.2.254", true),
            ("192.0.2.1", "192.0.3.1", false),
            ("192.0.2.1", "::ffff:192.0.2.7", true),
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", true),
            ("2001:db8:1:2::1", "2001:db8:2:2::1", false),
            ("nonsense", "other nonsense", true),
        ] {
            let (a, b) = (RequestSource::of_site(Some(one)), RequestSource::of_site(Some(other)));
            assert_eq!(a == b, same, "{one} {other}");
        }
        assert_eq!(RequestSource::of_site(None), RequestSource::of_site(Some("nonsense")));
        let network = |address| RequestSource::of_subnet(Some(address));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"), "where no secret is guarded");
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2::2"));
    }

    #[test]
    fn five_tries_are_free_and_then_each_wait_is_twice_the_last() {
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
    fn during_a_wait_right_and_wrong_look_the_same_and_nothing_is_counted() {
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
    fn a_success_and_an_hour_both_clear_the_count() {
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

    #[test]
    fn a_flood_from_everywhere_slows_everybody_to_a_try_a_minute_and_no_more() {
        let mut throttle = Throttle::default();
        for n in 0..GLOBAL_LIMIT {
            assert_eq!(wrong(&mut throttle, &network(n), START), AttemptOutcome::Wrong);
        }
        assert_eq!(wrong(&mut throttle, &network(0), START), AttemptOutcome::Wait(60));
        let fresh = network(9999);
        assert_eq!(wrong(&mut throttle, &fresh, START), AttemptOutcome::Wrong, "somebody new is let through at once");
        assert_eq!(
            right(&mut throttle, &fresh, START.plus(59)),
            AttemptOutcome::Wait(1),
            "a typing error costs a minute"
        );
        assert_eq!(right(&mut throttle, &fresh, START.plus(60)), AttemptOutcome::Accepted);
        assert_eq!(wrong(&mut throttle, &network(0), START.plus(3600)), AttemptOutcome::Wrong);
        assert_eq!(
            wrong(&mut throttle, &network(0), START.plus(3600)),
            AttemptOutcome::Wrong,
            "an hour later all is calm"
        );
    }

    #[test]
    fn a_browser_that_was_here_before_does_not_care_for_its_neighbours() {
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
    fn a_new_passphrase_starts_everything_anew() {
        let (mut throttle, source) = (Throttle::default(), network(1));
        for _ in 0..5 {
            wrong(&mut throttle, &source, START);
        }
        assert_eq!(
            throttle.attempt(&source, true, CredentialVersion::from_bytes([2; 8]), START),
            AttemptOutcome::Accepted
        );
    }

    #[test]
    fn the_state_stays_small_and_keeps_those_who_try_hardest() {
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

    /// Who has many networks takes them in turn, so that the count of each is the oldest when it is needed again.
    #[test]
    fn many_networks_in_turn_are_no_way_around_the_count() {
        for networks in [300, 3000] {
            let (mut throttle, mut looked_at) = (Throttle::default(), 0_u32);
            for n in 0..15_000 {
                // Twenty-five a second, for ten minutes.
                let now = START.plus((n / 25).into());
                looked_at += u32::from(wrong(&mut throttle, &network(n % networks), now) == AttemptOutcome::Wrong);
            }
            // The first of each that is remembered, one a minute of each, and one a second of all others.
            let most = networks.min(2048) * 11 + 600;
            assert!(looked_at <= most, "{networks} networks: {looked_at} tries were looked at");
            let own = KnownBrowser::new(&TestRandom::from(1)).source();
            assert_eq!(right(&mut throttle, &own, START.plus(600)), AttemptOutcome::Accepted);
            let calm = START.plus(600 + MEMORY);
            assert_eq!(
                right(&mut throttle, &network(100_000), calm),
                AttemptOutcome::Accepted,
                "an hour later it is forgotten"
            );
        }
    }

    proptest! {
        /// Whatever others did and do, and whatever its own network did before: a known browser that never mistyped enters at
        /// once, a stranger from an untouched network too, and nobody who keeps silent ever waits longer than a quarter hour.
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

        /// One network, as fast as it can: at most twenty tries in any hour are looked at.
        #[test]
        fn a_network_gets_few_tries_an_hour(pauses in prop::collection::vec(0..120u64, 200..400)) {
            let (mut throttle, source) = (Throttle::default(), network(1));
            let mut now = START;
            let mut tries = Vec::new();
            for pause in pauses {
                now = now.plus(pause);
                if wrong(&mut throttle, &source, now) == AttemptOutcome::Wrong {
                    tries.push(now);
                }
            }
            for at in &tries {
                let hour = tries.iter().filter(|other| **other >= *at && other.seconds_since(*at) < 3600).count();
                prop_assert!(hour <= 20, "{hour}");
            }
        }
    }
}
