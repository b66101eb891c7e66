//! Finds out who a person is, after they have consented or before they see their account: by this server's own login
//! page, or by an identity provider.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::http::route::CALLBACK_PATH;
use crate::oauth::access::external_issuer;
use crate::oauth::access::key_sets::KeySource;
use crate::oauth::answers::see_other;
use crate::oauth::browser_forms::seal;
use crate::oauth::context::OAuthContext;
use crate::oauth::identity::settings::{Provider, ProviderClient};
use crate::oauth::identity::upstream;
use crate::oauth::identity::upstream::{TokenEndpoint, base};
use crate::oauth::sign_in_error::SignInError;
use mcp_connector_base::random::Random as _;
use mcp_connector_oauth::authorize::pkce::CodeVerifier;
use mcp_connector_oauth::authorize::prompt::{LoginOptions, combined_prompt};
use mcp_connector_oauth::authorize::provider_error::ProviderError;
use mcp_connector_oauth::external_issuer::identity_claims::EmailClaim;
use mcp_connector_oauth::external_issuer::token::{ExternalPolicy, ExternalTokenError};
use mcp_connector_oauth::login::account_session::SignInKind;
use mcp_connector_oauth::login::admission::{AccessApplication, Admission};
use mcp_connector_oauth::login::person::{Person, ProviderIdentity};
use mcp_connector_oauth::login::provider::error::LoginError;
use mcp_connector_oauth::login::provider::pending_login::{LoginPurpose, PendingLogin};
use mcp_connector_oauth::login::provider::profile::UserProfile;
use mcp_connector_oauth::login::provider::response::ProviderResponse;
use mcp_connector_oauth::login::provider::state::ProviderState;
use mcp_connector_oauth::resource::bearer::BearerToken;
use mcp_connector_oauth::upstream::tokens::UpstreamTokens;
use mcp_connector_oauth::web::cookie::BrowserNonce;
use mcp_connector_oauth::web::discovery::ExternalIssuer;
use mcp_connector_oauth::web::form::{Parameters, with_query};

/// The next step of a login.
pub(crate) enum Step {
    /// The login page of this server.
    Login,
    /// The person goes to the provider, and comes back to the callback.
    Redirect(ProviderRedirect),
    /// The person is known already.
    Known(Person),
}

/// The redirect to a provider.
pub(crate) struct ProviderRedirect {
    location: String,
    /// What the browser carries in the meantime, as `Set-Cookie` headers.
    cookies: Vec<String>,
}

impl From<ProviderRedirect> for Answer {
    fn from(ProviderRedirect { location, cookies }: ProviderRedirect) -> Self {
        see_other(location).with_cookies(cookies)
    }
}

/// Finds out who a person is.
pub(crate) trait Identity {
    /// Begins a login for `purpose`.
    async fn begin(
        &self,
        oauth: &OAuthContext<'_>,
        incoming: &Incoming,
        purpose: LoginPurpose,
        login: LoginOptions,
        browser: &BrowserNonce,
    ) -> Result<Step, SignInError>;

    /// Redeems the code with which the provider has sent the person back.
    async fn finish(&self, oauth: &OAuthContext<'_>, code: &str, pending: &PendingLogin)
    -> Result<Person, SignInError>;
}

/// The passphrase, or the provider that is configured instead.
impl Identity for Option<Provider> {
    async fn begin(
        &self,
        oauth: &OAuthContext<'_>,
        incoming: &Incoming,
        purpose: LoginPurpose,
        login: LoginOptions,
        browser: &BrowserNonce,
    ) -> Result<Step, SignInError> {
        match self {
            None => Ok(Step::Login),
            Some(Provider::OpenId(client, _)) => {
                let provider = upstream::metadata(&client.issuer).await?;
                let endpoint = Endpoint {
                    url: &provider.authorization_endpoint,
                    sends_iss: provider.sends_iss,
                    scope: client.scope.as_deref(),
                    prompts: provider.prompts.as_deref(),
                    login_hint: "login_hint",
                };
                redirect_to_provider(oauth, incoming, client, endpoint, purpose, login, browser)
            }
            Some(Provider::GitHub(client, _)) => {
                let url = format!("{}/login/oauth/authorize", base(&client.issuer));
                let prompts = GITHUB_PROMPTS.map(str::to_owned);
                let endpoint = Endpoint {
                    url: &url,
                    sends_iss: false,
                    scope: client.scope.as_deref(),
                    prompts: Some(&prompts),
                    login_hint: "login",
                };
                redirect_to_provider(oauth, incoming, client, endpoint, purpose, login, browser)
            }
            Some(Provider::Access { team, audience }) => {
                let assertion = incoming.header("cf-access-jwt-assertion");
                behind_access(oauth, assertion.as_deref(), team, audience).await.map(Step::Known)
            }
        }
    }

    async fn finish(
        &self,
        oauth: &OAuthContext<'_>,
        code: &str,
        pending: &PendingLogin,
    ) -> Result<Person, SignInError> {
        let claims = &oauth.configuration().identity_claims;
        match self {
            Some(Provider::OpenId(client, allowed)) => {
                let (profile, tokens) = from_openid(oauth, client, code, pending).await?;
                Ok(with_tokens(oauth, profile.admitted(allowed, claims)?, &tokens))
            }
            Some(Provider::GitHub(client, allowed)) => {
                let (profile, tokens) = from_github(oauth, client, code, pending).await?;
                Ok(with_tokens(oauth, profile.admitted(allowed, claims)?, &tokens))
            }
            Some(Provider::Access { .. }) | None => Err(SignInError::BrokenAnswer),
        }
    }
}

/// The authorization endpoint of a provider.
#[derive(Clone, Copy)]
struct Endpoint<'a> {
    url: &'a str,
    /// Whether it has announced that every answer has `iss`.
    sends_iss: bool,
    scope: Option<&'a str>,
    /// The values of `prompt` that it supports, if it says so.
    prompts: Option<&'a [String]>,
    /// Its name for `login_hint`.
    login_hint: &'static str,
}

/// The values of `prompt` that GitHub supports ("Authorizing OAuth apps", `prompt`).
const GITHUB_PROMPTS: [&str; 1] = ["select_account"];

/// Redirects to a provider. The request travels as `state`, sealed and bound to this browser, so that nobody can be
/// made to finish another person's sign-in.
fn redirect_to_provider(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    client: &ProviderClient,
    endpoint: Endpoint<'_>,
    purpose: LoginPurpose,
    login: LoginOptions,
    browser: &BrowserNonce,
) -> Result<Step, SignInError> {
    let (mut nonce, mut verifier) = ([0; 16], [0; 32]);
    oauth.entropy.fill(&mut nonce);
    oauth.entropy.fill(&mut verifier);
    let pending = PendingLogin {
        purpose,
        nonce: URL_SAFE_NO_PAD.encode(nonce),
        verifier: URL_SAFE_NO_PAD.encode(verifier),
        login,
        sends_iss: endpoint.sends_iss,
    };
    let challenge =
        CodeVerifier::parse(&pending.verifier).map_err(|_| SignInError::BrokenForm)?.challenge().to_string();
    let sealed = seal(oauth, &pending, browser)?;
    let (scheme, cookies) = (oauth.site.asked.scheme(), incoming.header("cookie"));
    let ProviderState { state, set_cookies } =
        ProviderState::new(sealed.as_str(), scheme, cookies.as_deref(), &oauth.entropy);
    let callback = callback(oauth);
    let mut parameters = vec![
        ("response_type", "code"),
        ("client_id", client.client_id.as_str()),
        ("redirect_uri", callback.as_str()),
        ("state", state.as_str()),
        ("nonce", pending.nonce.as_str()),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    let prompt = pending.login.prompt(endpoint.prompts);
    let (prompts, others): (Vec<_>, Vec<_>) = client.parameters.iter().partition(|(name, _)| name == "prompt");
    let always = prompts.iter().map(|(_, value)| value.as_str());
    let prompt = combined_prompt(prompt.as_deref(), always, &client.issuer);
    let service = oauth.app.upstreams.of_identity().map(|(_, service)| service);
    let scope = sign_in_scope(endpoint.scope, service.and_then(|service| service.scope.as_deref()));
    parameters.extend(scope.as_deref().map(|scope| ("scope", scope)));
    parameters.extend(prompt.as_deref().map(|prompt| ("prompt", prompt)));
    parameters.extend(others.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let of_service = service.into_iter().flat_map(|service| &service.parameters);
    for (name, value) in of_service.filter(|(name, _)| name != "prompt") {
        if !parameters.iter().any(|(known, _)| known == name) {
            parameters.push((name, value));
        }
    }
    if SignInKind::of(&pending.purpose) == SignInKind::Anew {
        parameters.push(("max_age", "0"));
    }
    parameters.extend(pending.login.login_hint().map(|hint| (endpoint.login_hint, hint)));
    Ok(Step::Redirect(ProviderRedirect { location: with_query(endpoint.url, &parameters), cookies: set_cookies }))
}

fn callback(oauth: &OAuthContext<'_>) -> String {
    oauth.site.issuer.at(CALLBACK_PATH)
}

/// Returns the person with what the provider has given for them: its refresh token, and all tokens if the connector uses the provider in
/// their name.
fn with_tokens(oauth: &OAuthContext<'_>, person: Person, tokens: &ProviderResponse) -> Person {
    let is_used = oauth.app.upstreams.of_identity().is_some();
    let used = if is_used { UpstreamTokens::read(tokens).ok() } else { None };
    person.with_refresh_token(upstream::refresh_token(tokens)).with_tokens(used)
}

/// Returns the scopes of a sign-in: those that the owner has set, and those of the service that is connected in the same step.
fn sign_in_scope(own: Option<&str>, of_service: Option<&str>) -> Option<String> {
    let mut scopes: Vec<&str> = Vec::new();
    for scope in own.into_iter().chain(of_service).flat_map(|scopes| scopes.split(' ')) {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    (!scopes.is_empty()).then(|| scopes.join(" "))
}

async fn from_openid(
    oauth: &OAuthContext<'_>,
    client: &ProviderClient,
    code: &str,
    pending: &PendingLogin,
) -> Result<(UserProfile, ProviderResponse), SignInError> {
    let provider = upstream::metadata(&client.issuer).await?;
    let callback = callback(oauth);
    let (endpoint, grant) = (TokenEndpoint::of(&provider), code_grant(code, &callback, pending));
    let tokens = upstream::request_tokens(client.credentials(), &endpoint, &grant).await?;
    let claims = &oauth.configuration().identity_claims;
    let profile = upstream::openid_profile(client, claims, &provider, &tokens, Some(&pending.nonce), oauth.now).await?;
    if SignInKind::of(&pending.purpose) == SignInKind::Anew {
        profile.check_authenticated_anew(oauth.now)?;
    }
    Ok((profile, tokens))
}

async fn from_github(
    oauth: &OAuthContext<'_>,
    client: &ProviderClient,
    code: &str,
    pending: &PendingLogin,
) -> Result<(UserProfile, ProviderResponse), SignInError> {
    let callback = callback(oauth);
    let endpoint = upstream::github_tokens(client);
    let tokens =
        upstream::request_tokens(client.credentials(), &endpoint, &code_grant(code, &callback, pending)).await?;
    Ok((upstream::github_profile(client, &tokens).await?, tokens))
}

/// Returns the parameters that redeem a code (RFC 6749 §4.1.3).
fn code_grant<'a>(code: &'a str, callback: &'a str, pending: &'a PendingLogin) -> [(&'static str, &'a str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", callback),
        ("code_verifier", &pending.verifier),
    ]
}

/// Returns the person for whom Cloudflare Access has let the request pass. Only the signature makes the header
/// trustworthy, because not all addresses of a Worker are behind Access.
async fn behind_access(
    oauth: &OAuthContext<'_>,
    assertion: Option<&str>,
    team: &ExternalIssuer,
    audience: &str,
) -> Result<Person, SignInError> {
    let assertion = assertion.map(|assertion| format!("Bearer {assertion}"));
    let token = BearerToken::from_authorization(assertion.as_deref()).ok().flatten();
    let token = token.ok_or(LoginError::InvalidResponse("the request did not come through Access"))?;
    let certs = format!("{}/cdn-cgi/access/certs", base(team));
    let claims = &oauth.configuration().identity_claims;
    let policy = ExternalPolicy {
        issuer: team,
        audiences: &[audience],
        accept_plain_jwt: true,
        claims,
        email: EmailClaim::Always,
    };
    let verified =
        external_issuer::verify(&token, KeySource::At(&certs), &policy, oauth.now).await.map_err(|refused| {
            if let ExternalTokenError::Outage(outage) = refused {
                return SignInError::Outage(outage);
            }
            LoginError::InvalidResponse("the assertion of Access is not valid").into()
        })?;
    let caller = verified.into_caller();
    let display_name = caller.display_name.as_deref().map(str::to_owned);
    let application = AccessApplication { team: team.as_str().to_owned(), audience: audience.to_owned() };
    // What is not in the assertion, such as groups, Access tells about the session.
    let known = caller.profile.as_deref().cloned().unwrap_or_default();
    let profile = if claims.are_missing_from(&known) {
        upstream::access_profile(team, claims, token.as_str(), known).await?
    } else {
        known
    };
    let display_name = profile.name().map(str::to_owned).or(display_name);
    let identity = Some(Box::new(ProviderIdentity { profile, refresh_token: None, tokens: None }));
    Ok(Person { subject: caller.subject, display_name, admission: Admission::Access(application), identity })
}

/// A provider's answer at the callback.
pub(crate) enum ProviderAnswer<'a> {
    /// A code.
    Code(&'a str),
    /// The person, or the provider, has refused.
    Refused(ProviderError),
}

impl<'a> ProviderAnswer<'a> {
    /// Reads the query of the callback, if it can come from the provider that the person was sent to.
    pub(crate) fn read(
        parameters: &'a Parameters,
        pending: &PendingLogin,
        provider: Option<&Provider>,
    ) -> Result<Self, SignInError> {
        let get = |name| parameters.get(name).map_err(|_| SignInError::BrokenAnswer);
        let names = provider.map(Provider::names).unwrap_or_default();
        pending.check_iss(get("iss")?, &names.iter().map(String::as_str).collect::<Vec<_>>())?;
        match (get("code")?, get("error")?) {
            (Some(code), None) => Ok(Self::Code(code)),
            (None, Some(error)) => Ok(Self::Refused(ProviderError::of(error))),
            (Some(_), Some(_)) | (None, None) => Err(SignInError::BrokenAnswer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_asks_for_the_scopes_of_the_service_that_it_connects() {
        for (own, of_service, expected) in [
            (Some("openid email"), Some("openid calendar"), Some("openid email calendar")),
            (None, Some("repo"), Some("repo")),
            (Some("openid"), None, Some("openid")),
            (None, None, None),
        ] {
            assert_eq!(sign_in_scope(own, of_service).as_deref(), expected);
        }
    }
}
