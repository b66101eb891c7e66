//! Access tokens of an external issuer, verified with its keys.

use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::external_issuer::token::{ExternalPolicy, ExternalTokenError, verify_external};
use mcp_connector_oauth::resource::access_token::VerifiedToken;
use mcp_connector_oauth::resource::bearer::BearerToken;

use crate::oauth::access::key_sets;
use crate::oauth::access::key_sets::{KeySource, RuntimeCrypto};

/// Verifies a token. The keys are fetched if they are missing or old, or if the key of the token is unknown.
pub(crate) async fn verify(
    token: &BearerToken,
    source: KeySource<'_>,
    policy: &ExternalPolicy<'_>,
    now: Timestamp,
) -> Result<VerifiedToken, ExternalTokenError> {
    let cache = key_sets::current(source, now).await?;
    let answer = verify_external(token, cache.keys(), &RuntimeCrypto, policy, now).await;
    if !matches!(answer, Err(ExternalTokenError::UnknownKey)) {
        return answer;
    }
    // Clients throw a token away on a 401, and this one may be valid.
    match key_sets::newer(source, &cache, now).await? {
        Some(cache) => verify_external(token, cache.keys(), &RuntimeCrypto, policy, now).await,
        None => answer,
    }
}
