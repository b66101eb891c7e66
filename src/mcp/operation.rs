//! What a request asks for, parsed from its method and parameters, and how it is carried out. Both eras come here.

use std::rc::Rc;

use serde_json::json;

use super::completion::Complete;
use super::context::Context;
use super::exchange::Exchange;
use super::host::Host;
use super::json::Object;
use super::jsonrpc::{ErrorCode, ErrorResponse, RequestId, ResultResponse, RpcError, to_bytes};
use super::listing::{Listing, View};
use super::log::LogLevel;
use super::prompts::{GetPrompt, list_prompts};
use super::registry::Registry;
use super::resources::{ListResources, ReadResource, list_templates};
use super::result::{CacheHints, Empty, Members, ResultFields, WireResult};
use super::session::SessionId;
use super::tools::{CallTool, ListTools};
use super::version::{Era, ProtocolVersion};
use crate::caller::Caller;

/// A request that is well-formed and can be carried out.
pub(crate) enum Operation<H> {
    /// 2026-07-28: what the server is.
    Discover,
    /// Until 2025-11-25: the handshake, with the version agreed on.
    Initialize(ProtocolVersion),
    /// Until 2025-11-25.
    Ping,
    /// Until 2025-11-25: which log messages the session wants.
    SetLogLevel(SessionId, LogLevel),
    ListTools(ListTools<H>),
    CallTool(CallTool<H>),
    ListResources(ListResources),
    ReadResource(ReadResource<H>),
    GetPrompt(GetPrompt<H>),
    Complete(Complete<H>),
    /// Prompts or resource templates: everybody gets the same.
    List(Listing),
}

/// The methods that both eras have.
pub(crate) fn parse_common<H: Host>(
    method: &str,
    params: Object,
    registry: &Rc<Registry<H>>,
    page_size: usize,
    version: ProtocolVersion,
) -> Result<Operation<H>, RpcError> {
    let view = View { page_size, version };
    let has_tools = !registry.tools.is_empty();
    let has_resources = registry.has_resources();
    let has_prompts = !registry.prompts.is_empty();
    match method {
        "tools/list" if has_tools => ListTools::parse(&params, registry, page_size, version).map(Operation::ListTools),
        "tools/call" if has_tools => CallTool::parse(params, registry).map(Operation::CallTool),
        "resources/list" if has_resources => Ok(Operation::ListResources(ListResources { params, view })),
        "resources/templates/list" if has_resources => list_templates(&params, registry, view).map(Operation::List),
        "resources/read" if has_resources => {
            ReadResource::parse(&params, registry, version).map(Operation::ReadResource)
        }
        "prompts/list" if has_prompts => list_prompts(&params, registry, view).map(Operation::List),
        "prompts/get" if has_prompts => GetPrompt::parse(params, registry).map(Operation::GetPrompt),
        "completion/complete" if registry.has_completions() => {
            Complete::parse(&params, registry).map(Operation::Complete)
        }
        _ => Err(RpcError::new(ErrorCode::MethodNotFound, "This server has no such method.")),
    }
}

/// An answer to one request: a whole JSON-RPC response.
#[derive(Debug)]
pub(crate) struct Response {
    /// Status of the HTTP answer, if this response is all of it.
    pub(crate) status: u16,
    /// The session that begins with it.
    pub(crate) session: Option<SessionId>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The response that carries `error`.
    pub(crate) fn error(id: Option<&RequestId>, error: &RpcError, status: u16) -> Self {
        Self { status, session: None, body: to_bytes(&ErrorResponse::new(id, error), 256) }
    }
}

/// Carries out `operation`.
pub(crate) async fn run<H: Host>(
    operation: Operation<H>,
    id: RequestId,
    exchange: Rc<Exchange>,
    registry: Rc<Registry<H>>,
    host: H,
    caller: Option<Caller>,
) -> Response {
    let answer = Answering { id: &id, registry: &registry, version: exchange.version };
    let cx = |host, caller| Context::new(host, caller, Rc::clone(&exchange));
    match operation {
        Operation::Ping => answer.with(Empty),
        Operation::Discover => answer.with(discovery(&registry)),
        Operation::Initialize(version) => {
            let session = Some(host.new_session());
            Response { session, ..answer.with(handshake(&registry, version)) }
        }
        Operation::SetLogLevel(session, level) => match host.set_log_level(&session, level).await {
            Ok(()) => answer.with(Empty),
            Err(error) => answer.fail(&RpcError::internal(format!("Not done: {error}."))),
        },
        Operation::ListTools(list) => answer.with(list),
        Operation::List(list) => answer.with(list),
        Operation::CallTool(call) => match call.run(cx(host, caller)).await {
            Ok(result) => answer.with(result.on_the_wire(exchange.version)),
            Err(error) => answer.fail(&error),
        },
        Operation::ListResources(list) => answer.either(list.run(&registry, cx(host, caller)).await),
        Operation::ReadResource(read) => answer.either(read.run(cx(host, caller)).await),
        Operation::GetPrompt(get) => answer.either(get.run(cx(host, caller)).await),
        Operation::Complete(complete) => answer.either(complete.run(cx(host, caller)).await),
    }
}

struct Answering<'a, H> {
    id: &'a RequestId,
    registry: &'a Registry<H>,
    version: ProtocolVersion,
}

impl<H> Answering<'_, H> {
    fn with(&self, result: impl ResultFields) -> Response {
        complete(self.id, self.registry, self.version, result)
    }

    fn either(&self, outcome: Result<impl ResultFields, RpcError>) -> Response {
        match outcome {
            Ok(result) => self.with(result),
            Err(error) => self.fail(&error),
        }
    }

    fn fail(&self, error: &RpcError) -> Response {
        Response::error(Some(self.id), error, error.http_status(self.version.era()))
    }
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
    Response { status: 200, session: None, body: to_bytes(&ResultResponse::new(id, result), 512) }
}

fn discovery<H: 'static>(registry: &Registry<H>) -> impl ResultFields {
    let versions: Vec<_> = ProtocolVersion::modern().map(ProtocolVersion::as_str).collect();
    let mut members = vec![("supportedVersions", json!(versions)), ("capabilities", registry.capabilities())];
    members.extend(registry.instructions.as_ref().map(|text| ("instructions", json!(text))));
    Members::cached(members, CacheHints::DEPLOYED)
}

fn handshake<H: 'static>(registry: &Registry<H>, version: ProtocolVersion) -> impl ResultFields {
    let mut members = vec![
        ("protocolVersion", json!(version.as_str())),
        ("capabilities", registry.capabilities()),
        ("serverInfo", registry.implementation(version)),
    ];
    members.extend(registry.instructions.as_ref().map(|text| ("instructions", json!(text))));
    Members::new(members)
}
