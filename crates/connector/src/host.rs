//! What the protocol needs from the place it runs in, on Workers: bindings, a timer, random ids, sessions, tasks, announcements.

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use worker::wasm_bindgen_futures::spawn_local;

use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::Subject;
use mcp_connector_protocol::deliveries::{AwaitEvent, DeliverEvent, EventKey};
use mcp_connector_protocol::tasks::{BeginTask, BeginTaskError, TaskCommand, TaskId, TaskView, UnknownTask};

use mcp_connector_oauth::web::origin::Issuer;
use mcp_connector_oauth::web::request_source::RequestSource;
use mcp_connector_protocol::{
    Change, Changes, ClientResponse, Concerns, Deliveries, Delivery, Event, EventStore, FileLimits, Files, Hosts,
    LoggingLevel, OpenStateError, Outcome, Platform, Registry, RequestId, RequestObserver, RequestStateSeal,
    SealStateError, SessionError, SessionId, Sessions, Stop, Tasks, ToolError, Unavailable, UploadUrl, UpstreamAccount,
    UpstreamAccounts, Watch, WatchError,
};

use crate::files::links::handler_files::HandlerFiles;
use crate::files::stored_file::StoredFile;
use crate::log::request_log::RequestLog;
use crate::mcp::request_state;
use crate::oauth::secrets::LazySecrets;
use crate::oauth::upstream::access::{KeyCheck, PersonCredential, PersonToken, UpstreamAccess};
use crate::oauth::upstream::services::{Access, CHECK_LIMIT, UpstreamServices};
use crate::objects::anonymous_quota::commands::Quota;
use crate::objects::anonymous_quota::stub as anonymous_quota;
use crate::objects::session::state::SessionState;
use crate::objects::session::stub::SessionStub;
use crate::objects::subscriptions::stub as subscriptions;
use crate::objects::task::stub as task;
use crate::outbound::HttpClient;
use crate::platform::clock::now_in_milliseconds;
use crate::platform::random;
use crate::platform::timer::{Timer, timeout};

/// The host of a connector on Workers, for one call.
#[derive(Clone)]
pub struct Workers {
    env: Rc<worker::Env>,
    registry: Rc<Registry<Self>>,
    secrets: Rc<LazySecrets>,
    upstreams: Rc<UpstreamServices>,
    /// Where this server is, if it is known: always in a request.
    issuer: Option<Issuer>,
    /// The context of the request, which keeps work alive after the answer. None in a Durable Object, which stays awake by itself.
    context: Option<Rc<worker::Context>>,
    /// The log of the request. None in a Durable Object.
    log: Option<Rc<RequestLog>>,
    here: Option<Here>,
    /// The network of a client without a token, for which state is kept. None in a Durable Object, except for a call of such a client that
    /// runs in its session.
    anonymous: Option<RequestSource>,
}

/// The session in whose object a call runs.
#[derive(Clone)]
struct Here {
    session: SessionId,
    object: Rc<SessionState>,
    /// What the object is told of the call if the instance of the call dies.
    note: Rc<str>,
}

impl Workers {
    /// Creates the host for work outside of any request, as in a Durable Object.
    pub(crate) fn new(
        env: worker::Env,
        registry: Rc<Registry<Self>>,
        secrets: Rc<LazySecrets>,
        (upstreams, issuer): (Rc<UpstreamServices>, Option<Issuer>),
    ) -> Self {
        let env = Rc::new(env);
        Self { env, registry, secrets, upstreams, issuer, context: None, log: None, here: None, anonymous: None }
    }

    /// Returns the host at `issuer`.
    #[must_use]
    pub(crate) fn at(self, issuer: &Issuer) -> Self {
        Self { issuer: Some(issuer.clone()), ..self }
    }

    /// Returns the host for a request. `anonymous` is the network of a client without a token.
    #[must_use]
    pub(crate) fn for_request(
        self,
        context: Rc<worker::Context>,
        log: Rc<RequestLog>,
        anonymous: Option<RequestSource>,
    ) -> Self {
        Self { context: Some(context), log: Some(log), anonymous, ..self }
    }

    /// Returns the origin for links to this server: `PUBLIC_URL`, or what the client has asked.
    fn origin(&self) -> Result<String, ToolError> {
        let origin = self.issuer.as_ref().map(|issuer| issuer.as_str().to_owned());
        origin.ok_or_else(|| {
            ToolError::new(
                "Work in the background cannot know the address of this server: its owner must set PUBLIC_URL.",
            )
        })
    }

    fn files<'a>(&'a self, caller: Option<&'a Caller>) -> HandlerFiles<'a> {
        HandlerFiles {
            env: &self.env,
            binding: self.registry.files(),
            keeps_state: self.registry.keeps_state_for(caller),
            secrets: &self.secrets,
            caller,
        }
    }

    /// Returns the host for a call in the object of a session. `note` is what the object is told of the call if its instance dies, and
    /// `anonymous` the network of a client without a token.
    #[must_use]
    pub(crate) fn in_session(
        self,
        session: SessionId,
        object: Rc<SessionState>,
        (log, note): (Rc<RequestLog>, Rc<str>),
        anonymous: Option<RequestSource>,
    ) -> Self {
        Self { log: Some(log), here: Some(Here { session, object, note }), anonymous, ..self }
    }

    /// Returns the network of a client without a token, for which state is kept.
    pub(crate) const fn anonymous(&self) -> Option<&RequestSource> {
        self.anonymous.as_ref()
    }

    /// Returns the connector.
    pub(crate) fn registry(&self) -> &Registry<Self> {
        &self.registry
    }

    /// Returns the author's check of the keys of a service, if people give it keys.
    fn key_check(&self, name: &str, access: &UpstreamAccess) -> Option<KeyCheck> {
        let service = access.services.find(name)?;
        let Ok(Access::Key { .. }) = &service.access else { return None };
        let check = self.registry.upstreams.iter().find(|upstream| upstream.name == name)?.account.clone()?;
        let (host, hosts) = (self.clone(), service.hosts.clone());
        Some(Box::new(move |key| {
            let (check, host, hosts) = (Rc::clone(&check), host.clone(), hosts.clone());
            Box::pin(async move {
                // No answer says nothing of the key.
                timeout(CHECK_LIMIT, check(&host, &hosts, &key)).await.is_none_or(|checked| checked.is_ok())
            })
        }))
    }

    fn session<'a>(&'a self, id: &'a SessionId, subject: Option<&'a Subject>) -> SessionStub<'a> {
        let here = self.here.as_ref().filter(|here| here.session.as_str() == id.as_str()).map(|here| &*here.object);
        SessionStub { env: &self.env, id, subject, here, anonymous: self.anonymous.as_ref() }
    }
}

impl Platform for Workers {
    type Env = worker::Env;

    fn env(&self) -> &worker::Env {
        &self.env
    }

    fn now(&self) -> Duration {
        Duration::from_millis(now_in_milliseconds())
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + 'static {
        Timer::new(duration)
    }

    fn random_bits(&self) -> Result<u128, Unavailable> {
        let [high, low] = random::numbers().ok_or(Unavailable)?;
        Ok(u128::from(high) << 64 | u128::from(low))
    }

    fn wait_until(&self, work: impl Future<Output = ()> + 'static) {
        match (&self.context, &self.here) {
            (Some(context), _) => context.wait_until(work),
            (None, Some(here)) => here.object.calls.run(
                here.session.as_str(),
                (self.reference().as_deref().unwrap_or_default(), &here.note),
                work,
            ),
            (None, None) => spawn_local(work),
        }
    }

    fn beside(&self, work: impl Future<Output = ()> + 'static) {
        match &self.context {
            Some(context) => context.wait_until(work),
            None => spawn_local(work),
        }
    }
}

impl Sessions for Workers {
    async fn log_level(
        &self,
        session: &SessionId,
        owner: Option<&Subject>,
    ) -> Result<Option<LoggingLevel>, SessionError> {
        self.session(session, owner).log_level().await
    }

    async fn set_log_level(
        &self,
        session: &SessionId,
        owner: Option<&Subject>,
        level: LoggingLevel,
    ) -> Result<(), SessionError> {
        self.session(session, owner).set_log_level(level).await
    }

    async fn client_response(
        &self,
        session: &SessionId,
        owner: Option<&Subject>,
        id: &str,
    ) -> Result<ClientResponse, SessionError> {
        self.session(session, owner).response_to(id).await
    }

    async fn respond(
        &self,
        session: &SessionId,
        owner: Option<&Subject>,
        id: &str,
        response: &ClientResponse,
    ) -> Result<(), SessionError> {
        self.session(session, owner).deliver_response(id, response).await
    }

    async fn stop(&self, session: &SessionId, owner: Option<&Subject>, id: &RequestId, stream: Option<&str>) -> Stop {
        self.session(session, owner).stop(id, stream).await
    }

    async fn cancel(&self, session: &SessionId, owner: Option<&Subject>, id: &RequestId) -> Result<(), SessionError> {
        self.session(session, owner).cancel(id).await
    }
}

impl EventStore for Workers {
    async fn keep_events(
        &self,
        session: &SessionId,
        owner: Option<&Subject>,
        stream: &str,
        events: &[Event],
        delivery: Delivery,
    ) -> Result<(), SessionError> {
        self.session(session, owner).keep_events(stream, events, delivery).await
    }

    async fn send(
        &self,
        session: &SessionId,
        owner: Option<&Subject>,
        message: Vec<u8>,
        agreed: Option<[u8; 2]>,
    ) -> Result<(), SessionError> {
        self.session(session, owner).send(message, agreed).await
    }
}

impl Changes for Workers {
    async fn publish(&self, change: &Change, by: Option<&Subject>) {
        subscriptions::publish(&self.env, &self.registry, change, Concerns::caller(by)).await;
    }

    async fn publish_to_all(&self, change: &Change) {
        subscriptions::publish_to_all(&self.env, &self.registry, change).await;
    }

    async fn watch(&self, watch: &Watch, owner: Option<&Subject>) -> Result<(), WatchError> {
        if let Some(network) = &self.anonymous {
            match anonymous_quota::take_state(&self.env, network, watch.session.as_str()).await {
                Ok(()) => {}
                Err(SessionError::Unavailable(error)) => return Err(error.into()),
                Err(SessionError::TooMany | SessionError::Gone) => return Err(WatchError::TooMany),
            }
        }
        subscriptions::watch(&self.env, watch, owner).await
    }
}

impl Deliveries for Workers {
    async fn deliver(&self, key: &EventKey, to: Option<&Subject>, value: String) -> Result<(), ToolError> {
        Ok(task::deliver(&self.env, key, &DeliverEvent { to: to.cloned(), value }).await??)
    }

    async fn await_event(
        &self,
        key: &EventKey,
        person: &Subject,
        patience: Duration,
    ) -> Result<Option<String>, ToolError> {
        let wait_seconds = u32::try_from(patience.as_millis().div_ceil(1000)).unwrap_or(u32::MAX);
        let command = AwaitEvent { person: person.clone(), task: None, wait_seconds };
        Ok(task::await_event(&self.env, key, &command, patience).await??)
    }
}

impl Files for Workers {
    type File = StoredFile;

    async fn upload_url(
        &self,
        caller: Option<&Caller>,
        purpose: &str,
        limits: &FileLimits,
    ) -> Result<UploadUrl, ToolError> {
        let random = self.random_bits()?;
        let upload = self.files(caller).upload_url(&self.origin()?, random, purpose, limits).await?;
        if let (None, Some(network)) = (caller, &self.anonymous) {
            // Callers without a token share what is kept for them: each upload counts as a session does.
            anonymous_quota::take_state(&self.env, network, &upload.key).await?;
        }
        Ok(upload)
    }

    async fn download_url(&self, caller: Option<&Caller>, key: &str) -> Result<String, ToolError> {
        self.files(caller).download_url(&self.origin()?, key).await
    }

    async fn file(&self, caller: Option<&Caller>, key: &str) -> Result<StoredFile, ToolError> {
        self.files(caller).file(key).await
    }
}

impl Tasks for Workers {
    async fn begin_task(&self, id: &TaskId, command: BeginTask) -> Result<TaskView, BeginTaskError> {
        if let Some(network) = &self.anonymous {
            anonymous_quota::take_state(&self.env, network, id.as_str()).await.map_err(|error| match error {
                SessionError::Unavailable(_) => BeginTaskError::Unavailable,
                SessionError::TooMany | SessionError::Gone => BeginTaskError::TooMany,
            })?;
        }
        match task::ask(&self.env, id, &command).await {
            Ok(Ok(task)) => Ok(task),
            Ok(Err(UnknownTask)) => Err(BeginTaskError::Unknown),
            Err(Unavailable) => Err(BeginTaskError::Unavailable),
        }
    }

    async fn task<C: TaskCommand>(&self, id: &TaskId, command: C) -> Result<C::Answer, Unavailable> {
        let is_invented = self.anonymous.is_some()
            && anonymous_quota::held(&self.env, Quota::State, &[id.as_str()]).await?.is_empty();
        if is_invented {
            return Ok(C::unknown());
        }
        task::ask(&self.env, id, &command).await
    }
}

impl UpstreamAccounts for Workers {
    type UpstreamClient = HttpClient;

    fn upstream_client(&self, hosts: &[String], secret: &str) -> HttpClient {
        HttpClient::of_connector(&self.registry, Hosts::of(hosts)).with_bearer(secret)
    }

    async fn upstream(
        &self,
        name: &str,
        caller: &Caller,
        patience: Duration,
    ) -> Result<UpstreamAccount<HttpClient>, ToolError> {
        let access = UpstreamAccess {
            env: Rc::clone(&self.env),
            services: Rc::clone(&self.upstreams),
            secrets: Rc::clone(&self.secrets),
            issuer: self.issuer.clone(),
        };
        Ok(match access.token(name, caller, None, patience).await? {
            UpstreamAccount::Connected(PersonToken { token, hosts }) => {
                let client = HttpClient::of_connector(&self.registry, Hosts::of(hosts));
                let key_check = self.key_check(name, &access);
                let credential = PersonCredential::new(access, name, caller, token).with_key_check(key_check);
                UpstreamAccount::Connected(client.with_credential(Rc::new(credential)))
            }
            UpstreamAccount::NotConnected(request) => UpstreamAccount::NotConnected(request),
        })
    }
}

impl RequestStateSeal for Workers {
    async fn seal(&self, plain: &[u8], binding: &[u8]) -> Result<String, SealStateError> {
        request_state::seal(plain, binding, &*self.secrets.get(&self.env).await?)
    }

    async fn open(&self, sealed: &str, binding: &[u8]) -> Result<Vec<u8>, OpenStateError> {
        request_state::open(sealed, binding, &*self.secrets.get(&self.env).await?)
    }
}

impl RequestObserver for Workers {
    fn answered(&self, outcome: Outcome) {
        if let Some(log) = &self.log {
            log.answered(outcome);
        }
    }

    fn reference(&self) -> Option<String> {
        self.log.as_ref().map(|log| log.id().to_owned())
    }
}
