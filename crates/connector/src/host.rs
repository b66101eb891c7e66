//! The [`Host`] of a connector on Workers: bindings, a timer, random ids, sessions, tasks and announcements; and the types of
//! authors for this host.

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use worker::wasm_bindgen_futures::spawn_local;

use mcp_connector_base::identifier::Subject;
use mcp_connector_protocol::tasks::{BeginTask, BeginTaskError, TaskCommand, TaskId, TaskView, UnknownTask};

use mcp_connector_oauth::web::request_source::RequestSource;
use mcp_connector_protocol::{
    Change, Changes, ClientResponse, Delivery, Event, EventStore, LoggingLevel, NotOpened, NotSealed, NotWatched,
    Outcome, Platform, Registry, RequestId, RequestObserver, RequestStateSeal, SessionError, SessionId, Sessions, Stop,
    Tasks, Unavailable, Watch,
};

use crate::log::request_log::RequestLog;
use crate::mcp::request_state;
use crate::oauth::secrets::LazySecrets;
use crate::objects::anonymous_quota::stub as anonymous_quota;
use crate::objects::session::state::SessionState;
use crate::objects::session::stub::SessionStub;
use crate::objects::subscriptions::stub as subscriptions;
use crate::objects::task::stub as task;
use crate::platform::timer::Timer;

/// The surroundings of a handler that runs on Workers.
#[derive(Clone)]
pub struct Workers {
    env: worker::Env,
    registry: Rc<Registry<Self>>,
    secrets: Rc<LazySecrets>,
    /// What keeps a request's work alive after its answer. None in a Durable Object, which stays awake by itself.
    context: Option<Rc<worker::Context>>,
    /// What the log hears of the request. None in a Durable Object.
    log: Option<Rc<RequestLog>>,
    here: Option<Here>,
    /// Where the client comes from, if it has not signed in. None in a Durable Object.
    anonymous: Option<RequestSource>,
}

/// The session in whose object a call runs.
#[derive(Clone)]
struct Here {
    session: SessionId,
    object: Rc<SessionState>,
    /// The note to the object in case the instance of the call dies.
    note: Rc<str>,
}

/// The call that a handler serves: who is calling, the bindings of the Worker, and the way back to the client.
///
/// A handler that takes a `Context` takes it last. To clone it costs nothing.
///
/// ```
/// use mcp_connector::{Context, ToolError};
/// use mcp_connector::worker::Fetch;
///
/// async fn forecast(cx: Context) -> Result<String, ToolError> {
///     let url = cx.env().var("WEATHER_API")?.to_string();
///     cx.progress(1.0, 2.0).await;
///     let mut answer = Fetch::Url(url.parse()?).send().await?;
///     Ok(answer.text().await?)
/// }
/// ```
pub type Context = mcp_connector_protocol::Context<Workers>;

/// What a connector offers, as its author declares it: its name, the words of its pages, and its tools, resources, prompts,
/// views and skills.
///
/// ```
/// use mcp_connector::{Connector, Icon, Scope};
///
/// const PROFILE: Scope = Scope::new("profile", "See who you are");
///
/// fn connector() -> Connector {
///     Connector::new("notes", env!("CARGO_PKG_VERSION"))
///         // For people: on the pages of this Worker, and in clients.
///         .title("Notes")
///         .description("Keeps short notes for the person who signs in.")
///         .icon(Icon::svg("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'><path d='M0 0h1v1z'/></svg>"))
///         .accent_color("#0a7")
///         .operated_by("Ada Lovelace")
///         .operator_url("https://ada.example")
///         // For models.
///         .instructions("Call list_notes before you delete a note: it gives the ids.")
///         // What a first sign-in asks for.
///         .sign_in([PROFILE])
/// }
///
/// assert_eq!(connector().check(), []);
/// ```
pub type Connector = mcp_connector_protocol::Connector<Workers>;

/// A tool: its name, its description for the model, and the function behind it.
///
/// Besides that, a tool has a title, and says what it does to the world: [`read_only`](Tool::read_only),
/// [`additive`](Tool::additive) or [`destructive`](Tool::destructive).
///
/// ```
/// use mcp_connector::{Connector, Tool, ToolError};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Roll {
///     /// How many sides the die has.
///     #[schemars(range(min = 2, max = 100))]
///     sides: u32,
/// }
///
/// async fn roll(args: Roll) -> Result<String, ToolError> {
///     Ok(format!("One of {}.", args.sides))
/// }
///
/// let connector = Connector::new("dice", "1.0.0")
///     .tool(Tool::new("roll", "Roll a die.", roll).title("Roll").read_only());
/// assert_eq!(connector.check(), []);
/// ```
pub type Tool = mcp_connector_protocol::Tool<Workers>;

/// A prompt: messages that a person asks for by name.
///
/// ```
/// use mcp_connector::{Connector, Prompt, ToolError};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Review {
///     /// The code to review.
///     code: String,
/// }
///
/// async fn review(args: Review) -> Result<String, ToolError> {
///     Ok(format!("Review this code:\n\n{}", args.code))
/// }
///
/// let connector = Connector::new("reviews", "1.0.0")
///     .prompt(Prompt::new("review", "Review some code.", review).title("Review code"));
/// assert_eq!(connector.check(), []);
/// ```
pub type Prompt = mcp_connector_protocol::Prompt<Workers>;

/// A resource at a fixed URI.
///
/// ```
/// use mcp_connector::{Connector, Context, Resource, ToolError};
///
/// async fn terms(_cx: Context) -> Result<&'static str, ToolError> {
///     Ok("Be kind.")
/// }
///
/// let terms = Resource::new("terms://current", "terms", "The terms of use.", terms).title("Terms");
/// assert_eq!(Connector::new("notes", "1.0.0").resource(terms).check(), []);
/// ```
pub type Resource = mcp_connector_protocol::Resource<Workers>;

/// Resources at the URIs of a template. The handler's arguments have a field for each variable.
///
/// ```
/// use mcp_connector::{Connector, ResourceTemplate, ToolError};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct City {
///     /// The name of the city.
///     city: String,
/// }
///
/// async fn weather(args: City) -> Result<Option<String>, ToolError> {
///     Ok((args.city == "paris").then(|| "Rain.".to_owned()))
/// }
///
/// let weather = ResourceTemplate::new("weather://{city}", "weather", "The weather in a city.", weather).title("Weather");
/// assert_eq!(Connector::new("weather", "1.0.0").template(weather).check(), []);
/// ```
pub type ResourceTemplate = mcp_connector_protocol::ResourceTemplate<Workers>;

impl Workers {
    /// Outside of any request, as in a Durable Object.
    pub(crate) const fn new(env: worker::Env, registry: Rc<Registry<Self>>, secrets: Rc<LazySecrets>) -> Self {
        Self { env, registry, secrets, context: None, log: None, here: None, anonymous: None }
    }

    /// For a request. `anonymous` says where a client comes from that has not signed in.
    #[must_use]
    pub(crate) fn for_request(
        self,
        context: Rc<worker::Context>,
        log: Rc<RequestLog>,
        anonymous: Option<RequestSource>,
    ) -> Self {
        Self { context: Some(context), log: Some(log), anonymous, ..self }
    }

    /// In the object of a session. `note` says what the object is told of the call if its instance dies.
    #[must_use]
    pub(crate) fn in_session(
        self,
        session: SessionId,
        object: Rc<SessionState>,
        log: Rc<RequestLog>,
        note: Rc<str>,
    ) -> Self {
        Self { log: Some(log), here: Some(Here { session, object, note }), ..self }
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

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + 'static {
        Timer::new(duration)
    }

    fn random_bits(&self) -> Result<u128, Unavailable> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|_| Unavailable)?;
        Ok(u128::from_be_bytes(bytes))
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
        subscriptions::publish(&self.env, &self.registry, change, by).await;
    }

    async fn watch(&self, watch: &Watch, owner: Option<&Subject>) -> Result<(), NotWatched> {
        if let Some(network) = &self.anonymous {
            match anonymous_quota::take_state(&self.env, network, watch.session.as_str()).await {
                Ok(()) => {}
                Err(SessionError::Unavailable(error)) => return Err(error.into()),
                Err(SessionError::TooMany | SessionError::Gone) => return Err(NotWatched::TooMany),
            }
        }
        subscriptions::watch(&self.env, watch, owner).await
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
        task::ask(&self.env, id, &command).await
    }
}

impl RequestStateSeal for Workers {
    async fn seal(&self, plain: &[u8], binding: &[u8]) -> Result<String, NotSealed> {
        request_state::seal(plain, binding, &*self.secrets.get(&self.env).await?)
    }

    async fn open(&self, sealed: &str, binding: &[u8]) -> Result<Vec<u8>, NotOpened> {
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
