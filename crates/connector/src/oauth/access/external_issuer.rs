//! Tokens of an external issuer: fetches its keys by the rules of `mcp_connector_oauth::external_issuer`, and verifies
//! signatures by the Web Crypto of the runtime.

use std::cell::RefCell;

use mcp_connector_base::outage::Outage;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::external_issuer::keys::{
    Algorithm, ExternalKey, ExternalKeys, KeyCache, MAX_KEY_SET, Refetch,
};
use mcp_connector_oauth::external_issuer::token::{
    ExternalPolicy, ExternalTokenError, SignatureVerifier, verify_external,
};
use mcp_connector_oauth::resource::access_token::VerifiedToken;
use mcp_connector_oauth::resource::bearer::BearerToken;
use mcp_connector_oauth::web::discovery::{Discovery, ExternalIssuer, MAX_METADATA};

use crate::http::outbound::OutboundRequest;
use crate::oauth::access::signatures;

thread_local! {
    /// A deployment trusts one issuer at most.
    static KEYS: RefCell<Option<KeyCache>> = const { RefCell::new(None) };
}

/// The URL of the keys of an issuer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum KeySource<'a> {
    /// The `jwks_uri` in its metadata.
    Metadata(&'a ExternalIssuer),
    /// This URL.
    At(&'a str),
}

/// Verifies a token. The keys are fetched if they are missing or old, or if the key of the token is unknown.
pub(crate) async fn verify(
    token: &BearerToken,
    source: KeySource<'_>,
    policy: &ExternalPolicy<'_>,
    now: Timestamp,
) -> Result<VerifiedToken, ExternalTokenError> {
    let cached = KEYS.with_borrow(Clone::clone);
    let cache = match (cached.as_ref().map_or(Refetch::Must, |cache| cache.before_use(now)), cached) {
        (Refetch::No, Some(cache)) => cache,
        (Refetch::Try, Some(cache)) => refetched(source, now).await.unwrap_or(cache),
        (Refetch::Must | Refetch::No | Refetch::Try, _) => refetched(source, now).await?,
    };
    let answer = verify_external(token, cache.keys(), &RuntimeCrypto, policy, now).await;
    if !matches!(answer, Err(ExternalTokenError::UnknownKey)) {
        return answer;
    }
    if cache.for_unknown_key(now) == Refetch::No {
        // Clients throw a token away on a 401, and this one may be valid.
        return if cache.last_fetch_failed() { Err(Outage::Storage.into()) } else { answer };
    }
    // The issuer may have changed its keys.
    let cache = refetched(source, now).await?;
    verify_external(token, cache.keys(), &RuntimeCrypto, policy, now).await
}

async fn refetched(source: KeySource<'_>, now: Timestamp) -> Result<KeyCache, Outage> {
    match fetch(source, now).await {
        Ok(cache) => {
            KEYS.replace(Some(cache.clone()));
            Ok(cache)
        }
        Err(outage) => {
            KEYS.with_borrow_mut(|cached| {
                if let Some(cache) = cached {
                    cache.failed(now);
                }
            });
            Err(outage)
        }
    }
}

async fn fetch(source: KeySource<'_>, now: Timestamp) -> Result<KeyCache, Outage> {
    let found;
    let url = match source {
        KeySource::At(url) => url,
        KeySource::Metadata(issuer) => {
            found = discover(issuer).await?;
            found.jwks_uri()
        }
    };
    let document = OutboundRequest::get(url).document(MAX_KEY_SET).await?;
    let keys = ExternalKeys::parse(&document.body).map_err(|_| Outage::Remote)?;
    Ok(KeyCache::new(keys, document.max_age, now))
}

async fn discover(issuer: &ExternalIssuer) -> Result<Discovery, Outage> {
    for url in issuer.metadata_urls() {
        if let Ok(document) = OutboundRequest::get(&url).document(MAX_METADATA).await
            && let Ok(discovery) = Discovery::parse(&document.body, issuer)
        {
            return Ok(discovery);
        }
    }
    Err(Outage::Remote)
}

/// The Web Crypto of the runtime.
struct RuntimeCrypto;

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
