//! An accepted `subscriptions/listen`: the first and the last message of its stream, which the edge holds ("Subscriptions").

use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::host::tasks::Tasks;
use crate::host::unavailable::Unavailable;
use crate::json_rpc::request_id::RequestId;
use crate::json_rpc::response::to_bytes;
use crate::streams::sse_event::sse_event;
use crate::subscriptions::change::SUBSCRIPTION_ID;
use crate::subscriptions::filter::honoured;
use crate::subscriptions::interest::Interest;
use crate::subscriptions::listener::{Listener, ListenerKind};
use crate::tasks;
use crate::tasks::message::TaskId;
use crate::transport::response::Response;
use crate::types::result::ServerResult;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::json::Object;

/// An accepted subscription whose stream is not opened yet.
pub struct Listening {
    id: RequestId,
    interest: Interest,
    caller: Option<Caller>,
    last: Vec<u8>,
}

impl Listening {
    /// Returns the subscription that begins with the request `id`. `server_info` is the server's name and version as JSON.
    pub(crate) fn new(id: RequestId, interest: Interest, caller: Option<Caller>, server_info: &RawValue) -> Self {
        let result = SubscriptionsListenResult::of(&id);
        let end = Response::result(&id, ProtocolVersion::V2026_07_28, server_info, result).body;
        Self { last: sse_event(&end), interest, caller, id }
    }

    /// Removes tasks that do not exist or are not the caller's. The caller does this first.
    ///
    /// # Errors
    ///
    /// Returns [`Unavailable`] if the object of a task does not answer. Then no task is removed.
    pub async fn find_tasks(&mut self, host: &impl Tasks) -> Result<(), Unavailable> {
        tasks::find(&mut self.interest.tasks, self.caller.as_ref(), host).await
    }

    /// Removes the tasks that `is_there` does not know.
    pub fn retain_tasks(&mut self, is_there: impl FnMut(&TaskId) -> bool) {
        self.interest.tasks.retain(is_there);
    }

    /// Returns the tasks that it listens to.
    #[must_use]
    pub fn tasks(&self) -> &[TaskId] {
        &self.interest.tasks
    }

    /// Returns the acknowledgement.
    fn first(&self) -> Vec<u8> {
        let acknowledged = json!({
            "jsonrpc": "2.0",
            "method": "notifications/subscriptions/acknowledged",
            "params": { "_meta": { SUBSCRIPTION_ID: self.id }, "notifications": honoured(&self.interest) },
        });
        sse_event(&to_bytes(&acknowledged, 256))
    }

    /// Returns the whole stream, acknowledgement and end, if no change that was asked for is announced here.
    #[must_use]
    pub fn ended(&self) -> Option<Vec<u8>> {
        self.interest.is_empty().then(|| self.unheld())
    }

    /// Returns the whole stream of a subscription that is not held open.
    #[must_use]
    pub fn unheld(&self) -> Vec<u8> {
        [self.first(), self.last.clone()].concat()
    }

    /// Returns the listener, and the event that begins the stream. `until` is when the token expires, in seconds since 1970.
    #[must_use]
    pub fn into_listener(self, until: Option<u64>) -> (Listener, Vec<u8>) {
        let first = self.first();
        let kind =
            ListenerKind::Subscription { id: serde_json::to_string(&self.id).unwrap_or_default(), end: self.last };
        (Listener::new(self.caller.as_ref(), until, self.interest, kind), first)
    }

    /// Returns the id of the request.
    #[must_use]
    pub fn id(&self) -> &RequestId {
        &self.id
    }

    /// Returns the caller who sent the request.
    #[must_use]
    pub fn caller(&self) -> Option<&Caller> {
        self.caller.as_ref()
    }
}

/// The result of `subscriptions/listen`, which ends the subscription.
#[derive(Serialize)]
struct SubscriptionsListenResult {
    #[serde(skip)]
    meta: Object,
}

impl SubscriptionsListenResult {
    fn of(id: &RequestId) -> Self {
        Self { meta: Object::from_iter([(SUBSCRIPTION_ID.to_owned(), json!(id))]) }
    }
}

impl ServerResult for SubscriptionsListenResult {
    fn meta(&self) -> Option<&Object> {
        Some(&self.meta)
    }
}
