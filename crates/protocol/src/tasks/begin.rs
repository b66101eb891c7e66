//! How a call becomes a task ("Task Creation").

use crate::call::context::Context;
use crate::client_requests::asking::Asking;
use crate::host::bundle::Host;
use crate::host::sessions::SessionError;
use crate::json_rpc::response::to_text;
use crate::json_rpc::rpc_error::RpcError;
use crate::tasks::commands::BeginTask;
use crate::tasks::message::{Answers, BeginTaskError, TaskCall, TaskId};
use crate::tasks::task::MAX_BYTES;
use crate::tasks::task_view::CreateTaskResult;

/// Begins the task that carries out `call`.
pub(crate) async fn begin<H: Host>(cx: &Context<H>, call: TaskCall) -> Result<CreateTaskResult, RpcError> {
    if call.arguments.len() > MAX_BYTES {
        return Err(RpcError::invalid_params("The arguments are larger than what a task can keep."));
    }
    let answers: Answers = match &cx.call_state().asking {
        Asking::MultiRoundTrip(multi_round_trip) => {
            multi_round_trip.answers().iter().map(|(key, answer)| (key.clone(), to_text(answer))).collect()
        }
        Asking::Nobody | Asking::SignedIn | Asking::Stream(_) => Vec::new(),
    };
    let not_begun = || RpcError::internal("The task was not started: storage does not answer; try again in a moment.");
    let id = cx.host().random_bits().ok().and_then(|bits| TaskId::new(&call.tool, bits)).ok_or_else(not_begun)?;
    let not_known =
        || RpcError::internal("Storage does not answer. The task may have been started: check before you try again.");
    match cx.host().begin_task(&id, BeginTask { call, answers }).await {
        Ok(task) => Ok(CreateTaskResult { id, task }),
        Err(BeginTaskError::TooMany) => {
            Err(RpcError::internal(format!("The task was not started: {}.", SessionError::TooMany)))
        }
        Err(BeginTaskError::Unknown) => Err(not_begun()),
        Err(BeginTaskError::Unavailable) => Err(not_known()),
    }
}
