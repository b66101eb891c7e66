//! What the protocol needs from the place it runs in. The edge implements it; tests implement it natively.

use std::future::Future;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::json_rpc::client_response::ClientResponse;

use crate::json_rpc::request_id::RequestId;
use crate::subscriptions::change::Change;
use crate::subscriptions::watch::{NotWatched, Watch};
use crate::tasks::commands::{BeginTask, TaskCommand};
use crate::tasks::message::{BeginTaskError, TaskId};
use crate::tasks::task_view::TaskView;
use crate::transport::replay::{Delivery, Event};
use crate::transport::session::SessionId;
use crate::types::logging_level::LoggingLevel;
use mcp_connector_base::identifier::Subject;

/// The surroundings of a connector: its bindings, a timer, and what a legacy session remembers.
pub trait Host: Clone + 'static {
    /// What a handler gets as `cx.env()`: bindings, variables, secrets.
    type Env;

    /// The bindings of this request.
    fn env(&self) -> &Self::Env;

    /// Done after `duration`.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + 'static;

    /// Returns bits that nobody can guess, for ids.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if the runtime's source of randomness fails. There is no weaker fallback.
    fn random_bits(&self) -> Result<u128, Unavailable>;

    /// The least log level that the client of a session asked for; none if it never did. `owner` is whose session it is, here
    /// and below; nobody else gets anything from it.
    fn log_level(
        &self,
        session: &SessionId,
        owner: Option<&Subject>,
    ) -> impl Future<Output = Result<Option<LoggingLevel>, SessionError>>;

    /// Remembers the level for [`Host::log_level`].
    fn set_log_level(
        &self,
        session: &SessionId,
        owner: Option<&Subject>,
        level: LoggingLevel,
    ) -> impl Future<Output = Result<(), SessionError>>;

    /// Waits for the client's response to the request `id` that was sent in `session`. It arrives in another request, maybe
    /// in another isolate, and [`Host::respond`] brings it here.
    fn client_response(
        &self,
        session: &SessionId,
        owner: Option<&Subject>,
        id: &str,
    ) -> impl Future<Output = Result<ClientResponse, SessionError>>;

    /// Brings a client's response to who waits for it. One that nobody waits for is dropped.
    fn respond(
        &self,
        session: &SessionId,
        owner: Option<&Subject>,
        id: &str,
        response: &ClientResponse,
    ) -> impl Future<Output = Result<(), SessionError>>;

    /// Waits until the request `id` of `session` is to stop, or its client comes back to its `stream` elsewhere. Where nobody can
    /// tell, that is never.
    fn stop(
        &self,
        session: &SessionId,
        owner: Option<&Subject>,
        id: &RequestId,
        stream: Option<&str>,
    ) -> impl Future<Output = Stop>;

    /// Brings it to the request `id` that its client has cancelled it. What came a moment before [`Host::stop`] waits for it;
    /// what nobody waits for is dropped.
    fn cancel(
        &self,
        session: &SessionId,
        owner: Option<&Subject>,
        id: &RequestId,
    ) -> impl Future<Output = Result<(), SessionError>>;

    /// Tells those who listen of a change that `by` has caused. Where that cannot be done, it is not.
    fn publish(&self, change: &Change, by: Option<&Subject>) -> impl Future<Output = ()>;

    /// Remembers what a session wants to hear of. `owner` is whose session it is; the first one who signed in keeps it.
    fn watch(&self, watch: &Watch, owner: Option<&Subject>) -> impl Future<Output = Result<(), NotWatched>>;

    /// Begins a task.
    fn begin_task(&self, id: &TaskId, command: BeginTask) -> impl Future<Output = Result<TaskView, BeginTaskError>>;

    /// Sends a command to the object of a task.
    fn task<C: TaskCommand>(&self, id: &TaskId, command: C) -> impl Future<Output = Result<C::Answer, Unavailable>>;

    /// Keeps events of a stream whose client may come back for them.
    fn keep_events(
        &self,
        session: &SessionId,
        owner: Option<&Subject>,
        stream: &str,
        events: &[Event],
        delivery: Delivery,
    ) -> impl Future<Output = Result<(), SessionError>>;

    /// Sends a message on the one stream of a session of 2024-11-05, which may be held in another isolate. With the handshake
    /// goes what was `agreed` on, for the requests that follow.
    fn send(
        &self,
        session: &SessionId,
        owner: Option<&Subject>,
        message: Vec<u8>,
        agreed: Option<[u8; 2]>,
    ) -> impl Future<Output = Result<(), SessionError>>;

    /// Runs `work` to its end, also when the client of this request has its answer or has left.
    fn run_on(&self, work: impl Future<Output = ()> + 'static);

    /// Seals what a client keeps for us for a while. It opens only beside the same `binding`.
    fn seal(&self, plain: &[u8], binding: &[u8]) -> impl Future<Output = Result<String, NotSealed>>;

    /// Opens what [`Host::seal`] has sealed.
    fn open(&self, sealed: &str, binding: &[u8]) -> impl Future<Output = Result<Vec<u8>, NotOpened>>;

    /// What has come of a request, for a log. Of a batch it hears for each request.
    fn answered(&self, outcome: Outcome) {
        let _ = outcome;
    }

    /// Under which name a log knows the request. A client is told it with an error that only the log explains.
    fn reference(&self) -> Option<String> {
        None
    }
}

/// What has come of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A result.
    Done,
    /// A tool's result with `isError`.
    ToolError,
    /// 2026-07-28: a question to the client, in the place of a result.
    InputRequired,
    /// A JSON-RPC error with this code.
    Error(i32),
    /// Nothing: its client has cancelled it.
    Cancelled,
}

/// What a running request can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stop {
    /// Its client does not want it any more.
    Cancelled,
    /// The session is over in which it was sent.
    SessionEnded,
    /// Its client reads its stream elsewhere from now on. It goes on, and what it sends is kept for that stream.
    Resumed,
}

/// Why a session is of no use.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SessionError {
    /// What it remembers is out of reach.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// Clients that have not signed in hold too much already, here or in all.
    #[error("too many clients without a sign-in; sign in, or try again later")]
    TooMany,
    /// It has ended, or it is somebody else's, who need not know that it exists.
    #[error("there is no such session; begin one with `initialize`")]
    Gone,
}

/// Why nothing was sealed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NotSealed {
    /// The keys are out of reach.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The answers of the client are larger than what may travel.
    #[error("the answers so far are too large to be kept")]
    TooLarge,
}

/// Why nothing was opened.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NotOpened {
    /// The keys are out of reach.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// Not sealed here, not for this, or changed on its way.
    #[error("not sealed here, or not for this")]
    Forged,
    /// Was good once.
    #[error("expired")]
    Expired,
}

/// Storage did not answer. Worth another try; says nothing about the request.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("storage does not answer; try again in a moment")]
pub struct Unavailable;
