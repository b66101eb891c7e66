//! A run of the handler behind a task.

use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;

use crate::author::registry::Registry;
use crate::author::tool_error::Unfinished;
use crate::call::call_state::CallState;
use crate::call::context::Context;
use crate::call::time_limit::within;
use crate::client_requests::asking::Asking;
use crate::client_requests::multi_round_trip::MultiRoundTrip;
use crate::json_rpc::response::to_text;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::operation::took_too_long;
use crate::methods::tools::CallTool;
use crate::tasks::message::{Answers, End, Question, TaskCall};
use crate::tasks::status_message::StatusMessage;
use crate::transport::host::Host;
use crate::types::client_capabilities::ClientCapabilities;
use crate::types::result::WireResult;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

impl<H: Host> Registry<H> {
    /// Runs the handler of `call`. It is stopped after `limit`.
    pub async fn run_task(
        &self,
        host: H,
        call: &TaskCall,
        answers: Answers,
        status: StatusMessage,
        limit: Duration,
    ) -> End {
        // A deployment may have changed the connector since the call was made.
        let (Some(tool), Some(version)) = (self.tool(&call.tool), ProtocolVersion::from_code(call.version)) else {
            return End::failed(&RpcError::invalid_params("There is no tool of this name any more."));
        };
        let Ok(arguments) = serde_json::from_str(&call.arguments) else {
            return End::failed(&RpcError::internal("The arguments were not kept."));
        };
        let rounds = MultiRoundTrip::answered(read(answers));
        let capabilities = ClientCapabilities::from_byte(call.capabilities);
        let exchange = Rc::new(CallState::task(version, capabilities, Asking::MultiRoundTrip(rounds), status));
        let cx = Context::new(host.clone(), call.caller.clone(), Rc::clone(&exchange));
        let call = CallTool { tool: Rc::clone(tool), arguments };
        let result = match within(call.run(cx), limit, &host).await {
            Some(Ok(result)) => result,
            None => took_too_long(limit),
            Some(Err(Unfinished::Error(error))) => return End::failed(&error),
            Some(Err(Unfinished::InputRequired | Unfinished::AsTask)) => {
                return match &exchange.asking {
                    Asking::MultiRoundTrip(rounds) => End::Questions(open(rounds)),
                    Asking::Nobody | Asking::SignedIn | Asking::Stream(_) => {
                        End::failed(&RpcError::internal("The call has no questions."))
                    }
                };
            }
        };
        let result = result.known_to(version);
        End::Result(to_text(&WireResult::Modern { result, server_info: &self.server_info }))
    }
}

fn open(rounds: &MultiRoundTrip) -> Vec<Question> {
    rounds.take_open().into_iter().map(|(key, question)| (key, to_text(&question))).collect()
}

fn read(answers: Answers) -> Object {
    // Not collected: that would bring a sort along.
    let mut read = Object::new();
    for (key, answer) in answers {
        read.insert(key, serde_json::from_str(&answer).unwrap_or(Value::Null));
    }
    read
}
