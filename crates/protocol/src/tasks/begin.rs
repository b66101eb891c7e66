//! How a call becomes a task ("Task Creation").

use crate::author::call_tool_result::CallToolResult;
use crate::author::tool_error::{ToolError, Unfinished};
use crate::call::context::Context;
use crate::client_requests::asking::Asking;
use crate::json_rpc::response::to_text;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::tools::{CallTool, refused};
use crate::tasks::commands::BeginTask;
use crate::tasks::message::{Answers, BeginTaskError, TaskCall, TaskId};
use crate::tasks::task::MAX_BYTES;
use crate::tasks::task_view::Created;
use crate::transport::host::{Host, SessionError};
use crate::types::client_capabilities::ClientCapability;

/// What a call gave.
pub(crate) enum CallOutcome {
    /// Its result.
    Result(CallToolResult),
    /// A task, which will have the result.
    Task(Created),
}

impl<H: Host> CallTool<H> {
    /// Runs the handler, or makes a task of it where the tool and the client want one.
    pub(crate) async fn run_or_become_task(self, cx: Context<H>) -> Result<CallOutcome, Unfinished> {
        let version = cx.protocol_version();
        let Some(background) = self.tool.tool.background else { return self.run(cx).await.map(CallOutcome::Result) };
        // The extension is part of no earlier revision.
        if !version.is_modern() || !cx.can(ClientCapability::Tasks) {
            if background.only {
                let missing = RpcError::missing_client_capability(ClientCapability::Tasks);
                return ToolError::protocol(missing).into_answer(version).map(CallOutcome::Result);
            }
            return self.run(cx).await.map(CallOutcome::Result);
        }
        let Self { tool, arguments } = self;
        let arguments = match tool.accept(arguments) {
            Ok(arguments) => arguments,
            Err(violations) => return Ok(CallOutcome::Result(refused(&violations))),
        };
        let capabilities = cx.exchange().client_capabilities.to_byte();
        let call = TaskCall::new(&tool.tool.name, to_text(&arguments), version.code(), capabilities, cx.caller());
        if background.asks_first {
            match (Self { tool, arguments }).run(cx.clone().able_to_continue_as_task()).await {
                Err(Unfinished::AsTask) => {}
                other => return other.map(CallOutcome::Result),
            }
        }
        Ok(CallOutcome::Task(begin(&cx, call).await?))
    }
}

async fn begin<H: Host>(cx: &Context<H>, call: TaskCall) -> Result<Created, RpcError> {
    if call.arguments.len() > MAX_BYTES {
        return Err(RpcError::invalid_params("The arguments are larger than what a task can keep."));
    }
    let answers: Answers = match &cx.exchange().asking {
        Asking::MultiRoundTrip(rounds) => {
            rounds.answers().iter().map(|(key, answer)| (key.clone(), to_text(answer))).collect()
        }
        Asking::Nobody | Asking::SignedIn | Asking::Stream(_) => Vec::new(),
    };
    let not_begun = || RpcError::internal("The task was not started: storage does not answer; try again in a moment.");
    let id = cx.host().random_bits().ok().and_then(|bits| TaskId::new(&call.tool, bits)).ok_or_else(not_begun)?;
    let not_known =
        || RpcError::internal("Storage does not answer. The task may have been started: check before you try again.");
    match cx.host().begin_task(&id, BeginTask { call, answers }).await {
        Ok(task) => Ok(Created { id, task }),
        Err(BeginTaskError::TooMany) => {
            Err(RpcError::internal(format!("The task was not started: {}.", SessionError::TooMany)))
        }
        Err(BeginTaskError::Unknown) => Err(not_begun()),
        Err(BeginTaskError::Unavailable) => Err(not_known()),
    }
}
