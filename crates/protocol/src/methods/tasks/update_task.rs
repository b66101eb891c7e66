//! `tasks/update` ("Task Update Requests").

use serde_json::Value;

use crate::author::registry::Registry;
use crate::author::visibility::visible::Visible;
use crate::client_requests::multi_round_trip::answers_in;
use crate::host::bundle::Host;
use crate::json_rpc::response::to_text;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::admission::Admission;
use crate::methods::method::Method;
use crate::methods::need::Need;
use crate::methods::operation::Operation;
use crate::methods::tasks::task_request;
use crate::methods::tasks::task_request::{TaskRequestParams, unknown_task};
use crate::tasks::commands::UpdateTask;
use crate::tasks::message::UpdateRefusal;
use crate::transport::headers::McpName;
use crate::types::result::EmptyResult;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// The parameters of `tasks/update`.
pub(crate) struct UpdateTaskRequestParams<H> {
    task: TaskRequestParams<H>,
    input_responses: Option<Value>,
}

impl<H: Host> Method<H> for UpdateTaskRequestParams<H> {
    const NAME: &'static str = "tasks/update";

    fn parse(mut params: Object, visible: Visible<'_, H>) -> Self {
        Self { task: TaskRequestParams::take(&mut params, visible), input_responses: params.remove("inputResponses") }
    }

    fn is_served(registry: &Registry<H>, version: ProtocolVersion) -> bool {
        TaskRequestParams::is_served(registry, version)
    }

    fn need(&self, _: &Registry<H>) -> Need {
        self.task.need()
    }

    fn checks_revocation(&self) -> bool {
        self.task.checks_revocation()
    }

    fn mcp_name(&self) -> Option<McpName<'_>> {
        Some(self.task.mcp_name())
    }

    fn admit(self, admission: &Admission<'_, H>) -> Result<Operation<H>, RpcError> {
        let id = self.task.admit(admission)?;
        let answers = answers_in(self.input_responses)?.ok_or_else(|| {
            RpcError::invalid_params("`inputResponses` must be there: an object of results by their keys.")
        })?;
        Ok(Operation::request(async move |request| {
            let answers = answers.into_iter().map(|(key, answer)| (key, to_text(&answer))).collect();
            let updated = task_request::send(&id, |owner| UpdateTask { owner, answers }, &request).await?;
            updated.map_err(|refusal| match refusal {
                UpdateRefusal::Unknown => unknown_task(),
                UpdateRefusal::TooLarge => {
                    RpcError::invalid_params("The answers are larger than what a task can keep.")
                }
            })?;
            Ok(request.result(EmptyResult {}))
        }))
    }
}
