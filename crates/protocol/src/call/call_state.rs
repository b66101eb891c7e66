//! The state of a call while its handler runs: what its client wants to hear meanwhile, and the messages that wait to be sent
//! ("Progress", "Logging", "Receiving Messages").

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::task::Poll;

use futures::future::poll_fn;
use serde::Serialize;
use serde_json::Value;

use crate::call::notification_limit::NotificationLimit;
use crate::client_requests::asking::Asking;
use crate::host::platform::Platform;
use crate::json_rpc::request_id::RequestId;
use crate::json_rpc::response::to_bytes;
use crate::tasks::background_run::BackgroundRun;
use crate::transport::request_meta::Notifications;
use crate::transport::session::{Session, SessionId};
use crate::types::client_capabilities::ClientCapabilities;
use crate::types::logging_level::LoggingLevel;
use crate::types::version::ProtocolVersion;

/// The state of a call while its handler runs.
pub(crate) struct CallState {
    pub(crate) version: ProtocolVersion,
    pub(crate) client_capabilities: ClientCapabilities,
    pub(crate) asking: Asking,
    progress_token: Option<Value>,
    last_progress: Cell<f64>,
    pub(crate) log_filter: LogFilter,
    /// In a task: its journal and its status message.
    background_run: Option<BackgroundRun>,
    outbox: RefCell<Outbox>,
    notification_limit: NotificationLimit,
    /// Whether the handler has closed the stream, or the client reads it on another connection.
    is_stream_closed: Cell<bool>,
    /// The name of its stream, if its client can resume it.
    stream: OnceCell<String>,
}

/// Which log messages the client wants.
#[derive(Debug, PartialEq)]
pub(crate) enum LogFilter {
    /// None: a modern request that names no level.
    Nothing,
    /// This level and above.
    AtLeast(LoggingLevel),
    /// The level that the session remembers. It is looked up with each message.
    OfSession(SessionId),
}

/// Messages that wait for the stream.
enum Outbox {
    /// The client accepts no stream, or has its answer: messages are dropped.
    Closed,
    Open(VecDeque<Vec<u8>>),
}

impl CallState {
    /// Returns the state of a request from 2026-07-28 on, in which the client declares its capabilities.
    pub(crate) fn modern(
        version: ProtocolVersion,
        notifications: Notifications,
        client_capabilities: ClientCapabilities,
        asking: Asking,
    ) -> Self {
        let log_filter = notifications.log_level.map_or(LogFilter::Nothing, LogFilter::AtLeast);
        Self::new(version, notifications.progress_token, client_capabilities, asking, log_filter)
    }

    /// Returns the state of a request until 2025-11-25. The client declared its capabilities at `initialize`.
    pub(crate) fn legacy(version: ProtocolVersion, notifications: Notifications, session: Session) -> Self {
        let default_level = LogFilter::AtLeast(LoggingLevel::UNASKED);
        let (capabilities, asking, log_filter) = match session {
            Session::Unnamed => (ClientCapabilities::default(), Asking::Nobody, default_level),
            // The client may have capabilities, but no call could wait here for its response.
            Session::Stateless(_) => (ClientCapabilities::default(), Asking::SignedIn, default_level),
            Session::Stateful(session) => {
                (session.capabilities, Asking::Stream(session.clone()), LogFilter::OfSession(session))
            }
        };
        Self::new(version, notifications.progress_token, capabilities, asking, log_filter)
    }

    /// Returns the state of the call behind a task. It has no stream.
    pub(crate) fn task(
        version: ProtocolVersion,
        client_capabilities: ClientCapabilities,
        asking: Asking,
        run: BackgroundRun,
    ) -> Self {
        let call_state = Self::new(version, None, client_capabilities, asking, LogFilter::Nothing);
        Self { background_run: Some(run), ..call_state }
    }

    fn new(
        version: ProtocolVersion,
        progress_token: Option<Value>,
        client_capabilities: ClientCapabilities,
        asking: Asking,
        log_filter: LogFilter,
    ) -> Self {
        Self {
            version,
            client_capabilities,
            asking,
            progress_token,
            last_progress: Cell::new(f64::NEG_INFINITY),
            log_filter,
            background_run: None,
            outbox: RefCell::new(Outbox::Closed),
            notification_limit: NotificationLimit::new(),
            is_stream_closed: Cell::new(false),
            stream: OnceCell::new(),
        }
    }

    /// Returns the run of the task in which this is, if it is in one.
    pub(crate) const fn background_run(&self) -> Option<&BackgroundRun> {
        self.background_run.as_ref()
    }

    /// Keeps messages for a stream from now on.
    pub(crate) fn open(&self) {
        self.outbox.replace(Outbox::Open(VecDeque::new()));
    }

    /// Drops messages from now on.
    pub(crate) fn close(&self) {
        self.outbox.replace(Outbox::Closed);
    }

    /// Returns the session in which the client can resume the stream of this request. Clients of older revisions do not read event
    /// ids.
    pub(crate) fn resumable_in(&self) -> Option<&SessionId> {
        self.session().filter(|_| self.version.has_resumable_streams())
    }

    /// Returns the session in which the request was sent.
    pub(crate) fn session(&self) -> Option<&SessionId> {
        match &self.asking {
            Asking::Stream(session) => Some(session),
            Asking::Nobody | Asking::SignedIn | Asking::MultiRoundTrip(_) => None,
        }
    }

    /// Ends the stream, if its client can resume it. Messages from now on wait for the client.
    pub(crate) async fn close_stream(&self) {
        if self.is_open() && self.resumable_in().is_some() {
            self.is_stream_closed.set(true);
            yield_to_stream().await;
        }
    }

    /// Notes the name under which its client can resume the stream.
    pub(crate) fn name_stream(&self, name: &str) {
        // A request has one stream.
        let _ = self.stream.set(name.to_owned());
    }

    /// Returns the name of its stream, if its client can resume it.
    pub(crate) fn stream(&self) -> Option<&str> {
        self.stream.get().map(String::as_str)
    }

    /// Ends the stream, because its client reads it on another connection. Messages from now on wait for that one.
    pub(crate) fn leave_stream(&self) {
        self.is_stream_closed.set(true);
    }

    pub(crate) fn is_stream_closed(&self) -> bool {
        self.is_stream_closed.get()
    }

    /// Returns whether a message can reach the client.
    pub(crate) fn is_open(&self) -> bool {
        matches!(*self.outbox.borrow(), Outbox::Open(_))
    }

    /// Removes and returns the next message to send.
    pub(crate) fn take(&self) -> Option<Vec<u8>> {
        match &mut *self.outbox.borrow_mut() {
            Outbox::Closed => None,
            Outbox::Open(messages) => messages.pop_front(),
        }
    }

    pub(crate) fn has_messages(&self) -> bool {
        matches!(&*self.outbox.borrow(), Outbox::Open(messages) if !messages.is_empty())
    }

    /// Reports progress, if the client asked for it. Skips a value that is not above the last one, because the specification requires
    /// it to increase, and what is more than the limit.
    pub(crate) async fn progress(
        &self,
        platform: &impl Platform,
        progress: f64,
        total: Option<f64>,
        message: Option<&str>,
    ) {
        if let (Some(run), Some(message)) = (&self.background_run, message) {
            run.status.set(message);
        }
        let Some(token) = self.progress_token.as_ref().filter(|_| self.is_open()) else { return };
        if !progress.is_finite()
            || progress <= self.last_progress.get()
            || !self.notification_limit.admits(platform.now())
        {
            return;
        }
        self.last_progress.set(progress);
        let message = message.filter(|_| self.version.has_progress_messages());
        self.send("notifications/progress", &Progress { token, value: progress, total, message }).await;
    }

    /// Sends a log message, unless it is more than the limit. The caller has checked that the client wants it.
    pub(crate) async fn log(&self, platform: &impl Platform, level: LoggingLevel, logger: Option<&str>, data: &Value) {
        if !self.notification_limit.admits(platform.now()) {
            return;
        }
        self.send("notifications/message", &LogMessage { level, logger, data }).await;
    }

    /// Tells the client that the person is done on the page that they were asked to visit ("URL Mode"; until 2025-11-25).
    pub(crate) async fn elicitation_complete(&self, id: &str) {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Complete<'a> {
            elicitation_id: &'a str,
        }
        self.send("notifications/elicitation/complete", &Complete { elicitation_id: id }).await;
    }

    /// Sends a request to the client. The response comes with another POST.
    pub(crate) async fn request(&self, id: RequestId, method: &'static str, params: &Value) {
        self.send_message(Some(id), method, params).await;
    }

    /// Tells the client that nobody waits for its response to the request `id` any more ("Cancellation", "Timeouts").
    pub(crate) fn cancel_request(&self, id: &RequestId) {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Cancelled<'a> {
            request_id: &'a RequestId,
            reason: &'static str,
        }
        let params = Cancelled { request_id: id, reason: "The call that asked has ended." };
        self.keep(&Outgoing { jsonrpc: "2.0", id: None, method: "notifications/cancelled", params: &params });
    }

    async fn send<P: Serialize>(&self, method: &'static str, params: &P) {
        self.send_message(None, method, params).await;
    }

    async fn send_message<P: Serialize>(&self, id: Option<RequestId>, method: &'static str, params: &P) {
        if self.keep(&Outgoing { jsonrpc: "2.0", id, method, params }).is_some() {
            yield_to_stream().await;
        }
    }

    /// Keeps a message for the stream. `None` if there is no stream.
    fn keep<P: Serialize>(&self, message: &Outgoing<'_, P>) -> Option<()> {
        match &mut *self.outbox.borrow_mut() {
            Outbox::Closed => None,
            Outbox::Open(messages) => {
                messages.push_back(to_bytes(message, 192));
                Some(())
            }
        }
    }
}

/// Yields to the stream, so that a message leaves now and not with the answer.
async fn yield_to_stream() {
    let mut yielded = false;
    poll_fn(|task| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        task.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A notification, or a request if it has an id.
#[derive(Serialize)]
struct Outgoing<'a, P> {
    jsonrpc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<RequestId>,
    method: &'static str,
    params: &'a P,
}

#[derive(Serialize)]
struct Progress<'a> {
    #[serde(rename = "progressToken")]
    token: &'a Value,
    #[serde(rename = "progress")]
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

#[derive(Serialize)]
struct LogMessage<'a> {
    level: LoggingLevel,
    #[serde(skip_serializing_if = "Option::is_none")]
    logger: Option<&'a str>,
    data: &'a Value,
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use serde_json::json;

    use super::*;
    use crate::testing::test_host::TestHost;

    fn call_state(progress_token: Option<Value>) -> CallState {
        let notifications = Notifications { progress_token, log_level: None };
        CallState::modern(ProtocolVersion::V2026_07_28, notifications, ClientCapabilities::default(), Asking::Nobody)
    }

    /// Runs until the message is in the outbox, and then to the end.
    fn finish(mut future: impl Future<Output = ()> + Unpin) {
        if (&mut future).now_or_never().is_none() {
            (&mut future).now_or_never().unwrap();
        }
    }

    fn sent(call_state: &CallState) -> Vec<Value> {
        std::iter::from_fn(|| call_state.take()).map(|bytes| serde_json::from_slice(&bytes).unwrap()).collect()
    }

    #[test]
    fn progress_is_sent_to_who_asked_and_only_grows() {
        let call_state = call_state(Some(json!("p")));
        call_state.open();
        for progress in [0.0, 50.0, 50.0, 20.0, f64::NAN, 100.0] {
            finish(Box::pin(call_state.progress(&TestHost::default(), progress, Some(100.0), None)));
        }
        let values: Vec<Value> =
            sent(&call_state).iter().map(|message| message["params"]["progress"].clone()).collect();
        assert_eq!(values, [json!(0.0), json!(50.0), json!(100.0)]);
    }

    #[test]
    fn nothing_is_kept_without_a_token_or_a_stream() {
        let asked = call_state(Some(json!(1)));
        finish(Box::pin(asked.progress(&TestHost::default(), 1.0, None, None)));
        asked.open();
        assert!(sent(&asked).is_empty());
        let without_token = call_state(None);
        without_token.open();
        finish(Box::pin(without_token.progress(&TestHost::default(), 1.0, None, None)));
        assert!(!without_token.has_messages());
    }

    #[test]
    fn a_handler_lets_its_message_out_before_it_goes_on() {
        let call_state = call_state(Some(json!(1)));
        call_state.open();
        let host = TestHost::default();
        let mut report = Box::pin(call_state.progress(&host, 1.0, None, Some("half")));
        assert!((&mut report).now_or_never().is_none());
        assert!(call_state.has_messages());
    }
}
