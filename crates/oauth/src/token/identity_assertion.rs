//! The token request with an identity assertion (RFC 7523 §2.1, draft-ietf-oauth-identity-assertion-authz-grant §4.4, which the
//! extension "Enterprise-Managed Authorization" of MCP applies): a client exchanges what an identity provider has signed for an access token. There is no
//! refresh token, because the next assertion takes its place, and no consent, because the provider has decided.

use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::random::Random;
use mcp_connector_base::scope::ScopeSet;

use crate::clients::client::{ClientKind, ClientName, ClientStatus};
use crate::clients::client_keys::ClientProof;
use crate::crypto::opaque::ObjectName;
use crate::external_issuer::id_jag::{IdJag, IdJagError};
use crate::external_issuer::signed_jwt::{SignatureError, SignedJwt};
use crate::external_issuer::trusted_issuers::{ClientAdmission, TrustedIssuer};
use crate::grants::assertions::commands::{AssertionRefused, CheckedAssertion, RedeemAssertion};
use crate::grants::authorization::Authorization;
use crate::grants::commands::Grants;
use crate::grants::identity::stored_identity::StoredIdentity;
use crate::login::admission::{Admission, AssertionAdmission};
use crate::resource::access_token::AccessTokenRequest;
use crate::resource::protected_resource::Resource;
use crate::token::assertion_issuers::AssertionIssuers;
use crate::token::client_authentication::{AuthenticatedClient, Clients};
use crate::token::endpoint::{IssuedTokens, TokenEndpoint, TokenResponse};
use crate::token::error::{Limited, TokenError};
use crate::web::form::Parameters;

/// Maximum length of a person's name, in characters.
const MAX_NAME: usize = 100;

impl<C: Clients, G: Grants, R: Random, I: AssertionIssuers> TokenEndpoint<'_, C, G, R, I> {
    /// Exchanges an assertion.
    pub(crate) async fn exchange(
        &self,
        form: &Parameters,
        authenticated: AuthenticatedClient,
    ) -> Result<IssuedTokens, TokenError> {
        if self.issuers.trusted().is_empty() {
            return Err(TokenError::UnsupportedGrantType);
        }
        let text = form.get("assertion")?.ok_or(TokenError::Missing("assertion"))?;
        let resource = form.get("resource").map_err(|_| TokenError::Target)?;
        let resource = resource.map(Resource::parse).transpose().map_err(|_| TokenError::Target)?;
        let jwt = SignedJwt::parse_assertion(text).map_err(IdJagError::from)?;
        let issuer = IdJag::issuer(&jwt, self.issuers.trusted())?;
        let client_id = authenticated.client.id.clone();
        let admission = issuer.client(&client_id).ok_or(TokenError::UnauthorizedClient)?;
        // Claims that are wrong in any case need no signature. They are not trusted before the signature is verified.
        let claims = self.issuers.claims();
        let if_genuine = IdJag::check(&jwt, issuer, (&client_id, self.issuer), claims, self.now)?;
        let authenticated = self.admitted(authenticated, admission).await?;
        if let Err(error) = self.issuers.verify(issuer, &jwt).await {
            return Err(refused_signature(error));
        }
        let assertion = if_genuine;
        let resource = self.granted_resource(&assertion, resource.as_ref())?;
        let asked = self.scope(form, Some(&resource))?;
        let scope = self.granted_scope(issuer, &assertion, (asked, &resource))?;
        if self.clients.status(&client_id).await? == ClientStatus::Ended {
            return Err(IdJagError::Ended.into());
        }
        authenticated.use_assertion(self.grants, self.grant).await?;
        let authorization = Authorization {
            subject: assertion.subject.clone(),
            display_name: assertion.profile.name().map(|name| name.chars().take(MAX_NAME).collect()),
            client_id,
            client_name: authenticated.client.name.as_ref().map(ClientName::to_string),
            redirect_uri: String::new(),
            resource,
            scope,
            admission: Admission::Assertion(AssertionAdmission {
                issuer: issuer.issuer().as_str().to_owned(),
                tenant: issuer.tenant().map(str::to_owned),
                client_id: authenticated.client.id.clone(),
            }),
            client_proof: authenticated.proof,
        };
        self.open_grant(assertion, authorization, authenticated).await
    }

    async fn open_grant(
        &self,
        assertion: IdJag,
        authorization: Authorization,
        authenticated: AuthenticatedClient,
    ) -> Result<IssuedTokens, TokenError> {
        let object = ObjectName::of(&authorization.subject);
        let command = RedeemAssertion {
            assertion: CheckedAssertion { id: assertion.id, request: self.grant, expires: assertion.expires },
            authorization: authorization.clone(),
            identity: StoredIdentity::asserted(assertion.profile, self.issuers.claims().version(), self.now),
            policy: self.policy.clone(),
        };
        let asserted = self.grants.ask(object, command).await?.map_err(refused)?;
        let scope = self.roles.allowed(&authorization.scope, &authorization.subject, asserted.profile.as_ref());
        if scope.is_empty() && !authorization.scope.is_empty() {
            return Err(TokenError::Scope);
        }
        self.without_refresh_token(authenticated, &authorization, scope, asserted.grant, asserted.use_is_recorded)
    }

    fn without_refresh_token(
        &self,
        authenticated: AuthenticatedClient,
        authorization: &Authorization,
        scope: ScopeSet,
        grant: GrantId,
        use_is_recorded: bool,
    ) -> Result<IssuedTokens, TokenError> {
        let token = self.sign(&AccessTokenRequest {
            issuer: self.issuer,
            resource: &authorization.resource,
            subject: &authorization.subject,
            client_id: &authorization.client_id,
            scope: &scope,
            grant: Some(grant),
            display_name: authorization.display_name.as_deref(),
            credential_version: None,
            lifetime: self.access_token_lifetime,
        })?;
        let response = TokenResponse::new(&token, scope, &authorization.scope, None);
        let use_to_record = use_is_recorded.then(|| authorization.clone());
        Ok(IssuedTokens { response, client: authenticated.client, grant: Some(grant), retry: None, use_to_record })
    }

    /// Checks that the client has proven itself as the issuer and the client's own document want it (draft §8.1).
    async fn admitted(
        &self,
        authenticated: AuthenticatedClient,
        admission: ClientAdmission,
    ) -> Result<AuthenticatedClient, TokenError> {
        if authenticated.proof == ClientProof::PrivateKeyJwt || !authenticated.client.secrets.is_empty() {
            return Ok(authenticated);
        }
        if admission == ClientAdmission::Authenticated {
            return Err(TokenError::UnauthorizedClient);
        }
        if authenticated.client.kind != ClientKind::MetadataDocument {
            return Ok(authenticated);
        }
        // Its document may say that it signs. Without a look at it, leaving out the assertion would be a way around.
        let client = self.clients.described(authenticated.client).await?.ok_or(TokenError::UnauthorizedClient)?;
        if client.proof() == ClientProof::PrivateKeyJwt {
            return Err(TokenError::NO_CLIENT_ASSERTION);
        }
        Ok(AuthenticatedClient::public(client))
    }

    /// Returns the resource of the token: the one that the client asks for, if the assertion names it, or else the only one of this
    /// server that the assertion names.
    fn granted_resource(&self, assertion: &IdJag, asked: Option<&Resource>) -> Result<Resource, TokenError> {
        let is_ours = |resource: &&Resource| self.audiences.has(resource);
        let mut named: Vec<&Resource> = assertion.resources.iter().filter(is_ours).collect();
        named.dedup();
        match (asked, named.as_slice()) {
            (Some(asked), named) if named.contains(&asked) => Ok(asked.clone()),
            (None, [only]) => Ok((*only).clone()),
            (Some(_) | None, _) => Err(TokenError::Target),
        }
    }

    /// Returns the scopes of the token: those that the client asks for, that the assertion has, and that its issuer may give. Without
    /// any in the request and in the assertion, they are those of a first sign-in.
    fn granted_scope(
        &self,
        issuer: &TrustedIssuer,
        assertion: &IdJag,
        (asked, resource): (Option<ScopeSet>, &Resource),
    ) -> Result<ScopeSet, TokenError> {
        let scopes = self.audiences.scopes_of(resource).ok_or(TokenError::Target)?;
        let known = scopes.all();
        let wanted = match (&assertion.scope, asked) {
            (Some(given), Some(asked)) => given.intersection(&asked),
            (Some(given), None) => given.clone(),
            (None, Some(asked)) => asked,
            (None, None) => scopes.sign_in().clone(),
        };
        let granted = issuer.limited(&wanted.intersection(known));
        // A connector without scopes has tokens without scopes.
        if granted.is_empty() && !known.is_empty() { Err(TokenError::Scope) } else { Ok(granted) }
    }
}

/// Returns the answer to an assertion whose signature is not accepted.
const fn refused_signature(error: SignatureError) -> TokenError {
    match error {
        SignatureError::UnknownKey => TokenError::Assertion(IdJagError::UnknownKey),
        SignatureError::BadSignature => TokenError::Assertion(IdJagError::Signature),
        SignatureError::TooManyFetches => TokenError::Limited(Limited::Fetches),
        SignatureError::Outage(outage) => TokenError::Outage(outage),
    }
}

/// Returns the answer to an assertion that was not used. Where there are too many, a later one works, so that the client keeps it.
const fn refused(refused: AssertionRefused) -> TokenError {
    match refused {
        AssertionRefused::TooMany => TokenError::Limited(Limited::Assertions),
        AssertionRefused::Used => TokenError::Assertion(IdJagError::Used),
        AssertionRefused::Ended => TokenError::Assertion(IdJagError::Ended),
        AssertionRefused::NotAdmitted => TokenError::Assertion(IdJagError::NotAdmitted),
        AssertionRefused::Group => TokenError::Assertion(IdJagError::Group),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_with_too_many_assertions_waits_a_minute_and_every_other_refusal_is_for_good() {
        let too_many = refused(AssertionRefused::TooMany);
        assert_eq!((too_many.status(), too_many.code()), (503, "temporarily_unavailable"));
        assert_eq!(too_many.retry_after(), Some(60));
        assert_eq!(too_many.reason(), "temporarily_unavailable: too many assertions");
        assert_eq!(too_many.description(), "too many assertions, try again in a minute");
        for refusal in
            [AssertionRefused::Used, AssertionRefused::Ended, AssertionRefused::NotAdmitted, AssertionRefused::Group]
        {
            assert_eq!((refused(refusal).status(), refused(refusal).code()), (400, "invalid_grant"), "{refusal:?}");
        }
    }
}
