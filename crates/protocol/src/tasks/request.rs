//! `tasks/get`, `tasks/update` and `tasks/cancel` ("Task Polling", "Task Update Requests", "Task Cancellation").

use serde_json::Value;

use crate::client_requests::multi_round_trip::answers_in;
use crate::json_rpc::response::to_text;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::method::Method;
use crate::tasks::message::{Command, Owner, Reply, TaskId};
use crate::tasks::task_view::Detailed;
use crate::transport::host::Host;
use crate::types::client_capabilities::{ClientCapabilities, ClientCapability};
use mcp_connector_base::caller::Caller;
use mcp_connector_base::json::Object;

/// A request about a task.
pub(crate) struct TaskRequest {
    id: TaskId,
    what: What,
}

enum What {
    Get,
    Update(Object),
    Cancel,
}

impl TaskRequest {
    /// Fails where the client does not say that it knows tasks, or the parameters are wrong.
    pub(crate) fn parse(
        method: &Method,
        params: &mut Object,
        capabilities: ClientCapabilities,
    ) -> Result<Self, RpcError> {
        if !capabilities.has(ClientCapability::Tasks) {
            return Err(RpcError::missing_client_capability(ClientCapability::Tasks));
        }
        let Some(Value::String(id)) = params.get("taskId") else {
            return Err(RpcError::invalid_params("`taskId` must be a string."));
        };
        let id = TaskId::parse(id).ok_or_else(unknown)?;
        #[allow(clippy::wildcard_enum_match_arm, reason = "there are three")]
        let what = match method {
            Method::GetTask => What::Get,
            Method::CancelTask => What::Cancel,
            _ => What::Update(answers_in(params)?.ok_or_else(|| {
                RpcError::invalid_params("`inputResponses` must be there: an object of results by their keys.")
            })?),
        };
        Ok(Self { id, what })
    }

    /// Returns the error for a caller that may not have a task.
    pub(crate) fn unknown() -> RpcError {
        unknown()
    }

    /// Asks the task. Gives how it stands, if that was asked.
    pub(crate) async fn run<H: Host>(self, host: &H, caller: Option<&Caller>) -> Result<Option<Detailed>, RpcError> {
        let who = caller.map(Owner::of);
        let command = match self.what {
            What::Get => Command::Get(who),
            What::Update(answers) => {
                Command::Update(who, answers.into_iter().map(|(key, answer)| (key, to_text(&answer))).collect())
            }
            What::Cancel => Command::Cancel(who),
        };
        match host.task(&self.id, command).await {
            Ok(Reply::Task(task)) => Ok(Some(Detailed { id: self.id, task })),
            Ok(Reply::Heard) => Ok(None),
            Ok(Reply::Unknown | Reply::TooMany) => Err(unknown()),
            Ok(Reply::TooLarge) => Err(RpcError::invalid_params("The answers are larger than what a task can keep.")),
            Err(error) => Err(RpcError::internal(format!("Not done: {error}."))),
        }
    }
}

fn unknown() -> RpcError {
    RpcError::invalid_params("There is no such task. It may have expired.")
}
