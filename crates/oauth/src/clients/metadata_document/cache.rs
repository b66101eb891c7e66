//! How long a Client ID Metadata Document may be used without another fetch: by the rules of HTTP (RFC 9111, RFC 5861), within
//! limits. Valid documents are cached, errors never (draft §5.1). This module decides; the Worker fetches and stores.

use serde::{Deserialize, Serialize};

use mcp_connector_base::timestamp::Timestamp;

use crate::clients::client::Client;
use crate::clients::metadata_document::client_id_url::ClientIdUrl;
use crate::clients::metadata_document::document::{InvalidDocument, MAX_DOCUMENT, parse_document};
use crate::clients::metadata_document::known_clients::known_client;
use crate::web::redirect_uri::RedirectPolicy;

/// Freshness of a document without cache headers, in seconds.
const DEFAULT_FRESH: u64 = 60 * 60;
/// Minimum freshness, in seconds, so that no host causes more than one fetch a minute, except by `no-store`.
const MIN_FRESH: u64 = 60;
/// Maximum freshness, in seconds.
const MAX_FRESH: u64 = 24 * 60 * 60;
/// How long a stale document may be used while its host does not answer, in seconds.
const USABLE_ON_ERROR: u64 = 24 * 60 * 60;

/// The part of a response that is needed before its body is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct ResponseHead<'a> {
    pub status: u16,
    pub content_type: Option<&'a str>,
    pub content_length: Option<u64>,
    pub cache_control: Option<&'a str>,
    pub age: Option<&'a str>,
}

/// Why there is no new document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchError {
    /// The host did not answer in time, refused, redirected, or sent something other than a document. A copy may be used.
    Unavailable,
    /// The document was removed. No copy may be used.
    Withdrawn,
    /// The document does not describe an acceptable client. No copy may be used.
    Invalid(InvalidDocument),
}

/// How long a response may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    NoStore,
    /// Seconds after which the response is stale (RFC 9111 §4.2.1).
    Lifetime(u64),
}

impl ResponseHead<'_> {
    /// Returns how long the body may be used, if it is worth reading. Only a status of 200 is accepted: redirects are not
    /// followed, and a challenge page is not a document.
    ///
    /// # Errors
    ///
    /// Returns [`FetchError::Withdrawn`] for a status of 404 or 410, and [`FetchError::Unavailable`] for every other,
    /// and for a body that is too long or not JSON.
    pub fn accept(&self) -> Result<Freshness, FetchError> {
        let json = self.content_type.is_some_and(is_json);
        let fits = self.content_length.is_none_or(|length| usize::try_from(length).is_ok_and(|l| l <= MAX_DOCUMENT));
        match self.status {
            200 if json && fits => Ok(self.lifetime()),
            404 | 410 => Err(FetchError::Withdrawn),
            _ => Err(FetchError::Unavailable),
        }
    }

    fn lifetime(&self) -> Freshness {
        let mut max_age = None;
        let mut shared_max_age = None;
        for directive in self.cache_control.unwrap_or_default().split(',') {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            let seconds = || value.trim().trim_matches('"').parse().ok();
            match name.trim().to_ascii_lowercase().as_str() {
                "no-store" => return Freshness::NoStore,
                "no-cache" => max_age = Some(0),
                "max-age" => max_age = max_age.or_else(seconds),
                "s-maxage" => shared_max_age = seconds(),
                _ => {}
            }
        }
        let age: u64 = self.age.and_then(|age| age.trim().parse().ok()).unwrap_or(0);
        let stated = shared_max_age.or(max_age).unwrap_or(DEFAULT_FRESH);
        Freshness::Lifetime(stated.saturating_sub(age).clamp(MIN_FRESH, MAX_FRESH))
    }
}

/// Returns whether a media type is `application/json`, or has a `+json` suffix (RFC 6839 §3.1).
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// A valid document in the cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CachedDocument {
    /// Its text. It is checked again at each use, so a tampered cache cannot introduce a client.
    #[serde(rename = "d")]
    body: String,
    /// The time until which it is used without a fetch.
    #[serde(rename = "f")]
    fresh_until: Timestamp,
}

/// What to do about a client with a metadata document.
#[derive(Clone, Debug)]
pub enum CacheDecision {
    Use(Client),
    /// Fetch the document, then call [`resolve_fetch`].
    Fetch,
}

impl CachedDocument {
    /// Returns whether the cached document can be used, or must be fetched.
    #[must_use]
    pub fn plan(cached: Option<&Self>, url: &ClientIdUrl, policy: &RedirectPolicy, now: Timestamp) -> CacheDecision {
        match cached.filter(|cached| now <= cached.fresh_until).and_then(|cached| cached.client(url, policy)) {
            Some(client) => CacheDecision::Use(client),
            None => CacheDecision::Fetch,
        }
    }

    /// Returns the client that the document describes, as long as it may be used while its host does not answer.
    #[must_use]
    pub fn last_known(&self, url: &ClientIdUrl, policy: &RedirectPolicy, now: Timestamp) -> Option<Client> {
        if now <= self.forget_at() { self.client(url, policy) } else { None }
    }

    fn client(&self, url: &ClientIdUrl, policy: &RedirectPolicy) -> Option<Client> {
        parse_document(self.body.as_bytes(), url, policy).ok()
    }

    /// Returns when the cache may drop the document.
    #[must_use]
    pub const fn forget_at(&self) -> Timestamp {
        self.fresh_until.plus(USABLE_ON_ERROR)
    }
}

/// The outcome of a fetch.
#[derive(Clone, Debug)]
pub enum FetchOutcome {
    /// The new client, and what to cache.
    New(Client, Option<CachedDocument>),
    /// The client from an older document or the built-in copy. The host did not answer.
    FromCopy(Client),
    /// The host did not answer and there is no copy. The response is 503, never "unknown client".
    Unavailable,
    Unknown,
}

/// Decides after a fetch: uses the new document, or the cached one, or the built-in copy of a known client.
#[must_use]
pub fn resolve_fetch(
    fetched: Result<(Freshness, &[u8]), FetchError>,
    cached: Option<&CachedDocument>,
    url: &ClientIdUrl,
    policy: &RedirectPolicy,
    now: Timestamp,
) -> FetchOutcome {
    let problem = match fetched {
        Err(problem) => problem,
        Ok((lifetime, body)) => match (parse_document(body, url, policy), std::str::from_utf8(body)) {
            (Ok(client), Ok(body)) => {
                let to_cache = match lifetime {
                    Freshness::NoStore => None,
                    Freshness::Lifetime(seconds) => {
                        Some(CachedDocument { body: body.to_owned(), fresh_until: now.plus(seconds) })
                    }
                };
                return FetchOutcome::New(client, to_cache);
            }
            // A text that is not JSON is an error page with the wrong media type.
            (Err(InvalidDocument::Json(error)), _) if !error.is_repeated() => FetchError::Unavailable,
            (Ok(_), _) => FetchError::Unavailable,
            (Err(invalid), _) => FetchError::Invalid(invalid),
        },
    };
    match problem {
        FetchError::Withdrawn | FetchError::Invalid(_) => FetchOutcome::Unknown,
        FetchError::Unavailable => cached
            .and_then(|cached| cached.last_known(url, policy, now))
            .or_else(|| known_client(url, policy))
            .map_or(FetchOutcome::Unavailable, FetchOutcome::FromCopy),
    }
}

#[cfg(test)]
mod tests {
    use mcp_connector_base::identifier::ClientId;

    use super::*;
    use crate::web::origin::Origin;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const BODY: &[u8] = br#"{"client_id":"https://app.example.com/c","client_name":"App","redirect_uris":["https://app.example.com/cb"]}"#;

    fn url(text: &str) -> ClientIdUrl {
        ClientIdUrl::parse(&ClientId::new(text).unwrap(), &Origin::of("https://mcp.example.org").unwrap()).unwrap()
    }

    fn app() -> ClientIdUrl {
        url("https://app.example.com/c")
    }

    fn head<'a>(cache_control: Option<&'a str>, age: Option<&'a str>) -> ResponseHead<'a> {
        ResponseHead { status: 200, content_type: Some("application/json"), content_length: None, cache_control, age }
    }

    fn resolve_at(
        fetched: Result<(Freshness, &[u8]), FetchError>,
        cached: Option<&CachedDocument>,
        now: Timestamp,
    ) -> FetchOutcome {
        resolve_fetch(fetched, cached, &app(), &RedirectPolicy::default(), now)
    }

    fn cached_for(fresh: u64) -> CachedDocument {
        match resolve_at(Ok((Freshness::Lifetime(fresh), BODY)), None, NOW) {
            FetchOutcome::New(_, Some(cached)) => cached,
            other @ (FetchOutcome::New(..)
            | FetchOutcome::FromCopy(_)
            | FetchOutcome::Unavailable
            | FetchOutcome::Unknown) => {
                panic!("{other:?}")
            }
        }
    }

    #[test]
    fn cache_headers_decide_the_lifetime_of_a_metadata_document_within_limits() {
        for (cache_control, age, expected) in [
            (None, None, Freshness::Lifetime(3600)),
            (Some("max-age=600"), None, Freshness::Lifetime(600)),
            (Some("public, Max-Age=600 , must-revalidate"), None, Freshness::Lifetime(600)),
            (Some("max-age=600, s-maxage=900"), None, Freshness::Lifetime(900)),
            (Some("max-age=600"), Some("200"), Freshness::Lifetime(400)),
            (Some("max-age=600"), Some("9000"), Freshness::Lifetime(60)),
            (Some("max-age=600"), Some("soon"), Freshness::Lifetime(600)),
            (Some("max-age=0, must-revalidate"), None, Freshness::Lifetime(60)),
            (Some("no-cache, max-age=600"), None, Freshness::Lifetime(60)),
            (Some("max-age=31536000"), None, Freshness::Lifetime(86_400)),
            (Some("max-age=99999999999999999999999"), None, Freshness::Lifetime(3600)),
            (Some("max-age=-1"), None, Freshness::Lifetime(3600)),
            (Some("max-age=600, no-store"), None, Freshness::NoStore),
            (Some(",,=,"), None, Freshness::Lifetime(3600)),
        ] {
            assert_eq!(head(cache_control, age).accept(), Ok(expected), "{cache_control:?} {age:?}");
        }
    }

    #[test]
    fn only_a_small_json_response_is_a_metadata_document() {
        let good = head(None, None);
        for (name, head, problem) in [
            ("redirect", ResponseHead { status: 302, ..good }, FetchError::Unavailable),
            ("opaque redirect", ResponseHead { status: 0, ..good }, FetchError::Unavailable),
            ("challenge", ResponseHead { status: 403, ..good }, FetchError::Unavailable),
            ("too many requests", ResponseHead { status: 429, ..good }, FetchError::Unavailable),
            ("outage", ResponseHead { status: 503, ..good }, FetchError::Unavailable),
            ("other success", ResponseHead { status: 204, ..good }, FetchError::Unavailable),
            ("not found", ResponseHead { status: 404, ..good }, FetchError::Withdrawn),
            ("gone", ResponseHead { status: 410, ..good }, FetchError::Withdrawn),
            ("HTML", ResponseHead { content_type: Some("text/html"), ..good }, FetchError::Unavailable),
            ("no type", ResponseHead { content_type: None, ..good }, FetchError::Unavailable),
            (
                "not quite JSON",
                ResponseHead { content_type: Some("application/jsonp"), ..good },
                FetchError::Unavailable,
            ),
            ("long", ResponseHead { content_length: Some(5 * 1024 + 1), ..good }, FetchError::Unavailable),
        ] {
            assert_eq!(head.accept(), Err(problem), "{name}");
        }
        for content_type in ["application/json; charset=utf-8", "Application/JSON", "application/client-metadata+json"]
        {
            assert!(ResponseHead { content_type: Some(content_type), ..good }.accept().is_ok(), "{content_type}");
        }
    }

    #[test]
    fn a_fresh_metadata_document_is_used_without_a_fetch() {
        let cached = cached_for(600);
        for (seconds, fetches) in [(0, false), (600, false), (601, true)] {
            let plan = CachedDocument::plan(Some(&cached), &app(), &RedirectPolicy::default(), NOW.plus(seconds));
            assert_eq!(matches!(plan, CacheDecision::Fetch), fetches, "{seconds}");
        }
        assert!(matches!(CachedDocument::plan(None, &app(), &RedirectPolicy::default(), NOW), CacheDecision::Fetch));
        let other = url("https://other.example.com/c");
        let plan = CachedDocument::plan(Some(&cached), &other, &RedirectPolicy::default(), NOW);
        assert!(matches!(plan, CacheDecision::Fetch), "a document under the wrong key is no document");
    }

    #[test]
    fn a_stale_metadata_document_is_used_for_a_day_while_its_host_is_unavailable() {
        let cached = cached_for(600);
        let outage = Err(FetchError::Unavailable);
        let day = 86_400;
        assert!(matches!(resolve_at(outage, Some(&cached), NOW.plus(600 + day)), FetchOutcome::FromCopy(_)));
        assert!(matches!(resolve_at(outage, Some(&cached), NOW.plus(601 + day)), FetchOutcome::Unavailable));
        assert!(matches!(resolve_at(outage, None, NOW), FetchOutcome::Unavailable));
        let error_page = Ok((Freshness::Lifetime(600), &b"<html>"[..]));
        assert!(matches!(resolve_at(error_page, Some(&cached), NOW.plus(700)), FetchOutcome::FromCopy(_)));
    }

    #[test]
    fn a_cached_metadata_document_is_not_used_when_it_was_withdrawn_or_is_invalid() {
        let cached = cached_for(600);
        assert!(matches!(resolve_at(Err(FetchError::Withdrawn), Some(&cached), NOW.plus(700)), FetchOutcome::Unknown));
        let other = Ok((Freshness::Lifetime(600), &br#"{"client_id":"https://evil.example/c"}"#[..]));
        assert!(matches!(resolve_at(other, Some(&cached), NOW.plus(700)), FetchOutcome::Unknown));
    }

    #[test]
    fn a_well_known_client_needs_no_response_from_its_host() {
        let claude = url("https://claude.ai/oauth/mcp-oauth-client-metadata");
        let outcome = resolve_fetch(Err(FetchError::Unavailable), None, &claude, &RedirectPolicy::default(), NOW);
        let FetchOutcome::FromCopy(client) = outcome else { panic!("{outcome:?}") };
        assert_eq!(client.redirect_uris[0].as_str(), "https://claude.ai/api/mcp/auth_callback");
    }

    #[test]
    fn a_metadata_document_with_no_store_is_not_cached() {
        let outcome = resolve_at(Ok((Freshness::NoStore, BODY)), None, NOW);
        assert!(matches!(outcome, FetchOutcome::New(_, None)), "{outcome:?}");
    }

    #[test]
    fn a_cached_metadata_document_is_read_back_from_its_row() {
        let cached = cached_for(600);
        let json = serde_json::to_string(&cached).unwrap();
        assert_eq!(serde_json::from_str::<CachedDocument>(&json).unwrap(), cached);
    }
}
