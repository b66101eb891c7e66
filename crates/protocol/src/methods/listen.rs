//! `subscriptions/listen`: which changes a client wants to hear of, from 2026-07-28 on ("Subscriptions").
//!
//! This decides what is honoured. The stream is held elsewhere.

use std::rc::Rc;

use serde_json::Value;

use crate::author::registry::Registry;
use crate::author::resources::uri_template::Uri;
use crate::author::tools::validated_tool::ValidatedTool;
use crate::author::visibility::audience::Access;
use crate::author::visibility::visible::Visible;
use crate::host::bundle::Host;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::admission::Admission;
use crate::methods::method::Method;
use crate::methods::need::Need;
use crate::methods::operation::Operation;
use crate::methods::resources::found_resource::FoundResource;
use crate::subscriptions::change::{Topic, Topics};
use crate::subscriptions::filter::{LISTS, MAX_TASKS, MAX_URI_BYTES, MAX_URIS, TASKS, URIS};
use crate::subscriptions::interest::{Interest, Watched};
use crate::tasks::message::TaskId;
use crate::types::client_capabilities::ClientCapability;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// The parameters of `subscriptions/listen`.
pub(crate) struct SubscriptionsListenRequestParams<H> {
    /// The lists whose changes are wanted and announced here.
    lists: Result<Topics, RpcError>,
    /// The resources that are wanted, if updates of resources are announced here.
    resources: Vec<(Uri, FoundResource<H>)>,
    /// What is wrong with the list of URIs.
    uris_error: Option<RpcError>,
    /// Whether tasks are named, those included that are no tasks of this caller.
    names_tasks: bool,
    tasks: Result<Vec<TaskId>, RpcError>,
    /// The tools whose work the tasks are.
    tools: Vec<Rc<ValidatedTool<H>>>,
}

impl<H: Host> SubscriptionsListenRequestParams<H> {
    /// Decides what is honoured. Whatever this server does not announce, and every URI that leads nowhere, is left out. Which of
    /// the tasks exist is not known yet.
    fn interest(self, admission: &Admission<'_, H>) -> Result<Interest, RpcError> {
        let registry = admission.registry;
        let lists = self.lists?;
        if let Some(error) = self.uris_error {
            return Err(error);
        }
        let mut uris: Vec<Watched> = Vec::new();
        for (uri, found) in &self.resources {
            if !uris.iter().any(|known| known.uri == uri.as_str()) {
                uris.push(Watched::new(uri, found.access()));
            }
        }
        let tasks = if registry.has_tasks() { self.tasks? } else { Vec::new() };
        if registry.has_tasks() && self.names_tasks && !admission.capabilities.has(ClientCapability::Tasks) {
            return Err(RpcError::missing_client_capability(ClientCapability::Tasks));
        }
        Ok(Interest { lists, own_resource_list: registry.resource_lists_are_own(), uris, tasks })
    }
}

impl<H: Host> Method<H> for SubscriptionsListenRequestParams<H> {
    const NAME: &'static str = "subscriptions/listen";

    fn parse(params: Object, visible: Visible<'_, H>) -> Self {
        let empty = Object::new();
        let filter = params.get("notifications").and_then(Value::as_object);
        let lists = match filter {
            Some(filter) => lists(filter, visible.registry),
            None => Err(RpcError::invalid_params(
                "`notifications` must be an object: the changes that you want to hear of.",
            )),
        };
        let filter = filter.unwrap_or(&empty);
        let (uris, uris_error) = uris(filter);
        let announces_updates = visible.registry.announces(Topic::ResourceUpdates);
        let find = |uri| FoundResource::at(&uri, visible).map(|found| (uri, found));
        let resources = uris.into_iter().filter(|_| announces_updates).filter_map(find).collect();
        let names_tasks = filter.get(TASKS).and_then(Value::as_array).is_some_and(|named| !named.is_empty());
        let mut tasks = tasks(filter);
        let mut tools = Vec::new();
        // A task whose tool the caller does not see does not exist for them.
        if let Ok(tasks) = &mut tasks {
            tasks.retain(|id| visible.tool(id.tool()).map(|tool| tools.push(Rc::clone(tool))).is_some());
        }
        Self { lists, resources, uris_error, names_tasks, tasks, tools }
    }

    fn is_served(registry: &Registry<H>, version: ProtocolVersion) -> bool {
        version.is_modern() && registry.has_streams()
    }

    /// It takes the scopes of reading each resource, and of calling the tool of each task.
    fn need(&self, _: &Registry<H>) -> Need {
        let tools = self.tools.iter().map(|tool| &tool.access);
        let resources = self.resources.iter().map(|(_, found)| found.access());
        tools.chain(resources).map(Access::need).fold(Need::Nothing, Need::and)
    }

    fn checks_revocation(&self) -> bool {
        self.tools.iter().any(|tool| tool.tool.checks_revocation)
    }

    fn admit(self, admission: &Admission<'_, H>) -> Result<Operation<H>, RpcError> {
        let interest = self.interest(admission)?;
        // Without storage, no change is honoured. The acknowledgement says so, and the stream ends at once.
        Ok(Operation::Listen(if admission.keeps_state { interest } else { Interest::default() }))
    }
}

/// Reads which lists are wanted.
fn lists<H: 'static>(filter: &Object, registry: &Registry<H>) -> Result<Topics, RpcError> {
    let mut lists = Topics::default();
    for (name, topic) in LISTS {
        match filter.get(name) {
            Some(Value::Bool(true)) if registry.announces(topic) => lists = lists.with(topic),
            None | Some(Value::Bool(_)) => {}
            Some(_) => {
                return Err(RpcError::invalid_params(format!("`notifications.{name}` must be true or false.")));
            }
        }
    }
    Ok(lists)
}

/// Reads the URIs of the resources that are wanted, and says what is wrong if not all are URIs.
fn uris(filter: &Object) -> (Vec<Uri>, Option<RpcError>) {
    let wrong = || {
        RpcError::invalid_params(format!(
            "`notifications.{URIS}` must be a list of at most {MAX_URIS} URIs, of {MAX_URI_BYTES} bytes in all."
        ))
    };
    let length = |uris: &[Value]| uris.iter().filter_map(Value::as_str).map(str::len).sum::<usize>();
    match filter.get(URIS) {
        None => (Vec::new(), None),
        Some(Value::Array(named)) if named.len() <= MAX_URIS && length(named) <= MAX_URI_BYTES => {
            let uris: Vec<Uri> = named.iter().filter_map(|uri| Uri::parse(uri.as_str()?).ok()).collect();
            let error = (uris.len() < named.len()).then(wrong);
            (uris, error)
        }
        Some(_) => (Vec::new(), Some(wrong())),
    }
}

/// Reads the ids of the tasks that are wanted, each once. What cannot be the id of a task is left out.
fn tasks(filter: &Object) -> Result<Vec<TaskId>, RpcError> {
    let wrong = || {
        RpcError::invalid_params(format!("`notifications.{TASKS}` must be a list of at most {MAX_TASKS} ids of tasks."))
    };
    let named = match filter.get(TASKS) {
        None => &[][..],
        Some(Value::Array(named)) if named.len() <= MAX_TASKS => named,
        Some(_) => return Err(wrong()),
    };
    let mut ids: Vec<TaskId> = Vec::new();
    for id in named {
        if let Some(id) = TaskId::parse(id.as_str().ok_or_else(wrong)?)
            && !ids.contains(&id)
        {
            ids.push(id);
        }
    }
    Ok(ids)
}

#[cfg(test)]
mod tests;
