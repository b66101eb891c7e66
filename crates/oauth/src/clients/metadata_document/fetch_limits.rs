//! Limits on fetches of metadata documents, and the fetches that failed recently.
//!
//! An authorization request costs its sender nothing, and names the host and path of a fetch. Without limits, anybody could make
//! this server send any number of requests to any host.
//!
//! A client with a built-in or stored document is never refused: the copy is used instead.

use std::collections::VecDeque;

use mcp_connector_base::timestamp::Timestamp;

use crate::clients::metadata_document::client_id_url::ClientIdUrl;
use crate::web::counts::Counts;
use crate::web::request_source::RequestSource;

/// The period in which fetches are counted, in seconds. It is the value of `Retry-After`.
pub const PERIOD: u64 = 60;
/// Maximum number of fetches that one network causes in a period.
const MOST_FOR_SOURCE: u32 = 20;
/// Maximum number of fetches from one host in a period.
const MOST_FROM_HOST: u32 = 20;
/// Maximum number of fetches from one host that one network causes in a period: nobody can use up what the host may be asked for others.
const MOST_FROM_HOST_FOR_SOURCE: u32 = 5;
/// Maximum number of networks, of hosts, and of pairs of them, that are counted. All others are refused until the next period.
const MAX_KEYS: usize = 512;

/// How long a URL is not fetched again after a failure, in seconds.
pub const FAILURE_SECONDS: u64 = 15;
/// Maximum number of failures that are remembered.
const MAX_FAILURES: usize = 256;

/// The fetches of one isolate.
#[derive(Debug)]
pub struct FetchLimits {
    sources: Counts,
    hosts: Counts,
    pairs: Counts,
    failures: VecDeque<(ClientIdUrl, FetchFailure, Timestamp)>,
}

/// How a fetch failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchFailure {
    /// There is no client at the URL.
    Unknown,
    /// The host did not answer, or its response was unusable.
    Unavailable,
}

impl Default for FetchLimits {
    fn default() -> Self {
        let counts = || Counts::new(PERIOD, MAX_KEYS);
        Self { sources: counts(), hosts: counts(), pairs: counts(), failures: VecDeque::new() }
    }
}

impl FetchLimits {
    /// Counts a fetch of `url` that `source` causes, and returns whether it is allowed.
    pub fn admit(&mut self, source: &RequestSource, url: &ClientIdUrl, now: Timestamp) -> bool {
        let pair = [source.as_str(), " ", url.host()].concat();
        // A network over its limits does not use up the limit of the host.
        self.sources.add(source.as_str(), now) <= MOST_FOR_SOURCE
            && self.pairs.add(&pair, now) <= MOST_FROM_HOST_FOR_SOURCE
            && self.hosts.add(url.host(), now) <= MOST_FROM_HOST
    }

    /// Returns how a fetch of `url` failed recently.
    #[must_use]
    pub fn recent_failure(&self, url: &ClientIdUrl, now: Timestamp) -> Option<FetchFailure> {
        let recent = self.failures.iter().rev().find(|(known, _, until)| known == url && now < *until);
        recent.map(|(_, failure, _)| *failure)
    }

    /// Remembers that a fetch of `url` has failed.
    pub fn failed(&mut self, url: &ClientIdUrl, failure: FetchFailure, now: Timestamp) {
        self.failures.retain(|(known, _, until)| known != url && now < *until);
        if self.failures.len() >= MAX_FAILURES {
            self.failures.pop_front();
        }
        self.failures.push_back((url.clone(), failure, now.plus(FAILURE_SECONDS)));
    }
}

#[cfg(test)]
mod tests {
    use mcp_connector_base::identifier::ClientId;

    use super::*;
    use crate::web::origin::Origin;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn url(text: &str) -> ClientIdUrl {
        ClientIdUrl::parse(&ClientId::new(text).unwrap(), &Origin::of("https://mcp.example.org").unwrap()).unwrap()
    }

    fn source(number: u8) -> RequestSource {
        RequestSource::of_subnet(Some(&format!("203.0.{number}.1")))
    }

    #[test]
    fn a_network_may_cause_a_limited_number_of_document_fetches() {
        let mut limits = FetchLimits::default();
        for number in 0..MOST_FOR_SOURCE {
            assert!(limits.admit(&source(1), &url(&format!("https://app-{number}.example.com/c")), NOW), "{number}");
        }
        assert!(!limits.admit(&source(1), &url("https://one-more.example.com/c"), NOW));
        assert!(limits.admit(&source(2), &url("https://one-more.example.com/c"), NOW), "another network");
        assert!(limits.admit(&source(1), &url("https://one-more.example.com/c"), NOW.plus(PERIOD)), "a minute later");
    }

    #[test]
    fn a_host_gets_a_limited_number_of_document_fetches_from_all_networks() {
        let mut limits = FetchLimits::default();
        for number in 0..MOST_FROM_HOST {
            let path = url(&format!("https://app.example.com/{number}"));
            assert!(limits.admit(&source(number.try_into().unwrap()), &path, NOW), "{number}");
        }
        assert!(!limits.admit(&source(99), &url("https://app.example.com/c"), NOW));
        assert!(limits.admit(&source(99), &url("https://other.example.com/c"), NOW), "another host");
    }

    #[test]
    fn a_network_over_its_limit_does_not_count_against_the_host() {
        let mut limits = FetchLimits::default();
        for number in 0..MOST_FROM_HOST {
            let path = url(&format!("https://victim.example.com/{number}"));
            assert_eq!(limits.admit(&source(1), &path, NOW), number < MOST_FROM_HOST_FOR_SOURCE, "{number}");
        }
        assert!(limits.admit(&source(2), &url("https://victim.example.com/c"), NOW), "others still can");
        let mut limits = FetchLimits::default();
        for number in 0..MOST_FOR_SOURCE {
            limits.admit(&source(1), &url(&format!("https://app-{number}.example.com/c")), NOW);
        }
        for _ in 0..MOST_FROM_HOST {
            assert!(!limits.admit(&source(1), &url("https://victim.example.com/c"), NOW));
        }
        assert!(limits.admit(&source(2), &url("https://victim.example.com/c"), NOW));
    }

    #[test]
    fn a_failed_document_fetch_is_remembered_for_a_short_time() {
        let (mut limits, app) = (FetchLimits::default(), url("https://app.example.com/c"));
        assert_eq!(limits.recent_failure(&app, NOW), None);
        limits.failed(&app, FetchFailure::Unknown, NOW);
        limits.failed(&app, FetchFailure::Unavailable, NOW.plus(1));
        assert_eq!(limits.recent_failure(&app, NOW.plus(FAILURE_SECONDS)), Some(FetchFailure::Unavailable));
        assert_eq!(limits.recent_failure(&app, NOW.plus(FAILURE_SECONDS + 1)), None);
        assert_eq!(limits.recent_failure(&url("https://app.example.com/d"), NOW), None);
    }

    #[test]
    fn the_memory_of_the_fetch_limits_is_limited() {
        let mut limits = FetchLimits::default();
        for number in 0..MAX_FAILURES + MAX_KEYS {
            let failing = url(&format!("https://app-{number}.example.com/c"));
            limits.failed(&failing, FetchFailure::Unavailable, NOW);
            limits.admit(
                &RequestSource::of_subnet(Some(&format!("10.{}.{}.1", number / 256, number % 256))),
                &failing,
                NOW,
            );
        }
        assert_eq!(limits.failures.len(), MAX_FAILURES);
        let newcomer = RequestSource::of_subnet(Some("198.51.100.1"));
        assert!(!limits.admit(&newcomer, &url("https://new.example.com/c"), NOW), "there is no room to count");
    }
}
