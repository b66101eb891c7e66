//! The connector's side: asks the authorization server that keeps its sign-in. Its answers are remembered like those of an own object
//! ([`remembered`]), so that it is asked once for each token, and then about once a minute for each grant.

use std::time::Duration;

use serde::de::DeserializeOwned;
use worker::wasm_bindgen::JsValue;
use worker::{Env, console_error};

use mcp_connector_base::identifier::{GrantId, Subject};
use mcp_connector_oauth::login::roles::policy::RolePolicy;
use mcp_connector_oauth::resource::bearer::BearerToken;
use mcp_connector_oauth::resource::introspection::{
    GRANTS_PATH, GrantsRequest, GrantsResponse, INTROSPECTION_PATH, IntrospectionResponse, MAX_ANSWER,
};
use mcp_connector_oauth::resource::protected_resource::Resource;
use mcp_connector_oauth::resource::standing::Standing;
use mcp_connector_oauth::resource::verified_tokens::GrantState;
use mcp_connector_oauth::web::form::with_query;
use mcp_connector_oauth::web::origin::Issuer;
use mcp_connector_protocol::Unavailable;

use crate::config::bindings::Binding;
use crate::config::configuration::Configuration;
use crate::config::shared_sign_in::SharedAuthorizationServer;
use crate::oauth::access::verified_tokens;
use crate::platform::clock::now;
use crate::platform::timer::within;
use crate::platform::{fetch, js};

/// How long an answer may take: as long as that of an object, for which the authorization server waits, and the way to it.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// The authorization server, behind the Service Binding.
pub(crate) struct AuthorizationServer<'a> {
    env: &'a Env,
    server: &'a SharedAuthorizationServer,
    /// The roles of this deployment, which apply beside those of the authorization server.
    roles: &'a RolePolicy,
}

impl<'a> AuthorizationServer<'a> {
    /// Returns the authorization server that the configuration names, if it names one.
    pub(crate) fn of(env: &'a Env, configuration: &'a Configuration) -> Option<Self> {
        let server = configuration.authorization_server.as_ref()?;
        Some(Self { env, server, roles: &configuration.roles })
    }

    /// Returns its identifier, which its tokens name.
    pub(crate) const fn issuer(&self) -> &Issuer {
        &self.server.issuer
    }

    /// Asks about a token or an access key (RFC 7662 §2), and returns whether it is active. Who calls with it, and what is known of them, is
    /// remembered.
    ///
    /// # Errors
    ///
    /// There is no answer, or another one than was asked for.
    pub(crate) async fn introspect(&self, token: &BearerToken, resource: &Resource) -> Result<bool, Unavailable> {
        let asked_at = now();
        let form = with_query("", &[("token", token.as_str()), ("resource", resource.as_str())]);
        let form = form.trim_start_matches('?');
        let answer: IntrospectionResponse =
            self.ask(INTROSPECTION_PATH, "application/x-www-form-urlencoded", form).await?;
        let Some((verified, standing)) = answer.token(resource).map_err(|_| Unavailable)? else { return Ok(false) };
        let caller = verified_tokens::remember(token, resource, &verified);
        if let Some(grant) = caller.grant {
            let standing = self.with_roles(&caller.subject, standing);
            verified_tokens::record_answer(grant, GrantState::Active(standing), asked_at);
        }
        Ok(true)
    }

    /// Asks which of some grants of a person are valid, and what is known of the person.
    ///
    /// # Errors
    ///
    /// As for [`Self::introspect`].
    pub(crate) async fn check(
        &self,
        subject: &Subject,
        grants: Vec<GrantId>,
    ) -> Result<(Vec<GrantId>, Standing), Unavailable> {
        let request = GrantsRequest { resource: self.server.resource.clone(), subject: subject.clone(), grants };
        let question = serde_json::to_string(&request).map_err(|_| Unavailable)?;
        let answer: GrantsResponse = self.ask(GRANTS_PATH, "application/json", &question).await?;
        let (active, standing) = answer.into_parts();
        Ok((active, self.with_roles(subject, standing)))
    }

    fn with_roles(&self, subject: &Subject, standing: Standing) -> Standing {
        let withheld = self.roles.withheld(subject, standing.profile());
        standing.without(&withheld)
    }

    async fn ask<T: DeserializeOwned>(&self, path: &str, content_type: &str, question: &str) -> Result<T, Unavailable> {
        within(TIME_LIMIT, async {
            let binding = js::get(self.env, Binding::Introspection.name()).map_err(|_| Unavailable)?;
            let headers = [("content-type", content_type), ("accept", "application/json")];
            let body = JsValue::from_str(question);
            let url = self.server.issuer.at(path);
            let answer = fetch::fetch_by(&binding, "POST", &url, headers, Some(&body), TIME_LIMIT).await;
            let answer = answer.map_err(|_| Unavailable)?;
            if answer.status() != 200 {
                fetch::discard(&answer);
                console_error!("{}", refusal(answer.status(), &self.server.issuer, &self.server.resource));
                return Err(Unavailable);
            }
            let body = fetch::body(&answer, MAX_ANSWER).await.ok().flatten().ok_or(Unavailable)?;
            serde_json::from_slice(&body).map_err(|_| Unavailable)
        })
        .await
    }
}

/// Says why the authorization server has not answered, for the log.
fn refusal(status: u16, issuer: &Issuer, resource: &Resource) -> String {
    match status {
        403 => format!(
            "{issuer} gives no information about tokens for {resource}: its CONNECTORS must name this connector, and its PUBLIC_URL must \
             be the AUTHORIZATION_SERVER of this one"
        ),
        404 => format!("{issuer} has no entry point Introspection: deploy it with this version or a later one"),
        status => format!("{issuer} cannot answer about tokens at the moment (status {status})"),
    }
}
