//! One run of the handler of a task.

use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;

use crate::author::registry::Registry;
use crate::author::tools::call_tool_result::CallToolResult;
use crate::author::tools::tool_error::Unfinished;
use crate::call::around::{CallOutcome, CallParts};
use crate::call::call_state::CallState;
use crate::call::context::Context;
use crate::call::surrounded::around;
use crate::call::time_limit::{too_long, within};
use crate::client_requests::asking::Asking;
use crate::client_requests::multi_round_trip::MultiRoundTrip;
use crate::host::bundle::Host;
use crate::json_rpc::response::to_text;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::tools::call_tool::{call as call_tool, parts};
use crate::tasks::background_run::BackgroundRun;
use crate::tasks::journal::RunJournal;
use crate::tasks::message::{Answers, End, Question, TaskCall};
use crate::tasks::status_message::StatusMessage;
use crate::types::client_capabilities::ClientCapabilities;
use crate::types::result::WireResult;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;
use mcp_connector_base::scope::ScopeSet;

impl<H: Host> Registry<H> {
    /// Returns the scopes that the tool of `call` needs. If there is no such tool any more, it needs none.
    #[must_use]
    pub fn task_needs(&self, call: &TaskCall) -> ScopeSet {
        let visible = self.visible_to(call.caller.as_ref());
        visible.tool(&call.tool).map_or_else(ScopeSet::empty, |tool| tool.access.required.clone())
    }

    /// Runs the handler of `call`. It is stopped after `limit`.
    pub async fn run_task(
        &self,
        host: H,
        call: &TaskCall,
        answers: Answers,
        (status, journal): (StatusMessage, RunJournal),
        limit: Duration,
    ) -> End {
        // A deployment may have changed the connector since the call was made.
        let (Some(tool), Some(version)) =
            (self.visible_to(call.caller.as_ref()).tool(&call.tool), ProtocolVersion::from_code(call.version))
        else {
            return End::failed(&RpcError::invalid_params("There is no tool of this name any more."));
        };
        let Ok(arguments) = serde_json::from_str(&call.arguments) else {
            return End::failed(&RpcError::internal("The arguments were not kept."));
        };
        let multi_round_trip = MultiRoundTrip::answered(read(answers));
        let run = BackgroundRun::new(status, journal);
        let capabilities = ClientCapabilities::from_byte(call.capabilities);
        let call_state = Rc::new(CallState::task(version, capabilities, Asking::MultiRoundTrip(multi_round_trip), run));
        let cx = Context::new(host.clone(), call.caller.clone(), Rc::clone(&call_state));
        let run = async {
            let Some(hooks) = self.hooks() else { return call_tool(tool, arguments, cx).await };
            let call = CallParts { is_in_background: true, ..parts(tool, &arguments, cx.clone()) };
            let tool = Rc::clone(tool);
            let work = async move { call_tool(&tool, arguments, cx).await };
            let answer = Box::pin(around(hooks, call, work, outcome)).await;
            answer.unwrap_or_else(|error| error.into_answer(version))
        };
        let result = match within(run, limit, &host).await {
            Some(Ok(result)) => result,
            None => CallToolResult::failed(too_long(limit)),
            Some(Err(Unfinished::Error(error))) => return End::failed(&error),
            Some(Err(Unfinished::Waiting)) => {
                let run = call_state.background_run();
                return match run.and_then(|run| Some((run.take_wait()?, run.status.last()))) {
                    Some(((key, limit), said)) => End::Waiting(key, limit, said),
                    None => End::failed(&RpcError::internal("The call waits for no event.")),
                };
            }
            Some(Err(Unfinished::InputRequired | Unfinished::AsTask)) => {
                return match &call_state.asking {
                    Asking::MultiRoundTrip(multi_round_trip) => End::Questions(open(multi_round_trip)),
                    Asking::Nobody | Asking::SignedIn | Asking::Stream(_) => {
                        End::failed(&RpcError::internal("The call has no questions."))
                    }
                };
            }
        };
        End::Result(to_text(&WireResult::new(&result.known_to(version), version, &self.server_info)))
    }
}

fn outcome(result: &Result<CallToolResult, Unfinished>) -> CallOutcome {
    match result {
        Ok(result) => result.failure().map_or(CallOutcome::done(), CallOutcome::failed),
        Err(unfinished) => CallOutcome::unfinished(unfinished),
    }
}

fn open(multi_round_trip: &MultiRoundTrip) -> Vec<Question> {
    multi_round_trip.take_open().into_iter().map(|(key, question)| (key, to_text(&question))).collect()
}

fn read(answers: Answers) -> Object {
    answers.into_iter().map(|(key, answer)| (key, serde_json::from_str(&answer).unwrap_or(Value::Null))).collect()
}
