//! A host without a runtime, for tests and for the fuzzer.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::{Future, pending, ready};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::host::changes::Changes;
use crate::host::event_store::EventStore;
use crate::host::platform::Platform;
use crate::host::request_observer::RequestObserver;
use crate::host::request_state::{NotOpened, NotSealed, RequestStateSeal};
use crate::host::sessions::{SessionError, Sessions, Stop};
use crate::host::tasks::Tasks;
use crate::host::unavailable::Unavailable;
use crate::json_rpc::client_response::ClientResponse;
use crate::json_rpc::request_id::RequestId;
use crate::subscriptions::change::Change;
use crate::subscriptions::watch::{NotWatched, Watch};
use crate::tasks::commands::{BeginTask, TaskCommand};
use crate::tasks::message::{BeginTaskError, TaskCall, TaskId};
use crate::tasks::task::{Effect, Task};
use crate::tasks::task_view::TaskView;
use crate::transport::replay::{Delivery, Event};
use crate::transport::session::SessionId;
use crate::types::logging_level::LoggingLevel;
use mcp_connector_base::identifier::Subject;

/// A host whose futures are always ready and that stores nothing but tasks.
#[derive(Clone)]
pub struct TestHost;

/// How long a task is kept, in milliseconds.
pub(crate) const TTL: u64 = 60_000;

thread_local! {
    pub(crate) static TASKS: RefCell<HashMap<String, (TaskCall, Task)>> = RefCell::default();
    pub(crate) static NOW: Cell<u64> = const { Cell::new(0) };
    static STATE_USES: Cell<usize> = const { Cell::new(0) };
}

impl TestHost {
    /// Returns how often something was asked of a session, a task or a subscription in this thread.
    #[cfg(test)]
    pub(crate) fn state_uses() -> usize {
        STATE_USES.get()
    }

    fn uses_state() {
        STATE_USES.set(STATE_USES.get().saturating_add(1));
    }
}

impl Platform for TestHost {
    type Env = ();

    fn env(&self) -> &() {
        &()
    }

    fn sleep(&self, _duration: Duration) -> impl Future<Output = ()> + 'static {
        ready(())
    }

    fn random_bits(&self) -> Result<u128, Unavailable> {
        Ok(1)
    }

    fn wait_until(&self, _work: impl Future<Output = ()> + 'static) {}
}

impl Sessions for TestHost {
    async fn log_level(
        &self,
        _session: &SessionId,
        _owner: Option<&Subject>,
    ) -> Result<Option<LoggingLevel>, SessionError> {
        Self::uses_state();
        Ok(None)
    }

    async fn set_log_level(
        &self,
        _session: &SessionId,
        _owner: Option<&Subject>,
        _level: LoggingLevel,
    ) -> Result<(), SessionError> {
        Self::uses_state();
        Ok(())
    }

    async fn client_response(
        &self,
        _session: &SessionId,
        _owner: Option<&Subject>,
        _id: &str,
    ) -> Result<ClientResponse, SessionError> {
        Self::uses_state();
        Err(Unavailable.into())
    }

    async fn respond(
        &self,
        _session: &SessionId,
        _owner: Option<&Subject>,
        _id: &str,
        _response: &ClientResponse,
    ) -> Result<(), SessionError> {
        Self::uses_state();
        Ok(())
    }

    async fn stop(
        &self,
        _session: &SessionId,
        _owner: Option<&Subject>,
        _id: &RequestId,
        _stream: Option<&str>,
    ) -> Stop {
        Self::uses_state();
        pending().await
    }

    async fn cancel(
        &self,
        _session: &SessionId,
        _owner: Option<&Subject>,
        _id: &RequestId,
    ) -> Result<(), SessionError> {
        Self::uses_state();
        Ok(())
    }
}

impl EventStore for TestHost {
    async fn keep_events(
        &self,
        _session: &SessionId,
        _owner: Option<&Subject>,
        _stream: &str,
        _events: &[Event],
        _delivery: Delivery,
    ) -> Result<(), SessionError> {
        Self::uses_state();
        Ok(())
    }

    async fn send(
        &self,
        _session: &SessionId,
        _owner: Option<&Subject>,
        _message: Vec<u8>,
        _agreed: Option<[u8; 2]>,
    ) -> Result<(), SessionError> {
        Ok(())
    }
}

impl Changes for TestHost {
    async fn publish(&self, _change: &Change, _by: Option<&Subject>) {}

    async fn watch(&self, _watch: &Watch, _owner: Option<&Subject>) -> Result<(), NotWatched> {
        Self::uses_state();
        Ok(())
    }
}

impl Tasks for TestHost {
    async fn begin_task(
        &self,
        id: &TaskId,
        BeginTask { call, answers }: BeginTask,
    ) -> Result<TaskView, BeginTaskError> {
        Self::uses_state();
        let task = Task::begin(&call, answers, TTL, NOW.get());
        let seen = task.seen().clone();
        TASKS.with_borrow_mut(|tasks| tasks.insert(id.as_str().to_owned(), (call, task)));
        Ok(seen)
    }

    async fn task<C: TaskCommand>(&self, id: &TaskId, command: C) -> Result<C::Answer, Unavailable> {
        Self::uses_state();
        TASKS.with_borrow_mut(|tasks| {
            let Some((_, task)) = tasks.get_mut(id.as_str()) else { return Ok(C::unknown()) };
            let (answer, effect) = task.answer(command, NOW.get());
            if effect == Effect::Forget {
                tasks.remove(id.as_str());
            }
            Ok(answer)
        })
    }
}

impl RequestStateSeal for TestHost {
    async fn seal(&self, plain: &[u8], binding: &[u8]) -> Result<String, NotSealed> {
        Ok(URL_SAFE_NO_PAD.encode([plain, b"|", binding].concat()))
    }

    async fn open(&self, sealed: &str, binding: &[u8]) -> Result<Vec<u8>, NotOpened> {
        let text = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| NotOpened::Forged)?;
        let plain = text.strip_suffix(binding).and_then(|plain| plain.strip_suffix(b"|"));
        plain.map(<[u8]>::to_vec).ok_or(NotOpened::Forged)
    }
}

impl RequestObserver for TestHost {}
