//! `tools/list` ("Listing Tools").

use std::rc::Rc;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::author::features::entries;
use crate::author::registry::Registry;
use crate::author::tools::tool_error::Unfinished;
use crate::author::tools::validated_tool::ValidatedTool;
use crate::author::visibility::visible::{Visible, list_cache};
use crate::host::bundle::Host;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::admission::Admission;
use crate::methods::method::Method;
use crate::methods::operation::Operation;
use crate::methods::pagination::{Page, PaginatedRequestParams};
use crate::methods::request_context::RequestContext;
use crate::transport::response::Response;
use crate::types::result::{CacheHints, ServerResult};
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// The name of the list, which its cursors carry.
const LIST: &str = "tools";

/// The parameters of `tools/list`.
pub(crate) struct ListToolsRequestParams(PaginatedRequestParams);

impl<H: Host> Method<H> for ListToolsRequestParams {
    const NAME: &'static str = "tools/list";

    fn parse(params: Object, _: Visible<'_, H>) -> Self {
        Self(PaginatedRequestParams::parse(params))
    }

    fn is_served(registry: &Registry<H>, _: ProtocolVersion) -> bool {
        !registry.tools.is_empty()
    }

    fn admit(self, admission: &Admission<'_, H>) -> Result<Operation<H>, RpcError> {
        let tools = &admission.registry.tools;
        let shown = admission.visible.of(tools);
        let page = self.0.page(LIST, shown.len(), admission.page_size)?;
        // The page is another one for another caller only where some tools are hidden from some.
        let own = tools.have_audience().then(|| page.of(&shown).to_vec());
        Ok(Operation::request(async move |request| run(own.as_deref(), page, &request)))
    }
}

/// Lists the tools of a page: `own`, or those that are the same for everybody.
fn run<H: Host>(
    own: Option<&[Rc<ValidatedTool<H>>]>,
    page: Page,
    request: &RequestContext<H>,
) -> Result<Response, Unfinished> {
    let version = request.version();
    let all = &request.registry.tools;
    let tools = match own {
        Some(own) => entries(own, |tool| tool.listed(version)),
        None => all.page(page, version, |tool| tool.listed(version)),
    };
    Ok(request.result(ListToolsResult {
        tools: &tools.map_err(|_| RpcError::internal("The list could not be written as JSON."))?,
        next_cursor: page.next_cursor(LIST),
        cache: list_cache(all, version),
    }))
}

/// The result of `tools/list`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListToolsResult<'a> {
    tools: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(flatten)]
    cache: Option<CacheHints>,
}

impl ServerResult for ListToolsResult<'_> {}
