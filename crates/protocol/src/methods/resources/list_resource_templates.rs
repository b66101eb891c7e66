//! `resources/templates/list` ("Resource Templates").

use serde::Serialize;
use serde_json::Value;

use crate::author::registry::Registry;
use crate::author::visibility::visible::{Visible, list_cache};
use crate::host::bundle::Host;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::admission::Admission;
use crate::methods::method::Method;
use crate::methods::operation::Operation;
use crate::methods::pagination::PaginatedRequestParams;
use crate::types::result::{CacheHints, ServerResult};
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// The name of the list, which its cursors carry.
const LIST: &str = "resourceTemplates";

/// The parameters of `resources/templates/list`.
pub(crate) struct ListResourceTemplatesRequestParams(PaginatedRequestParams);

impl<H: Host> Method<H> for ListResourceTemplatesRequestParams {
    const NAME: &'static str = "resources/templates/list";

    fn parse(params: Object, _: Visible<'_, H>) -> Self {
        Self(PaginatedRequestParams::parse(params))
    }

    fn is_served(registry: &Registry<H>, _: ProtocolVersion) -> bool {
        registry.has_resources()
    }

    fn admit(self, admission: &Admission<'_, H>) -> Result<Operation<H>, RpcError> {
        let templates = admission.visible.of(&admission.registry.templates);
        let page = self.0.page(LIST, templates.len(), admission.page_size)?;
        let templates = page.of(&templates).to_vec();
        Ok(Operation::request(async move |request| {
            let version = request.version();
            Ok(request.result(ListResourceTemplatesResult {
                resource_templates: templates.iter().map(|template| template.feature.listed(version)).collect(),
                next_cursor: page.next_cursor(LIST),
                cache: list_cache(&request.registry.templates, version),
            }))
        }))
    }
}

/// The result of `resources/templates/list`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListResourceTemplatesResult {
    resource_templates: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(flatten)]
    cache: Option<CacheHints>,
}

impl ServerResult for ListResourceTemplatesResult {}
