//! Checks access keys. An invented key is refused by its checksum or its MAC. A genuine one is looked up once per isolate, and is
//! then remembered like a verified token: the same checks tell whether it is still valid.

use std::sync::Arc;

use worker::Env;

use mcp_connector_base::caller::Caller;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::grants::access_keys::access_key::AccessKey;
use mcp_connector_oauth::grants::access_keys::commands::{UseAccessKey, UsedKey};
use mcp_connector_oauth::grants::commands::Grants as _;
use mcp_connector_oauth::resource::access_token::VerifiedToken;
use mcp_connector_oauth::resource::bearer::BearerToken;
use mcp_connector_oauth::resource::protected_resource::Resource;
use mcp_connector_oauth::resource::standing::Standing;
use mcp_connector_oauth::resource::verified_tokens::{GrantCheck, GrantState};
use mcp_connector_protocol::Unavailable;

use crate::mcp::resource_guard::NotVerified;
use crate::oauth::access::grant_checks;
use crate::oauth::access::grant_checks::AskedAbout;
use crate::oauth::access::verified_tokens;
use crate::oauth::secrets::Secrets;
use crate::objects::grants::stub::GrantsStub;
use crate::platform::clock::now;

/// Returns who calls with a key that this isolate does not remember for `resource`.
pub(crate) async fn verify(
    env: &Env,
    secrets: &Secrets,
    token: &BearerToken,
    resource: &Resource,
    now: Timestamp,
) -> Result<Arc<Caller>, NotVerified> {
    let key = AccessKey::parse(token.as_str(), secrets.keys().routing()).map_err(|_| NotVerified::Invalid)?;
    let is_known_to_be_useless = verified_tokens::is_of_another(token, resource, now)
        || verified_tokens::look(key.id(), now) == GrantCheck::Refuse;
    if is_known_to_be_useless {
        return Err(NotVerified::Invalid);
    }
    // Requests that come at the same time share one question.
    let look_up = async { look_up(env, secrets, token, &key).await.map(drop) };
    let asked = grant_checks::together(&AskedAbout::Grant(key.id()), grant_checks::WAIT_LIMIT, Box::pin(look_up)).await;
    asked?;
    if let Some(caller) = verified_tokens::caller(token, resource, now) {
        return Ok(caller);
    }
    let is_answered = verified_tokens::is_of_another(token, resource, now)
        || verified_tokens::look(key.id(), now) == GrantCheck::Refuse;
    Err(if is_answered { NotVerified::Invalid } else { Unavailable.into() })
}

/// Asks the object of a key, and returns who has it and what is known of them. `None` if it is no key of this server, has ended, or is
/// for another resource.
pub(crate) async fn look(
    env: &Env,
    secrets: &Secrets,
    token: &BearerToken,
    resource: &Resource,
) -> Result<Option<(VerifiedToken, Standing)>, Unavailable> {
    let Ok(key) = AccessKey::parse(token.as_str(), secrets.keys().routing()) else { return Ok(None) };
    if verified_tokens::look(key.id(), now()) == GrantCheck::Refuse {
        return Ok(None);
    }
    let found = look_up(env, secrets, token, &key).await?;
    Ok(found.filter(|(of, ..)| of == resource).map(|(_, verified, standing)| (verified, standing)))
}

/// Asks the object of the key, and remembers the answer: the caller for the resource of the key, or that the key has ended.
async fn look_up(
    env: &Env,
    secrets: &Secrets,
    token: &BearerToken,
    key: &AccessKey,
) -> Result<Option<(Resource, VerifiedToken, Standing)>, Unavailable> {
    let asked_at = now();
    let command = UseAccessKey::new(key, secrets.policy().clone());
    let answer = GrantsStub { env }.ask(key.object(), command).await.map_err(|_| Unavailable)?;
    let known = answer.and_then(|used| used.key.verified().ok().map(|verified| (used, verified)));
    let Some((UsedKey { key: stored, profile }, verified)) = known else {
        verified_tokens::record_answer(key.id(), GrantState::Ended, asked_at);
        return Ok(None);
    };
    let withheld = secrets.roles().withheld(stored.subject(), profile.as_ref());
    let standing = Standing::new(profile, withheld);
    verified_tokens::remember(token, stored.resource(), &verified);
    verified_tokens::record_answer(key.id(), GrantState::Active(standing.clone()), asked_at);
    Ok(Some((stored.resource().clone(), verified, standing)))
}
