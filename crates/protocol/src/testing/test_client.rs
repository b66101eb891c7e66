//! A client of a connector under test, without a runtime.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use futures::FutureExt;
use serde_json::{Value, json};

use crate::author::connector::Connector;
use crate::author::registry::Registry;
use crate::deliveries::commands::ResumeTask;
use crate::methods::need::Need;
use crate::subscriptions::listening::Listening;
use crate::tasks::journal::{JournalEntry, RunJournal};
use crate::tasks::status_message::StatusMessage;
use crate::tasks::task::{Task, Wake};
pub(crate) use crate::testing::test_host::TestHost;
use crate::transport::endpoint::{Endpoint, Settings};
use crate::transport::posted::Posted;
use crate::transport::reply::Reply;
use crate::transport::session::SessionId;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::{ClientId, Subject};
use mcp_connector_base::scope::ScopeSet;

/// A client of a connector under test. The connector must have no mistake.
pub(crate) struct TestClient {
    endpoint: Endpoint<TestHost>,
    pub(crate) host: TestHost,
}

impl TestClient {
    pub(crate) fn of(connector: Connector<TestHost>) -> Self {
        let (registry, rejected) = Registry::new(connector);
        assert_eq!(rejected, []);
        let settings = Settings {
            page_size: 2,
            patience: Duration::ZERO,
            keep_alive: Duration::ZERO,
            time_limit: Duration::from_secs(1),
        };
        Self { endpoint: Endpoint { registry: Rc::new(registry), settings }, host: TestHost::default() }
    }

    /// Returns the answer to a request of 2026-07-28 from a client without capabilities.
    pub(crate) fn modern(&self, method: &str, params: &Value, caller: Option<&Caller>) -> Value {
        self.modern_with(&json!({}), method, params, caller)
    }

    /// Returns the answer to a request of 2026-07-28.
    pub(crate) fn modern_with(
        &self,
        capabilities: &Value,
        method: &str,
        params: &Value,
        caller: Option<&Caller>,
    ) -> Value {
        let mut params = params.clone();
        params["_meta"] = envelope(capabilities);
        let named = params
            .get("name")
            .or(params.get("uri"))
            .or(params.get("taskId"))
            .and_then(Value::as_str)
            .map(str::to_owned);
        let headers = move |header: &str| match header {
            "mcp-protocol-version" => Some("2026-07-28".to_owned()),
            "mcp-method" => Some(method.to_owned()),
            "mcp-name" => named.clone(),
            _ => None,
        };
        self.answer(method, &params, caller, &headers)
    }

    /// Returns the stream that `subscriptions/listen` opens for a client with `capabilities`, or the error.
    pub(crate) fn listen(
        &self,
        capabilities: &Value,
        notifications: &Value,
        caller: Option<&Caller>,
    ) -> Result<Listening, Value> {
        let mut params = json!({ "notifications": notifications });
        params["_meta"] = envelope(capabilities);
        let method = "subscriptions/listen";
        let headers = move |header: &str| match header {
            "mcp-protocol-version" => Some("2026-07-28".to_owned()),
            "mcp-method" => Some(method.to_owned()),
            _ => None,
        };
        match self.reply(method, &params, caller, &headers) {
            Reply::Listen(mut listening) => {
                listening.find_tasks(&self.host).now_or_never().unwrap().unwrap();
                Ok(*listening)
            }
            Reply::Json { body, .. } => Err(serde_json::from_slice(&body).unwrap()),
            Reply::Accepted | Reply::Events(_) => panic!("neither a stream of changes nor an error"),
        }
    }

    /// Moves the time, in milliseconds.
    pub(crate) fn passes(&self, milliseconds: u64) {
        let now = &self.host.state.now;
        now.set(now.get() + milliseconds);
    }

    /// Does what the object of a task does when it wakes, until it sleeps. An interrupted run does not end.
    pub(crate) fn wake(&self, id: &str, interrupted: bool) -> Wake {
        let now = self.host.state.now.get();
        loop {
            let (call, mut task) = self.host.state.tasks.borrow()[id].clone();
            self.look_for_event(&mut task, now);
            let wake = task.wake(now);
            if let Wake::Run(answers, journal) = &wake
                && !interrupted
            {
                let limit = self.endpoint.settings.time_limit;
                let registry = &self.endpoint.registry;
                let host = self.host.clone();
                let noted = Rc::new(RefCell::new(task));
                let store = {
                    let task = Rc::clone(&noted);
                    move |entry: &JournalEntry| Ok(task.borrow_mut().note(entry.clone())?)
                };
                let run = (StatusMessage::default(), RunJournal::new(journal.clone(), store));
                let end = registry.run_task(host, &call, answers.clone(), run, limit).now_or_never().unwrap();
                task = noted.borrow().clone();
                task.ended(end, now);
            }
            self.host.state.tasks.borrow_mut().insert(id.to_owned(), (call, task));
            if interrupted || !matches!(wake, Wake::Run(..)) {
                return wake;
            }
        }
    }

    /// Gives a task the event that it waits for, as its object does.
    fn look_for_event(&self, task: &mut Task, now: u64) {
        let Some(wait) = task.waits_for(now).cloned() else { return };
        let event = task.person().and_then(|person| self.host.state.event(&wait.key, person));
        match event {
            Some(value) => drop(task.resume(ResumeTask { key: wait.key, value }, now)),
            None if now >= wait.until => drop(task.waited_in_vain(&wait.key, now)),
            None => {}
        }
    }

    /// Returns how long the object of a task waits before it runs the handler, in milliseconds.
    pub(crate) fn pause(&self, id: &str) -> u64 {
        self.host.state.tasks.borrow()[id].1.pause()
    }

    /// Returns the answer to a request of 2025-11-25.
    pub(crate) fn legacy(&self, method: &str, params: &Value, caller: Option<&Caller>) -> Value {
        let headers = |header: &str| (header == "mcp-protocol-version").then(|| "2025-11-25".to_owned());
        self.answer(method, params, caller, &headers)
    }

    /// Returns the answer to a request of 2025-11-25 in a session.
    pub(crate) fn legacy_in(
        &self,
        session: &SessionId,
        method: &str,
        params: &Value,
        caller: Option<&Caller>,
    ) -> Value {
        let headers = |header: &str| match header {
            "mcp-protocol-version" => Some("2025-11-25".to_owned()),
            SessionId::HEADER => Some(session.as_str().to_owned()),
            _ => None,
        };
        self.answer(method, params, caller, &headers)
    }

    /// Returns whether a request of 2025-11-25 in a session has no answer, as one that was cancelled.
    pub(crate) fn cancelled_in(&self, session: &SessionId, method: &str, params: &Value) -> bool {
        let headers = |header: &str| match header {
            "mcp-protocol-version" => Some("2025-11-25".to_owned()),
            "accept" => Some("application/json".to_owned()),
            SessionId::HEADER => Some(session.as_str().to_owned()),
            _ => None,
        };
        matches!(self.reply(method, params, Some(&caller("read")), &headers), Reply::Accepted)
    }

    fn answer(
        &self,
        method: &str,
        params: &Value,
        caller: Option<&Caller>,
        headers: &impl Fn(&str) -> Option<String>,
    ) -> Value {
        match self.reply(method, params, caller, headers) {
            Reply::Json { body, .. } => serde_json::from_slice(&body).unwrap(),
            Reply::Accepted | Reply::Events(_) | Reply::Listen(_) => panic!("{method} was not answered with JSON"),
        }
    }

    fn reply(
        &self,
        method: &str,
        params: &Value,
        caller: Option<&Caller>,
        headers: &impl Fn(&str) -> Option<String>,
    ) -> Reply {
        let reply =
            self.posted(method, params, caller).answer(headers, &self.endpoint, self.host.clone(), caller.cloned());
        reply.now_or_never().unwrap()
    }

    fn posted(&self, method: &str, params: &Value, caller: Option<&Caller>) -> Posted<TestHost> {
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        Posted::read(message.to_string().as_bytes(), 1 << 20, &self.endpoint.registry, caller).ok().unwrap()
    }

    /// Returns the scopes that a request without a token needs; empty if it is public.
    pub(crate) fn need(&self, method: &str, params: &Value) -> String {
        self.need_of(method, params, None).unwrap_or_default()
    }

    /// Returns the scopes that a request needs, or `None` if it is public for `caller`.
    pub(crate) fn need_of(&self, method: &str, params: &Value, caller: Option<&Caller>) -> Option<String> {
        match self.posted(method, params, caller).need() {
            Need::Nothing => None,
            Need::Scopes(scopes) => Some(scopes.as_str().to_owned()),
        }
    }
}

fn envelope(capabilities: &Value) -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": capabilities,
    })
}

/// Returns a caller with `scopes`.
pub(crate) fn caller(scopes: &str) -> Caller {
    Caller::new(Subject::new("owner").unwrap(), ClientId::new("client").unwrap(), ScopeSet::parse(scopes).unwrap())
}
