//! The token endpoint (OAuth 2.1 §3.2, RFC 6749 §4.1.3, §4.4 and §6, RFC 8707). It authenticates the client and reads the form.
//! The grant store decides whether a code or a refresh token is valid. Assertions are in
//! [`identity_assertion`](crate::token::identity_assertion).

use serde::Serialize;

use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::random::Random;
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::Timestamp;

use crate::authorize::pkce::CodeVerifier;
use crate::clients::client::{Client, ClientKind, ClientStatus};
use crate::crypto::keys::ring::KeyRing;
use crate::crypto::keys::signing::SigningKeys;
use crate::grants::authorization::Authorization;
use crate::grants::codes::authorization_code::AuthorizationCode;
use crate::grants::codes::redemption::Redemption;
use crate::grants::commands::Grants;
use crate::grants::refresh::refresh_token::RefreshToken;
use crate::grants::refresh::request::RefreshRequest;
use crate::grants::refresh::rotation::Retry;
use crate::login::admission::AdmissionPolicy;
use crate::login::roles::policy::RolePolicy;
use crate::resource::access_token::{ACCESS_TOKEN_LIFETIME, AccessToken, AccessTokenRequest, TooLong, issue};
use crate::resource::audiences::Audiences;
use crate::resource::metadata::JWT_BEARER;
use crate::resource::protected_resource::Resource;
use crate::token::assertion_issuers::AssertionIssuers;
use crate::token::client_authentication::{AuthenticatedClient, Clients, client_subject};
use crate::token::error::{CodeError, RefreshTokenError, TokenError};
use crate::web::form::{Parameters, is_form};
use crate::web::network::Network;
use crate::web::origin::Issuer;

/// What the endpoint needs. There is one for each request.
pub struct TokenEndpoint<'a, C, G, R, I> {
    pub issuer: &'a Issuer,
    /// The resources for which tokens are issued, and their scopes.
    pub audiences: Audiences<'a>,
    pub clients: &'a C,
    /// The identity providers whose assertions are accepted.
    pub issuers: &'a I,
    pub grants: &'a G,
    pub keys: &'a KeyRing,
    /// The keys that sign access tokens.
    pub signing: &'a SigningKeys,
    /// Who may sign in, according to the current settings. If nobody may, no grant gives tokens.
    pub policy: &'a AdmissionPolicy,
    /// Which scopes a person may have, according to the current settings.
    pub roles: &'a RolePolicy,
    /// The network that the request came from.
    pub from: Option<Network>,
    /// Lifetime of an access token, in seconds.
    pub access_token_lifetime: u64,
    /// The id of the grant that a code or an assertion is redeemed for. A request that is carried out again has the same id, and so
    /// gets the same answer.
    pub grant: GrantId,
    pub random: &'a R,
    pub now: Timestamp,
}

/// The tokens that were issued, for the response and for the log.
pub struct IssuedTokens {
    /// The body of the answer.
    pub response: TokenResponse,
    pub client: Client,
    /// The grant, or `None` for a client that acts for itself.
    pub grant: Option<GrantId>,
    /// Whether the refresh token had been used before.
    pub retry: Option<Retry>,
    /// What was allowed, if the use of the client is to be recorded: once a day for each grant that is refreshed.
    pub use_to_record: Option<Authorization>,
}

/// An access token response (RFC 6749 §5.1), sent with status 200 and `Cache-Control: no-store`.
#[derive(Serialize)]
pub struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    /// `None` where no scope of this server was agreed on: a list of scopes is never empty (RFC 6749 §A.4). Where nothing is left of what
    /// was agreed, it is empty all the same, because without it the client would take everything as granted (§5.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<ScopeSet>,
    /// `None` for a client that acts for itself (RFC 6749 §4.4.3), and for an assertion.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

impl TokenResponse {
    /// Creates the response with the `scope` that is granted of what was `agreed`.
    pub(crate) fn new(token: &AccessToken, scope: ScopeSet, agreed: &ScopeSet, refresh_token: Option<String>) -> Self {
        let is_said = !scope.is_empty() || !agreed.is_empty();
        Self {
            access_token: token.as_str().to_owned(),
            token_type: "Bearer",
            expires_in: token.expires_in(),
            scope: is_said.then_some(scope),
            refresh_token,
        }
    }
}

impl<C: Clients, G: Grants, R: Random, I: AssertionIssuers> TokenEndpoint<'_, C, G, R, I> {
    /// Handles a POST. `authorization` and `content_type` are the headers of that name.
    ///
    /// # Errors
    ///
    /// Returns a [`TokenError`] if the request is malformed, if the client does not authenticate, if what it presents
    /// gives no tokens, if a limit is reached, or if storage or a server of another party does not answer.
    pub async fn answer(
        &self,
        authorization: Option<&str>,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<IssuedTokens, TokenError> {
        let form = read_form(content_type, body)?;
        let grant_type = form.get("grant_type")?.ok_or(TokenError::Missing("grant_type"))?;
        let client = AuthenticatedClient::read(self.clients, authorization, &form, (self.issuer, self.now)).await?;
        match grant_type {
            "authorization_code" => self.redeem(&form, client).await,
            "refresh_token" => self.refresh(&form, client).await,
            "client_credentials" => self.for_client(&form, client).await,
            JWT_BEARER => self.exchange(&form, client).await,
            _ => Err(TokenError::UnsupportedGrantType),
        }
    }

    /// Redeems a code (RFC 6749 §4.1.3, RFC 7636 §4.5).
    async fn redeem(&self, form: &Parameters, authenticated: AuthenticatedClient) -> Result<IssuedTokens, TokenError> {
        let code = form.get("code")?.ok_or(TokenError::Missing("code"))?;
        let verifier = form.get("code_verifier")?;
        let redirect_uri = form.get("redirect_uri")?;
        let resource = resource(form)?;
        let code = AuthorizationCode::parse(code, self.keys.routing())
            .map_err(|_| TokenError::Code(CodeError::NotIssuedHere))?;
        // The request fails without a verifier in any case, so the grant store is not asked.
        let verifier =
            verifier.and_then(|text| CodeVerifier::parse(text).ok()).ok_or(TokenError::Code(CodeError::NoVerifier))?;
        let client = &authenticated.client;
        let mut request =
            Redemption::new(&code, self.grant, client.id.clone(), self.issuer.clone(), self.policy.clone());
        request.client_proof = authenticated.proof;
        request.connectors = self.audiences.other_origins();
        request.code_challenge = Some(verifier.challenge());
        request.redirect_uri = redirect_uri.map(str::to_owned);
        request.resource = resource;
        // This check is before anything is consumed: if the status is unknown, the code stays valid. If the owner ends the
        // client after it, either the code is invalidated before it is redeemed, or its grant is among those that end.
        if self.clients.status(&client.id).await? == ClientStatus::Ended {
            return Err(TokenError::Code(CodeError::ClientEnded));
        }
        authenticated.use_assertion(self.grants, self.grant).await?;
        let redeemed = self.grants.ask(code.object(), request).await?.map_err(TokenError::from)?;
        let refresh = RefreshToken::new(code.object(), redeemed.grant, redeemed.generation, redeemed.proof);
        let agreed = &redeemed.authorization;
        let scope = self.roles.allowed(&agreed.scope, &agreed.subject, redeemed.profile.as_ref());
        self.for_person(authenticated.client, agreed, &scope, &refresh, None)
    }

    /// Uses a refresh token (RFC 6749 §6).
    async fn refresh(&self, form: &Parameters, authenticated: AuthenticatedClient) -> Result<IssuedTokens, TokenError> {
        let token = form.get("refresh_token")?.ok_or(TokenError::Missing("refresh_token"))?;
        let resource = resource(form)?;
        let scope = self.scope(form, resource.as_ref())?;
        let token = RefreshToken::parse(token, self.keys.routing())
            .map_err(|_| TokenError::RefreshToken(RefreshTokenError::NotIssuedHere))?;
        authenticated.use_assertion(self.grants, self.grant).await?;
        let client = authenticated.client;
        let mut request = RefreshRequest::new(&token, client.id.clone(), self.issuer.clone(), self.policy.clone());
        request.client_proof = authenticated.proof;
        request.connectors = self.audiences.other_origins();
        request.from = self.from;
        request.scope = scope;
        request.resource = resource;
        let refreshed = self.grants.ask(token.object(), request).await?;
        let renewal = refreshed.answer.map_err(TokenError::from)?;
        let successor = RefreshToken::new(token.object(), token.grant(), renewal.generation, renewal.proof);
        let agreed = &renewal.authorization;
        let scope = self.roles.allowed(&renewal.scope, &agreed.subject, renewal.profile.as_ref());
        let issued = self.for_person(client, agreed, &scope, &successor, Some(renewal.retry))?;
        Ok(IssuedTokens { use_to_record: refreshed.use_is_recorded.then_some(renewal.authorization), ..issued })
    }

    /// Issues a token to a client that acts for itself (RFC 6749 §4.4). Only the configuration allows that.
    async fn for_client(
        &self,
        form: &Parameters,
        authenticated: AuthenticatedClient,
    ) -> Result<IssuedTokens, TokenError> {
        let client = &authenticated.client;
        if client.kind != ClientKind::PreRegistered || !client.is_confidential() || client.own_scopes.is_empty() {
            return Err(TokenError::UnauthorizedClient);
        }
        let (resource, known) = self.audiences.requested(form).map_err(|_| TokenError::Target)?;
        let scope = match self.scope(form, Some(&resource))? {
            Some(asked) => asked.intersection(&client.own_scopes),
            None => client.own_scopes.clone(),
        };
        // What a scope of another connector is called may mean something else here.
        let scope = scope.intersection(known.all());
        if scope.is_empty() {
            return Err(TokenError::Scope);
        }
        if self.clients.status(&client.id).await? == ClientStatus::Ended {
            return Err(TokenError::UnauthorizedClient);
        }
        authenticated.use_assertion(self.grants, self.grant).await?;
        let subject = client_subject(&client.id)?;
        let token = self.sign(&AccessTokenRequest {
            issuer: self.issuer,
            resource: &resource,
            subject: &subject,
            client_id: &client.id,
            scope: &scope,
            grant: None,
            display_name: None,
            credential_version: None,
            // There is no grant that could end it, so it never lives longer than by default.
            lifetime: self.access_token_lifetime.min(ACCESS_TOKEN_LIFETIME),
        })?;
        let response = TokenResponse::new(&token, scope, &client.own_scopes, None);
        Ok(IssuedTokens { response, client: authenticated.client, grant: None, retry: None, use_to_record: None })
    }

    fn for_person(
        &self,
        client: Client,
        agreed: &Authorization,
        scope: &ScopeSet,
        refresh: &RefreshToken,
        retry: Option<Retry>,
    ) -> Result<IssuedTokens, TokenError> {
        let token = self.sign(&AccessTokenRequest {
            issuer: self.issuer,
            resource: &agreed.resource,
            subject: &agreed.subject,
            client_id: &client.id,
            scope,
            grant: Some(refresh.grant()),
            display_name: agreed.display_name.as_deref(),
            credential_version: agreed.admission.version(),
            lifetime: self.access_token_lifetime,
        })?;
        let refresh_token = refresh.expose(self.keys.routing());
        let response = TokenResponse::new(&token, scope.clone(), &agreed.scope, Some(refresh_token));
        Ok(IssuedTokens { response, client, grant: Some(refresh.grant()), retry, use_to_record: None })
    }

    /// Signs an access token. Only its scopes can make it too long.
    pub(crate) fn sign(&self, request: &AccessTokenRequest<'_>) -> Result<AccessToken, TokenError> {
        issue(request, self.signing, self.now, self.random).map_err(|TooLong| TokenError::Scope)
    }

    /// Returns the requested scopes, unless they mean the default.
    pub(crate) fn scope(&self, form: &Parameters, resource: Option<&Resource>) -> Result<Option<ScopeSet>, TokenError> {
        let asked = form.get("scope")?.map(ScopeSet::parse).transpose().map_err(|_| TokenError::Scope)?;
        Ok(asked.filter(|asked| !self.audiences.means_default(resource, asked)))
    }
}

/// Returns `resource`, if it is in the request. The grant store compares it with the granted one.
fn resource(form: &Parameters) -> Result<Option<Resource>, TokenError> {
    let resource = form.get("resource").map_err(|_| TokenError::Target)?;
    resource.map(Resource::parse).transpose().map_err(|_| TokenError::Target)
}

/// Parses a body, if it is a form.
pub(crate) fn read_form(content_type: Option<&str>, body: &[u8]) -> Result<Parameters, TokenError> {
    if !is_form(content_type) {
        return Err(TokenError::NotAForm);
    }
    Ok(Parameters::parse(body)?)
}
