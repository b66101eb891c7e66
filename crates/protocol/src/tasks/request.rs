//! `tasks/get`, `tasks/update` and `tasks/cancel` ("Task Polling", "Task Update Requests", "Task Cancellation").

use serde_json::Value;

use crate::client_requests::multi_round_trip::answers_in;
use crate::json_rpc::response::to_text;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::method::Method;
use crate::tasks::commands::{CancelTask, GetTask, UpdateTask};
use crate::tasks::message::{Owner, TaskId, UnknownTask, UpdateRefusal};
use crate::tasks::task_view::Detailed;
use crate::transport::host::{Host, Unavailable};
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
        let owner = caller.map(Owner::of);
        let not_done = |error: Unavailable| RpcError::internal(format!("Not done: {error}."));
        match self.what {
            What::Get => {
                let task = host.task(&self.id, GetTask { owner }).await.map_err(not_done)?;
                let task = task.map_err(|UnknownTask| unknown())?;
                Ok(Some(Detailed { id: self.id, task }))
            }
            What::Update(answers) => {
                let answers = answers.into_iter().map(|(key, answer)| (key, to_text(&answer))).collect();
                let updated = host.task(&self.id, UpdateTask { owner, answers }).await.map_err(not_done)?;
                updated.map(|()| None).map_err(|refusal| match refusal {
                    UpdateRefusal::Unknown => unknown(),
                    UpdateRefusal::TooLarge => {
                        RpcError::invalid_params("The answers are larger than what a task can keep.")
                    }
                })
            }
            What::Cancel => {
                let cancelled = host.task(&self.id, CancelTask { owner }).await.map_err(not_done)?;
                cancelled.map(|()| None).map_err(|UnknownTask| unknown())
            }
        }
    }
}

fn unknown() -> RpcError {
    RpcError::invalid_params("There is no such task. It may have expired.")
}
