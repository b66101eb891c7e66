//! Whether a request is sent again, and where: the rules without a runtime.

use std::time::Duration;

use url::Url;

use crate::outbound::client_settings::Method;

/// How often a request is repeated.
const MAX_RETRIES: u32 = 2;

/// How many redirects are followed.
const MAX_REDIRECTS: u32 = 5;

/// The wait before the first repetition, where the answer names none. It doubles.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// What came of sending a request.
#[derive(Debug)]
pub(crate) enum AttemptResult {
    /// There was no connection.
    NoConnection,
    Answer {
        status: u16,
        /// The header `Retry-After`.
        retry_after: Option<String>,
        /// The header `Location`.
        location: Option<String>,
    },
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Send it again after a while.
    RetryAfter(Duration),
    /// Send it to this URL.
    Follow(Url),
    /// Leave it at that.
    End,
}

/// The attempts of one request.
#[derive(Debug)]
pub(crate) struct Attempts {
    /// Whether the request only reads. What writes is sent once: nobody knows what became of a write without an answer.
    reads: bool,
    retries: u32,
    redirects: u32,
}

impl Attempts {
    pub(crate) const fn of(method: Method) -> Self {
        Self { reads: matches!(method, Method::Get), retries: 0, redirects: 0 }
    }

    /// Decides what follows an attempt at `url`, with so much time left.
    pub(crate) fn next(&mut self, result: &AttemptResult, url: &Url, left: Duration) -> Next {
        if !self.reads {
            return Next::End;
        }
        match result {
            AttemptResult::NoConnection
            | AttemptResult::Answer { status: 429 | 502 | 503 | 504, retry_after: None, .. } => self.retry(None, left),
            AttemptResult::Answer { status: 429 | 502 | 503 | 504, retry_after: Some(text), .. } => {
                match retry_after(text) {
                    Some(seconds) => self.retry(Some(Duration::from_secs(seconds)), left),
                    // A date, or nothing that could be waited for.
                    None => Next::End,
                }
            }
            AttemptResult::Answer { status: 301 | 302 | 303 | 307 | 308, location: Some(location), .. } => {
                self.follow(url, location)
            }
            AttemptResult::Answer { .. } => Next::End,
        }
    }

    fn retry(&mut self, asked: Option<Duration>, left: Duration) -> Next {
        let wait = asked.unwrap_or(FIRST_WAIT * 2_u32.pow(self.retries));
        // Half of the time that is left is for the answer.
        if self.retries >= MAX_RETRIES || wait > left / 2 {
            return Next::End;
        }
        self.retries += 1;
        Next::RetryAfter(wait)
    }

    /// Follows a redirect within the origin: there the headers of the request may go, and nowhere else.
    fn follow(&mut self, url: &Url, location: &str) -> Next {
        match url.join(location) {
            Ok(to) if to.origin() == url.origin() && self.redirects < MAX_REDIRECTS => {
                self.redirects += 1;
                Next::Follow(to)
            }
            _ => Next::End,
        }
    }
}

/// Returns the seconds of a `Retry-After` (RFC 9110 §10.2.3). A date is not read: the clocks of two machines differ.
pub(crate) fn retry_after(text: &str) -> Option<u64> {
    let text = text.trim();
    if text.is_empty() || text.len() > 9 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: Duration = Duration::from_secs(10);

    fn answer(status: u16, retry_after: Option<&str>, location: Option<&str>) -> AttemptResult {
        AttemptResult::Answer {
            status,
            retry_after: retry_after.map(str::to_owned),
            location: location.map(str::to_owned),
        }
    }

    fn first(method: Method, result: &AttemptResult) -> Next {
        Attempts::of(method).next(result, &Url::parse("https://api.example.com/v1/a?b=c").unwrap(), LEFT)
    }

    fn retry(milliseconds: u64) -> Next {
        Next::RetryAfter(Duration::from_millis(milliseconds))
    }

    #[test]
    fn a_read_is_repeated_where_another_try_may_succeed() {
        for (result, next) in [
            (AttemptResult::NoConnection, retry(250)),
            (answer(429, None, None), retry(250)),
            (answer(502, None, None), retry(250)),
            (answer(503, Some("2"), None), retry(2000)),
            (answer(504, Some(" 0 "), None), retry(0)),
            (answer(429, Some("6"), None), Next::End),
            (answer(429, Some("Wed, 21 Oct 2026 07:28:00 GMT"), None), Next::End),
            (answer(500, None, None), Next::End),
            (answer(404, Some("1"), None), Next::End),
            (answer(200, Some("1"), None), Next::End),
        ] {
            assert_eq!(first(Method::Get, &result), next, "{result:?}");
        }
    }

    #[test]
    fn a_write_is_sent_once() {
        for method in [Method::Post, Method::Put, Method::Patch, Method::Delete] {
            for result in [AttemptResult::NoConnection, answer(503, Some("1"), None), answer(307, None, Some("/v2/a"))]
            {
                assert_eq!(first(method, &result), Next::End, "{method:?} {result:?}");
            }
        }
    }

    #[test]
    fn a_request_is_repeated_twice_at_most_and_while_there_is_time() {
        let url = Url::parse("https://api.example.com/").unwrap();
        let mut attempts = Attempts::of(Method::Get);
        let nexts: Vec<Next> = (0..3).map(|_| attempts.next(&AttemptResult::NoConnection, &url, LEFT)).collect();
        assert_eq!(nexts, [retry(250), retry(500), Next::End]);
        let mut attempts = Attempts::of(Method::Get);
        assert_eq!(attempts.next(&AttemptResult::NoConnection, &url, Duration::from_millis(499)), Next::End);
    }

    #[test]
    fn a_redirect_is_followed_within_its_origin_only() {
        let follow = |url: &str| Next::Follow(Url::parse(url).unwrap());
        for (location, next) in [
            ("/v2/a", follow("https://api.example.com/v2/a")),
            ("https://api.example.com:443/x", follow("https://api.example.com/x")),
            ("?page=2", follow("https://api.example.com/v1/a?page=2")),
            ("http://api.example.com/v1/a", Next::End),
            ("https://api.example.com:8443/", Next::End),
            ("https://example.com/", Next::End),
            ("//evil.example/", Next::End),
            ("https://api.example.com.evil.example/", Next::End),
            ("data:text/plain,x", Next::End),
            ("http://[", Next::End),
        ] {
            assert_eq!(first(Method::Get, &answer(302, None, Some(location))), next, "{location}");
        }
        assert_eq!(first(Method::Get, &answer(302, None, None)), Next::End);
        assert_eq!(first(Method::Get, &answer(304, None, Some("/x"))), Next::End);
    }

    #[test]
    fn a_chain_of_redirects_ends() {
        let url = Url::parse("https://api.example.com/").unwrap();
        let mut attempts = Attempts::of(Method::Get);
        let again = answer(302, None, Some("/"));
        let followed = (0..10).take_while(|_| attempts.next(&again, &url, LEFT) != Next::End).count();
        assert_eq!(followed, 5);
    }
}
