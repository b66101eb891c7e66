//! What `tasks/get`, `tasks/update` and `tasks/cancel` have in common: they name a task.

use std::rc::Rc;

use crate::author::registry::Registry;
use crate::author::tools::validated_tool::ValidatedTool;
use crate::author::visibility::visible::Visible;
use crate::host::bundle::Host;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::admission::Admission;
use crate::methods::need::Need;
use crate::methods::params::take_text;
use crate::methods::request_context::RequestContext;
use crate::tasks::commands::TaskCommand;
use crate::tasks::message::{Owner, TaskId};
use crate::transport::headers::McpName;
use crate::types::client_capabilities::ClientCapability;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// The member `taskId` of the parameters.
pub(crate) struct TaskRequestParams<H> {
    /// `None` if it is not a string.
    task_id: Option<String>,
    /// The tool whose work the task is, if the caller sees it. The id names it.
    tool: Option<Rc<ValidatedTool<H>>>,
}

impl<H: Host> TaskRequestParams<H> {
    pub(crate) fn take(params: &mut Object, visible: Visible<'_, H>) -> Self {
        let task_id = take_text(params, "taskId");
        let id = task_id.as_deref().and_then(TaskId::parse);
        Self { tool: id.and_then(|id| visible.tool(id.tool()).cloned()), task_id }
    }

    /// Returns whether the methods are served.
    pub(crate) fn is_served(registry: &Registry<H>, version: ProtocolVersion) -> bool {
        version.is_modern() && registry.has_tasks()
    }

    /// Returns what a caller must have: what the tool needs is needed to hear of its work.
    pub(crate) fn need(&self) -> Need {
        self.tool.as_ref().map_or(Need::Nothing, |tool| tool.access.need())
    }

    pub(crate) fn checks_revocation(&self) -> bool {
        self.tool.as_ref().is_some_and(|tool| tool.tool.checks_revocation)
    }

    pub(crate) fn mcp_name(&self) -> McpName<'_> {
        McpName { member: "taskId", value: self.task_id.as_deref() }
    }

    /// Returns the id.
    ///
    /// # Errors
    ///
    /// Fails where the client does not declare the extension, or the id is wrong.
    pub(crate) fn admit(self, admission: &Admission<'_, H>) -> Result<TaskId, RpcError> {
        if !admission.capabilities.has(ClientCapability::Tasks) {
            return Err(RpcError::missing_client_capability(ClientCapability::Tasks));
        }
        let id = self.task_id.ok_or_else(|| RpcError::invalid_params("`taskId` must be a string."))?;
        // What a task needs is what its tool needs. Without a tool that the caller sees, nobody may hear of it.
        TaskId::parse(&id).filter(|_| self.tool.is_some()).ok_or_else(unknown_task)
    }
}

/// Sends the command that `command` makes for the owner to a task.
pub(crate) async fn send<H: Host, C: TaskCommand>(
    id: &TaskId,
    command: impl FnOnce(Option<Owner>) -> C,
    request: &RequestContext<H>,
) -> Result<C::Answer, RpcError> {
    if !request.registry.keeps_state_for(request.caller.as_ref()) {
        return Err(unknown_task());
    }
    let command = command(request.caller.as_ref().map(Owner::of));
    request.host.task(id, command).await.map_err(|error| RpcError::internal(format!("Not done: {error}.")))
}

/// Returns the error for a task that does not exist or belongs to somebody else.
pub(crate) fn unknown_task() -> RpcError {
    RpcError::invalid_params("There is no such task. It may have expired.")
}
