//! Requests to an identity provider, with this server as its client: for tokens, and for what it says about a person. They are made
//! when a person signs in, and again when what is known of them is renewed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use worker::console_error;
use worker::web_sys::Response;

use mcp_connector_base::outage::Outage;
use mcp_connector_base::profile::Profile;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::external_issuer::identity_claims::IdentityClaims;
use mcp_connector_oauth::login::person::ProviderRefreshToken;
use mcp_connector_oauth::login::provider::access::with_access_identity;
use mcp_connector_oauth::login::provider::error::LoginError;
use mcp_connector_oauth::login::provider::metadata::{ProviderMetadata, SecretPlace};
use mcp_connector_oauth::login::provider::profile::{MAX_GITHUB_LIST, UserProfile};
use mcp_connector_oauth::login::provider::response::{MAX_RESPONSE, ProviderResponse};
use mcp_connector_oauth::login::provider::token_endpoint_error::TokenEndpointError;
use mcp_connector_oauth::web::discovery::ExternalIssuer;
use mcp_connector_oauth::web::form::{percent_encoded, with_query};

use crate::oauth::identity::settings::ProviderClient;
use crate::oauth::issuer_metadata;
use crate::outbound::outbound_request;
use crate::outbound::outbound_request::OutboundRequest;

/// Why a provider says nothing about a person.
#[derive(Debug)]
pub(crate) enum UpstreamError {
    /// It does not answer, or is busy.
    Outage(Outage),
    /// It refuses, or its answer does not fit.
    Login(LoginError),
}

impl From<Outage> for UpstreamError {
    fn from(outage: Outage) -> Self {
        Self::Outage(outage)
    }
}

impl From<LoginError> for UpstreamError {
    fn from(error: LoginError) -> Self {
        Self::Login(error)
    }
}

/// The token endpoint of a provider.
pub(crate) struct TokenEndpoint {
    pub(crate) url: String,
    pub(crate) secret_place: SecretPlace,
}

/// This server as a client of a provider.
#[derive(Clone, Copy)]
pub(crate) struct ClientCredentials<'a> {
    pub(crate) id: &'a str,
    pub(crate) secret: &'a str,
}

impl TokenEndpoint {
    /// Returns the endpoint that a provider's metadata names.
    pub(crate) fn of(provider: &ProviderMetadata) -> Self {
        Self { url: provider.token_endpoint.clone(), secret_place: provider.secret_place }
    }
}

/// Returns the token endpoint of GitHub.
pub(crate) fn github_tokens(client: &ProviderClient) -> TokenEndpoint {
    TokenEndpoint { url: github_token_url(client), secret_place: SecretPlace::Body }
}

/// Returns the URL of the token endpoint of GitHub.
pub(crate) fn github_token_url(client: &ProviderClient) -> String {
    format!("{}/login/oauth/access_token", base(&client.issuer))
}

impl ProviderClient {
    /// Returns what this server proves who it is with.
    pub(crate) fn credentials(&self) -> ClientCredentials<'_> {
        ClientCredentials { id: &self.client_id, secret: &self.client_secret }
    }
}

/// Returns an issuer without a slash at its end.
pub(crate) fn base(issuer: &ExternalIssuer) -> &str {
    issuer.as_str().trim_end_matches('/')
}

/// Fetches the metadata of a provider.
pub(crate) async fn metadata(issuer: &ExternalIssuer) -> Result<ProviderMetadata, Outage> {
    let metadata = issuer_metadata::fetch(issuer, MAX_RESPONSE, |document| ProviderMetadata::parse(document, issuer));
    metadata.await.map_err(|reasons| {
        console_error!("identity: the metadata of a provider could not be had. {reasons}");
        Outage::Remote
    })
}

/// Requests tokens by a grant, whose parameters are given (RFC 6749 §4.1.3, §6).
pub(crate) async fn request_tokens(
    client: ClientCredentials<'_>,
    endpoint: &TokenEndpoint,
    grant: &[(&str, &str)],
) -> Result<ProviderResponse, UpstreamError> {
    let response = post_form(client, endpoint, grant).await?;
    match response.status() {
        200 => {}
        // The provider is busy, which says nothing about this grant.
        408 | 429 => return Err(Outage::Remote.into()),
        // The grant or the settings are wrong. The owner finds the name of the error in the log.
        400..=499 => {
            let answer = outbound_request::body(&response, MAX_RESPONSE).await.ok().flatten();
            let answer = answer.and_then(|answer| ProviderResponse::read(&answer).ok());
            let error = answer.as_ref().and_then(|answer| answer.text("error"));
            return Err(LoginError::TokenEndpoint(TokenEndpointError::of(error)).into());
        }
        _ => return Err(Outage::Remote.into()),
    }
    let answer = outbound_request::body(&response, MAX_RESPONSE).await?.ok_or(Outage::Remote)?;
    let answer = ProviderResponse::read(&answer)?;
    // GitHub refuses with 200.
    match answer.text("error") {
        Some(error) => Err(LoginError::TokenEndpoint(TokenEndpointError::of(Some(error))).into()),
        None => Ok(answer),
    }
}

/// Revokes a token (RFC 7009 §2.1). Returns whether the provider has taken the request.
pub(crate) async fn revoke_token(
    client: ClientCredentials<'_>,
    endpoint: &TokenEndpoint,
    token: &str,
    hint: &str,
) -> bool {
    let response = post_form(client, endpoint, &[("token", token), ("token_type_hint", hint)]).await;
    response.is_ok_and(|response| response.status() == 200)
}

/// Posts a form to an endpoint at which this server proves who it is.
async fn post_form(
    client: ClientCredentials<'_>,
    endpoint: &TokenEndpoint,
    form: &[(&str, &str)],
) -> Result<Response, Outage> {
    let mut parameters = form.to_vec();
    let authorization = match endpoint.secret_place {
        SecretPlace::Body => {
            parameters.extend([("client_id", client.id), ("client_secret", client.secret)]);
            None
        }
        SecretPlace::Header => {
            // RFC 6749 §2.3.1: each half is form-urlencoded.
            let (id, secret) = (percent_encoded(client.id), percent_encoded(client.secret));
            Some(format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))))
        }
    };
    let form = with_query("", &parameters);
    let request = OutboundRequest {
        authorization: authorization.as_deref(),
        form: Some(form.trim_start_matches('?')),
        ..OutboundRequest::get(&endpoint.url)
    };
    request.send().await
}

/// Returns the refresh token of an answer, if there is one.
pub(crate) fn refresh_token(tokens: &ProviderResponse) -> Option<ProviderRefreshToken> {
    tokens.text("refresh_token").map(ProviderRefreshToken::new)
}

/// Returns what an OpenID provider says about the person of `tokens`. `nonce` is that of a sign-in; an answer to a refresh has none,
/// and need not have an ID token (OpenID Connect Core §12.2).
pub(crate) async fn openid_profile(
    client: &ProviderClient,
    claims: &IdentityClaims,
    provider: &ProviderMetadata,
    tokens: &ProviderResponse,
    nonce: Option<&str>,
    now: Timestamp,
) -> Result<UserProfile, UpstreamError> {
    let (issuer, email) = (&client.issuer, client.email);
    let id_token = tokens.text("id_token");
    if nonce.is_some() && id_token.is_none() {
        return Err(LoginError::InvalidResponse("no ID token").into());
    }
    let profile = id_token
        .map(|token| UserProfile::of_id_token(token, issuer, &client.client_id, nonce, email, now))
        .transpose()?;
    // A refreshed ID token often has less than the first one.
    let asks_more = nonce.is_none() || profile.as_ref().is_none_or(|profile| profile.lacks(claims));
    match (&provider.userinfo_endpoint, tokens.text("access_token"), profile) {
        (Some(url), Some(token), profile) if asks_more => {
            let userinfo = get(url, token, MAX_RESPONSE).await?;
            Ok(match profile {
                Some(profile) => profile.with_userinfo(&userinfo, issuer, email)?,
                None => UserProfile::of_userinfo(&userinfo, issuer, email)?,
            })
        }
        (_, _, Some(profile)) => Ok(profile),
        (_, _, None) => Err(LoginError::InvalidResponse("neither an ID token nor userinfo").into()),
    }
}

/// Returns what GitHub says about the person of `tokens`. The address and the groups are asked for where the scopes that the owner
/// has set allow it (`user:email`, `read:org`).
pub(crate) async fn github_profile(
    client: &ProviderClient,
    tokens: &ProviderResponse,
) -> Result<UserProfile, UpstreamError> {
    let token = tokens.text("access_token").ok_or(LoginError::InvalidResponse("no access token"))?;
    let user = match base(&client.issuer) {
        "https://github.com" => "https://api.github.com/user".to_owned(),
        enterprise => format!("{enterprise}/api/v3/user"),
    };
    let mut profile = UserProfile::of_github(&get(&user, token, MAX_RESPONSE).await?, &client.issuer)?;
    let asked =
        |names: &[&str]| client.scope.as_deref().unwrap_or_default().split(' ').any(|scope| names.contains(&scope));
    if asked(&["user", "user:email"]) {
        profile = profile.with_github_emails(&get(&format!("{user}/emails"), token, MAX_GITHUB_LIST).await?)?;
    }
    if asked(&["read:org", "write:org", "admin:org"]) {
        let organizations = get(&format!("{user}/orgs?per_page=100"), token, MAX_GITHUB_LIST).await?;
        let teams = get(&format!("{user}/teams?per_page=100"), token, MAX_GITHUB_LIST).await?;
        profile = profile.with_github_groups(&organizations, &teams)?;
    }
    Ok(profile)
}

/// Adds what Cloudflare Access says about a session, beside its assertion. The assertion is the cookie of the session.
pub(crate) async fn access_profile(
    team: &ExternalIssuer,
    claims: &IdentityClaims,
    assertion: &str,
    asserted: Profile,
) -> Result<Profile, UpstreamError> {
    let (url, cookie) =
        (format!("{}/cdn-cgi/access/get-identity", base(team)), format!("CF_Authorization={assertion}"));
    let request = OutboundRequest { cookie: Some(&cookie), ..OutboundRequest::get(&url) };
    let identity = request.document(MAX_RESPONSE).await.map_err(Outage::from)?;
    Ok(with_access_identity(&identity.body, claims, asserted)?)
}

async fn get(url: &str, token: &str, limit: usize) -> Result<Vec<u8>, Outage> {
    let authorization = format!("Bearer {token}");
    let request = OutboundRequest { authorization: Some(&authorization), ..OutboundRequest::get(url) };
    Ok(request.document(limit).await?.body)
}
