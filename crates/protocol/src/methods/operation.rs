//! What a request asks for, parsed from its method and parameters, and how it is carried out. Both eras come here.

use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use serde_json::json;

use crate::author::call_tool_result::CallToolResult;
use crate::author::registry::Registry;
use crate::author::tool_error::Unfinished;
use crate::call::call_state::CallState;
use crate::call::cancellation::Stoppable;
use crate::call::context::Context;
use crate::call::time_limit::within;
use crate::client_requests::asking::Asking;
use crate::json_rpc::request_id::RequestId;
use crate::json_rpc::response::{ErrorResponse, ResultResponse, to_bytes};
use crate::json_rpc::rpc_error::{ErrorCode, RpcError};
use crate::methods::completion::Complete;
use crate::methods::listing::{ListForm, Listing};
use crate::methods::method::Method;
use crate::methods::prompts::{GetPrompt, list_prompts};
use crate::methods::resources::{ListResources, ReadResource, list_templates};
use crate::methods::tools::{CallTool, ListTools};
use crate::subscriptions::listen::Listen;
use crate::subscriptions::watch::Watch;
use crate::tasks::begin::CallOutcome;
use crate::tasks::request::TaskRequest;
use crate::transport::host::{Host, Outcome, SessionError, Stop};
use crate::transport::legacy;
use crate::transport::session::SessionId;
use crate::types::client_capabilities::ClientCapabilities;
use crate::types::logging_level::LoggingLevel;
use crate::types::result::{CacheHints, Empty, Members, ResultFields, WireResult};
use crate::types::version::{Era, ProtocolVersion};
use mcp_connector_base::caller::Caller;
use mcp_connector_base::json::Object;

/// A request that is well-formed and can be carried out.
pub(crate) enum Operation<H> {
    /// 2026-07-28: what the server is.
    Discover,
    /// Until 2025-11-25: the handshake, with the version agreed on and what the client can do.
    Initialize(ProtocolVersion, ClientCapabilities),
    /// Until 2025-11-25: `ping`, and requests to store something that is not stored for this caller. An empty result.
    Acknowledge,
    /// Until 2025-11-25: which log messages the session wants.
    SetLogLevel(SessionId, LoggingLevel),
    /// Until 2025-11-25: which resources the session wants to hear of.
    Watch(Watch),
    /// 2026-07-28: a stream of what changes. The endpoint hands it on to who holds such streams.
    Listen(Listen),
    /// 2026-07-28: what has become of a task.
    Task(TaskRequest),
    ListTools(ListTools<H>),
    CallTool(CallTool<H>),
    ListResources(ListResources),
    ReadResource(ReadResource<H>),
    GetPrompt(GetPrompt<H>),
    Complete(Complete<H>),
    /// Prompts, resource templates or skills: everybody gets the same.
    List(Listing),
    /// The same for everybody, too: a skill.
    Fixed(Members),
}

/// The methods that both eras have.
pub(crate) fn parse_common<H: Host>(
    method: &Method,
    params: Object,
    registry: &Rc<Registry<H>>,
    page_size: usize,
    version: ProtocolVersion,
) -> Result<Operation<H>, RpcError> {
    let form = ListForm { page_size, version };
    let has_tools = !registry.tools.is_empty();
    let has_resources = registry.has_resources();
    let has_prompts = !registry.prompts.is_empty();
    let unknown = || RpcError::new(ErrorCode::MethodNotFound, "This server has no such method.");
    match method {
        Method::ListTools if has_tools => {
            ListTools::parse(&params, registry, page_size, version).map(Operation::ListTools)
        }
        Method::CallTool if has_tools => CallTool::parse(params, registry).map(Operation::CallTool),
        Method::ListResources if has_resources => Ok(Operation::ListResources(ListResources { params, form })),
        Method::ListResourceTemplates if has_resources => list_templates(&params, registry, form).map(Operation::List),
        Method::ReadResource if has_resources => {
            ReadResource::parse(&params, registry, version).map(Operation::ReadResource)
        }
        Method::ListPrompts if has_prompts => list_prompts(&params, registry, form).map(Operation::List),
        Method::GetPrompt if has_prompts => GetPrompt::parse(params, registry).map(Operation::GetPrompt),
        Method::Complete if registry.has_completions() => Complete::parse(&params, registry).map(Operation::Complete),
        Method::ListSkills | Method::GetSkill | Method::ReadDirectory => match &registry.skills {
            Some(skills) if version.is_modern() => skills.parse(method, &params, form),
            _ => Err(unknown()),
        },
        // What the connector does not have, what only one era has, and what is no request.
        Method::ListTools
        | Method::CallTool
        | Method::ListResources
        | Method::ListResourceTemplates
        | Method::ReadResource
        | Method::ListPrompts
        | Method::GetPrompt
        | Method::Complete
        | Method::Initialize
        | Method::Discover
        | Method::Ping
        | Method::Subscribe
        | Method::Unsubscribe
        | Method::SetLevel
        | Method::Listen
        | Method::GetTask
        | Method::UpdateTask
        | Method::CancelTask
        | Method::GetTaskResult
        | Method::ListTasks
        | Method::Initialized
        | Method::Cancelled
        | Method::Progress
        | Method::RootsListChanged
        | Method::TaskStatus
        | Method::Unknown(_) => Err(unknown()),
    }
}

/// An answer to one request: a whole JSON-RPC response, or nothing.
#[derive(Debug)]
pub(crate) struct Response {
    /// Status of the HTTP answer, if this response is all of it.
    pub(crate) status: u16,
    /// The session that begins with it.
    pub(crate) session: Option<SessionId>,
    /// What it is, for a log.
    pub(crate) outcome: Outcome,
    /// Empty where there is nothing to send.
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// What there is to say to a request that its client has cancelled.
    fn nothing() -> Self {
        Self { status: 202, session: None, outcome: Outcome::Cancelled, body: Vec::new() }
    }

    /// The response that carries `error`.
    pub(crate) fn error(id: Option<&RequestId>, error: &RpcError, status: u16) -> Self {
        let outcome = Outcome::Error(error.code().number());
        Self { status, session: None, outcome, body: to_bytes(&ErrorResponse::new(id, error), 256) }
    }
}

/// What carries out requests, and how.
pub(crate) struct Runner<H> {
    pub(crate) registry: Rc<Registry<H>>,
    pub(crate) host: H,
    pub(crate) caller: Option<Caller>,
    /// The longest that a handler may take.
    pub(crate) time_limit: Duration,
    /// A request that takes longer asks whether it is to stop.
    pub(crate) patience: Duration,
}

impl<H: Host> Runner<H> {
    /// Carries out `operation`.
    pub(crate) async fn run(self, operation: Operation<H>, id: RequestId, exchange: Rc<CallState>) -> Response {
        let answer = Answering { id: &id, registry: &self.registry, host: &self.host, version: exchange.version };
        let is_call = matches!(operation, Operation::CallTool(_));
        let waiting = Rc::clone(&exchange);
        // Pinned here, so that what surrounds it holds no copy of it: each would double its size.
        let work = pin!(self.answer(operation, &answer, &exchange));
        let work = pin!(within(work, self.time_limit, &self.host));
        let done = match exchange.session() {
            Some(session) => {
                let owner = self.caller.as_ref().map(|caller| &caller.subject);
                let request = Stoppable { session, exchange: &waiting, owner, id: &id, patience: self.patience };
                request.run(work, &self.host).await
            }
            None => Ok(work.await),
        };
        let response = match done {
            Ok(Some(response)) => response,
            Ok(None) => answer.too_late(self.time_limit, is_call),
            // It is never stopped for that.
            Err(Stop::Cancelled | Stop::Resumed) => Response::nothing(),
            Err(Stop::SessionEnded) => Response::error(Some(&id), &legacy::no_session(), 404),
        };
        self.host.answered(response.outcome);
        response
    }

    async fn answer(&self, operation: Operation<H>, answer: &Answering<'_, H>, exchange: &Rc<CallState>) -> Response {
        if let Asking::MultiRoundTrip(rounds) = &exchange.asking
            && let Err(error) = rounds.restore(&self.host, self.caller.as_ref()).await
        {
            return answer.fail(&error);
        }
        let cx = || Context::new(self.host.clone(), self.caller.clone(), Rc::clone(exchange));
        let unfinished = match operation {
            // A stream of changes that comes here is held by nobody: it has ended.
            Operation::Acknowledge | Operation::Listen(_) => return answer.with(Empty),
            Operation::Discover => return answer.with(discovery(&self.registry)),
            Operation::Initialize(version, capabilities) => {
                let Ok(bits) = self.host.random_bits() else {
                    return answer
                        .fail(&RpcError::internal("The session could not be started. Try again in a moment."));
                };
                let session = Some(SessionId::new(bits, capabilities, version));
                return Response { session, ..answer.with(handshake(&self.registry, version)) };
            }
            Operation::SetLogLevel(session, level) => {
                let owner = self.caller.as_ref().map(|caller| &caller.subject);
                match self.host.set_log_level(&session, owner, level).await {
                    Ok(()) => return answer.with(Empty),
                    Err(SessionError::Gone) => return Response::error(Some(answer.id), &legacy::no_session(), 404),
                    Err(error) => RpcError::internal(format!("Not done: {error}.")).into(),
                }
            }
            Operation::Watch(watch) => {
                match self.host.watch(&watch, self.caller.as_ref().map(|caller| &caller.subject)).await {
                    Ok(()) => return answer.with(Empty),
                    Err(error) => {
                        return Response::error(Some(answer.id), &error.into_rpc_error(), error.http_status());
                    }
                }
            }
            Operation::Task(_) if !self.registry.keeps_state_for(self.caller.as_ref()) => {
                return answer.fail(&TaskRequest::unknown());
            }
            Operation::Task(request) => match request.run(&self.host, self.caller.as_ref()).await {
                Ok(Some(task)) => return answer.with(task),
                Ok(None) => return answer.with(Empty),
                Err(error) => error.into(),
            },
            Operation::ListTools(list) => return answer.with(list),
            Operation::List(list) => return answer.with(list),
            Operation::Fixed(members) => return answer.with(members),
            Operation::CallTool(call) => match call.run_or_become_task(cx()).await {
                Ok(CallOutcome::Result(result)) => return answer.tool_result(&result),
                Ok(CallOutcome::Task(task)) => return answer.with(task),
                Err(unfinished) => unfinished,
            },
            Operation::ListResources(list) => match list.run(&self.registry, cx()).await {
                Ok(list) => return answer.with(list),
                Err(unfinished) => unfinished,
            },
            Operation::ReadResource(read) => match read.run(cx()).await {
                Ok(contents) => return answer.with(contents),
                Err(unfinished) => unfinished,
            },
            Operation::GetPrompt(get) => match get.run(cx()).await {
                Ok(prompt) => return answer.with(prompt),
                Err(unfinished) => unfinished,
            },
            Operation::Complete(complete) => match complete.run(cx()).await {
                Ok(completion) => return answer.with(completion),
                Err(unfinished) => unfinished,
            },
        };
        match (unfinished, &exchange.asking) {
            (Unfinished::Error(error), _) => answer.fail(&error),
            (Unfinished::InputRequired, Asking::MultiRoundTrip(rounds)) => {
                match rounds.close(&self.host, self.caller.as_ref()).await {
                    Ok(result) => Response { outcome: Outcome::InputRequired, ..answer.with(result) },
                    Err(error) => answer.fail(&error),
                }
            }
            // Only rounds leave a question open, and only a tool that may become a task goes on as one.
            (Unfinished::InputRequired, Asking::Nobody | Asking::SignedIn | Asking::Stream(_))
            | (Unfinished::AsTask, _) => answer.fail(&RpcError::internal("The call ended with an open question.")),
        }
    }
}

struct Answering<'a, H> {
    id: &'a RequestId,
    registry: &'a Registry<H>,
    host: &'a H,
    version: ProtocolVersion,
}

impl<H: Host> Answering<'_, H> {
    fn with(&self, result: impl ResultFields) -> Response {
        complete(self.id, self.registry, self.version, result)
    }

    fn tool_result(&self, result: &CallToolResult) -> Response {
        let outcome = if result.is_error() { Outcome::ToolError } else { Outcome::Done };
        Response { outcome, ..self.with(result.known_to(self.version)) }
    }

    /// The handler was stopped. The model should read it, where it reads anything.
    fn too_late(&self, limit: Duration, is_call: bool) -> Response {
        if is_call {
            return self.tool_result(&took_too_long(limit));
        }
        self.fail(&RpcError::internal(too_long(limit)))
    }

    fn fail(&self, error: &RpcError) -> Response {
        // What went wrong inside only the log tells.
        if error.code() == ErrorCode::Internal
            && let Some(reference) = self.host.reference()
        {
            let error = RpcError::internal(format!("{} (request {reference})", error.message()));
            return Response::error(Some(self.id), &error, error.http_status(self.version.era()));
        }
        Response::error(Some(self.id), error, error.http_status(self.version.era()))
    }
}

fn too_long(limit: Duration) -> String {
    format!("This took longer than {} seconds and was stopped.", limit.as_secs())
}

/// The result of a tool that was stopped.
pub(crate) fn took_too_long(limit: Duration) -> CallToolResult {
    CallToolResult::failed(too_long(limit))
}

/// The response that carries `result` to a client of `version`.
pub(crate) fn complete<H>(
    id: &RequestId,
    registry: &Registry<H>,
    version: ProtocolVersion,
    result: impl ResultFields,
) -> Response {
    let result = match version.era() {
        Era::Legacy => WireResult::Legacy(result),
        Era::Modern => WireResult::Modern { result, server_info: &registry.server_info },
    };
    let body = to_bytes(&ResultResponse::new(id, result), 512);
    Response { status: 200, session: None, outcome: Outcome::Done, body }
}

fn discovery<H: 'static>(registry: &Registry<H>) -> impl ResultFields {
    let versions: Vec<_> = ProtocolVersion::modern().map(ProtocolVersion::as_str).collect();
    let mut members = vec![
        ("supportedVersions", json!(versions)),
        ("capabilities", json!(registry.capabilities(ProtocolVersion::NEWEST))),
    ];
    members.extend(registry.instructions.as_ref().map(|text| ("instructions", json!(text))));
    Members::cached(members, CacheHints::DEPLOYED)
}

fn handshake<H: 'static>(registry: &Registry<H>, version: ProtocolVersion) -> impl ResultFields {
    let mut members = vec![
        ("protocolVersion", json!(version.as_str())),
        ("capabilities", json!(registry.capabilities(version))),
        ("serverInfo", json!(registry.implementation(version))),
    ];
    members.extend(registry.instructions.as_ref().map(|text| ("instructions", json!(text))));
    Members::new(members)
}
