//! How a call gets the token of its person at an upstream service, and where the person connects.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use futures::future::LocalBoxFuture;
use worker::{Env, console_error};

use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::Subject;
use mcp_connector_oauth::crypto::opaque::ObjectName;
use mcp_connector_oauth::upstream::commands::{GetUpstreamToken, UpstreamTokenAnswer};
use mcp_connector_oauth::upstream::connect_link;
use mcp_connector_oauth::upstream::tokens::UpstreamSecret;
use mcp_connector_oauth::web::form::with_query;
use mcp_connector_oauth::web::origin::Issuer;
use mcp_connector_protocol::{ConnectHistory, ConnectRequest, ToolError, Unavailable, UpstreamAccount};

use crate::http::route::connect_path;
use crate::oauth::secrets::{LazySecrets, Secrets};
use crate::oauth::upstream::services::{UpstreamService, UpstreamServices};
use crate::oauth::upstream::token_cache;
use crate::oauth::upstream::token_cache::RememberedToken;
use crate::objects::grants::stub::GrantsStub;
use crate::outbound::credential::Credential;
use crate::platform::clock::now;

/// The name of the query parameter with the mark of a link.
pub(crate) const MARK_FIELD: &str = "for";
/// How long the object may take to refresh a token, for itself and after another call.
const REFRESH_PATIENCE: Duration = Duration::from_secs(18);

/// What a call needs to get a token.
#[derive(Clone)]
pub(crate) struct UpstreamAccess {
    pub(crate) env: Rc<Env>,
    pub(crate) services: Rc<UpstreamServices>,
    pub(crate) secrets: Rc<LazySecrets>,
    /// Where this server is; none in an object that no request has told its address.
    pub(crate) issuer: Option<Issuer>,
}

/// The token of a person at a service.
#[derive(Clone, Debug)]
pub(crate) struct PersonToken {
    pub(crate) token: RememberedToken,
    /// The hosts that get it.
    pub(crate) hosts: Vec<String>,
}

impl UpstreamAccess {
    /// Returns the token of `caller` at the service `name`, or where they connect. Waits for that as long as `patience`. `refused` is
    /// the generation of a token that the service has just refused.
    pub(crate) async fn token(
        &self,
        name: &str,
        caller: &Caller,
        refused: Option<u64>,
        patience: Duration,
    ) -> Result<UpstreamAccount<PersonToken>, ToolError> {
        let service = self.services.find(name).ok_or_else(|| {
            console_error!("upstream: a handler uses `{name}`, and the connector does not declare it with .upstream(…)");
            ToolError::new(format!(
                "This connector has a mistake: a tool uses the upstream service `{name}`, which it does not declare. Tell its owner."
            ))
        })?;
        if let Err(error) = &service.access {
            return Err(ToolError::new(format!(
                "{} cannot be used: {error}. The owner of this connector has to set it up.",
                service.title
            )));
        }
        if caller.grant.is_none() {
            return Err(ToolError::new(format!(
                "This needs a person’s account at {}, and no person is behind this call: it is made by a program.",
                service.title
            )));
        }
        let (subject, hosts) = (&caller.subject, service.hosts.clone());
        if refused.is_none()
            && let Some(token) = token_cache::find(subject, &service.name, now())
        {
            return Ok(UpstreamAccount::Connected(PersonToken { token, hosts }));
        }
        let secrets = self.secrets.get(&self.env).await.map_err(|Unavailable| outage(service))?;
        let wait_seconds = u32::try_from(patience.as_secs()).unwrap_or(u32::MAX);
        let command =
            GetUpstreamToken { subject: subject.clone(), upstream: service.name.clone(), refused, wait_seconds };
        let grants = GrantsStub { env: &self.env };
        let answer = grants.upstream_token(ObjectName::of(subject), &command, REFRESH_PATIENCE + patience).await;
        let history = match answer.map_err(|Unavailable| outage(service))? {
            UpstreamTokenAnswer::Token(stored) => {
                let secret = stored.access_token.decrypt(&service.binding(subject), secrets.keys().storage());
                if let Some(secret) = secret.as_deref().and_then(UpstreamSecret::new) {
                    let known = (stored.generation, stored.refresh_at);
                    let token = token_cache::remember((subject, &service.name), secret, known, now());
                    return Ok(UpstreamAccount::Connected(PersonToken { token, hosts }));
                }
                // The master key or the client of the service has changed.
                ConnectHistory::Ended
            }
            UpstreamTokenAnswer::Connect(end) => {
                token_cache::forget(subject, &service.name);
                if end.is_some() { ConnectHistory::Ended } else { ConnectHistory::New }
            }
            UpstreamTokenAnswer::Outage => return Err(outage(service)),
        };
        self.request(service, subject, history, &secrets).map(UpstreamAccount::NotConnected)
    }

    fn request(
        &self,
        service: &UpstreamService,
        subject: &Subject,
        history: ConnectHistory,
        secrets: &Secrets,
    ) -> Result<ConnectRequest, ToolError> {
        let title = service.title.clone();
        let issuer = self.issuer.as_ref().ok_or_else(|| {
            ToolError::new(format!(
                "Nothing was done: the person’s {title} account is not connected. Ask them to connect it on their account page: at the \
                 address of this connector, with /account at its end. Then call this tool again."
            ))
        })?;
        let mark = connect_link::mark(subject, &service.name, now(), &secrets.keys().connect_link());
        let url = with_query(&issuer.at(&connect_path(service.name.as_str())), &[(MARK_FIELD, &mark)]);
        Ok(ConnectRequest { title, url, history })
    }
}

/// The token of a person, while a handler uses it.
pub(crate) struct PersonCredential {
    access: UpstreamAccess,
    name: String,
    caller: Caller,
    token: RefCell<RememberedToken>,
    key_check: Option<KeyCheck>,
}

/// Asks the author's function whether a key is still good. Resolves to `false` only if the function says so.
pub(crate) type KeyCheck = Box<dyn Fn(String) -> LocalBoxFuture<'static, bool>>;

impl PersonCredential {
    pub(crate) fn new(access: UpstreamAccess, name: &str, caller: &Caller, token: RememberedToken) -> Self {
        Self { access, name: name.to_owned(), caller: caller.clone(), token: RefCell::new(token), key_check: None }
    }

    /// Has a key that was refused checked before its connection ends: the service may have refused something else.
    pub(crate) fn with_key_check(self, key_check: Option<KeyCheck>) -> Self {
        Self { key_check, ..self }
    }
}

impl Credential for PersonCredential {
    fn token(&self) -> String {
        self.token.borrow().secret.expose().to_owned()
    }

    fn refused(&self) -> Pin<Box<dyn Future<Output = Option<String>> + '_>> {
        Box::pin(async {
            if let Some(is_good) = &self.key_check
                && is_good(self.token()).await
            {
                return None;
            }
            let refused = self.token.borrow().generation;
            let answer = self.access.token(&self.name, &self.caller, Some(refused), Duration::ZERO).await;
            match answer {
                Ok(UpstreamAccount::Connected(next)) if next.token.generation != refused => {
                    let secret = next.token.secret.expose().to_owned();
                    self.token.replace(next.token);
                    Some(secret)
                }
                Ok(UpstreamAccount::Connected(_) | UpstreamAccount::NotConnected(_)) | Err(_) => None,
            }
        })
    }
}

fn outage(service: &UpstreamService) -> ToolError {
    ToolError::new(format!(
        "{} cannot be reached at the moment. The account stays connected. Try again in a minute.",
        service.title
    ))
}
