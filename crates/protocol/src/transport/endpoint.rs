//! The POST of Streamable HTTP: from the bytes of a body to the answer, for both eras ("Sending Messages", "Versioning").
//!
//! The steps are apart so that the edge can put the sign-in between reading and answering: [`Posted::read`], then
//! [`Posted::need`], then [`Posted::answer`]. Which era a message belongs to is decided by its body first and by its
//! headers second.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use futures::future::join_all;
use serde_json::Value;

use crate::author::call_tool_result::CallToolResult;
use crate::author::registry::{Need, Registry};
use crate::call::call_state::CallState;
use crate::call::wait_until::WaitUntilDone;
use crate::json_rpc::body::{Body, Unreadable};
use crate::json_rpc::message::{Malformed, Message, Request};
use crate::json_rpc::request_id::RequestId;
use crate::json_rpc::response::{ErrorResponse, to_bytes};
use crate::json_rpc::rpc_error::{ErrorCode, RpcError};
use crate::methods::method::Method;
use crate::methods::operation;
use crate::methods::operation::{Operation, Response, Runner};
use crate::subscriptions::listen::{Listen, Listening};
use crate::transport::headers;
use crate::transport::headers::{Accepts, RequestHeaders, refused, trimmed};
use crate::transport::host::Host;
use crate::transport::legacy;
use crate::transport::legacy::Spoken;
use crate::transport::modern;
use crate::transport::modern::Refusal;
use crate::transport::session::{Session, SessionId};
use crate::transport::sse::{EventSource, EventStream, Resumable, Run, WithoutClient};
use crate::types::version::{Era, ProtocolVersion, names_modern_era};
use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::Subject;
use mcp_connector_base::json::limit::MemoryLimit;
use mcp_connector_base::scope::ScopeSet;

use crate::transport::endpoint::notifications::{cancel_in, notified, respond, respond_in};

/// How an endpoint behaves.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Most items on one page of a list.
    pub page_size: usize,
    /// After this long without an answer it becomes a stream, for clients that take one.
    pub patience: Duration,
    /// A silent stream sends a comment after this long.
    pub keep_alive: Duration,
    /// A handler is stopped after this long.
    pub time_limit: Duration,
}

/// A POST body that is JSON-RPC.
pub struct Posted(Body);

/// The answer to a POST.
pub enum Reply {
    /// 202 without a body: there was nothing to answer, or the client does not want it any more.
    Accepted,
    /// One JSON body.
    Json {
        /// The HTTP status.
        status: u16,
        /// The session that begins, for the header `Mcp-Session-Id`.
        session: Option<SessionId>,
        /// The JSON.
        body: Vec<u8>,
    },
    /// Status 200 and Server-Sent Events.
    Events(Events),
    /// A stream of changes, for the edge to hold.
    Listen(Box<Listening>),
}

/// The chunks of an event stream.
pub type Events = Pin<Box<dyn EventSource>>;

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        if response.body.is_empty() {
            return Self::Accepted;
        }
        Self::Json { status: response.status, session: response.session, body: response.body }
    }
}

impl Reply {
    /// A refusal of the request as a whole: a JSON-RPC error without id.
    fn refusal(status: u16, code: ErrorCode, message: impl Into<String>) -> Self {
        Response::error(None, &RpcError::new(code, message), status).into()
    }

    /// A JSON-RPC error for a request that was refused before its body was read.
    #[must_use]
    pub fn refused_unread(status: u16, message: &str) -> Self {
        Self::refusal(status, ErrorCode::InvalidRequest, message)
    }
}

impl Posted {
    /// Reads a whole body. Fails with the answer where it is not JSON-RPC.
    ///
    /// `most_bytes` is what the body could have had; what its values may take in memory follows from it.
    pub fn read(body: &[u8], most_bytes: u32) -> Result<Self, Reply> {
        let limit = MemoryLimit::of_text(usize::try_from(most_bytes).unwrap_or(usize::MAX));
        Body::read(body, limit).map(Self).map_err(|unreadable| {
            let text = unreadable.to_string();
            let (status, code, id) = match unreadable {
                Unreadable::TooMuch { id, .. } => (413, ErrorCode::InvalidRequest, id),
                Unreadable::NotJson { id, .. } => (400, ErrorCode::Parse, id),
                Unreadable::EmptyBatch | Unreadable::LongBatch => (400, ErrorCode::InvalidRequest, None),
            };
            Response::error(id.as_ref(), &RpcError::new(code, text), status).into()
        })
    }

    /// What must be true of the caller, decided by the body alone: all that any request in it needs.
    #[must_use]
    pub fn need<H: 'static>(&self, registry: &Registry<H>) -> Need {
        let mut needed: Option<ScopeSet> = None;
        for request in self.requests() {
            if let Need::Scopes(scopes) = registry.need(request) {
                needed = Some(needed.map_or_else(|| scopes.clone(), |others| others.union(&scopes)));
            }
        }
        needed.map_or(Need::Nothing, Need::Scopes)
    }

    /// Whether a call in it wants to know for certain that the sign-in still stands.
    #[must_use]
    pub fn is_strict<H: 'static>(&self, registry: &Registry<H>) -> bool {
        self.requests().any(|request| registry.is_strict(request))
    }

    pub(crate) const fn body(&self) -> &Body {
        &self.0
    }

    pub(crate) fn requests(&self) -> impl Iterator<Item = &Request> {
        let messages = match &self.0 {
            Body::Single(message) => std::slice::from_ref(message),
            Body::Batch(messages) => messages,
        };
        messages.iter().filter_map(|message| match message {
            Ok(Message::Request(request)) => Some(request),
            Ok(Message::Notification(_) | Message::Response(..)) | Err(_) => None,
        })
    }

    /// The refusal of a protected tool in the form that ChatGPT's tool-level linking reads: a result with the challenge in
    /// `_meta`. None where the body is not a single tool call.
    #[must_use]
    pub fn challenge_as_result<H: Host>(&self, challenge: &str, text: &str, registry: &Registry<H>) -> Option<Reply> {
        let Body::Single(Ok(Message::Request(request))) = &self.0 else { return None };
        if request.method != Method::CallTool {
            return None;
        }
        let version = match modern::claim(&request.params) {
            Some(_) => ProtocolVersion::V2026_07_28,
            None => ProtocolVersion::NEWEST_LEGACY,
        };
        let challenges = Value::Array(vec![Value::String(challenge.to_owned())]);
        let result = CallToolResult::failed(text).meta("mcp/www_authenticate", challenges);
        Some(operation::complete(&request.id, registry, version, result.known_to(version)).into())
    }

    /// Answers. Whether the caller may do this has been decided before, with [`Posted::need`].
    pub async fn answer<H: Host + Unpin>(
        self,
        headers: &impl RequestHeaders,
        endpoint: &Endpoint<H>,
        host: H,
        caller: Option<Caller>,
    ) -> Reply {
        match self.0 {
            Body::Single(message) => endpoint.single(message, headers, host, caller).await,
            Body::Batch(messages) => endpoint.batch(messages, headers, host, caller).await,
        }
    }
}

/// A connector behind a URL.
pub struct Endpoint<H> {
    /// What is served.
    pub registry: Rc<Registry<H>>,
    /// How.
    pub settings: Settings,
}

impl<H: Host + Unpin> Endpoint<H> {
    async fn single(
        &self,
        message: Result<Message, Malformed>,
        headers: &impl RequestHeaders,
        host: H,
        caller: Option<Caller>,
    ) -> Reply {
        let request = match message {
            Ok(Message::Request(request)) => request,
            Ok(Message::Notification(notification)) => {
                return notified(notification, headers, &self.registry, &host, caller.as_ref()).await;
            }
            Ok(Message::Response(..)) if names_modern(headers) => {
                // From 2026-07-28 on a server asks nothing, so there is nothing to respond to.
                return Reply::refused_unread(400, "This revision of the protocol has no responses from clients.");
            }
            Ok(Message::Response(id, response)) => {
                return respond(&id, &response, headers, &self.registry, &host, caller.as_ref()).await;
            }
            Err(Malformed { id, problem }) => {
                let error = RpcError::new(ErrorCode::InvalidRequest, problem.to_string());
                return Response::error(id.as_ref(), &error, 400).into();
            }
        };
        let Some(accepts) = Accepts::of(headers) else {
            return Reply::refused_unread(406, "Accept must allow application/json or text/event-stream.");
        };
        let id = request.id.clone();
        match self.admit(request, headers, caller.as_ref()) {
            Ok((operation, exchange)) => self.carry_out(operation, id, exchange, accepts, host, caller).await,
            Err(Refusal { status, error }) => Response::error(Some(&id), &error, status).into(),
        }
    }

    /// Finds the era of a request and lets it check and parse.
    fn admit(
        &self,
        request: Request,
        headers: &impl RequestHeaders,
        caller: Option<&Caller>,
    ) -> Result<(Operation<H>, CallState), Refusal> {
        let page_size = self.settings.page_size;
        if modern::claim(&request.params).is_some() {
            return self.admit_modern(request, headers, caller);
        }
        let header = headers.get(headers::PROTOCOL_VERSION);
        let header_is_modern = header.as_deref().is_some_and(|header| names_modern_era(trimmed(header)));
        if request.method == Method::Initialize {
            if header_is_modern {
                return Err(refused("The header MCP-Protocol-Version names a version without `initialize`.").into());
            }
            // The header can name nothing yet.
            return legacy::admit(request, Spoken::Unnamed, Session::Unnamed, &self.registry, page_size)
                .map_err(legacy_refusal);
        }
        if header_is_modern {
            return self.admit_modern(request, headers, caller);
        }
        let spoken = Spoken::by(header.as_deref()).map_err(legacy_refusal)?;
        let session =
            legacy::session(headers, &self.registry, caller).map_err(|error| Refusal { status: 404, error })?;
        legacy::admit(request, spoken, session, &self.registry, page_size).map_err(legacy_refusal)
    }

    fn admit_modern(
        &self,
        request: Request,
        headers: &impl RequestHeaders,
        caller: Option<&Caller>,
    ) -> Result<(Operation<H>, CallState), Refusal> {
        let (operation, exchange) = modern::admit(request, headers, &self.registry, self.settings.page_size)?;
        if self.registry.keeps_state_for(caller) {
            return Ok((operation, exchange));
        }
        if matches!(operation, Operation::Listen(_)) {
            // The acknowledgement says what is honoured, which is nothing, and the stream ends at once.
            return Ok((Operation::Listen(Listen::to_nothing()), exchange));
        }
        Ok((operation, exchange.without_tasks()))
    }

    /// Runs a request to its answer: JSON if it is there soon and nothing comes before it, otherwise a stream.
    async fn carry_out(
        &self,
        operation: Operation<H>,
        id: RequestId,
        exchange: CallState,
        accepts: Accepts,
        host: H,
        caller: Option<Caller>,
    ) -> Reply {
        if let Operation::Listen(listen) = operation {
            return match accepts {
                Accepts::Json => Reply::refused_unread(406, "Accept must allow text/event-stream."),
                Accepts::EventStream | Accepts::Both => {
                    Reply::Listen(Box::new(listen.begin(id, caller.as_ref(), &self.registry)))
                }
            };
        }
        let exchange = Rc::new(exchange);
        if accepts != Accepts::Json {
            exchange.open();
        }
        let owner = caller.as_ref().map(|caller| caller.subject.clone());
        let mut run: Run = Box::pin(self.runner(host.clone(), caller).run(operation, id, Rc::clone(&exchange)));
        let keep_alive = self.settings.keep_alive;
        if accepts == Accepts::EventStream {
            let without_client = without_client(&exchange, &host, owner);
            return Reply::Events(Box::pin(EventStream::new(run, exchange, host, keep_alive, without_client)));
        }
        let at_once = match poll_fn(|task| Poll::Ready(run.as_mut().poll(task))).await {
            // Nothing is prepared where the response is there at once: that is most calls.
            Poll::Ready(response) if !exchange.has_messages() => return response.into(),
            Poll::Ready(response) => Some(response),
            Poll::Pending => None,
        };
        let without_client = without_client(&exchange, &host, owner);
        let response = match (at_once, accepts) {
            (Some(response), _) => Some(response),
            (None, Accepts::Json) => Some(run.as_mut().await),
            (None, _) => self.first(&mut run, &exchange, &host).await,
        };
        match response {
            Some(response) if exchange.has_messages() => {
                Reply::Events(Box::pin(EventStream::answered(response, exchange, host, keep_alive, without_client)))
            }
            Some(response) => response.into(),
            None => Reply::Events(Box::pin(EventStream::new(run, exchange, host, keep_alive, without_client))),
        }
    }

    fn runner(&self, host: H, caller: Option<Caller>) -> Runner<H> {
        let Settings { time_limit, patience, .. } = self.settings;
        Runner { registry: Rc::clone(&self.registry), host, caller, time_limit, patience }
    }

    /// The response, unless a message or the end of our patience comes first.
    async fn first(&self, run: &mut Run, exchange: &CallState, host: &H) -> Option<Response> {
        let mut patience = pin!(host.sleep(self.settings.patience));
        poll_fn(|task| {
            if exchange.has_messages() || exchange.is_stream_closed() {
                return Poll::Ready(None);
            }
            if let Poll::Ready(response) = run.as_mut().poll(task) {
                return Poll::Ready(Some(response));
            }
            if exchange.has_messages() {
                return Poll::Ready(None);
            }
            patience.as_mut().poll(task).map(|()| None)
        })
        .await
    }

    /// An array of messages, as 2025-03-26 allows. Nothing runs unless all of it is in order.
    async fn batch(
        &self,
        messages: Vec<Result<Message, Malformed>>,
        headers: &impl RequestHeaders,
        host: H,
        caller: Option<Caller>,
    ) -> Reply {
        let invalid = |text: &str| Reply::refusal(400, ErrorCode::InvalidRequest, text);
        let is_modern = |message: &Result<Message, Malformed>| match message {
            Ok(Message::Request(Request { params, .. })) => modern::claim(params).is_some(),
            Ok(Message::Notification(notification)) => modern::claim(&notification.params).is_some(),
            Ok(Message::Response(..)) | Err(_) => false,
        };
        if messages.iter().any(is_modern) || names_modern(headers) {
            return invalid("This revision of the protocol has no batches: send one message at a time.");
        }
        let spoken = match Spoken::of(headers) {
            Ok(spoken) if spoken.has_batches() => spoken,
            Ok(_) => return invalid("This revision of the protocol has no batches: send one message at a time."),
            Err(error) => return Response::error(None, &error, 400).into(),
        };
        let session = match legacy::session(headers, &self.registry, caller.as_ref()) {
            Ok(session) => session,
            Err(error) => return Response::error(None, &error, 404).into(),
        };
        let (mut requests, mut responses, mut cancelled) = (Vec::new(), Vec::new(), Vec::new());
        for message in messages {
            match message {
                Ok(Message::Request(request)) if request.method == Method::Initialize => {
                    return invalid("`initialize` must not be part of a batch.");
                }
                Ok(Message::Request(request)) => requests.push(request),
                Ok(Message::Notification(notification)) => cancelled.extend(notification.cancels()),
                Ok(Message::Response(id, response)) => responses.push((id, response)),
                Err(malformed) => return invalid(&malformed.problem.to_string()),
            }
        }
        for (id, response) in responses {
            let reply = respond_in(session.clone().stateful(), &id, &response, &host, caller.as_ref()).await;
            if !matches!(reply, Reply::Accepted) {
                return reply;
            }
        }
        for id in cancelled {
            let reply = cancel_in(session.clone().stateful().as_ref(), &id, &host, caller.as_ref()).await;
            if !matches!(reply, Reply::Accepted) {
                return reply;
            }
        }
        if requests.is_empty() {
            return Reply::Accepted;
        }
        if !matches!(Accepts::of(headers), Some(Accepts::Json | Accepts::Both)) {
            return Reply::refused_unread(406, "A batch is answered as application/json; Accept must allow it.");
        }
        let runs = requests.into_iter().map(|request| {
            let id = request.id.clone();
            let admitted = legacy::admit(request, spoken, session.clone(), &self.registry, self.settings.page_size);
            let runner = self.runner(host.clone(), caller.clone());
            async move {
                match admitted {
                    Ok((operation, exchange)) => runner.run(operation, id, Rc::new(exchange)).await.body,
                    Err(error) => to_bytes(&ErrorResponse::new(Some(&id), &error), 256),
                }
            }
        });
        let mut responses = join_all(runs).await;
        responses.retain(|response| !response.is_empty());
        if responses.is_empty() {
            return Reply::Accepted;
        }
        let body = [&b"["[..], &responses.join(&b','), &b"]"[..]].concat();
        Reply::Json { status: 200, session: None, body }
    }
}

/// What becomes of a call whose client leaves. Only from 2026-07-28 on that means that nobody wants its answer.
fn without_client<H: Host>(exchange: &CallState, host: &H, owner: Option<Subject>) -> WithoutClient {
    if exchange.version.is_modern() {
        return WithoutClient::Ends;
    }
    let outlive = WaitUntilDone::begin(host);
    // A stream without a name that nobody can guess is one that nobody can come back to.
    match exchange.resumable_in().zip(host.random_bits().ok()) {
        Some((session, bits)) => WithoutClient::IsKept(outlive, Resumable::new(session.clone(), owner, bits)),
        None => WithoutClient::GoesOn(outlive),
    }
}

fn legacy_refusal(error: RpcError) -> Refusal {
    Refusal { status: error.http_status(Era::Legacy), error }
}

/// Returns the era of a request without a body, by its version header.
///
/// # Errors
/// The refusal of a version that this server does not speak.
pub fn era(headers: &impl RequestHeaders) -> Result<Era, Reply> {
    match Spoken::of(headers) {
        Ok(_) => Ok(Era::Legacy),
        Err(_) if names_modern(headers) => Ok(Era::Modern),
        Err(error) => Err(Response::error(None, &error, 400).into()),
    }
}

pub(crate) fn names_modern(headers: &impl RequestHeaders) -> bool {
    headers.get(headers::PROTOCOL_VERSION).is_some_and(|header| names_modern_era(trimmed(&header)))
}

#[cfg(test)]
mod anonymous_tests;
pub(crate) mod http_sse;
pub(crate) mod notifications;
#[cfg(test)]
mod tests;
