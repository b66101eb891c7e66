//! `tools/call` ("Calling Tools", "Task Creation").

use std::rc::Rc;

use serde_json::Value;

use crate::author::registry::Registry;
use crate::author::tools::call_tool_result::CallToolResult;
use crate::author::tools::tool_error::{ToolError, Unfinished};
use crate::author::tools::validated_tool::ValidatedTool;
use crate::author::visibility::visible::Visible;
use crate::call::around::{CallKind, CallOutcome, CallParts};
use crate::call::context::Context;
use crate::call::surrounded::around;
use crate::client_requests::multi_round_trip::{InputResponseRequestParams, MultiRoundTrip, NamedRequestParams};
use crate::host::bundle::Host;
use crate::host::request_observer::Outcome;
use crate::json_rpc::response::to_text;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::admission::Admission;
use crate::methods::method::Method;
use crate::methods::need::Need;
use crate::methods::operation::Operation;
use crate::methods::params::take_text;
use crate::methods::request_context::RequestContext;
use crate::tasks::begin::begin;
use crate::tasks::message::TaskCall;
use crate::tasks::task_view::CreateTaskResult;
use crate::transport::headers;
use crate::transport::headers::McpName;
use crate::transport::response::Response;
use crate::types::client_capabilities::ClientCapability;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// The parameters of `tools/call`.
pub(crate) struct CallToolRequestParams<H> {
    /// `None` if it is not a string.
    name: Option<String>,
    /// The tool of this name, if there is one.
    tool: Option<Rc<ValidatedTool<H>>>,
    arguments: Option<Value>,
    input: InputResponseRequestParams,
}

impl<H: Host> Method<H> for CallToolRequestParams<H> {
    const NAME: &'static str = "tools/call";

    fn parse(mut params: Object, visible: Visible<'_, H>) -> Self {
        let name = take_text(&mut params, "name");
        let tool = name.as_deref().and_then(|name| visible.tool(name)).map(Rc::clone);
        Self { name, tool, arguments: params.remove("arguments"), input: InputResponseRequestParams::take(&mut params) }
    }

    fn is_served(registry: &Registry<H>, _: ProtocolVersion) -> bool {
        !registry.tools.is_empty()
    }

    fn need(&self, registry: &Registry<H>) -> Need {
        match &self.tool {
            None => Need::Nothing,
            // It does its work as a task, and a task is state.
            Some(tool) if tool.tool.background.is_some_and(|background| background.only) => {
                tool.access.need().with_state(registry.keeps_state_for(None))
            }
            Some(tool) => tool.access.need(),
        }
    }

    fn checks_revocation(&self) -> bool {
        self.tool.as_ref().is_some_and(|tool| tool.tool.checks_revocation)
    }

    fn mcp_name(&self) -> Option<McpName<'_>> {
        Some(McpName { member: "name", value: self.name.as_deref() })
    }

    fn feature(&self) -> Option<&str> {
        self.tool.as_ref().map(|tool| tool.tool.name.as_str())
    }

    fn may_change_something(&self) -> bool {
        self.tool.as_ref().is_some_and(|tool| tool.tool.annotations.read_only != Some(true))
    }

    fn multi_round_trip(&mut self) -> Result<Option<MultiRoundTrip>, RpcError> {
        let params = NamedRequestParams { arguments: self.arguments.as_ref(), name: self.name.as_deref() };
        self.input.multi_round_trip(<Self as Method<H>>::NAME, &params).map(Some)
    }

    fn admit(self, admission: &Admission<'_, H>) -> Result<Operation<H>, RpcError> {
        if self.name.is_none() {
            return Err(RpcError::invalid_params("`name` must be a string: the name of a tool."));
        }
        let tool = self.tool.ok_or_else(|| RpcError::invalid_params("There is no tool of this name."))?;
        let arguments = match self.arguments {
            None => Object::new(),
            Some(Value::Object(arguments)) => arguments,
            Some(_) => return Err(RpcError::invalid_params("`arguments` must be an object.")),
        };
        if admission.version.is_modern() {
            let header = |name: &str| admission.headers.get(name);
            tool.header_params.check(&arguments, header).map_err(|error| headers::mismatch(error.to_string()))?;
        }
        Ok(Operation::tool_call(async move |request| run(tool, arguments.into(), request).await))
    }
}

/// How a call goes on: with a result, or as a task.
enum ToolCallAnswer {
    Result(CallToolResult),
    Task(CreateTaskResult),
}

/// Calls the tool inside the author's hooks.
async fn run<H: Host>(
    tool: Rc<ValidatedTool<H>>,
    arguments: Value,
    request: Rc<RequestContext<H>>,
) -> Result<Response, Unfinished> {
    let called = match request.registry.hooks() {
        None => carry_out(&tool, arguments, &request).await?,
        Some(hooks) => {
            let call = parts(&tool, &arguments, request.handler_context());
            let inner = Rc::clone(&request);
            let work = async move { carry_out(&tool, arguments, &inner).await };
            // Boxed, so that a call without hooks is no larger for it.
            match Box::pin(around(hooks, call, work, outcome)).await {
                Ok(called) => called?,
                Err(error) => ToolCallAnswer::Result(error.into_answer(request.version())?),
            }
        }
    };
    Ok(match called {
        ToolCallAnswer::Result(result) => response(&result, &request),
        ToolCallAnswer::Task(task) => request.result(task),
    })
}

/// Returns what the author's hooks learn of a call.
pub(crate) fn parts<H: Host>(tool: &ValidatedTool<H>, arguments: &Value, cx: Context<H>) -> CallParts<H> {
    CallParts {
        kind: CallKind::Tool,
        name: tool.tool.name.clone(),
        arguments: arguments.clone(),
        is_read_only: tool.tool.annotations.read_only == Some(true),
        is_in_background: false,
        cx,
    }
}

fn outcome(answer: &Result<ToolCallAnswer, Unfinished>) -> CallOutcome {
    match answer {
        Ok(ToolCallAnswer::Result(result)) => result.failure().map_or(CallOutcome::done(), CallOutcome::failed),
        Ok(ToolCallAnswer::Task(_)) => CallOutcome::as_task(),
        Err(unfinished) => CallOutcome::unfinished(unfinished),
    }
}

/// Calls the tool, or begins a task where the tool and the client want one.
async fn carry_out<H: Host>(
    tool: &ValidatedTool<H>,
    arguments: Value,
    request: &RequestContext<H>,
) -> Result<ToolCallAnswer, Unfinished> {
    let cx = request.handler_context();
    let Some(background) = tool.tool.background else {
        return Ok(ToolCallAnswer::Result(call(tool, arguments, cx).await?));
    };
    // The extension is part of no earlier revision.
    if !request.version().is_modern() || !cx.can(ClientCapability::Tasks) {
        let result = if background.only {
            let missing = RpcError::missing_client_capability(ClientCapability::Tasks);
            ToolError::protocol(missing).into_answer(request.version())?
        } else {
            call(tool, arguments, cx).await?
        };
        return Ok(ToolCallAnswer::Result(result));
    }
    let arguments = match tool.accept(arguments) {
        Ok(arguments) => arguments,
        Err(violations) => return Ok(ToolCallAnswer::Result(CallToolResult::invalid_arguments(&violations))),
    };
    let capabilities = cx.call_state().client_capabilities.to_byte();
    let task = TaskCall::new(
        &tool.tool.name,
        to_text(&arguments),
        request.version().code(),
        capabilities,
        request.caller.as_ref(),
    );
    if background.asks_first {
        match call(tool, arguments, cx.clone().able_to_continue_as_task()).await {
            Err(Unfinished::AsTask) => {}
            ended => return Ok(ToolCallAnswer::Result(ended?)),
        }
    }
    Ok(ToolCallAnswer::Task(begin(&cx, task).await?))
}

/// Runs the handler, unless the arguments break the tool's schema. That is a result, not a protocol error: the model reads it and
/// corrects its call.
pub(crate) async fn call<H: Host>(
    tool: &ValidatedTool<H>,
    arguments: Value,
    cx: Context<H>,
) -> Result<CallToolResult, Unfinished> {
    let version = cx.protocol_version();
    let arguments = match tool.accept(arguments) {
        Ok(arguments) => arguments,
        Err(violations) => return Ok(CallToolResult::invalid_arguments(&violations)),
    };
    match tool.call(arguments, cx).await {
        Ok(result) => Ok(tool.checked(result)),
        Err(error) => error.into_answer(version),
    }
}

fn response<H: Host>(result: &CallToolResult, request: &RequestContext<H>) -> Response {
    let outcome = if result.is_error() { Outcome::ToolError } else { Outcome::Done };
    Response { outcome, ..request.result(result.known_to(request.version())) }
}
