//! The authorization server's side: answers the connectors of `CONNECTORS`. Only the entry point `Introspection` leads here, which a
//! Service Binding reaches and nothing from outside does.
//!
//! Each answer comes from a new look at the object of the person, because the connector will use it for a minute. A token that is
//! invented, or for another connector than the one that asks, reaches no object.

use worker::Env;

use mcp_connector_oauth::resource::access_token::{ExpectedClaims, verify};
use mcp_connector_oauth::resource::bearer::BearerToken;
use mcp_connector_oauth::resource::credential::is_access_key;
use mcp_connector_oauth::resource::introspection::{
    GRANTS_PATH, GrantsRequest, GrantsResponse, INTROSPECTION_PATH, IntrospectionResponse, MAX_GRANTS, MAX_QUESTION,
};
use mcp_connector_oauth::resource::protected_resource::Resource;
use mcp_connector_oauth::resource::verified_tokens::{GrantCheck, GrantState};
use mcp_connector_oauth::web::form::Parameters;
use mcp_connector_protocol::Unavailable;

use crate::app::state::App;
use crate::config::settings::Feature;
use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::http::site::Site;
use crate::oauth::access::grant_checks::Asked;
use crate::oauth::access::grant_source::GrantSource;
use crate::oauth::access::{access_keys, grant_checks, verified_tokens};
use crate::oauth::answers::unread;
use crate::platform::clock::now;
use mcp_connector_base::outage::Outage;

/// Why a question has no answer.
enum NoAnswer {
    /// The question cannot be read.
    Malformed(&'static str),
    /// It is about a resource of no connector that the configuration names.
    OtherResource,
    /// Storage does not answer.
    Unavailable,
}

impl From<Unavailable> for NoAnswer {
    fn from(Unavailable: Unavailable) -> Self {
        Self::Unavailable
    }
}

/// Answers a question of another Worker of the account.
pub(crate) async fn answer(app: &App, site: &Site, incoming: &Incoming, env: &Env) -> Answer {
    if let Some(closed) = app.configuration.closed(Feature::AccessTokens) {
        return Answer::closed(closed);
    }
    // Tokens name this server by its own name. Under another one, it would refuse all of them.
    if !app.configuration.signs_in_here() || site.asked != *site.issuer.origin() {
        return Answer::error(
            403,
            "invalid_request",
            "This server does not issue tokens under the address of this request.",
        );
    }
    let body = match incoming.body(u32::try_from(MAX_QUESTION).unwrap_or(u32::MAX)).await {
        Ok(body) => body,
        Err(error) => return unread(error),
    };
    let answered = match (incoming.method(), incoming.path()) {
        ("POST", INTROSPECTION_PATH) => introspect(app, site, env, &body).await.map(|about| Answer::json(200, &about)),
        ("POST", GRANTS_PATH) => check(app, env, &body).await.map(|about| Answer::json(200, &about)),
        _ => return Answer::error(404, "not_found", "The entry point Introspection has no such path."),
    };
    match answered {
        Ok(answer) => answer.header("cache-control", "no-store"),
        Err(NoAnswer::Malformed(description)) => Answer::error(400, "invalid_request", description),
        Err(NoAnswer::OtherResource) => {
            Answer::error(403, "invalid_target", "CONNECTORS names no connector with this resource.")
        }
        Err(NoAnswer::Unavailable) => Answer::outage(Outage::Storage),
    }
}

/// Answers about a token (RFC 7662 §2). The connector names itself by `resource`, and a token for any other resource is not active.
async fn introspect(app: &App, site: &Site, env: &Env, body: &[u8]) -> Result<IntrospectionResponse, NoAnswer> {
    let form = Parameters::parse(body).map_err(|_| NoAnswer::Malformed("Send a form with token and resource."))?;
    let field = |name| form.get(name).ok().flatten().ok_or(NoAnswer::Malformed("Send a form with token and resource."));
    let resource = of_connector(app, field("resource")?)?;
    let token = BearerToken::from_authorization([["Bearer ", field("token")?].concat().as_str()]);
    let Ok(Some(token)) = token else { return Ok(IntrospectionResponse::INACTIVE) };
    let secrets = app.secrets(env).await?;
    if is_access_key(token.as_str()) {
        let found = access_keys::look(env, &secrets, &token, &resource).await?;
        return Ok(found.map_or(IntrospectionResponse::INACTIVE, |(verified, standing)| {
            IntrospectionResponse::active(&verified, &resource, Some(&standing))
        }));
    }
    let now = now();
    let versions = secrets.policy().versions();
    let expected = ExpectedClaims { issuer: &site.issuer, resource: &resource, credential_versions: versions };
    let Ok(verified) = verify(&token, &secrets.signing(now), &expected, now) else {
        return Ok(IntrospectionResponse::INACTIVE);
    };
    // A client that acts for itself.
    let Some(grant) = verified.caller().grant else {
        return Ok(IntrospectionResponse::active(&verified, &resource, None));
    };
    if verified_tokens::look(grant, now) == GrantCheck::Refuse {
        return Ok(IntrospectionResponse::INACTIVE);
    }
    let subject = verified.caller().subject.clone();
    let asked = Asked { env: env.clone(), subject, grant, source: GrantSource::Objects(secrets) };
    Ok(match grant_checks::look(&asked).await? {
        GrantState::Active(standing) => IntrospectionResponse::active(&verified, &resource, Some(&standing)),
        GrantState::Ended => IntrospectionResponse::INACTIVE,
    })
}

/// Answers which grants of a person are valid.
async fn check(app: &App, env: &Env, body: &[u8]) -> Result<GrantsResponse, NoAnswer> {
    let request: GrantsRequest = serde_json::from_slice(body)
        .map_err(|_| NoAnswer::Malformed("Send JSON with resource, subject and grants."))?;
    of_connector(app, request.resource.as_str())?;
    if request.grants.len() > MAX_GRANTS {
        return Err(NoAnswer::Malformed("There are too many grants."));
    }
    let source = GrantSource::Objects(app.secrets(env).await?);
    let checked = grant_checks::check(env, &source, &request.subject, request.grants).await?;
    Ok(GrantsResponse::new(checked.active, &checked.standing))
}

/// Returns a resource, if it is one of a connector for which this server issues tokens.
fn of_connector(app: &App, resource: &str) -> Result<Resource, NoAnswer> {
    let resource = Resource::parse(resource).map_err(|_| NoAnswer::OtherResource)?;
    app.configuration.connectors.of(&resource).ok_or(NoAnswer::OtherResource)?;
    Ok(resource)
}
