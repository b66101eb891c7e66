//! A sign-in that connects an upstream account in the same step: the identity provider is an upstream service, with the same client.

use worker::console_error;

use mcp_connector_oauth::crypto::opaque::ObjectName;
use mcp_connector_oauth::grants::commands::Grants as _;
use mcp_connector_oauth::login::person::Person;
use mcp_connector_oauth::upstream::commands::ConnectUpstream;
use mcp_connector_oauth::upstream::connection::{ConnectedUpstream, Refresh, TokenSet};
use mcp_connector_oauth::upstream::tokens::account_name;

use crate::oauth::context::OAuthContext;
use crate::oauth::upstream::token_cache;
use crate::objects::grants::stub::GrantsStub;

/// Connects the account of a person who has just signed in, if the connector uses it. The answer does not depend on it.
pub(crate) fn connect(oauth: &OAuthContext<'_>, person: &Person) {
    let Some(connected) = connected(oauth, person) else { return };
    let (env, object) = (oauth.env.clone(), ObjectName::of(&person.subject));
    token_cache::forget(&person.subject, &connected.upstream);
    let command = ConnectUpstream { signed_in_at: oauth.now, connected };
    oauth.context.wait_until(async move {
        if let Err(outage) = (GrantsStub { env: &env }).ask(object, command).await {
            console_error!("upstream: the account of a sign-in was not stored: {outage}");
        }
    });
}

fn connected(oauth: &OAuthContext<'_>, person: &Person) -> Option<ConnectedUpstream> {
    let identity = person.identity.as_ref()?;
    let tokens = identity.tokens.as_ref()?;
    let (service, access) = oauth.app.upstreams.of_identity()?;
    let (binding, keys) = (service.binding(&person.subject), oauth.secrets.keys().storage());
    let encrypted = tokens.encrypted(&binding, keys, &oauth.entropy, oauth.now)?;
    // The refresh token is stored with the sign-in: a provider that rotates it takes it from one place only.
    let refresh = if tokens.refresh_token.is_some() { Refresh::Identity } else { Refresh::None };
    let scope = encrypted.scope.clone().or_else(|| access.scope.clone());
    let account = identity.profile.login().or(identity.profile.email()).or(person.display_name.as_deref());
    Some(ConnectedUpstream {
        upstream: service.name.clone(),
        tokens: TokenSet { refresh, scope, ..encrypted },
        account: account.and_then(account_name),
    })
}
