//! A host without a runtime, for tests and for the fuzzer.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::{Future, pending, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::FutureExt;

use crate::author::files::{FileLimits, UploadUrl};
use crate::author::tools::tool_error::ToolError;
use crate::deliveries::event_key::EventKey;
use crate::host::changes::Changes;
use crate::host::deliveries::Deliveries;
use crate::host::event_store::EventStore;
use crate::host::files::Files;
use crate::host::platform::Platform;
use crate::host::request_observer::RequestObserver;
use crate::host::request_state::{OpenStateError, RequestStateSeal, SealStateError};
use crate::host::sessions::{SessionError, Sessions, Stop};
use crate::host::tasks::Tasks;
use crate::host::unavailable::Unavailable;
use crate::host::upstream_accounts::{ConnectHistory, ConnectRequest, UpstreamAccount, UpstreamAccounts};
use crate::json_rpc::client_response::ClientResponse;
use crate::json_rpc::request_id::RequestId;
use crate::streams::event::{Delivery, Event};
use crate::subscriptions::change::Change;
use crate::subscriptions::watch::{Watch, WatchError};
use crate::tasks::commands::{BeginTask, TaskCommand};
use crate::tasks::message::{BeginTaskError, TaskCall, TaskId};
use crate::tasks::task::{Effect, Task};
use crate::tasks::task_view::TaskView;
use crate::transport::session::SessionId;
use crate::types::logging_level::LoggingLevel;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::Subject;

/// A host without a runtime. Its storage is memory, and its time stands still unless a test moves it.
#[derive(Clone)]
pub struct TestHost {
    /// The longest wait that is over at once. A longer one never ends.
    pub longest_wait: Duration,
    /// Whether sessions do not answer.
    pub has_outage: bool,
    /// The log level that the client of each session asked for.
    pub log_level: Option<LoggingLevel>,
    /// How each client responds to each request; no storage answers where it is `None`.
    pub client_response: Option<ClientResponse>,
    /// Why each running request must stop, if it must.
    pub stop: Option<Stop>,
    pub(crate) state: Rc<TestState>,
}

/// What a [`TestHost`] stores and what was asked of it. Clones of a host share it.
#[derive(Default)]
pub struct TestState {
    pub(crate) tasks: RefCell<HashMap<String, (TaskCall, Task)>>,
    /// Milliseconds since 1970.
    pub(crate) now: Cell<u64>,
    /// How often something was asked of a session, a task or a subscription.
    pub(crate) uses: Cell<usize>,
    pub(crate) random: Cell<u128>,
    /// The work that outlives its request.
    pub(crate) background: RefCell<Vec<Pin<Box<dyn Future<Output = ()>>>>>,
    /// The numbers of the events that were kept, with whether their stream was lost.
    pub(crate) kept_events: RefCell<Vec<(u64, bool)>>,
    /// After how many looks the person has connected their upstream account.
    pub(crate) connects_after: Cell<usize>,
    /// The events that were delivered, by key and person.
    pub(crate) events: RefCell<Vec<(EventKey, Option<Subject>, String)>>,
    /// The requests that were cancelled.
    pub(crate) cancelled: RefCell<Vec<String>>,
    /// Set by a handler that was dropped.
    #[cfg(test)]
    pub(crate) was_dropped: Cell<bool>,
}

/// How long a task is kept, in milliseconds.
pub(crate) const TTL: u64 = 60_000;

impl Default for TestHost {
    fn default() -> Self {
        Self {
            longest_wait: Duration::MAX,
            has_outage: false,
            log_level: None,
            client_response: None,
            stop: None,
            state: Rc::default(),
        }
    }
}

impl TestState {
    /// Returns the event that was delivered to a person or to everybody.
    pub(crate) fn event(&self, key: &EventKey, person: &Subject) -> Option<String> {
        let events = self.events.borrow();
        let mine = events.iter().filter(|(known, _, _)| known == key);
        mine.clone()
            .find(|(_, to, _)| to.as_ref() == Some(person))
            .or_else(|| mine.clone().find(|(_, to, _)| to.is_none()))
            .map(|(_, _, value)| value.clone())
    }
}

impl TestHost {
    /// Runs the work that outlives its request, as far as it gets.
    #[cfg(test)]
    pub(crate) fn run_background(&self) {
        let mut work = self.state.background.take();
        work.retain_mut(|work| work.as_mut().now_or_never().is_none());
        self.state.background.replace(work);
    }

    fn uses_state(&self) -> Result<(), Unavailable> {
        self.state.uses.set(self.state.uses.get() + 1);
        if self.has_outage { Err(Unavailable) } else { Ok(()) }
    }
}

impl Platform for TestHost {
    type Env = Rc<TestState>;

    fn env(&self) -> &Rc<TestState> {
        &self.state
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.state.now.get())
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + 'static {
        if duration <= self.longest_wait { ready(()).left_future() } else { pending().right_future() }
    }

    fn random_bits(&self) -> Result<u128, Unavailable> {
        self.state.random.set(self.state.random.get() + 1);
        Ok(self.state.random.get())
    }

    fn wait_until(&self, work: impl Future<Output = ()> + 'static) {
        self.state.background.borrow_mut().push(Box::pin(work));
    }
}

impl Sessions for TestHost {
    async fn log_level(&self, _: &SessionId, _: Option<&Subject>) -> Result<Option<LoggingLevel>, SessionError> {
        self.uses_state()?;
        Ok(self.log_level)
    }

    async fn set_log_level(&self, _: &SessionId, _: Option<&Subject>, _: LoggingLevel) -> Result<(), SessionError> {
        Ok(self.uses_state()?)
    }

    async fn client_response(
        &self,
        _: &SessionId,
        _: Option<&Subject>,
        _: &str,
    ) -> Result<ClientResponse, SessionError> {
        self.uses_state()?;
        self.client_response.clone().ok_or(SessionError::Unavailable(Unavailable))
    }

    async fn respond(
        &self,
        _: &SessionId,
        _: Option<&Subject>,
        _: &str,
        _: &ClientResponse,
    ) -> Result<(), SessionError> {
        Ok(self.uses_state()?)
    }

    async fn stop(&self, _: &SessionId, _: Option<&Subject>, _: &RequestId, _: Option<&str>) -> Stop {
        match self.stop {
            Some(stop) if self.uses_state().is_ok() => stop,
            _ => pending().await,
        }
    }

    async fn cancel(&self, _: &SessionId, _: Option<&Subject>, id: &RequestId) -> Result<(), SessionError> {
        self.uses_state()?;
        self.state.cancelled.borrow_mut().push(id.key());
        Ok(())
    }
}

impl EventStore for TestHost {
    async fn keep_events(
        &self,
        _: &SessionId,
        _: Option<&Subject>,
        _: &str,
        events: &[Event],
        delivery: Delivery,
    ) -> Result<(), SessionError> {
        self.uses_state()?;
        let kept = events.iter().map(|event| (event.number, delivery == Delivery::Lost));
        self.state.kept_events.borrow_mut().extend(kept);
        Ok(())
    }

    async fn send(
        &self,
        _: &SessionId,
        _: Option<&Subject>,
        _: Vec<u8>,
        _: Option<[u8; 2]>,
    ) -> Result<(), SessionError> {
        Ok(())
    }
}

impl Changes for TestHost {
    async fn publish(&self, _: &Change, _: Option<&Subject>) {}

    async fn publish_to_all(&self, _: &Change) {}

    async fn watch(&self, _: &Watch, _: Option<&Subject>) -> Result<(), WatchError> {
        Ok(self.uses_state()?)
    }
}

impl Deliveries for TestHost {
    async fn deliver(&self, key: &EventKey, to: Option<&Subject>, value: String) -> Result<(), ToolError> {
        self.uses_state()?;
        self.state.events.borrow_mut().push((key.clone(), to.cloned(), value));
        Ok(())
    }

    async fn await_event(&self, key: &EventKey, person: &Subject, _: Duration) -> Result<Option<String>, ToolError> {
        self.uses_state()?;
        Ok(self.state.event(key, person))
    }
}

/// A host without a bucket.
impl Files for TestHost {
    type File = ();

    async fn upload_url(&self, _: Option<&Caller>, _: &str, _: &FileLimits) -> Result<UploadUrl, ToolError> {
        Err(ToolError::new("There is no bucket."))
    }

    async fn download_url(&self, _: Option<&Caller>, _: &str) -> Result<String, ToolError> {
        Err(ToolError::new("There is no bucket."))
    }

    async fn file(&self, _: Option<&Caller>, _: &str) -> Result<(), ToolError> {
        Err(ToolError::new("There is no bucket."))
    }
}

impl Tasks for TestHost {
    async fn begin_task(
        &self,
        id: &TaskId,
        BeginTask { call, answers }: BeginTask,
    ) -> Result<TaskView, BeginTaskError> {
        self.uses_state().map_err(|Unavailable| BeginTaskError::Unavailable)?;
        let task = Task::begin(&call, answers, TTL, self.state.now.get());
        let view = task.view().clone();
        self.state.tasks.borrow_mut().insert(id.as_str().to_owned(), (call, task));
        Ok(view)
    }

    async fn task<C: TaskCommand>(&self, id: &TaskId, command: C) -> Result<C::Answer, Unavailable> {
        self.uses_state()?;
        let mut tasks = self.state.tasks.borrow_mut();
        let Some((_, task)) = tasks.get_mut(id.as_str()) else { return Ok(C::unknown()) };
        let (answer, effect) = task.answer(command, self.state.now.get());
        if effect == Effect::Forget {
            tasks.remove(id.as_str());
        }
        Ok(answer)
    }
}

impl UpstreamAccounts for TestHost {
    type UpstreamClient = String;

    fn upstream_client(&self, hosts: &[String], secret: &str) -> String {
        format!("{secret} for {}", hosts.join(" "))
    }

    async fn upstream(&self, name: &str, _: &Caller, _: Duration) -> Result<UpstreamAccount<String>, ToolError> {
        let left = self.state.connects_after.get();
        self.state.connects_after.set(left.saturating_sub(1));
        Ok(if left == 0 {
            UpstreamAccount::Connected(format!("the client of {name}"))
        } else {
            let (title, url) = ("GitHub".to_owned(), format!("https://host.example/account/connect/{name}?for=x"));
            UpstreamAccount::NotConnected(ConnectRequest { title, url, history: ConnectHistory::New })
        })
    }
}

impl RequestStateSeal for TestHost {
    async fn seal(&self, plain: &[u8], binding: &[u8]) -> Result<String, SealStateError> {
        Ok(URL_SAFE_NO_PAD.encode([plain, b"|", binding].concat()))
    }

    async fn open(&self, sealed: &str, binding: &[u8]) -> Result<Vec<u8>, OpenStateError> {
        let text = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| OpenStateError::Forged)?;
        let plain = text.strip_suffix(binding).and_then(|plain| plain.strip_suffix(b"|"));
        plain.map(<[u8]>::to_vec).ok_or(OpenStateError::Forged)
    }
}

impl RequestObserver for TestHost {}
