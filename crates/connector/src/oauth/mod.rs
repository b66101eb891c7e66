//! The endpoints of the authorization server: from HTTP to the rules in `crate::oauth` and back. One file for each endpoint.

pub(crate) mod account;
pub(crate) mod all_clients;
pub(crate) mod authorize;
pub(crate) mod client_documents;
pub(crate) mod clients;
pub(crate) mod identity;
pub(crate) mod identity_settings;
pub(crate) mod metadata;
pub(crate) mod owner;
pub(crate) mod problem;
pub(crate) mod register;
pub(crate) mod revoke;
pub(crate) mod token;

use std::rc::Rc;

use serde_json::json;
use worker::{Context, Env};

use mcp_connector_base::outage::Outage;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::clients::resolver::ClientResolver;
use mcp_connector_oauth::crypto::credential_version::CredentialVersion;
use mcp_connector_oauth::login::passphrase::WeakPassphrase;
use mcp_connector_oauth::token::error::{TokenError, TokenErrorResponse};
use mcp_connector_protocol::Unavailable;

use crate::app::state::App;
use crate::config::configuration::Configuration;
use crate::config::settings::Part;
use crate::http::answer::Answer;
use crate::http::cors;
use crate::http::document::document;
use crate::http::incoming::{BodyError, Incoming};
use crate::http::request_guard;
use crate::http::route::{DirectEndpoint, OAuthEndpoint};
use crate::http::site::Site;
use crate::oauth::secrets::Secrets;
use crate::objects::directory::stub::DirectoryStub;
use crate::objects::grants::stub::GrantsStub;
use crate::platform::clock;
use crate::platform::clock::Entropy;

use crate::oauth::problem::Problem;
pub(crate) use crate::oauth::problem::Start;
pub(crate) use crate::oauth::token::TokenRequest;

/// Answers a request to `endpoint`.
pub(crate) async fn answer(
    app: &App,
    site: &Site,
    endpoint: OAuthEndpoint,
    incoming: &Incoming,
    (env, context): (&Env, &Context),
) -> Answer {
    match endpoint {
        OAuthEndpoint::Metadata(form) => {
            document(incoming, site, &app.configuration, || metadata::document(app, site, form))
        }
        OAuthEndpoint::Jwks => document(incoming, site, &app.configuration, metadata::key_set),
        OAuthEndpoint::SignIn(step) => authorize::answer(app, site, step, incoming, (env, context)).await,
        OAuthEndpoint::Account(step) => account::answer(app, site, step, incoming, (env, context)).await,
        OAuthEndpoint::Direct(endpoint) => {
            cors::readable_by_all(for_programs(app, site, endpoint, incoming, (env, context)).await)
        }
    }
}

/// The endpoints that programs post to, from a web page too: who calls is proven by what is sent, never by a cookie.
async fn for_programs(
    app: &App,
    site: &Site,
    endpoint: DirectEndpoint,
    incoming: &Incoming,
    runtime: (&Env, &Context),
) -> Answer {
    if let Err(forbidden) = request_guard::check_host(site, &app.configuration) {
        return refused(403, "access_denied", &forbidden.to_string());
    }
    match incoming.method() {
        "POST" => {}
        "OPTIONS" => return cors::preflight(incoming),
        _ => return refused(405, "invalid_request", "Send this with POST.").header("allow", "POST, OPTIONS"),
    }
    if let Some(problem) = app.configuration.closed(Part::AuthorizationServer) {
        return Answer::closed(problem);
    }
    let oauth = match OAuthContext::open(app, site, runtime).await {
        Ok(oauth) => oauth,
        Err(outage) => return Answer::outage(outage),
    };
    match endpoint {
        DirectEndpoint::Token => token::answer(&oauth, incoming).await,
        DirectEndpoint::Register => register::answer(&oauth, incoming).await,
        DirectEndpoint::Revoke => revoke::answer(&oauth, incoming).await,
    }
}

/// Carries out once more what was posted to the token endpoint, after the instance had died that was at it.
pub(crate) async fn token_again(
    app: &App,
    site: &Site,
    incoming: &Incoming,
    runtime: (&Env, &Context),
    request: &TokenRequest,
) -> Answer {
    let answer = match OAuthContext::open(app, site, runtime).await {
        Ok(oauth) => token::carry_out(&oauth, incoming, request).await,
        Err(outage) => Answer::outage(outage),
    };
    cors::readable_by_all(answer)
}

/// To a person whose page could not be made because the instance had died that was at it.
pub(crate) fn interrupted_page(start: Start<'_>, incoming: &Incoming) -> Answer {
    Problem::Outage(Outage::Storage).into_answer(start, incoming.visit())
}

/// What the endpoints work with, for one request.
pub(crate) struct OAuthContext<'a> {
    app: &'a App,
    site: &'a Site,
    env: &'a Env,
    /// Takes on work that goes on behind the answer.
    context: &'a Context,
    secrets: Rc<Secrets>,
    entropy: Entropy,
    now: Timestamp,
}

impl<'a> OAuthContext<'a> {
    /// Fails while a setting that decides who somebody is cannot be read. Then nobody is signed in, at any endpoint.
    async fn open(app: &'a App, site: &'a Site, (env, context): (&'a Env, &'a Context)) -> Result<Self, Outage> {
        if app.configuration.closed(Part::AccessTokens).is_some() {
            return Err(Outage::Storage);
        }
        let unavailable = |Unavailable| Outage::Storage;
        let secrets = app.secrets(env).await.map_err(unavailable)?;
        let entropy = Entropy::new().map_err(unavailable)?;
        Ok(Self { app, site, env, context, secrets, entropy, now: clock::now() })
    }

    fn configuration(&self) -> &'a Configuration {
        &self.app.configuration
    }

    /// Returns the version of the passphrase.
    fn passphrase_version(&self) -> Result<CredentialVersion, Problem> {
        self.secrets.policy().versions().first().copied().ok_or(Problem::NotSetUp(WeakPassphrase::Missing))
    }

    const fn grants(&self) -> GrantsStub<'a> {
        GrantsStub { env: self.env }
    }

    /// Returns who uses which client, and which were ended.
    const fn clients(&self) -> DirectoryStub<'a> {
        DirectoryStub { env: self.env }
    }

    fn directory(&self) -> ClientResolver<'_> {
        ClientResolver {
            pre_registered: &self.configuration().clients,
            policy: &self.configuration().redirect_policy,
            key: self.secrets.keys().client_id(),
            own: self.site.issuer.origin(),
        }
    }
}

/// An error as OAuth's endpoints tell it (RFC 6749 §5.2, RFC 7591 §3.2.2).
fn refused(status: u16, error: &str, description: &str) -> Answer {
    Answer::json(status, &json!({ "error": error, "error_description": description }))
        .header("cache-control", "no-store")
}

/// A body that was not read.
fn unread(error: BodyError) -> Answer {
    refused(error.status(), "invalid_request", &error.to_string())
}

/// What the token and the revocation endpoint say when they refuse.
fn token_refused(error: TokenError) -> Answer {
    let mut answer = Answer::json(error.status(), &TokenErrorResponse::from(error)).header("cache-control", "no-store");
    if let Some(scheme) = error.www_authenticate() {
        answer = answer.header("www-authenticate", scheme);
    }
    if let Some(seconds) = error.retry_after() {
        answer = answer.header("retry-after", seconds.to_string());
    }
    answer
}

pub(crate) mod access_tokens;

pub(crate) mod client_records;

pub(crate) mod external_issuer;

pub(crate) mod grant_checks;

pub(crate) mod secrets;
