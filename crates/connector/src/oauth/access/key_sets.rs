//! The public keys of other servers and of clients, by which their signatures are verified: fetched when they are needed, and kept by
//! the isolate by the rules of `mcp_connector_oauth::external_issuer::keys`.

use std::cell::RefCell;
use std::time::Duration;

use thiserror::Error;
use worker::{Env, console_error};

use mcp_connector_base::outage::Outage;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::clients::metadata_document::client_id_url::ClientIdUrl;
use mcp_connector_oauth::external_issuer::keys::{
    Algorithm, ExternalKey, ExternalKeys, InvalidKeySet, KeyCache, MAX_KEY_SET, Refetch,
};
use mcp_connector_oauth::external_issuer::signed_jwt::{SignatureError, SignatureVerifier, SignedJwt};
use mcp_connector_oauth::web::discovery::{Discovery, ExternalIssuer, MAX_METADATA};
use mcp_connector_oauth::web::request_source::RequestSource;
use mcp_connector_protocol::Unavailable;

use crate::oauth::access::grant_checks;
use crate::oauth::access::grant_checks::AskedAbout;
use crate::oauth::access::signatures;
use crate::oauth::clients::documents;
use crate::oauth::issuer_metadata;
use crate::outbound::outbound_request::{DocumentError, OutboundRequest, TIME_LIMIT as OUTBOUND_TIME_LIMIT};
use crate::platform::clock;

/// Maximum number of key sets that an isolate keeps. The client's that was fetched first makes room: anybody can publish a client.
const CAPACITY: usize = 64;

/// How long a source that has failed is not asked again where none of its keys can be used, in seconds: anybody can send a token that
/// names it. It is shorter than the `Retry-After` of the answer.
const PAUSE: u64 = 5;

/// How long a request waits for the fetch of another one: longer than a fetch takes at most, which asks for metadata at three URLs and
/// for the keys at one.
const WAIT_LIMIT: Duration = Duration::from_secs(4 * OUTBOUND_TIME_LIMIT as u64 + 1);

thread_local! {
    /// The key sets by their sources, oldest first.
    static KNOWN: RefCell<Vec<(String, KeyCache)>> = const { RefCell::new(Vec::new()) };
    /// The sources that have just failed, and when, oldest first.
    static FAILED: RefCell<Vec<(String, Timestamp)>> = const { RefCell::new(Vec::new()) };
}

/// Where the name of a client's source begins.
const OF_CLIENT: &str = "client ";

/// Where keys are.
#[derive(Clone, Copy)]
pub(crate) enum KeySource<'a> {
    /// At the `jwks_uri` in the metadata of this issuer.
    Metadata(&'a ExternalIssuer),
    /// At this URL.
    At(&'a str),
    /// At the URL that a client names, for a request from this source.
    Client { url: &'a ClientIdUrl, source: &'a RequestSource, env: &'a Env },
}

impl KeySource<'_> {
    /// Returns a text that no other source has.
    fn name(self) -> String {
        match self {
            Self::Metadata(issuer) => ["issuer ", issuer.as_str()].concat(),
            Self::At(url) => ["keys ", url].concat(),
            Self::Client { url, .. } => [OF_CLIENT, url.as_str()].concat(),
        }
    }
}

/// Returns the keys of a source. They are fetched if they are missing or old.
pub(crate) async fn current(source: KeySource<'_>, now: Timestamp) -> Result<KeyCache, SignatureError> {
    let known = known(&source.name());
    match (known.as_ref().map_or(Refetch::Must, |cache| cache.before_use(now)), known) {
        (Refetch::No, Some(cache)) => Ok(cache),
        (Refetch::Try, Some(cache)) => Ok(refetched(source, now).await.unwrap_or(cache)),
        (Refetch::Must | Refetch::No | Refetch::Try, _) if has_just_failed(&source.name(), now) => {
            Err(Outage::Remote.into())
        }
        (Refetch::Must | Refetch::No | Refetch::Try, _) => refetched(source, now).await,
    }
}

fn known(name: &str) -> Option<KeyCache> {
    KNOWN.with_borrow(|known| known.iter().find(|(of, _)| of == name).map(|(_, cache)| cache.clone()))
}

fn has_just_failed(name: &str, now: Timestamp) -> bool {
    FAILED.with_borrow(|failed| failed.iter().any(|(of, at)| of == name && now.seconds_since(*at) < PAUSE))
}

fn note_failure(source: KeySource<'_>, error: &KeyFetchError, now: Timestamp) {
    match source {
        KeySource::Metadata(issuer) => {
            console_error!("sign-in: the keys of {} could not be had. {error}", issuer.as_str());
        }
        KeySource::At(url) => console_error!("sign-in: the keys at {url} could not be had. {error}"),
        // Anybody can publish a client, and would write into the log.
        KeySource::Client { .. } => {}
    }
    let name = source.name();
    FAILED.with_borrow_mut(|failed| {
        failed.retain(|(of, at)| *of != name && now.seconds_since(*at) < PAUSE);
        if failed.len() >= CAPACITY {
            failed.remove(0);
        }
        failed.push((name, now));
    });
}

/// Returns newer keys than `cache`, because a signature names a key that is not among them: the source may have changed its keys. `None`
/// if they were fetched a moment ago. Anybody can invent the name of a key.
///
/// # Errors
///
/// The keys cannot be fetched, so that the unknown one may be valid.
pub(crate) async fn newer(
    source: KeySource<'_>,
    cache: &KeyCache,
    now: Timestamp,
) -> Result<Option<KeyCache>, SignatureError> {
    if cache.for_unknown_key(now) == Refetch::No {
        return if cache.last_fetch_failed() { Err(Outage::Remote.into()) } else { Ok(None) };
    }
    refetched(source, now).await.map(Some)
}

/// Verifies the signature of a JWT with the keys of a source.
pub(crate) async fn verify(source: KeySource<'_>, jwt: &SignedJwt<'_>, now: Timestamp) -> Result<(), SignatureError> {
    let cache = current(source, now).await?;
    let answer = jwt.verify(cache.keys(), &RuntimeCrypto).await;
    if answer != Err(SignatureError::UnknownKey) {
        return answer;
    }
    match newer(source, &cache, now).await? {
        Some(cache) => jwt.verify(cache.keys(), &RuntimeCrypto).await,
        None => answer,
    }
}

/// Fetches the keys of a source, or waits for another request that fetches them.
async fn refetched(source: KeySource<'_>, now: Timestamp) -> Result<KeyCache, SignatureError> {
    let name = source.name();
    loop {
        let mut fetched = None;
        let fetch = async {
            fetched = Some(fetch_and_keep(source, now).await);
            Ok(())
        };
        grant_checks::together(&AskedAbout::Keys(name.clone()), WAIT_LIMIT, Box::pin(fetch))
            .await
            .map_err(|Unavailable| Outage::Remote)?;
        if let Some(fetched) = fetched {
            return fetched;
        }
        match known(&name).filter(|cache| cache.for_unknown_key(now) == Refetch::No) {
            Some(cache) if cache.last_fetch_failed() => return Err(Outage::Remote.into()),
            Some(cache) => return Ok(cache),
            None if has_just_failed(&name, now) => return Err(Outage::Remote.into()),
            // The other request was given up, or its network has caused too many fetches. One of those that wait is the next.
            None => {}
        }
    }
}

async fn fetch_and_keep(source: KeySource<'_>, now: Timestamp) -> Result<KeyCache, SignatureError> {
    let (fetched, name) = (fetch(source, now).await, source.name());
    KNOWN.with_borrow_mut(|known| match &fetched {
        Ok(cache) => {
            known.retain(|(of, _)| *of != name);
            if known.len() >= CAPACITY {
                known.remove(known.iter().position(|(of, _)| of.starts_with(OF_CLIENT)).unwrap_or_default());
            }
            known.push((name, cache.clone()));
        }
        // One that was not made is no failure.
        Err(SignatureError::TooManyFetches) => {}
        Err(_) => {
            if let Some((_, cache)) = known.iter_mut().find(|(of, _)| *of == name) {
                // The fetch may have taken longer than the pause after it.
                cache.failed(clock::now());
            }
        }
    });
    fetched
}

async fn fetch(source: KeySource<'_>, now: Timestamp) -> Result<KeyCache, SignatureError> {
    // Anybody can publish a client, so these fetches count as those of metadata documents do. One that is not made is no failure.
    if let KeySource::Client { url, source, env } = source
        && !documents::is_admitted(url, source, env, now).await
    {
        return Err(SignatureError::TooManyFetches);
    }
    fetch_now(source, now).await.map_err(|error| {
        note_failure(source, &error, clock::now());
        SignatureError::Outage(Outage::Remote)
    })
}

/// Why keys could not be fetched, for the log: nothing of an answer is in the text.
#[derive(Debug, Error)]
enum KeyFetchError {
    /// No metadata that can be used. The text names each URL and why.
    #[error("{0}")]
    NoMetadata(String),
    #[error("its keys: {0}")]
    NotFetched(#[from] DocumentError),
    #[error("{0}")]
    NotKeys(#[from] InvalidKeySet),
}

async fn fetch_now(source: KeySource<'_>, now: Timestamp) -> Result<KeyCache, KeyFetchError> {
    let found;
    let url = match source {
        KeySource::At(url) => url,
        KeySource::Client { url, .. } => url.as_str(),
        KeySource::Metadata(issuer) => {
            found = discover(issuer).await?;
            found.jwks_uri()
        }
    };
    let document = OutboundRequest::get(url).document(MAX_KEY_SET).await?;
    let keys = ExternalKeys::parse(&document.body)?;
    Ok(KeyCache::new(keys, document.max_age, now))
}

async fn discover(issuer: &ExternalIssuer) -> Result<Discovery, KeyFetchError> {
    let metadata = issuer_metadata::fetch(issuer, MAX_METADATA, |document| Discovery::parse(document, issuer));
    metadata.await.map_err(KeyFetchError::NoMetadata)
}

/// The Web Crypto of the runtime.
pub(crate) struct RuntimeCrypto;

impl SignatureVerifier for RuntimeCrypto {
    async fn verify(
        &self,
        algorithm: Algorithm,
        key: &ExternalKey,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, Outage> {
        signatures::verify(algorithm, key.material(), message, signature).await
    }
}
