//! The token endpoint (OAuth 2.1 §3.2, RFC 6749 §4.1.3, §4.4 and §6, RFC 8707): a form in, tokens or an error out. Who the client
//! is and what the form says is checked here; what a code or a refresh token is still worth, its ledger decides.

use serde::Serialize;

use mcp_connector_base::identifier::{ClientId, GrantId, Subject};
use mcp_connector_base::outage::Outage;
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::{Random, Timestamp};

use crate::authorize::pkce::CodeVerifier;
use crate::clients::client::{Client, ClientKind, ClientStatus, client_id_hash};
use crate::clients::client_authentication::PresentedClient;
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
use crate::resource::access_token::{AccessToken, AccessTokenRequest, TooLong, issue};
use crate::resource::protected_resource::{Resource, ResourceServer};
use crate::resource::scope_catalogue::ScopeCatalogue;
use crate::token::error::{CodeError, RefreshTokenError, TokenError};
use crate::web::form::{Parameters, is_form};
use crate::web::network::Network;
use crate::web::origin::Issuer;

/// Where clients are found, wherever they come from.
#[allow(async_fn_in_trait, reason = "a Worker has one thread; nobody needs these futures to be Send")]
pub trait Clients {
    /// The client of that name; none if there is no such client. Not being able to tell is an outage, never "none".
    ///
    /// A client that is described by a document need not be looked up here: it has no secret, and its code or token says to
    /// whom it was given. Its identifier, its kind and no secrets are enough.
    async fn find(&self, id: &ClientId) -> Result<Option<Client>, Outage>;

    /// Returns whether the owner of this server has ended a client for everybody. Not being able to tell is an outage.
    async fn status(&self, id: &ClientId) -> Result<ClientStatus, Outage>;
}

/// Everything the endpoint works with. One per request: the time stands still.
pub struct TokenEndpoint<'a, C, G, R> {
    pub issuer: &'a Issuer,
    pub resources: &'a ResourceServer,
    /// The scopes that it knows.
    pub scopes: &'a ScopeCatalogue,
    pub clients: &'a C,
    pub grants: &'a G,
    pub keys: &'a KeyRing,
    /// and those that sign now.
    pub signing: &'a SigningKeys,
    /// Who may sign in, by the current settings. If nobody may, no grant gives tokens.
    pub policy: &'a AdmissionPolicy,
    /// Where the request came from.
    pub from: Option<Network>,
    /// How long an access token is good for, in seconds.
    pub access_token_lifetime: u64,
    /// The id of the grant that a code is redeemed for. A request that runs again uses the same id, and so gets the same
    /// answer.
    pub grant: GrantId,
    pub random: &'a R,
    pub now: Timestamp,
}

/// What was issued, for the answer and for a log line.
pub struct IssuedTokens {
    /// The body of the answer.
    pub response: TokenResponse,
    pub client: Client,
    /// On which grant; none for a client that acts for itself.
    pub grant: Option<GrantId>,
    /// Whether its refresh token had been used before.
    pub retry: Option<Retry>,
    /// What was agreed to, where the use of the client is to be noted: once a day for each grant that is refreshed.
    pub use_to_record: Option<Authorization>,
}

/// The body of a successful answer. Goes out with status 200 and `Cache-Control: no-store`.
#[derive(Serialize)]
#[serde(untagged)]
pub enum TokenResponse {
    /// To a client that acts for a person.
    ForPerson(PersonTokens),
    /// To a client that acts for itself (RFC 6749 §4.4.3: no refresh token).
    ForClient(ClientToken),
}

/// Access and refresh token (RFC 6749 §5.1).
#[derive(Serialize)]
pub struct PersonTokens {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    scope: ScopeSet,
    refresh_token: String,
}

/// An access token alone.
#[derive(Serialize)]
pub struct ClientToken {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    scope: ScopeSet,
}

impl<C: Clients, G: Grants, R: Random> TokenEndpoint<'_, C, G, R> {
    /// Answers a POST. `authorization` and `content_type` are the headers of that name.
    pub async fn answer(
        &self,
        authorization: Option<&str>,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<IssuedTokens, TokenError> {
        let form = read_form(content_type, body)?;
        let grant_type = form.get("grant_type")?.ok_or(TokenError::Missing("grant_type"))?;
        let client = authenticate(self.clients, authorization, &form).await?;
        match grant_type {
            "authorization_code" => self.redeem(&form, client).await,
            "refresh_token" => self.refresh(&form, client).await,
            "client_credentials" => self.for_client(&form, client).await,
            _ => Err(TokenError::UnsupportedGrantType),
        }
    }

    /// RFC 6749 §4.1.3 with RFC 7636 §4.5.
    async fn redeem(&self, form: &Parameters, client: Client) -> Result<IssuedTokens, TokenError> {
        let code = form.get("code")?.ok_or(TokenError::Missing("code"))?;
        let verifier = form.get("code_verifier")?;
        let redirect_uri = form.get("redirect_uri")?;
        let resource = resource(form)?;
        let code = AuthorizationCode::parse(code, self.keys.routing())
            .map_err(|_| TokenError::Code(CodeError::NotIssuedHere))?;
        // Without a verifier nothing can come of it, so its ledger need not be asked.
        let verifier =
            verifier.and_then(|text| CodeVerifier::parse(text).ok()).ok_or(TokenError::Code(CodeError::NoVerifier))?;
        let mut request =
            Redemption::new(&code, self.grant, client.id.clone(), self.issuer.clone(), self.policy.clone());
        request.answers = Some(verifier.challenge());
        request.redirect_uri = redirect_uri.map(str::to_owned);
        request.resource = resource;
        // Before anything is consumed: while nobody can tell, the code stays good. If the owner ends the client from here on,
        // its code is worthless before its grants are ended, or its grant is found by whoever ends them.
        if self.clients.status(&client.id).await? == ClientStatus::Ended {
            return Err(TokenError::Code(CodeError::ClientEnded));
        }
        let redeemed = self.grants.ask(code.object(), request).await?.map_err(TokenError::from)?;
        let refresh = RefreshToken::new(code.object(), redeemed.grant, redeemed.generation, redeemed.proof);
        let agreed = &redeemed.authorization;
        self.for_person(client, agreed, &agreed.scope, &refresh, None)
    }

    /// RFC 6749 §6.
    async fn refresh(&self, form: &Parameters, client: Client) -> Result<IssuedTokens, TokenError> {
        let token = form.get("refresh_token")?.ok_or(TokenError::Missing("refresh_token"))?;
        let scope = self.scope(form)?;
        let resource = resource(form)?;
        let token = RefreshToken::parse(token, self.keys.routing())
            .map_err(|_| TokenError::RefreshToken(RefreshTokenError::NotIssuedHere))?;
        let mut request = RefreshRequest::new(&token, client.id.clone(), self.issuer.clone(), self.policy.clone());
        request.from = self.from;
        request.scope = scope;
        request.resource = resource;
        let refreshed = self.grants.ask(token.object(), request).await?;
        let renewal = refreshed.answer.map_err(TokenError::from)?;
        let successor = RefreshToken::new(token.object(), token.grant(), renewal.generation, renewal.proof);
        let issued =
            self.for_person(client, &renewal.authorization, &renewal.scope, &successor, Some(renewal.retry))?;
        Ok(IssuedTokens { use_to_record: refreshed.entered.then_some(renewal.authorization), ..issued })
    }

    /// RFC 6749 §4.4: only for clients of the configuration, which have a secret and scopes of their own.
    async fn for_client(&self, form: &Parameters, client: Client) -> Result<IssuedTokens, TokenError> {
        if client.kind != ClientKind::PreRegistered || client.secrets.is_empty() || client.own_scopes.is_empty() {
            return Err(TokenError::UnauthorizedClient);
        }
        let resource = self.resources.requested(form).map_err(|_| TokenError::Target)?;
        let scope = match self.scope(form)? {
            Some(asked) => asked.intersection(&client.own_scopes),
            None => client.own_scopes.clone(),
        };
        if scope.is_empty() {
            return Err(TokenError::Scope);
        }
        if self.clients.status(&client.id).await? == ClientStatus::Ended {
            return Err(TokenError::UnauthorizedClient);
        }
        let subject = client_subject(&client.id)?;
        let token = self.sign(&AccessTokenRequest {
            issuer: self.issuer,
            resource,
            subject: &subject,
            client_id: &client.id,
            scope: &scope,
            grant: None,
            display_name: None,
            credential_version: None,
            lifetime: self.access_token_lifetime,
        })?;
        let response = TokenResponse::ForClient(ClientToken {
            access_token: token.as_str().to_owned(),
            token_type: "Bearer",
            expires_in: token.expires_in(),
            scope,
        });
        Ok(IssuedTokens { response, client, grant: None, retry: None, use_to_record: None })
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
        let response = TokenResponse::ForPerson(PersonTokens {
            access_token: token.as_str().to_owned(),
            token_type: "Bearer",
            expires_in: token.expires_in(),
            scope: scope.clone(),
            refresh_token: refresh.expose(self.keys.routing()),
        });
        Ok(IssuedTokens { response, client, grant: Some(refresh.grant()), retry, use_to_record: None })
    }

    /// A token can only be too large by its scopes.
    fn sign(&self, request: &AccessTokenRequest<'_>) -> Result<AccessToken, TokenError> {
        issue(request, self.signing, self.now, self.random).map_err(|TooLong| TokenError::Scope)
    }

    /// Returns the scopes, if the request names some that mean more than the default.
    fn scope(&self, form: &Parameters) -> Result<Option<ScopeSet>, TokenError> {
        let asked = form.get("scope")?.map(ScopeSet::parse).transpose().map_err(|_| TokenError::Scope)?;
        Ok(asked.filter(|asked| !self.scopes.means_default(asked)))
    }
}

/// Returns the resource, if the request names one. The ledger knows which one was granted, and under which name of this server.
fn resource(form: &Parameters) -> Result<Option<Resource>, TokenError> {
    let resource = form.get("resource").map_err(|_| TokenError::Target)?;
    resource.map(Resource::parse).transpose().map_err(|_| TokenError::Target)
}

/// Returns the name under which a client acts for itself. No person has one like it (RFC 9068 §5).
fn client_subject(id: &ClientId) -> Result<Subject, TokenError> {
    Subject::new(&format!("client:{id}"))
        .or_else(|_| Subject::new(&format!("client:{}", client_id_hash(id))))
        .map_err(|_| TokenError::UnauthorizedClient)
}

/// Reads a form, if it is one.
pub(crate) fn read_form(content_type: Option<&str>, body: &[u8]) -> Result<Parameters, TokenError> {
    if !is_form(content_type) {
        return Err(TokenError::NotAForm);
    }
    Ok(Parameters::parse(body)?)
}

/// Finds the client that sent a request and checks that it is the one.
pub(crate) async fn authenticate(
    clients: &impl Clients,
    authorization: Option<&str>,
    form: &Parameters,
) -> Result<Client, TokenError> {
    let presented = PresentedClient::parse(authorization, form)?;
    let client = clients.find(presented.id()).await?.ok_or(presented.unknown())?;
    presented.authenticate(&client)?;
    Ok(client)
}
