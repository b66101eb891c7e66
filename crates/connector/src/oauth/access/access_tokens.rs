//! Checks access tokens, those of this server or of an external issuer if `AUTH_ISSUER` is set, and access keys. The common call
//! verifies no signature and asks no storage, because each isolate remembers what it has verified, and asks the
//! subject's object about once a minute whether the grant is still valid.

use std::sync::Arc;

use worker::Env;

use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::external_issuer::identity_claims::{EmailClaim, IdentityClaims};
use mcp_connector_oauth::external_issuer::token::{ExternalPolicy, ExternalTokenError};
use mcp_connector_oauth::resource::access_token::{ExpectedClaims, VerifiedToken, claims_to_be_for, verify};
use mcp_connector_oauth::resource::bearer::BearerToken;
use mcp_connector_oauth::resource::credential::is_access_key;
use mcp_connector_oauth::resource::protected_resource::Resource;
use mcp_connector_oauth::resource::verified_tokens::GrantCheck;
use mcp_connector_protocol::Unavailable;

use crate::app::state::App;
use crate::config::configuration::AuthIssuer;
use crate::config::settings::Feature;
use crate::http::site::Site;
use crate::mcp::network_limit::NetworkLimit;
use crate::mcp::resource_guard::{NotVerified, VerifyToken};
use crate::oauth::access::access_keys;
use crate::oauth::access::external_issuer;
use crate::oauth::access::grant_checks;
use crate::oauth::access::grant_checks::{Asked, AskedAbout, Validity};
use crate::oauth::access::key_sets::KeySource;
use crate::oauth::access::verified_tokens;
use crate::oauth::introspection::client::AuthorizationServer;
use crate::platform::clock::now;

/// Verifies the tokens of a request.
pub(crate) struct AccessTokens<'a> {
    pub(crate) app: &'a App,
    pub(crate) site: &'a Site,
    pub(crate) env: &'a Env,
    /// Runs work that goes on after the answer.
    pub(crate) context: &'a worker::Context,
    /// Counts the request before the authorization server is asked about a token that is not known here.
    pub(crate) network_limit: &'a NetworkLimit<'a>,
}

impl VerifyToken for AccessTokens<'_> {
    async fn verify(&self, token: &BearerToken, resource: &Resource) -> Result<Caller, NotVerified> {
        if self.app.configuration.closed(Feature::AccessTokens).is_some() {
            return Err(Unavailable.into());
        }
        let now = now();
        let remembered = verified_tokens::caller(token, resource, now);
        let caller = if let Some(caller) = remembered {
            caller
        } else if let Some(server) = AuthorizationServer::of(self.env, &self.app.configuration) {
            if is_access_key(token.as_str()) && self.app.configuration.policy.access_key_days().is_none() {
                return Err(NotVerified::Invalid);
            }
            Box::pin(introspected(&server, token, resource, self.network_limit, now)).await?
        } else if is_access_key(token.as_str()) {
            Box::pin(self.verify_key(token, resource, now)).await?
        } else {
            let verified = self.verify_anew(token, resource, now).await?;
            verified_tokens::remember(token, resource, &verified)
        };
        let Some(grant) = caller.grant else { return Ok(self.without_grant(&caller)) };
        self.check_grant(&caller, grant, now).await?;
        verified_tokens::known_caller(&caller, grant)
    }

    async fn confirm(&self, caller: &Caller) -> Result<Caller, NotVerified> {
        // A client that acts for itself has no grant, and an external issuer keeps its own.
        let Some(id) = caller.grant else { return Ok(caller.clone()) };
        verdict(grant_checks::ask(&self.asked(caller, id).await?).await)?;
        verified_tokens::known_caller(caller, id)
    }
}

impl AccessTokens<'_> {
    /// Returns a caller of an external issuer with the scopes that their roles allow. A client that acts for itself has no roles.
    fn without_grant(&self, caller: &Caller) -> Caller {
        let roles = &self.app.configuration.roles;
        let scopes = roles.allowed(&caller.scopes, &caller.subject, caller.profile.as_deref());
        Caller { scopes, ..caller.clone() }
    }

    async fn verify_key(
        &self,
        token: &BearerToken,
        resource: &Resource,
        now: Timestamp,
    ) -> Result<Arc<Caller>, NotVerified> {
        let configuration = &self.app.configuration;
        // With an external issuer nobody has an account here, and so nobody a key.
        if configuration.auth_issuer.is_some() || configuration.policy.access_key_days().is_none() {
            return Err(NotVerified::Invalid);
        }
        let secrets = self.app.secrets(self.env).await?;
        access_keys::verify(self.env, &secrets, token, resource, now).await
    }

    async fn verify_anew(
        &self,
        token: &BearerToken,
        resource: &Resource,
        now: Timestamp,
    ) -> Result<VerifiedToken, NotVerified> {
        if let Some(external) = &self.app.configuration.auth_issuer {
            return verify_external(token, resource, external, &self.app.configuration.identity_claims, now).await;
        }
        let secrets = self.app.secrets(self.env).await?;
        let expected =
            ExpectedClaims { issuer: &self.site.issuer, resource, credential_versions: secrets.policy().versions() };
        verify(token, &secrets.signing(now), &expected, now).map_err(|_| NotVerified::Invalid)
    }

    /// Checks whether the grant is still valid, by an answer that is less than a minute old.
    async fn check_grant(&self, caller: &Caller, grant: GrantId, now: Timestamp) -> Result<(), NotVerified> {
        match verified_tokens::look(grant, now) {
            GrantCheck::Serve => Ok(()),
            GrantCheck::Refuse => Err(NotVerified::Invalid),
            GrantCheck::ServeAndRenew => {
                let asked = self.asked(caller, grant).await?;
                self.context.wait_until(async move {
                    // If there is no answer, the calls after a minute wait for one.
                    let _ = grant_checks::ask_together(&asked).await;
                });
                Ok(())
            }
            GrantCheck::Wait => verdict(grant_checks::ask_together(&self.asked(caller, grant).await?).await),
        }
    }

    async fn asked(&self, caller: &Caller, grant: GrantId) -> Result<Asked, NotVerified> {
        let source = self.app.grant_source(self.env).await?;
        Ok(Asked { env: self.env.clone(), subject: caller.subject.clone(), grant, source })
    }
}

/// Returns who calls with a token or an access key that this isolate does not remember, according to the authorization server. Requests
/// that come at the same time share one question.
async fn introspected(
    server: &AuthorizationServer<'_>,
    token: &BearerToken,
    resource: &Resource,
    network_limit: &NetworkLimit<'_>,
    now: Timestamp,
) -> Result<Arc<Caller>, NotVerified> {
    if verified_tokens::is_of_another(token, resource, now)
        || !(is_access_key(token.as_str()) || claims_to_be_for(token, server.issuer(), resource, now))
    {
        return Err(NotVerified::Invalid);
    }
    if network_limit.has_asked_too_often().await {
        return Err(NotVerified::TooMany);
    }
    // Meanwhile another request may have brought the answer.
    if let Some(caller) = verified_tokens::caller(token, resource, now) {
        return Ok(caller);
    }
    let ask = || server.introspect(token, resource);
    let mut is_active = None;
    let question = async { ask().await.map(|active| is_active = Some(active)) };
    grant_checks::together(&AskedAbout::Token(token.clone()), grant_checks::WAIT_LIMIT, Box::pin(question)).await?;
    if let Some(caller) = verified_tokens::caller(token, resource, now) {
        return Ok(caller);
    }
    // Another request has asked, and its answer says nothing that is remembered.
    let is_active = match is_active {
        Some(is_active) => is_active,
        None => ask().await?,
    };
    let caller =
        if is_active { verified_tokens::caller(token, resource, now) } else { return Err(NotVerified::Invalid) };
    caller.ok_or(NotVerified::from(Unavailable))
}

fn verdict(validity: Result<Validity, Unavailable>) -> Result<(), NotVerified> {
    match validity? {
        Validity::Valid => Ok(()),
        Validity::Ended => Err(NotVerified::Invalid),
    }
}

async fn verify_external(
    token: &BearerToken,
    resource: &Resource,
    external: &AuthIssuer,
    claims: &IdentityClaims,
    now: Timestamp,
) -> Result<VerifiedToken, NotVerified> {
    let mut audiences = vec![resource.as_str()];
    audiences.extend(external.audiences.iter().map(String::as_str));
    let policy = ExternalPolicy {
        issuer: &external.issuer,
        audiences: &audiences,
        accept_plain_jwt: external.plain_jwt,
        claims,
        email: EmailClaim::IfVerified,
    };
    external_issuer::verify(token, KeySource::Metadata(&external.issuer), &policy, now).await.map_err(|refused| {
        if let ExternalTokenError::Outage(outage) = refused {
            NotVerified::Unavailable(outage)
        } else {
            NotVerified::Invalid
        }
    })
}
