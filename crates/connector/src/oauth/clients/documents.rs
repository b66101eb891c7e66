//! Fetches Client ID Metadata Documents. `mcp_connector_oauth` decides what may be fetched, what is accepted, and how
//! long a copy serves.

use std::cell::RefCell;

use worker::web_sys::Response;

use crate::http::limit::Limit;
use crate::oauth::clients::records;
use crate::oauth::context::OAuthContext;
use crate::outbound::outbound_request;
use crate::outbound::outbound_request::OutboundRequest;
use mcp_connector_base::outage::Outage;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::clients::client::Client;
use mcp_connector_oauth::clients::client_hash::ClientHash;
use mcp_connector_oauth::clients::metadata_document::cache::{
    CacheDecision, CachedDocument, FetchError, FetchOutcome, Freshness, ResponseHead, resolve_fetch,
};
use mcp_connector_oauth::clients::metadata_document::client_id_url::ClientIdUrl;
use mcp_connector_oauth::clients::metadata_document::document::{InvalidDocument, MAX_DOCUMENT};
use mcp_connector_oauth::clients::metadata_document::fetch_limits::{FetchFailure, FetchLimits};
use mcp_connector_oauth::token::client_authentication::NotDescribed;
use mcp_connector_oauth::web::redirect_uri::RedirectPolicy;
use mcp_connector_oauth::web::request_source::RequestSource;

/// Maximum number of documents that an isolate keeps.
const CAPACITY: usize = 256;
/// Maximum number of documents of one host, so that a single host cannot fill the cache.
const CAPACITY_OF_HOST: usize = 16;

/// A document that the isolate keeps.
struct Known {
    url: ClientIdUrl,
    document: CachedDocument,
}

thread_local! {
    /// Oldest first.
    static KNOWN: RefCell<Vec<Known>> = const { RefCell::new(Vec::new()) };
    static LIMITS: RefCell<FetchLimits> = RefCell::default();
}

/// Returns the client that the document at `url` describes. `source` is where the request comes from.
pub(crate) async fn client(
    oauth: &OAuthContext<'_>,
    url: &ClientIdUrl,
    source: &RequestSource,
) -> Result<Option<Client>, NotDescribed> {
    let (policy, now) = (&oauth.configuration().redirect_policy, oauth.now);
    let cached =
        KNOWN.with_borrow(|known| known.iter().find(|known| known.url == *url).map(|known| known.document.clone()));
    if let CacheDecision::Use(client) = CachedDocument::plan(cached.as_ref(), url, policy, now) {
        return Ok(Some(client));
    }
    let failure = LIMITS.with_borrow(|limits| limits.recent_failure(url, now));
    let fetched = match failure {
        Some(FetchFailure::Unknown) => return Ok(None),
        Some(FetchFailure::Unavailable) => Err(FetchError::Unavailable),
        None if is_admitted(url, source, oauth.env, now).await => fetch(url).await,
        // A copy serves, as it would if the host did not answer.
        None => {
            return match resolve_fetch(Err(FetchError::Unavailable), cached.as_ref(), url, policy, now) {
                FetchOutcome::FromCopy(client) => Ok(Some(client)),
                FetchOutcome::New(..) | FetchOutcome::Unavailable | FetchOutcome::Unknown => {
                    allowed(oauth, url).await.map(Some).ok_or(NotDescribed::TooManyFetches)
                }
            };
        }
    };
    let failed = |failure| {
        // Remembering a failure does not prolong it.
        LIMITS.with_borrow_mut(|limits| {
            if limits.recent_failure(url, now).is_none() {
                limits.failed(url, failure, now);
            }
        });
    };
    if matches!(fetched, Err(FetchError::Unavailable)) {
        failed(FetchFailure::Unavailable);
    }
    let fetched = fetched.as_ref().map(|(lifetime, body)| (*lifetime, body.as_slice())).map_err(|error| *error);
    match resolve_fetch(fetched, cached.as_ref(), url, policy, now) {
        FetchOutcome::New(client, document) => {
            remember(url, document, now);
            Ok(Some(client))
        }
        FetchOutcome::FromCopy(client) => Ok(Some(client)),
        FetchOutcome::Unavailable => {
            failed(FetchFailure::Unavailable);
            allowed(oauth, url).await.map(Some).ok_or(NotDescribed::Outage(Outage::Remote))
        }
        FetchOutcome::Unknown => {
            failed(FetchFailure::Unknown);
            KNOWN.with_borrow_mut(|known| known.retain(|known| known.url != *url));
            Ok(None)
        }
    }
}

/// Returns the client from its record in KV, for a client whose document is not fetched at the moment.
async fn allowed(oauth: &OAuthContext<'_>, url: &ClientIdUrl) -> Option<Client> {
    let stored = records::look(oauth.env, &ClientHash::of(url.id())).await.ok().flatten()?;
    stored.document_client(url, &oauth.configuration().redirect_policy, oauth.now)
}

/// Returns the client as this isolate knows it from its document, without a fetch.
pub(crate) fn known(url: &ClientIdUrl, policy: &RedirectPolicy, now: Timestamp) -> Option<Client> {
    let cached =
        KNOWN.with_borrow(|known| known.iter().find(|known| known.url == *url).map(|known| known.document.clone()))?;
    cached.last_known(url, policy, now)
}

/// Counts a fetch that `source` causes here and by the limit of registrations, because a document replaces a registration.
pub(crate) async fn is_admitted(url: &ClientIdUrl, source: &RequestSource, env: &worker::Env, now: Timestamp) -> bool {
    LIMITS.with_borrow_mut(|limits| limits.admit(source, url, now))
        && !Limit::REGISTRATIONS.is_over(env, &["document ", source.as_str()].concat()).await
}

fn remember(url: &ClientIdUrl, document: Option<CachedDocument>, now: Timestamp) {
    KNOWN.with_borrow_mut(|known| {
        known.retain(|known| known.url != *url && now <= known.document.forget_at());
        let Some(document) = document else { return };
        let of_host = known.iter().filter(|known| known.url.host() == url.host()).count();
        let oldest = if of_host >= CAPACITY_OF_HOST {
            known.iter().position(|known| known.url.host() == url.host())
        } else {
            (known.len() >= CAPACITY).then_some(0)
        };
        if let Some(oldest) = oldest.filter(|oldest| *oldest < known.len()) {
            known.remove(oldest);
        }
        known.push(Known { url: url.clone(), document });
    });
}

/// Fetches a document from its host, without credentials.
async fn fetch(url: &ClientIdUrl) -> Result<(Freshness, Vec<u8>), FetchError> {
    let unavailable = |_| FetchError::Unavailable;
    let response = OutboundRequest::get(url.as_str()).send().await.map_err(unavailable)?;
    let lifetime = accept(&response)?;
    let body = outbound_request::body(&response, MAX_DOCUMENT).await.map_err(unavailable)?;
    Ok((lifetime, body.ok_or(FetchError::Invalid(InvalidDocument::TooLong))?))
}

fn accept(response: &Response) -> Result<Freshness, FetchError> {
    let headers = response.headers();
    let header = |name: &str| headers.get(name).ok().flatten();
    let (content_type, cache_control, age) = (header("content-type"), header("cache-control"), header("age"));
    ResponseHead {
        status: response.status(),
        content_type: content_type.as_deref(),
        content_length: header("content-length").and_then(|length| length.parse().ok()),
        cache_control: cache_control.as_deref(),
        age: age.as_deref(),
    }
    .accept()
}
