//! `tasks/get` ("Task Polling").

use crate::author::registry::Registry;
use crate::author::visibility::visible::Visible;
use crate::host::bundle::Host;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::admission::Admission;
use crate::methods::method::Method;
use crate::methods::need::Need;
use crate::methods::operation::Operation;
use crate::methods::tasks::task_request;
use crate::methods::tasks::task_request::{TaskRequestParams, unknown_task};
use crate::tasks::commands::GetTask;
use crate::tasks::message::UnknownTask;
use crate::tasks::task_view::GetTaskResult;
use crate::transport::headers::McpName;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// The parameters of `tasks/get`.
pub(crate) struct GetTaskRequestParams<H>(TaskRequestParams<H>);

impl<H: Host> Method<H> for GetTaskRequestParams<H> {
    const NAME: &'static str = "tasks/get";

    fn parse(mut params: Object, visible: Visible<'_, H>) -> Self {
        Self(TaskRequestParams::take(&mut params, visible))
    }

    fn is_served(registry: &Registry<H>, version: ProtocolVersion) -> bool {
        TaskRequestParams::is_served(registry, version)
    }

    fn need(&self, _: &Registry<H>) -> Need {
        self.0.need()
    }

    fn checks_revocation(&self) -> bool {
        self.0.checks_revocation()
    }

    fn mcp_name(&self) -> Option<McpName<'_>> {
        Some(self.0.mcp_name())
    }

    fn admit(self, admission: &Admission<'_, H>) -> Result<Operation<H>, RpcError> {
        let id = self.0.admit(admission)?;
        Ok(Operation::request(async move |request| {
            let task = task_request::send(&id, |owner| GetTask { owner }, &request).await?;
            let task = task.map_err(|UnknownTask| unknown_task())?;
            Ok(request.result(GetTaskResult { id, task }))
        }))
    }
}
